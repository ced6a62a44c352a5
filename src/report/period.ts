import { DateTime } from 'luxon';
import { DURATION_MAX_MS, parseDuration } from '../config/durations.ts';
import { InputError } from '../model/input-error.ts';
import type { WindowEnd } from './timeline.ts';

/** What people give: a span (only `from`: so long before `to`), a day, a time, or `now` (only `to`). */
export interface PeriodInput {
  readonly from: string;
  readonly to: string;
  readonly nowMs: number;
  /** IANA name: days begin and end there, and times without an offset are its. */
  readonly timezone: string;
}

/** First and last millisecond of what is reported. */
export interface Bounds {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** A period as windows have it: what happens in (fromMs, toMs] is in it, so whole days begin a millisecond early. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
  /** `toMs - fromMs`: the window. */
  readonly spanMs: number;
  /** Where the windows end; `read` (only for a span until now): each provider's own, so `fromMs` and `toMs` are approximate. */
  readonly end: WindowEnd;
  readonly timezone: string;
}

const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,3})?)?(Z|[+-][0-9]{2}:[0-9]{2})?$/;

const TIMES_EXPECTED = 'a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z';
const FROM_EXPECTED = `a span such as 30d, ${TIMES_EXPECTED}`;
const TO_EXPECTED = `now, ${TIMES_EXPECTED}`;

/**
 * Reads `from` and `to`. A day is whole in its zone: `from` its beginning, `to` its end, or now while it lasts. A span until
 * `now` ends where each provider was read, as the windows of metrics do. Throws an InputError.
 */
export function parsePeriod(input: PeriodInput): Period {
  const { from, to, timezone } = input;
  const toMs = parseEnd(input);
  const spanMs = parseDuration(from);
  if (spanMs !== undefined) {
    if (spanMs < 1 || spanMs > DURATION_MAX_MS) {
      throw new InputError({ field: 'from', value: from, problem: 'is out of range', expected: '1ms to 36500d' });
    }
    return { fromMs: toMs - spanMs, toMs, spanMs, end: to === 'now' ? 'read' : toMs, timezone };
  }
  const fromMs = parseBeginning(input);
  if (fromMs >= toMs) {
    throw new InputError({ field: 'from', value: from, problem: `is not before to: ${JSON.stringify(to)}` });
  }
  return { fromMs, toMs, spanMs: toMs - fromMs, end: toMs, timezone };
}

function parseBeginning({ from, nowMs, timezone }: PeriodInput): number {
  const time = parseTime(from, timezone);
  if (time === undefined) {
    throw new InputError({ field: 'from', value: from, problem: 'is not a time', expected: FROM_EXPECTED });
  }
  const fromMs = DAY.test(from) ? time.startOf('day').toMillis() - 1 : time.toMillis();
  if (fromMs < nowMs) return fromMs;
  throw new InputError({ field: 'from', value: from, problem: 'is in the future', expected: 'a time before now' });
}

function parseEnd({ to, nowMs, timezone }: PeriodInput): number {
  if (to === 'now') return nowMs;
  const time = parseTime(to, timezone);
  if (time === undefined) {
    throw new InputError({ field: 'to', value: to, problem: 'is not a time', expected: TO_EXPECTED });
  }
  if (time.toMillis() > nowMs) {
    throw new InputError({ field: 'to', value: to, problem: 'is in the future', expected: 'now, or a time before' });
  }
  return DAY.test(to) ? Math.min(time.endOf('day').toMillis(), nowMs) : time.toMillis();
}

function parseTime(text: string, timezone: string): DateTime<true> | undefined {
  if (!DAY.test(text) && !TIME.test(text)) return undefined;
  const time = DateTime.fromISO(text, { zone: timezone });
  return time.isValid ? time : undefined;
}
