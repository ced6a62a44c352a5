import type { Statistic } from '../../stats/rows.ts';
import type { Group } from '../groups.ts';
import { localTime } from '../period.ts';
import type { Report } from '../report.ts';
import {
  boundsText,
  changeText,
  countText,
  groupTitle,
  levelText,
  longMinutes,
  membersOf,
  minutesAndHours,
  minutesText,
  NO_DATA,
  objectiveText,
  pointsText,
  shareText,
  sparkline,
  wholeOf,
} from './format.ts';

/** A cell or value: text, or text that leads somewhere. */
export type Cell = string | { readonly text: string; readonly url: string };

/** A part of a report for people, in no markup yet; names in it are as the platforms have them. */
export type Section = { readonly title: string } & (
  | { readonly kind: 'lines'; readonly lines: readonly (readonly [label: string, value: string])[] }
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
      /** There may be hundreds of rows, of which the first matter most. */
      readonly isRanked?: boolean;
      /** The first so many columns are words, the others numbers; 1 without it. */
      readonly words?: number;
    }
  | { readonly kind: 'list'; readonly items: readonly string[] }
);

/** Nothing is known of what stands under the title. */
export function isEmpty(section: Section): boolean {
  if (section.kind === 'lines') return section.lines.length === 0;
  return (section.kind === 'list' ? section.items : section.rows).length === 0;
}

/** All sections, the ones that every report has first. */
export function sectionsOf(report: Report): Section[] {
  const { groups } = report;
  const tables = (['service', 'team', 'provider'] as const).filter((grouping) => isWorthTable(groups, grouping));
  return [
    ...opening(report),
    severityTable(groups),
    ...(report.reasons.length > 0 ? [list('Why there may be nothing', report.reasons)] : []),
    severityDetails(groups),
    further(report),
    ...tables.map((grouping) => groupTable(groups, grouping)),
    ...trend(report),
    ...comparison(report),
    ...(report.longest.length > 0 ? [longestTable(report)] : []),
    about(report),
    ...(report.notes.length > 0
      ? [
          list(
            'Notes',
            report.notes.map(({ text }) => text),
          ),
        ]
      : []),
  ];
}

function opening({ groups }: Report): Section[] {
  const { figures, level } = wholeOf(groups);
  return [
    {
      title: 'Summary',
      kind: 'lines',
      lines: [
        ['Total Incidents', countText(figures.resolved)],
        ['Performance Level', levelText(level)],
      ],
    },
    {
      title: 'MTTR Statistics',
      kind: 'lines',
      lines: [
        ['Mean', minutesAndHours(figures.mttr)],
        ['Median', minutesAndHours(figures.p50)],
        ['Min', longMinutes(figures.min)],
        ['Max', longMinutes(figures.max)],
        ['Std Dev', longMinutes(figures.stddev)],
      ],
    },
  ];
}

/** What platforms cannot tell is not mentioned. */
function further({ groups, openNow }: Report): Section {
  const { figures } = wholeOf(groups);
  const lines: readonly (readonly [string, string])[] = [
    ['Opened', countText(figures.opened)],
    ['Resolved', countText(figures.resolved)],
    ['Open Now', countText(openNow)],
    ['P75', longMinutes(figures.p75)],
    ['P90', longMinutes(figures.p90)],
    ['P95', longMinutes(figures.p95)],
    ['P99', longMinutes(figures.p99)],
    ['Within Target', shareText(figures.withinTarget)],
    ['Mean Time to Acknowledge (MTTA)', longMinutes(figures.mtta)],
    ['Mean Time to Detect (MTTD)', longMinutes(figures.mttd)],
    ['Mean Time to Identify (MTTI)', longMinutes(figures.mtti)],
    ['Mean Time to Mitigate (MTTM)', longMinutes(figures.mttm)],
    ['Mean Time Between Failures (MTBF)', minutesAndHours(figures.mtbf)],
    ['Time Without an Open Incident', shareText(figures.free)],
    ['Escalated', shareText(figures.escalated)],
    ['Reopened', shareText(figures.reopened)],
    ['Repeated', shareText(figures.repeat)],
  ];
  return { title: 'More Numbers', kind: 'lines', lines: lines.filter(([, value]) => value !== NO_DATA) };
}

function about({ timezone, filter, madeAtMs }: Report): Section {
  const filters = [
    ['severity', filter.severities],
    ['service', filter.services],
    ['team', filter.teams],
  ] as const;
  return list('About', [
    'Total Incidents and every Count are incidents resolved in the period, Opened those triggered in it',
    'times run from trigger to resolve',
    `times of day are in ${timezone}; made ${localTime(madeAtMs, timezone)}`,
    ...filters.flatMap(([name, values]) => (values.length > 0 ? [`only ${name}: ${values.join(', ')}`] : [])),
  ]);
}

function list(title: string, items: readonly string[]): Section {
  return { title, kind: 'list', items };
}

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

/** A row per day, week or month, and the means as a line of bars; nothing when nobody asked. */
export function trend({ trend: asked }: Report): Section[] {
  if (asked === undefined) return [];
  const rows = asked.points.map(({ name, isWhole, figures }) => [
    isWhole ? name : `${name} (part)`,
    minutesText(figures.mttr),
    countText(figures.resolved),
    minutesText(figures.p50),
    countText(figures.opened),
  ]);
  const step = `${asked.step.slice(0, 1).toUpperCase()}${asked.step.slice(1)}`;
  const bars = sparkline(asked.points.map(({ figures }) => figures.mttr));
  return [
    { title: `Trend by ${step}`, kind: 'lines', lines: [['Mean', bars]] },
    {
      title: `MTTR by ${step}`,
      kind: 'table',
      head: [step, 'Avg Minutes', 'Count', 'Median', 'Opened'],
      rows,
    },
  ];
}

interface Compared {
  readonly label: string;
  readonly statistic: Statistic;
  text(value: number | undefined): string;
  change(now: number | undefined, before: number | undefined): string;
}

const COUNT = { text: countText, change: changeText };
const MINUTES = { text: minutesText, change: changeText };

const COMPARED: readonly Compared[] = [
  { label: 'Resolved', statistic: 'resolved', ...COUNT },
  { label: 'Opened', statistic: 'opened', ...COUNT },
  { label: 'Mean (minutes)', statistic: 'mttr', ...MINUTES },
  { label: 'Median (minutes)', statistic: 'p50', ...MINUTES },
  { label: 'P95 (minutes)', statistic: 'p95', ...MINUTES },
  { label: 'MTTA (minutes)', statistic: 'mtta', ...MINUTES },
  { label: 'Within Target', statistic: 'withinTarget', text: shareText, change: pointsText },
];

/** This period beside the one before; nothing when nobody asked, or when that one is not known. */
export function comparison({ groups, before, timezone }: Report): Section[] {
  if (before === undefined) return [];
  const [now, then] = [wholeOf(groups).figures, wholeOf(before.groups).figures];
  const rows = COMPARED.map((one) => {
    const values = [now[one.statistic], then[one.statistic]] as const;
    return [one.label, ...values.map((value) => one.text(value)), one.change(...values)];
  });
  return [
    {
      title: `Compared with ${boundsText(before.bounds, timezone)}`,
      kind: 'table',
      head: ['', 'Now', 'Before', 'Change'],
      rows: [...rows, ...membersOf(groups, 'severity').map((group) => severityRow(group, before.groups))],
    },
  ];
}

function severityRow(group: Group, before: readonly Group[]): string[] {
  const then = membersOf(before, 'severity').find(({ name }) => name === group.name);
  const means = [group.figures.mttr, then?.figures.mttr] as const;
  return [`Mean of ${groupTitle(group)} (minutes)`, ...means.map(minutesText), changeText(...means)];
}
