import type { Statistic } from '../../stats/rows.ts';
import type { Group } from '../groups.ts';
import type { Report } from '../report.ts';
import type { Section } from './section.ts';
import { boundsText, membersOf, wholeOf } from './whole.ts';
import { changeText, countText, groupTitle, minutesText, pointsText, shareText, sparkline } from './words.ts';

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
