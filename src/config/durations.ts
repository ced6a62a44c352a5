import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/time.ts';

/** Largest first. */
const UNITS = [
  ['w', 7 * DAY_MS],
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
  ['ms', 1],
] as const;
const UNIT_MS: ReadonlyMap<string, number> = new Map(UNITS);
const PART = /([0-9]+)(ms|[smhdw])/g;

/** A duration as a regular expression, for the JSON Schema too. */
export const DURATION_PATTERN = '^([0-9]+(ms|s|m|h|d|w))+$';

/** Longer durations are typing errors, and sums of them would leave the range of exact integers. */
export const DURATION_MAX_MS = 36_500 * DAY_MS;

/** Milliseconds of a text such as `1h30m`; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!new RegExp(DURATION_PATTERN).test(text)) return undefined;
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(PART)) totalMs += Number(count) * (UNIT_MS.get(unit ?? '') ?? 0);
  return totalMs;
}
