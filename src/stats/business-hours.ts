import { Info } from 'luxon';
import type { BusinessHours } from '../config/types.ts';
import { DAY_MS, MINUTE_MS } from '../model/time.ts';
import { firstIndex } from './sorted-numbers.ts';

/** Days that are added on both sides of the requested time, so that most later calls need no new calendar. */
const DAYS_AT_ONCE = 400;
/** Clock changes of a zone are looked for in steps of so many days; no zone takes one back sooner. */
const CLOCK_CHANGE_DAYS = 7;

/** How many milliseconds between two times are in business hours; exact over clock changes and holidays. */
export type BusinessTime = (fromMs: number, toMs: number) => number;

/** Business hours without a break, with all business time before them since the calendar begins. */
interface Shift {
  readonly startMs: number;
  readonly endMs: number;
  readonly beforeMs: number;
}

export function createBusinessTime(hours: BusinessHours): BusinessTime {
  let calendar: Calendar | undefined;
  return (fromMs, toMs) => {
    if (toMs <= fromMs) return 0;
    if (calendar === undefined || fromMs < calendar.fromMs || toMs >= calendar.toMs) {
      calendar = readCalendar(
        hours,
        Math.min(fromMs, calendar?.fromMs ?? fromMs),
        Math.max(toMs, calendar?.toMs ?? toMs),
      );
    }
    return elapsed(calendar.shifts, toMs) - elapsed(calendar.shifts, fromMs);
  };
}

interface Calendar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly shifts: readonly Shift[];
}

/** Days are counted, and the zone is asked for its clock changes alone: going over days with Luxon took seconds for 50 years. */
function readCalendar(hours: BusinessHours, wantedFromMs: number, wantedToMs: number): Calendar {
  const { timezone, days, fromMinute, toMinute } = hours;
  const fromDay = Math.floor(wantedFromMs / DAY_MS) - DAYS_AT_ONCE;
  const toDay = Math.ceil(wantedToMs / DAY_MS) + DAYS_AT_ONCE;
  const holidays = new Set(hours.holidays.map((date) => Date.parse(`${date}T00:00:00Z`) / DAY_MS));
  const offsets = readOffsets(timezone, (fromDay - 2) * DAY_MS, (toDay + 2) * DAY_MS);
  const shifts: Shift[] = [];
  let beforeMs = 0;
  let at = 0;
  for (let day = fromDay; day < toDay; day += 1) {
    if (!days.includes(isoWeekday(day)) || holidays.has(day)) continue;
    while ((offsets[at]?.untilMs ?? Number.POSITIVE_INFINITY) < (day - 2) * DAY_MS) at += 1;
    // A clock change in the middle of the hours leaves a part of them out, or repeats one.
    for (const { sinceMs, untilMs, ms } of offsets.slice(at, at + 3)) {
      const startMs = Math.max(sinceMs, day * DAY_MS + fromMinute * MINUTE_MS - ms);
      const endMs = Math.min(untilMs, day * DAY_MS + toMinute * MINUTE_MS - ms);
      if (endMs <= startMs) continue;
      shifts.push({ startMs, endMs, beforeMs });
      beforeMs += endMs - startMs;
    }
  }
  return { fromMs: (fromDay + 2) * DAY_MS, toMs: (toDay - 2) * DAY_MS, shifts };
}

/** 1 for Monday to 7 for Sunday; day 0, 1970-01-01, was a Thursday. */
function isoWeekday(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** How far a zone's clock is ahead of UTC between two clock changes. */
interface Offset {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly ms: number;
}

function readOffsets(timezone: string, fromMs: number, toMs: number): Offset[] {
  const zone = Info.normalizeZone(timezone);
  const offsetAt = (ms: number) => zone.offset(ms) * MINUTE_MS;
  const stepMs = CLOCK_CHANGE_DAYS * DAY_MS;
  const offsets: Offset[] = [];
  let sinceMs = Number.NEGATIVE_INFINITY;
  let before = offsetAt(fromMs);
  for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
    const after = offsetAt(atMs + stepMs);
    if (after === before) continue;
    let [lowMs, highMs] = [atMs, atMs + stepMs];
    while (highMs - lowMs > 1) {
      const middleMs = Math.floor((lowMs + highMs) / 2);
      if (offsetAt(middleMs) === before) lowMs = middleMs;
      else highMs = middleMs;
    }
    offsets.push({ sinceMs, untilMs: highMs, ms: before });
    sinceMs = highMs;
    before = after;
  }
  return [...offsets, { sinceMs, untilMs: Number.POSITIVE_INFINITY, ms: before }];
}

/** Business time since the calendar begins. */
function elapsed(shifts: readonly Shift[], ms: number): number {
  const shift = shifts[firstIndex(shifts.length, (at) => (shifts[at]?.startMs ?? 0) > ms) - 1];
  if (shift === undefined) return 0;
  const { startMs, endMs, beforeMs } = shift;
  return beforeMs + Math.max(0, Math.min(ms, endMs) - startMs);
}
