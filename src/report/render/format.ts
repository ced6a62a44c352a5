import type { BusinessHours, SeverityConfig } from '../../config/types.ts';
import { formatLocalTime } from '../../model/format.ts';
import type { Group } from '../groups.ts';
import type { Bounds } from '../period.ts';

/** What stands where nothing is known; never 0. */
export const NO_DATA = 'no data';

/** `145.3`; a unit of Slack, where one is given: `145.3 min`. */
export function formatMinutes(minutes: number | undefined, unit?: 'min' | 'minutes'): string {
  if (minutes === undefined) return NO_DATA;
  return unit === undefined ? minutes.toFixed(1) : `${minutes.toFixed(1)} ${unit}`;
}

/** `145.3 minutes (2.4 hours)` */
export function formatMinutesAndHours(minutes: number | undefined): string {
  return minutes === undefined ? NO_DATA : `${formatMinutes(minutes, 'minutes')} (${(minutes / 60).toFixed(1)} hours)`;
}

/** `92.3%` */
export function formatShare(share: number | undefined): string {
  return share === undefined ? NO_DATA : `${(share * 100).toFixed(1)}%`;
}

/** How much more or less: `+12.5%`; without both numbers nothing is known, and of nothing there is no share. */
export function formatChange(now: number | undefined, before: number | undefined): string {
  if (now === undefined || before === undefined || before === 0) return NO_DATA;
  const change = (now / before - 1) * 100;
  return `${change < 0 ? '' : '+'}${change.toFixed(1)}%`;
}

/** How many percentage points a share rose or fell: `+10.7 points`. */
export function formatPoints(now: number | undefined, before: number | undefined, decimals = 1): string {
  if (now === undefined || before === undefined) return NO_DATA;
  const points = (now - before) * 100;
  return `${points < 0 ? '' : '+'}${points.toFixed(decimals)} points`;
}

/** A number of incidents; every group that exists has one. */
export function formatTotal(count: number | undefined): string {
  return count === undefined ? NO_DATA : String(count);
}

/** `P1-Critical`, or the name alone. */
export function formatTitle({ name, title }: Pick<Group, 'name' | 'title'> | SeverityConfig): string {
  return title === undefined ? name : `${name}-${title}`;
}

/** `elite` → `Elite`; no data for nothing. */
export function formatLevel(level: Group['level']): string {
  return level === undefined ? NO_DATA : capitalize(level);
}

export function capitalize(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** `90% met`; the share alone where it is not known whether it was. */
export function formatObjective(objective: number | undefined, isMet: boolean | undefined): string {
  if (objective === undefined) return 'none';
  // 99.95% is another promise than 100%.
  const share = `${Number((objective * 100).toFixed(4))}%`;
  if (isMet === undefined) return share;
  return `${share} ${isMet ? 'met' : 'missed'}`;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** `Mon, Tue 09:00 to 17:00 (Europe/Berlin), holidays: 12` */
export function formatBusinessHours({ timezone, days, fromMinute, toMinute, holidays }: BusinessHours): string {
  const names = days.map((day) => WEEKDAYS[day - 1]).join(', ');
  const hours = `${names} ${formatTimeOfDay(fromMinute)} to ${formatTimeOfDay(toMinute)} (${timezone})`;
  return holidays.length === 0 ? hours : `${hours}, holidays: ${holidays.length}`;
}

/** `09:00`, from minutes after midnight. */
export function formatTimeOfDay(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
}

/** `2024-01-01T00:00:00 to 2024-01-31T23:59:59` */
export function formatBounds({ firstMs, lastMs }: Bounds, timezone: string): string {
  return `${formatLocalTime(firstMs, timezone)} to ${formatLocalTime(lastMs, timezone)}`;
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** One bar per value, the largest full; `·` where there is none. */
export function formatSparkline(values: readonly (number | undefined)[]): string {
  const largest = Math.max(0, ...values.map((value) => value ?? 0));
  const toBar = (value: number) =>
    largest === 0 ? BARS[0] : BARS[Math.max(0, Math.ceil((value / largest) * BARS.length) - 1)];
  return values.map((value) => (value === undefined ? '·' : toBar(value))).join('');
}
