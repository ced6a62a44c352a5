import type { Grouping } from '../config/types.ts';
import { QUANTILES, type Row, STATISTICS, type Statistic } from '../stats/rows.ts';

/**
 * Which incidents a statistic is made of: those resolved in the window or in the one before it, those opened in it, or
 * those that were open during it.
 */
export type Basis = 'resolved' | 'resolved_before' | 'opened' | 'open_time';

export type Unit = 'minutes' | 'incidents' | 'share';

/** What a statistic is called everywhere, and what it is made of. */
export interface StatisticInfo {
  /** As people write it, on the command line and in the API: `within_target`. */
  readonly name: string;
  /** Its family on `/metrics`. */
  readonly metric: string;
  readonly quantile?: number;
  /** Its field in rows of the API: `mttr_minutes`. */
  readonly apiField: string;
  /** Its field in reports for programs, JSON and CSV: `mean_minutes`. */
  readonly reportField: string;
  readonly unit: Unit;
  readonly basis: Basis;
  readonly meaning: string;
}

const MTTA = 'mean time from trigger to first acknowledgement, of the acknowledged incidents resolved in the window';
const WITHIN = 'share of the incidents resolved in the window within the target of their severity';
const REPEAT = 'share of the incidents opened in the window that repeat an earlier one of the window';

/** Every windowed statistic, in the order in which reports for programs have them. */
export const STATISTIC_INFO: Readonly<Record<Statistic, StatisticInfo>> = {
  resolved: count('resolved', 'incidents resolved in the window'),
  opened: { ...count('opened', 'incidents opened in the window'), basis: 'opened' },
  mttr: {
    ...mean('mttr', 'mean time from trigger to resolve of the incidents resolved in the window'),
    reportField: 'mean_minutes',
  },
  p50: { ...quantile('p50'), reportField: 'median_minutes' },
  p75: quantile('p75'),
  p90: quantile('p90'),
  p95: quantile('p95'),
  p99: quantile('p99'),
  min: spread('min', 'shortest recovery of the incidents resolved in the window'),
  max: spread('max', 'longest recovery of the incidents resolved in the window'),
  stddev: spread('stddev', 'sample standard deviation of the recovery times in the window'),
  mtta: mean('mtta', MTTA),
  mttd: mean('mttd', 'mean time from start of impact to trigger, of the incidents resolved in the window'),
  mtti: mean('mtti', 'mean time from trigger to identification, of the incidents resolved in the window'),
  mttm: mean('mttm', 'mean time from trigger to mitigation, of the incidents resolved in the window'),
  mtbf: { ...mean('mtbf', 'minutes without an open incident, per incident opened'), basis: 'open_time' },
  withinTarget: share('within_target', WITHIN, 'resolved'),
  escalated: share('escalated', 'share of the incidents resolved in the window that were escalated', 'resolved'),
  reopened: share('reopened', 'share of the incidents resolved in the window that had been reopened', 'resolved'),
  repeat: share('repeat', REPEAT, 'opened'),
  free: share('free', 'share of the covered window in which no incident was open', 'open_time'),
  baseline: {
    name: 'baseline',
    metric: 'incident_mttr_baseline_minutes',
    apiField: 'baseline_mttr_minutes',
    reportField: 'baseline_mean_minutes',
    unit: 'minutes',
    basis: 'resolved_before',
    meaning: 'mean time from trigger to resolve in the window just before this one',
  },
  baselineResolved: {
    ...count('baseline_resolved', 'incidents resolved in the window just before this one'),
    metric: 'incident_baseline_resolved',
    basis: 'resolved_before',
  },
};

function mean(name: string, meaning: string): StatisticInfo {
  const field = `${name}_minutes`;
  const metric = `incident_${field}`;
  return { name, metric, apiField: field, reportField: field, unit: 'minutes', basis: 'resolved', meaning };
}

function spread(name: string, meaning: string): StatisticInfo {
  return { ...mean(`recovery_${name}`, meaning), name, reportField: `${name}_minutes` };
}

function quantile(name: keyof typeof QUANTILES): StatisticInfo {
  const meaning = `the recovery time that ${QUANTILES[name] * 100}% of the incidents resolved in the window did not exceed`;
  return { ...spread(name, meaning), metric: 'incident_recovery_quantile_minutes', quantile: QUANTILES[name] };
}

function count(name: string, meaning: string): StatisticInfo {
  const metric = `incident_window_${name}`;
  return { name, metric, apiField: name, reportField: name, unit: 'incidents', basis: 'resolved', meaning };
}

function share(name: string, meaning: string, basis: Basis): StatisticInfo {
  const field = `${name}_ratio`;
  return { name, metric: `incident_${field}`, apiField: field, reportField: field, unit: 'share', basis, meaning };
}

/** The values under their fields in reports for programs, null where nothing is known. */
export function toReportFields(values: StatisticValues): Record<string, number | null> {
  const byStatistic: Readonly<Record<string, number | undefined>> = values;
  const fields = Object.entries(STATISTIC_INFO).map(([statistic, { reportField }]) => [
    reportField,
    byStatistic[statistic] ?? null,
  ]);
  return Object.fromEntries(fields);
}

/** What a row says of one window: minutes, shares or counts; what is not known is absent. */
export type StatisticValues = Readonly<Partial<Record<Statistic, number>>>;

/** The row's values of the window with this index in the settings. */
export function readStatistics(row: Row, windowIndex: number): StatisticValues {
  const values = row.values[windowIndex] ?? [];
  const known = STATISTICS.map((statistic, index) => [statistic, values[index] ?? Number.NaN] as const);
  return Object.fromEntries(known.filter(([, value]) => !Number.isNaN(value)));
}

/** The row of one group, such as `severity` with `P1`; undefined while there is none. */
export function findRow(rows: readonly Row[], grouping: Grouping, ...values: readonly string[]): Row | undefined {
  return rows.find(
    (row) => row.grouping === grouping && row.labels.every(([, value], index) => value === values[index]),
  );
}
