import type { Statistic } from '../../stats/rows.ts';
import type { Figures } from '../figures.ts';

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
