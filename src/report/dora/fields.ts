import { type DoraValues, findLevel, LEVEL_METRICS } from '../../stats/dora/rows.ts';
import type { Level } from '../../stats/rows.ts';

/** The names that programs read, in the order in which they are written; durations are minutes, shares between 0 and 1. */
const FIELDS = {
  deployments: 'deployments',
  changes: 'changes',
  failures: 'failures',
  recoveries: 'recoveries',
  frequencyPerDay: 'deployment_frequency_per_day',
  leadTimeMean: 'lead_time_mean_minutes',
  leadTimeMedian: 'lead_time_median_minutes',
  leadTime90: 'lead_time_p90_minutes',
  coding: 'lead_time_coding_minutes',
  review: 'lead_time_review_minutes',
  deployment: 'lead_time_deployment_minutes',
  changeFailure: 'change_failure_ratio',
  recoveryMean: 'recovery_time_mean_minutes',
  recoveryMedian: 'recovery_time_median_minutes',
  recovery90: 'recovery_time_p90_minutes',
  rework: 'rework_ratio',
} as const satisfies Partial<Record<keyof DoraValues, string>>;

const BASELINE_FIELDS = {
  frequencyBaseline: 'deployment_frequency_baseline_per_day',
  leadTimeBaseline: 'lead_time_baseline_minutes',
  changeFailureBaseline: 'change_failure_baseline_ratio',
  recoveryBaseline: 'recovery_time_baseline_minutes',
} as const satisfies Partial<Record<keyof DoraValues, string>>;

type NamedValue = readonly [name: string, value: number | undefined];

/** The values under their names, undefined where nothing is known. */
export function toDoraFields(values: Readonly<DoraValues>): NamedValue[] {
  return named(FIELDS, values);
}

/** The same of the window before. */
export function toBaselineFields(values: Readonly<DoraValues>): NamedValue[] {
  return named(BASELINE_FIELDS, values);
}

function named(fields: Readonly<Partial<Record<keyof DoraValues, string>>>, values: Readonly<DoraValues>) {
  const byStatistic: Readonly<Record<string, number>> = { ...values };
  return Object.entries(fields).map(([statistic, name]): NamedValue => {
    const value = byStatistic[statistic] ?? Number.NaN;
    return [name, Number.isNaN(value) ? undefined : value];
  });
}

/** The level of each metric; undefined where its value is not known. */
export function toLevelFields(values: Readonly<DoraValues>): (readonly [metric: string, level: Level | undefined])[] {
  return LEVEL_METRICS.map((metric) => [metric, findLevel(values, metric)] as const);
}
