import type { Grouping } from '../config/types.ts';
import { QUANTILES, type Row, STATISTICS, type Statistic } from '../stats/rows.ts';

/**
 * Which incidents a statistic is made of: those resolved in the window or in the one before it, those opened in it, or
 * those that were open during it.
 */
export type Basis = 'resolved' | 'resolved_before' | 'opened' | 'running';

export type Unit = 'minutes' | 'incidents' | 'share';

/** What people call a statistic, and what it is made of. */
export interface Described {
  /** As people write it, on the command line and in the API. */
  readonly word: string;
  /** Its family on `/metrics`. */
  readonly metric: string;
  readonly quantile?: number;
  readonly unit: Unit;
  readonly basis: Basis;
  readonly meaning: string;
}

const MTTA = 'mean time from trigger to first acknowledgement, of the acknowledged incidents resolved in the window';
const WITHIN = 'share of the incidents resolved in the window within the target of their severity';
const REPEAT = 'share of the incidents opened in the window whose trouble an earlier one of the window had';

/** Every windowed statistic. */
export const DESCRIBED: Readonly<Record<Statistic, Described>> = {
  mttr: mean('mttr', 'mean time from trigger to resolve of the incidents resolved in the window'),
  mtta: mean('mtta', MTTA),
  mttd: mean('mttd', 'mean time from begin of impact to trigger, of the incidents resolved in the window'),
  mtti: mean('mtti', 'mean time from trigger to identification, of the incidents resolved in the window'),
  mttm: mean('mttm', 'mean time from trigger to mitigation, of the incidents resolved in the window'),
  mtbf: { ...mean('mtbf', 'minutes without an open incident, per incident opened'), basis: 'running' },
  p50: quantile('p50'),
  p75: quantile('p75'),
  p90: quantile('p90'),
  p95: quantile('p95'),
  p99: quantile('p99'),
  min: spread('min', 'shortest recovery of the incidents resolved in the window'),
  max: spread('max', 'longest recovery of the incidents resolved in the window'),
  stddev: spread('stddev', 'sample standard deviation of the recovery times in the window'),
  opened: {
    word: 'opened',
    metric: 'incident_window_opened',
    unit: 'incidents',
    basis: 'opened',
    meaning: 'incidents opened in the window',
  },
  resolved: {
    word: 'resolved',
    metric: 'incident_window_resolved',
    unit: 'incidents',
    basis: 'resolved',
    meaning: 'incidents resolved in the window',
  },
  baseline: {
    word: 'baseline',
    metric: 'incident_mttr_baseline_minutes',
    unit: 'minutes',
    basis: 'resolved_before',
    meaning: 'mean time from trigger to resolve in the window just before this one',
  },
  baselineResolved: {
    word: 'baseline_resolved',
    metric: 'incident_baseline_resolved',
    unit: 'incidents',
    basis: 'resolved_before',
    meaning: 'incidents resolved in the window just before this one',
  },
  withinTarget: share('within_target', WITHIN, 'resolved'),
  escalated: share('escalated', 'share of the incidents resolved in the window that were escalated', 'resolved'),
  reopened: share('reopened', 'share of the incidents resolved in the window that had been reopened', 'resolved'),
  repeat: share('repeat', REPEAT, 'opened'),
  free: share('free', 'share of the covered window in which no incident was open', 'running'),
};

function mean(word: string, meaning: string): Described {
  return { word, metric: `incident_${word}_minutes`, unit: 'minutes', basis: 'resolved', meaning };
}

function spread(word: string, meaning: string): Described {
  return { word, metric: `incident_recovery_${word}_minutes`, unit: 'minutes', basis: 'resolved', meaning };
}

function quantile(word: keyof typeof QUANTILES): Described {
  const meaning = `the recovery time that ${QUANTILES[word] * 100}% of the incidents resolved in the window did not exceed`;
  return {
    word,
    metric: 'incident_recovery_quantile_minutes',
    quantile: QUANTILES[word],
    unit: 'minutes',
    basis: 'resolved',
    meaning,
  };
}

function share(word: string, meaning: string, basis: Basis): Described {
  return { word, metric: `incident_${word}_ratio`, unit: 'share', basis, meaning };
}

/** What a row says of one window: minutes, shares or counts; what is not known is absent. */
export type Figures = Readonly<Partial<Record<Statistic, number>>>;

/** The row's values of the window at this place of the settings. */
export function figuresOf(row: Row, window: number): Figures {
  const values = row.values[window] ?? [];
  const known = STATISTICS.map((statistic, at) => [statistic, values[at] ?? Number.NaN] as const);
  return Object.fromEntries(known.filter(([, value]) => !Number.isNaN(value)));
}

/** The row of one group, such as `severity` with `P1`; undefined while there is none. */
export function rowOf(rows: readonly Row[], grouping: Grouping, ...values: readonly string[]): Row | undefined {
  return rows.find(
    (row) => row.grouping === grouping && row.labels.every(([, value], place) => value === values[place]),
  );
}

/** The names of figures in files for programs: stable, with their units. */
export const FIGURE_KEYS = {
  resolved: 'resolved',
  opened: 'opened',
  mean_minutes: 'mttr',
  median_minutes: 'p50',
  p75_minutes: 'p75',
  p90_minutes: 'p90',
  p95_minutes: 'p95',
  p99_minutes: 'p99',
  min_minutes: 'min',
  max_minutes: 'max',
  stddev_minutes: 'stddev',
  mtta_minutes: 'mtta',
  mttd_minutes: 'mttd',
  mtti_minutes: 'mtti',
  mttm_minutes: 'mttm',
  mtbf_minutes: 'mtbf',
  within_target_ratio: 'withinTarget',
  escalated_ratio: 'escalated',
  reopened_ratio: 'reopened',
  repeat_ratio: 'repeat',
  free_ratio: 'free',
  baseline_mean_minutes: 'baseline',
  baseline_resolved: 'baselineResolved',
} as const satisfies Readonly<Record<string, Statistic>>;

/** Figures by these names, null where nothing is known. */
export function namedFigures(figures: Figures): Record<string, number | null> {
  return Object.fromEntries(Object.entries(FIGURE_KEYS).map(([key, statistic]) => [key, figures[statistic] ?? null]));
}
