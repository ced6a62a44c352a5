import type { Group } from '../groups.ts';
import { localTime } from '../period.ts';
import type { Report } from '../report.ts';
import type { Section } from './section.ts';
import { membersOf, wholeOf } from './whole.ts';
import { countText, groupTitle, minutesText, objectiveText, shareText } from './words.ts';

type Named = 'service' | 'team' | 'provider';

const TITLES = { service: 'Service', team: 'Team', provider: 'Provider' } as const;

/** Severity, mean and how many were resolved. */
export function severityTable(groups: readonly Group[]): Section {
  const rows = membersOf(groups, 'severity').map((group) => [
    groupTitle(group),
    minutesText(group.figures.mttr),
    countText(group.figures.resolved),
  ]);
  return { title: 'MTTR by Severity', kind: 'table', head: ['Severity', 'Avg Minutes', 'Count'], rows };
}

/** What else is known of severities, with how they did against their targets. */
export function severityDetails(groups: readonly Group[]): Section {
  const head = ['Severity', 'Median', 'P90', 'P95', 'MTTA', 'Target', 'Within Target', 'Objective', 'Opened'];
  const rows = membersOf(groups, 'severity').map((group) => {
    const { figures, targetMinutes, objective, isObjectiveMet } = group;
    return [
      groupTitle(group),
      ...[figures.p50, figures.p90, figures.p95, figures.mtta].map(minutesText),
      targetMinutes === undefined ? 'none' : minutesText(targetMinutes),
      targetMinutes === undefined ? 'no target' : shareText(figures.withinTarget),
      objectiveText(objective, isObjectiveMet),
      countText(figures.opened),
    ];
  });
  return { title: 'Severities against their Targets (minutes)', kind: 'table', head, rows };
}

/** One team for all, or one provider that all else says the same of, needs no table. */
export function isWorthTable(groups: readonly Group[], grouping: Named): boolean {
  const members = membersOf(groups, grouping);
  if (grouping === 'service') return members.length > 0;
  if (grouping === 'team') return members.some(({ name }) => name !== 'none');
  const [only] = members;
  return members.length > 1 || (only !== undefined && only.figures.opened !== wholeOf(groups).figures.opened);
}

/** Services, teams or providers, most incidents first. */
export function groupTable(groups: readonly Group[], grouping: Named): Section {
  const title = TITLES[grouping];
  const head = [title, 'Avg Minutes', 'Count', 'Median', 'P95', 'Within Target', 'Opened'];
  const rows = membersOf(groups, grouping).map(({ name, figures }) => [
    name,
    minutesText(figures.mttr),
    countText(figures.resolved),
    minutesText(figures.p50),
    minutesText(figures.p95),
    shareText(figures.withinTarget),
    countText(figures.opened),
  ]);
  return { title: `MTTR by ${title}`, kind: 'table', head, rows, isRanked: true };
}

/** The longest recoveries by id, with a link where the platform gave one. */
export function longestTable({ longest, timezone }: Report): Section {
  const head = ['Incident', 'Provider', 'Service', 'Severity', 'Triggered', 'Minutes'];
  const rows = longest.map(({ id, url, provider, service, severity, triggeredAtMs, minutes }) => [
    url === undefined ? id : { text: id, url },
    provider,
    service,
    severity,
    localTime(triggeredAtMs, timezone),
    minutesText(minutes),
  ]);
  return { title: 'Longest Incidents', kind: 'table', head, rows };
}
