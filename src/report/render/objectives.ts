import { STAGES, type Stage } from '../../config/types.ts';
import { STAGE_STATISTICS, type Statistic } from '../../stats/rows.ts';
import { filterGroups, findTotal, type Group } from '../groups.ts';
import type { Report } from '../report.ts';
import type { StatisticValues } from '../statistic-info.ts';
import {
  capitalize,
  formatMinutes,
  formatMinutesAndHours,
  formatObjective,
  formatShare,
  formatTitle,
} from './format.ts';
import type { Section } from './section.ts';

/** What is done at a stage, and the mean of its times. */
export const STAGE_TEXTS = {
  detection: { done: 'detected', mean: 'mttd' },
  acknowledgement: { done: 'acknowledged', mean: 'mtta' },
  identification: { done: 'identified', mean: 'mtti' },
  mitigation: { done: 'mitigated', mean: 'mttm' },
} as const satisfies Readonly<Record<Stage, { readonly done: string; readonly mean: Statistic }>>;

/** Undefined where nothing of the period is known. */
export function isAvailabilityMet({ availability, groups }: Report): boolean | undefined {
  const ratio = findTotal(groups).statistics.availability;
  return availability === undefined || ratio === undefined ? undefined : ratio >= availability.objective;
}

/** What is promised and what was kept; nothing where availability is not configured. */
export function toAvailability(report: Report): Section[] {
  const { availability, groups } = report;
  if (availability === undefined) return [];
  const { statistics } = findTotal(groups);
  return [
    {
      title: 'Availability',
      kind: 'lines',
      lines: [
        ['Availability', formatAvailability(statistics.availability)],
        ['Objective', formatObjective(availability.objective, isAvailabilityMet(report))],
        ['Error Budget Left', formatMinutesAndHours(statistics.errorBudget)],
        ['Unavailable While Open', availability.severities.join(', ')],
      ],
    },
  ];
}

/** `99.987%`, rounded down: what was not always available is never 100%. */
export function formatAvailability(share: number | undefined): string {
  if (share === undefined) return formatShare(share);
  // What floating point adds is far below the third decimal.
  return `${(Math.floor(share * 100_000 + 1e-6) / 1000).toFixed(3)}%`;
}

/** Severities against the targets of their other clocks; nothing where there are none. */
export function toStageTargetTable(groups: readonly Group[]): Section[] {
  const rows = filterGroups(groups, 'severity').flatMap((group) =>
    listStages(group).map(({ stage, targetMinutes, ratio, mean }) => [
      formatTitle(group),
      capitalize(stage),
      formatMinutes(targetMinutes),
      formatShare(ratio),
      formatMinutes(mean),
    ]),
  );
  if (rows.length === 0) return [];
  const head = ['Severity', 'Stage', 'Target', 'Within Target', 'Mean'];
  return [{ title: 'Targets of other Stages (minutes)', kind: 'table', head, rows, textColumns: 2 }];
}

/** The stages that a severity has targets of, with what is known of them. */
export function listStages({ stageTargetMinutes, statistics }: Group) {
  return STAGES.flatMap((stage) => {
    const targetMinutes = stageTargetMinutes[stage];
    if (targetMinutes === undefined) return [];
    const ratio = statistics[STAGE_STATISTICS[stage]];
    return [{ stage, targetMinutes, ratio, mean: statistics[STAGE_TEXTS[stage].mean] }];
  });
}

/** A further column of a table, where something is configured. */
export interface Column {
  readonly title: string;
  readonly format: (statistics: StatisticValues) => string;
}

/** The mean in business hours. */
export function toBusinessColumns({ businessHours }: Report): Column[] {
  if (businessHours === undefined) return [];
  return [{ title: 'Avg Business Minutes', format: ({ businessMttr }) => formatMinutes(businessMttr) }];
}

export function toAvailabilityColumns({ availability }: Report): Column[] {
  if (availability === undefined) return [];
  return [
    { title: 'Availability', format: (statistics) => formatAvailability(statistics.availability) },
    { title: 'Budget Left', format: ({ errorBudget }) => formatMinutes(errorBudget) },
  ];
}
