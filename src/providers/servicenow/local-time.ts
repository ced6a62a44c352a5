import { DateTime } from 'luxon';
import { HOUR_MS } from '../../model/time.ts';

const FORMAT = 'yyyy-MM-dd HH:mm:ss';
const LOCAL = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

/** Changes of the clock are shorter than this. */
const CLOCK_CHANGE_MS = 3 * HOUR_MS;

/**
 * Milliseconds of a local time such as `2026-10-01 09:00:00`. Undefined for any other text, and for a time that the zone does
 * not have or has twice, as when clocks go forward or back.
 */
export function parseLocalTime(text: string, zone: string): number | undefined {
  if (!LOCAL.test(text)) return undefined;
  const time = DateTime.fromFormat(text, FORMAT, { zone });
  const isUnique = time.isValid && time.getPossibleOffsets().length === 1;
  return isUnique && time.toFormat(FORMAT) === text ? time.toMillis() : undefined;
}

/** Whether a local time, in whatever format, is this one in the zone; also where it is not written as `parseLocalTime` expects. */
export function isLocalTimeOf(text: string, ms: number, zone: string): boolean {
  return !LOCAL.test(text) || DateTime.fromMillis(ms, { zone }).toFormat(FORMAT) === text;
}

/**
 * The local times of a filter `at or after` and `at or before`. Near a change of the clock they are some hours earlier and later,
 * as nobody knows which one the platform takes of a time that is there twice.
 */
export function toLocalRange(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  zone: string,
): { readonly from: string; readonly to: string } {
  const offset = (atMs: number) => DateTime.fromMillis(atMs, { zone }).offset;
  const margin = (ms: number) => (offset(ms - CLOCK_CHANGE_MS) === offset(ms + CLOCK_CHANGE_MS) ? 0 : CLOCK_CHANGE_MS);
  const text = (ms: number) => DateTime.fromMillis(ms, { zone }).toFormat(FORMAT);
  return { from: text(fromMs - margin(fromMs)), to: text(toMs + margin(toMs)) };
}
