import type { Group } from '../groups.ts';
import { localTime } from '../period.ts';
import type { Bounds } from '../report.ts';

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
