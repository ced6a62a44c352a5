import { DateTime } from 'luxon';
import { DURATION_MAX_MS, parseDuration } from '../config/durations.ts';
import { InputError } from '../model/input-error.ts';
import type { End } from './timeline.ts';

/** What people give: a span (only `from`: so long before `to`), a day, an instant, or `now` (only `to`). */
export interface PeriodInput {
  readonly from: string;
  readonly to: string;
  readonly nowMs: number;
  /** IANA name: days begin and end there, and instants without an offset are its. */
  readonly timezone: string;
}

/** A period as windows have it: what happens in (fromMs, toMs] is in it, so whole days begin a millisecond early. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
  /** `toMs - fromMs`: the window. */
  readonly spanMs: number;
  /** Where the windows end; `read` (only for a span until now): each provider's own, so `fromMs` and `toMs` are approximate. */
  readonly end: End;
  readonly timezone: string;
}

const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,3})?)?(Z|[+-][0-9]{2}:[0-9]{2})?$/;

const TIMES_EXPECTED = 'a day such as 2026-01-31, or an instant such as 2026-01-31T08:00:00Z';
const FROM_EXPECTED = `expected a span such as 30d, ${TIMES_EXPECTED}`;
const TO_EXPECTED = `expected now, ${TIMES_EXPECTED}`;

/**
 * Reads `from` and `to`. A day is whole in its zone: `from` its beginning, `to` its end, or now while it lasts. A span until
 * `now` ends where each provider was read, as the windows of metrics do. Throws an InputError.
 */
export function parsePeriod({ from, to, nowMs, timezone }: PeriodInput): Period {
  const toMs = endOf({ text: to, nowMs, timezone });
  const spanMs = parseDuration(from);
  if (spanMs !== undefined) {
    if (spanMs < 1 || spanMs > DURATION_MAX_MS) {
      throw new InputError('from', `${quoted(from)} is no span of a period; ${FROM_EXPECTED}`);
    }
    return { fromMs: toMs - spanMs, toMs, spanMs, end: to === 'now' ? 'read' : toMs, timezone };
  }
  const fromMs = beginOf({ text: from, nowMs, timezone });
  if (fromMs >= toMs) throw new InputError('from', `${quoted(from)} is not before to: ${quoted(to)}`);
  return { fromMs, toMs, spanMs: toMs - fromMs, end: toMs, timezone };
}

/** Local time to the second, without an offset: `2024-01-31T23:59:59`. */
export function localTime(ms: number, timezone: string): string {
  return DateTime.fromMillis(ms, { zone: timezone }).toFormat("yyyy-MM-dd'T'HH:mm:ss");
}

interface Given {
  readonly text: string;
  readonly nowMs: number;
  readonly timezone: string;
}

function beginOf({ text, nowMs, timezone }: Given): number {
  const time = timeOf(text, timezone);
  if (time === undefined) throw new InputError('from', `${quoted(text)} is not a time; ${FROM_EXPECTED}`);
  const beginMs = DAY.test(text) ? time.startOf('day').toMillis() - 1 : time.toMillis();
  if (beginMs >= nowMs) throw new InputError('from', `${quoted(text)} is in the future; expected a time before now`);
  return beginMs;
}

function endOf({ text, nowMs, timezone }: Given): number {
  if (text === 'now') return nowMs;
  const time = timeOf(text, timezone);
  if (time === undefined) throw new InputError('to', `${quoted(text)} is not a time; ${TO_EXPECTED}`);
  if (time.toMillis() > nowMs) {
    throw new InputError('to', `${quoted(text)} is in the future; expected now, or a time before`);
  }
  return DAY.test(text) ? Math.min(time.endOf('day').toMillis(), nowMs) : time.toMillis();
}

function timeOf(text: string, timezone: string): DateTime<true> | undefined {
  if (!DAY.test(text) && !INSTANT.test(text)) return undefined;
  const time = DateTime.fromISO(text, { zone: timezone });
  return time.isValid ? time : undefined;
}

/** What people type may be anything; a message stays one line. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
