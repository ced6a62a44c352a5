import { DateTime } from 'luxon';
import type { BusinessHours } from '../config/types.ts';
import { firstIndex } from './sorted-numbers.ts';

/** Days that are added on both sides of the requested time, so that most later calls need no new calendar. */
const DAYS_AT_ONCE = 400;

/** How many milliseconds between two times are in business hours; exact over clock changes and holidays. */
export type BusinessTime = (fromMs: number, toMs: number) => number;

/** One local day's business hours in UTC, with all business time before them since the calendar begins. */
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

function readCalendar(hours: BusinessHours, fromMs: number, toMs: number): Calendar {
  const { timezone, days, fromMinute, toMinute } = hours;
  const holidays = new Set(hours.holidays);
  const first = DateTime.fromMillis(fromMs, { zone: timezone }).startOf('day').minus({ days: DAYS_AT_ONCE });
  const last = DateTime.fromMillis(toMs, { zone: timezone }).startOf('day').plus({ days: DAYS_AT_ONCE });
  const shifts: Shift[] = [];
  let beforeMs = 0;
  for (let day = first; day < last; day = day.plus({ days: 1 })) {
    if (!days.includes(day.weekday) || holidays.has(day.toISODate() ?? '')) continue;
    const startMs = atMinute(day, fromMinute);
    const endMs = atMinute(day, toMinute);
    shifts.push({ startMs, endMs, beforeMs });
    beforeMs += Math.max(0, endMs - startMs);
  }
  return { fromMs: first.toMillis(), toMs: last.toMillis(), shifts };
}

/** By local time; a time that a clock change leaves out is where the change leads. */
function atMinute(day: DateTime, minute: number): number {
  if (minute === 24 * 60) return day.plus({ days: 1 }).startOf('day').toMillis();
  return day.set({ hour: Math.floor(minute / 60), minute: minute % 60 }).toMillis();
}

/** Business time since the calendar begins. */
function elapsed(shifts: readonly Shift[], ms: number): number {
  const shift = shifts[firstIndex(shifts.length, (at) => (shifts[at]?.startMs ?? 0) > ms) - 1];
  if (shift === undefined) return 0;
  const { startMs, endMs, beforeMs } = shift;
  return beforeMs + Math.max(0, Math.min(ms, endMs) - startMs);
}
