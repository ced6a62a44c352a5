import type { SeverityConfig } from '../../config/types.ts';
import type { Group } from '../groups.ts';
import { localTime } from '../period.ts';
import type { Bounds } from '../report.ts';

/** What stands where nothing is known; never 0. */
export const NO_DATA = 'no data';

/** Minutes with one decimal: `145.3`. */
export function minutesText(minutes: number | undefined): string {
  return minutes === undefined ? NO_DATA : minutes.toFixed(1);
}

/** `5.2 minutes` */
export function longMinutes(minutes: number | undefined): string {
  return minutes === undefined ? NO_DATA : `${minutes.toFixed(1)} minutes`;
}

/** `145.3 minutes (2.4 hours)` */
export function minutesAndHours(minutes: number | undefined): string {
  return minutes === undefined ? NO_DATA : `${longMinutes(minutes)} (${(minutes / 60).toFixed(1)} hours)`;
}

/** `92.3%` */
export function shareText(share: number | undefined): string {
  return share === undefined ? NO_DATA : `${(share * 100).toFixed(1)}%`;
}

/** How much more or less: `+12.5%`; without both numbers nothing is known, and of nothing there is no share. */
export function changeText(now: number | undefined, before: number | undefined): string {
  if (now === undefined || before === undefined || before === 0) return NO_DATA;
  const change = (now / before - 1) * 100;
  return `${change < 0 ? '' : '+'}${change.toFixed(1)}%`;
}

/** How many points of a hundred a share rose or fell: `+10.7 points`. */
export function pointsText(now: number | undefined, before: number | undefined): string {
  if (now === undefined || before === undefined) return NO_DATA;
  const points = (now - before) * 100;
  return `${points < 0 ? '' : '+'}${points.toFixed(1)} points`;
}

/** A count; every group that exists has one. */
export function countText(count: number | undefined): string {
  return count === undefined ? NO_DATA : String(count);
}

/** `P1-Critical`, or the name alone. */
export function groupTitle({ name, title }: Pick<Group, 'name' | 'title'> | SeverityConfig): string {
  return title === undefined ? name : `${name}-${title}`;
}

/** `elite` → `Elite` */
export function levelText(level: Group['level']): string {
  return level === undefined ? NO_DATA : `${level.slice(0, 1).toUpperCase()}${level.slice(1)}`;
}

/** `90% met`; the share alone where nothing tells whether it was. */
export function objectiveText(objective: number | undefined, isMet: boolean | undefined): string {
  if (objective === undefined) return 'none';
  const share = `${Math.round(objective * 1000) / 10}%`;
  if (isMet === undefined) return share;
  return `${share} ${isMet ? 'met' : 'missed'}`;
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** One bar per value, the largest full; `·` where there is none. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const largest = Math.max(0, ...values.map((value) => value ?? 0));
  return values.map((value) => (value === undefined ? '·' : BARS[barOf(value, largest)])).join('');
}

function barOf(value: number, largest: number): number {
  return largest === 0 ? 0 : Math.max(0, Math.ceil((value / largest) * BARS.length) - 1);
}

/** The title of every report. */
export const TITLE = 'MEAN TIME TO RECOVERY (MTTR) REPORT';

/** `2024-01-01T00:00:00 to 2024-01-31T23:59:59` */
export function boundsText({ firstMs, lastMs }: Bounds, timezone: string): string {
  return `${localTime(firstMs, timezone)} to ${localTime(lastMs, timezone)}`;
}

/** The groups of one grouping, in their order. */
export function membersOf(groups: readonly Group[], grouping: Group['grouping']): Group[] {
  return groups.filter((group) => group.grouping === grouping);
}

/** The group that stands for everything; without any provider nothing is known of it. */
export function wholeOf(groups: readonly Group[]): Pick<Group, 'figures' | 'level'> {
  return groups.find(({ grouping }) => grouping === 'all') ?? { figures: {}, level: undefined };
}
