import { DateTime } from 'luxon';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './time.ts';

const DURATION_UNITS = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
  ['ms', 1],
] as const;

/** A duration as configurations have it, in days and smaller units: `1h30m`, `400d`, `0s`. */
export function formatDuration(ms: number): string {
  let left = ms;
  let text = '';
  for (const [unit, unitMs] of DURATION_UNITS) {
    const count = Math.floor(left / unitMs);
    if (count > 0) text += `${count}${unit}`;
    left -= count * unitMs;
  }
  return text === '' ? '0s' : text;
}

/** `145.3`: so many decimals at most, without trailing zeros. */
export function formatNumber(value: number, maxDecimals: number): string {
  return String(Number(value.toFixed(maxDecimals)));
}

/** A count with its noun: `1 incident`, `47 incidents`, `12,345 incidents`. */
export function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString('en-US', { maximumFractionDigits: 0 })} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a, b, c`; past the most that are shown: `a, b, and 7 more`. */
export function formatList(items: readonly string[], maxItems = Number.POSITIVE_INFINITY): string {
  const more = items.length - maxItems;
  return more > 0 ? `${items.slice(0, maxItems).join(', ')}, and ${more} more` : items.join(', ');
}

/** ISO 8601 for programs: UTC (`2026-01-31T07:00:00.000Z`), or with the offset of an IANA time zone. */
export function formatIsoTime(ms: number, timezone?: string): string {
  if (timezone === undefined) return new Date(ms).toISOString();
  const text = DateTime.fromMillis(ms, { zone: timezone }).toISO();
  if (text === null) throw new RangeError(`not a time in ${timezone}: ${ms}`);
  return text;
}

/** For people, where the time zone stands beside it: `2026-01-31T08:00:00`. */
export function formatLocalTime(ms: number, timezone: string): string {
  return DateTime.fromMillis(ms, { zone: timezone }).toFormat("yyyy-MM-dd'T'HH:mm:ss");
}

/** For people, with its offset: `2026-01-31 08:00:00 +01:00`, `2026-01-31 07:00:00 UTC`. */
export function formatTime(ms: number, timezone = 'UTC'): string {
  const offset = timezone === 'UTC' ? "'UTC'" : 'ZZ';
  return DateTime.fromMillis(ms, { zone: timezone }).toFormat(`yyyy-MM-dd HH:mm:ss ${offset}`);
}
