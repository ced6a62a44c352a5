import { localTime } from '../period.ts';
import type { Report } from '../report.ts';
import { comparison, trend } from './over-time.ts';
import type { Section } from './section.ts';
import { groupTable, isWorthTable, longestTable, severityDetails, severityTable } from './tables.ts';
import { wholeOf } from './whole.ts';
import { countText, levelText, longMinutes, minutesAndHours, NO_DATA, shareText } from './words.ts';

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
