import { formatLocalTime } from '../../model/format.ts';
import type { Statistic } from '../../stats/rows.ts';
import { toReportSections } from '../dora/sections.ts';
import { filterGroups, findTotal, type Group } from '../groups.ts';
import type { Report } from '../report.ts';
import {
  capitalize,
  formatBounds,
  formatBusinessHours,
  formatChange,
  formatLevel,
  formatMinutes,
  formatMinutesAndHours,
  formatObjective,
  formatPoints,
  formatShare,
  formatSparkline,
  formatTitle,
  formatTotal,
  NO_DATA,
} from './format.ts';
import {
  formatAvailability,
  toAvailability,
  toAvailabilityColumns,
  toBusinessColumns,
  toStageTargetTable,
} from './objectives.ts';
import type { Section } from './section.ts';

/** All sections, the ones that every report has first. */
export function toSections(report: Report): Section[] {
  const { groups, hints, longest, notes } = report;
  const tables = (['service', 'team', 'provider'] as const).filter((grouping) => isWorthTable(groups, grouping));
  const noteTexts = notes.map(({ text }) => text);
  return [
    ...toFirstSections(report),
    toSeverityTable(report),
    ...(hints.length > 0 ? [toList('Why the report may be empty', hints)] : []),
    toTargetTable(groups),
    ...toStageTargetTable(groups),
    ...toAvailability(report),
    toMoreNumbers(report),
    ...tables.map((grouping) => toGroupTable(report, grouping)),
    ...toTrend(report),
    ...toComparison(report),
    ...(longest.length > 0 ? [toLongestTable(report)] : []),
    ...(report.delivery === undefined ? [] : toReportSections(report.delivery)),
    toAbout(report),
    ...(notes.length > 0 ? [toList('Notes', noteTexts)] : []),
  ];
}

function toList(title: string, items: readonly string[]): Section {
  return { title, kind: 'list', items };
}

function toFirstSections({ groups, businessHours }: Report): Section[] {
  const { statistics, level } = findTotal(groups);
  const summary: Section = {
    title: 'Summary',
    kind: 'lines',
    lines: [
      ['Total Incidents', formatTotal(statistics.resolved)],
      ['Performance Level', formatLevel(level)],
    ],
  };
  const mttr: Section = {
    title: 'MTTR Statistics',
    kind: 'lines',
    lines: [
      ['Mean', formatMinutesAndHours(statistics.mttr)],
      ...(businessHours === undefined
        ? []
        : [['Mean in Business Hours', formatMinutesAndHours(statistics.businessMttr)] as const]),
      ['Median', formatMinutesAndHours(statistics.p50)],
      ['Min', formatMinutes(statistics.min, 'minutes')],
      ['Max', formatMinutes(statistics.max, 'minutes')],
      ['Std Dev', formatMinutes(statistics.stddev, 'minutes')],
    ],
  };
  return [summary, mttr];
}

/** The worst first: mean and how many were resolved. */
function toSeverityTable(report: Report): Section {
  const columns = toBusinessColumns(report);
  const rows = filterGroups(report.groups, 'severity').map((group) => [
    formatTitle(group),
    formatMinutes(group.statistics.mttr),
    formatTotal(group.statistics.resolved),
    ...columns.map(({ format }) => format(group.statistics)),
  ]);
  const head = ['Severity', 'Avg Minutes', 'Count', ...columns.map(({ title }) => title)];
  return { title: 'MTTR by Severity', kind: 'table', head, rows };
}

/** What else is known of severities, with how they did against their targets. */
function toTargetTable(groups: readonly Group[]): Section {
  const head = ['Severity', 'Median', 'P90', 'P95', 'MTTA', 'Target', 'Within Target', 'Objective', 'Opened'];
  const rows = filterGroups(groups, 'severity').map((group) => {
    const { statistics, targetMinutes, objective, isObjectiveMet } = group;
    const { p50, p90, p95, mtta, withinTarget, opened } = statistics;
    return [
      formatTitle(group),
      ...[p50, p90, p95, mtta].map((minutes) => formatMinutes(minutes)),
      targetMinutes === undefined ? 'none' : formatMinutes(targetMinutes),
      targetMinutes === undefined ? 'no target' : formatShare(withinTarget),
      formatObjective(objective, isObjectiveMet),
      formatTotal(opened),
    ];
  });
  return { title: 'Severities against their Targets (minutes)', kind: 'table', head, rows };
}

/** What platforms do not report is not mentioned. */
function toMoreNumbers({ groups, openNow }: Report): Section {
  const { statistics } = findTotal(groups);
  const lines: readonly (readonly [string, string])[] = [
    ['Opened', formatTotal(statistics.opened)],
    ['Resolved', formatTotal(statistics.resolved)],
    ['Open Now', formatTotal(openNow)],
    ['P75', formatMinutes(statistics.p75, 'minutes')],
    ['P90', formatMinutes(statistics.p90, 'minutes')],
    ['P95', formatMinutes(statistics.p95, 'minutes')],
    ['P99', formatMinutes(statistics.p99, 'minutes')],
    ['Within Target', formatShare(statistics.withinTarget)],
    ['Detected Within Target', formatShare(statistics.detectionWithinTarget)],
    ['Acknowledged Within Target', formatShare(statistics.acknowledgementWithinTarget)],
    ['Identified Within Target', formatShare(statistics.identificationWithinTarget)],
    ['Mitigated Within Target', formatShare(statistics.mitigationWithinTarget)],
    ['Mean Time to Acknowledge (MTTA)', formatMinutes(statistics.mtta, 'minutes')],
    ['Mean Time to Detect (MTTD)', formatMinutes(statistics.mttd, 'minutes')],
    ['Mean Time to Identify (MTTI)', formatMinutes(statistics.mtti, 'minutes')],
    ['Mean Time to Mitigate (MTTM)', formatMinutes(statistics.mttm, 'minutes')],
    ['Mean Time Between Failures (MTBF)', formatMinutesAndHours(statistics.mtbf)],
    ['Time Without an Open Incident', formatShare(statistics.free)],
    ['Escalated', formatShare(statistics.escalated)],
    ['Reopened', formatShare(statistics.reopened)],
    ['Repeated', formatShare(statistics.repeat)],
  ];
  return { title: 'More Numbers', kind: 'lines', lines: lines.filter(([, value]) => value !== NO_DATA) };
}

type NamedGrouping = 'service' | 'team' | 'provider';

/** One team for all, or one provider that all else says the same of, needs no table. */
function isWorthTable(groups: readonly Group[], grouping: NamedGrouping): boolean {
  const members = filterGroups(groups, grouping);
  if (grouping === 'service') return members.length > 0;
  if (grouping === 'team') return members.some(({ name }) => name !== 'none');
  const [only] = members;
  return members.length > 1 || (only !== undefined && only.statistics.opened !== findTotal(groups).statistics.opened);
}

/** Services, teams or providers, most incidents first. */
function toGroupTable(report: Report, grouping: NamedGrouping): Section {
  const title = capitalize(grouping);
  const columns = [...toBusinessColumns(report), ...toAvailabilityColumns(report)];
  const names = columns.map((column) => column.title);
  const head = [title, 'Avg Minutes', 'Count', 'Median', 'P95', 'Within Target', 'Opened', ...names];
  const rows = filterGroups(report.groups, grouping).map(({ name, statistics }) => [
    name,
    formatMinutes(statistics.mttr),
    formatTotal(statistics.resolved),
    formatMinutes(statistics.p50),
    formatMinutes(statistics.p95),
    formatShare(statistics.withinTarget),
    formatTotal(statistics.opened),
    ...columns.map(({ format }) => format(statistics)),
  ]);
  return { title: `MTTR by ${title}`, kind: 'table', head, rows, isRanked: true };
}

/** A row per day, week or month, and the means as a line of bars; nothing unless requested. */
function toTrend({ trend }: Report): Section[] {
  if (trend === undefined) return [];
  const rows = trend.points.map(({ name, isWhole, statistics }) => [
    isWhole ? name : `${name} (part)`,
    formatMinutes(statistics.mttr),
    formatTotal(statistics.resolved),
    formatMinutes(statistics.p50),
    formatTotal(statistics.opened),
  ]);
  const step = capitalize(trend.step);
  const bars = formatSparkline(trend.points.map(({ statistics }) => statistics.mttr));
  const head = [step, 'Avg Minutes', 'Count', 'Median', 'Opened'];
  return [
    { title: `Trend by ${step}`, kind: 'lines', lines: [['Mean', bars]] },
    { title: `MTTR by ${step}`, kind: 'table', head, rows },
  ];
}

interface ComparedStatistic {
  readonly label: string;
  readonly statistic: Statistic;
  readonly format: (value: number | undefined) => string;
  readonly formatChange: (now: number | undefined, before: number | undefined) => string;
  /** Left out where it is not configured. */
  readonly isConfigured?: (report: Report) => boolean;
}

const TOTAL = { format: formatTotal, formatChange };
const MINUTES = { format: (minutes: number | undefined) => formatMinutes(minutes), formatChange };

const COMPARED_STATISTICS: readonly ComparedStatistic[] = [
  { label: 'Resolved', statistic: 'resolved', ...TOTAL },
  { label: 'Opened', statistic: 'opened', ...TOTAL },
  { label: 'Mean (minutes)', statistic: 'mttr', ...MINUTES },
  { label: 'Median (minutes)', statistic: 'p50', ...MINUTES },
  { label: 'P95 (minutes)', statistic: 'p95', ...MINUTES },
  { label: 'MTTA (minutes)', statistic: 'mtta', ...MINUTES },
  { label: 'Within Target', statistic: 'withinTarget', format: formatShare, formatChange: formatPoints },
  {
    label: 'Mean in Business Hours (minutes)',
    statistic: 'businessMttr',
    ...MINUTES,
    isConfigured: ({ businessHours }) => businessHours !== undefined,
  },
  {
    label: 'Availability',
    statistic: 'availability',
    format: formatAvailability,
    formatChange: (now, before) => formatPoints(now, before, 3),
    isConfigured: ({ availability }) => availability !== undefined,
  },
];

/** This period and the preceding one; nothing unless requested and known. */
function toComparison(report: Report): Section[] {
  const { groups, before, timezone } = report;
  if (before === undefined) return [];
  const [now, then] = [findTotal(groups).statistics, findTotal(before.groups).statistics];
  const compared = COMPARED_STATISTICS.filter(({ isConfigured }) => isConfigured?.(report) ?? true);
  const rows = compared.map((one) => {
    const values = [now[one.statistic], then[one.statistic]] as const;
    return [one.label, ...values.map((value) => one.format(value)), one.formatChange(...values)];
  });
  const severityRows = filterGroups(groups, 'severity').map((group) => {
    const earlier = filterGroups(before.groups, 'severity').find(({ name }) => name === group.name);
    const means = [group.statistics.mttr, earlier?.statistics.mttr] as const;
    const label = `Mean of ${formatTitle(group)} (minutes)`;
    return [label, ...means.map((minutes) => formatMinutes(minutes)), formatChange(...means)];
  });
  return [
    {
      title: `Compared with ${formatBounds(before.bounds, timezone)}`,
      kind: 'table',
      head: ['', 'Now', 'Before', 'Change'],
      rows: [...rows, ...severityRows],
    },
  ];
}

/** The longest recoveries by id, with a link where the platform gave one. */
function toLongestTable({ longest, timezone }: Report): Section {
  const head = ['Incident', 'Provider', 'Service', 'Severity', 'Triggered', 'Minutes'];
  const rows = longest.map(({ id, url, provider, service, severity, triggeredAtMs, minutes }) => [
    url === undefined ? id : { text: id, url },
    provider,
    service,
    severity,
    formatLocalTime(triggeredAtMs, timezone),
    formatMinutes(minutes),
  ]);
  return { title: 'Longest Incidents', kind: 'table', head, rows };
}

function toAbout({ timezone, filter, madeAtMs, availability, businessHours }: Report): Section {
  const filters = [
    ['severity', filter.severities],
    ['service', filter.services],
    ['team', filter.teams],
  ] as const;
  return toList('About', [
    'Total Incidents and every Count are incidents resolved in the period, Opened those triggered in it',
    'durations run from trigger to resolve',
    ...(availability === undefined
      ? []
      : [`Time Without an Open Incident and MTBF are of ${availability.severities.join(', ')}, as availability is`]),
    ...(businessHours === undefined ? [] : [`business hours: ${formatBusinessHours(businessHours)}`]),
    `times of day are in ${timezone}; made ${formatLocalTime(madeAtMs, timezone)}`,
    ...filters.flatMap(([name, values]) => (values.length > 0 ? [`only ${name}: ${values.join(', ')}`] : [])),
  ]);
}
