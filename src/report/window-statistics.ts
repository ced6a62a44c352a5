import type { Config, Grouping } from '../config/types.ts';
import { SECOND_MS } from '../model/time.ts';
import { levelOf, type Row, STATISTICS, type Statistic } from '../stats/rows.ts';
import { type Figures, figuresOf } from './figures.ts';
import { type FieldError, type LabelQuery, selectLabels } from './known-labels.ts';

/** Which windowed rows are wanted; all without it. */
export interface StatisticsQuery extends LabelQuery {
  readonly window?: string | undefined;
  readonly by?: Grouping | undefined;
}

/** One group in one window, as the API has it: labels and named values; what is not known is absent. */
export type StatisticsRow = Readonly<Record<string, string | number>>;

/** The rows that are asked for, or what is wrong with the query. */
export function selectStatistics(
  { config, rows }: { readonly config: Config; readonly rows: readonly Row[] },
  query: StatisticsQuery,
): { readonly rows: readonly StatisticsRow[] } | { readonly errors: readonly FieldError[] } {
  const { labels: wanted, errors } = selectLabels(query, {
    services: valuesOf(rows, 'service'),
    teams: valuesOf(rows, 'team'),
    severities: config.severities,
    providers: config.providers.map(({ name }) => name),
  });
  const windows = config.windows.map((window, at) => ({ ...window, at }));
  const wantedWindows = windows.filter(({ name }) => query.window === undefined || name === query.window);
  const wrong = [
    ...(wantedWindows.length > 0 ? [] : [notConfigured('window', windows.map(({ name }) => name).join(', '))]),
    ...(query.by === undefined || config.groupings.includes(query.by)
      ? []
      : [notConfigured('by', config.groupings.join(' '))]),
  ];
  // Names are looked up only once it is clear what is asked.
  if (wrong.length > 0) return { errors: wrong.slice(0, 1) };
  if (errors.length > 0) return { errors };
  const found = rows.filter(
    ({ grouping, labels }) =>
      (query.by === undefined || grouping === query.by) &&
      wanted.every(([name, value]) => labels.some((label) => label[0] === name && label[1] === value)),
  );
  return { rows: found.flatMap((row) => wantedWindows.map((window) => toStatisticsRow(row, window, config))) };
}

function notConfigured(name: string, expected: string): FieldError {
  return { name, reason: `is not configured; expected one of ${expected}` };
}

interface Window {
  readonly name: string;
  readonly ms: number;
  /** Its position in the configuration. */
  readonly at: number;
}

function valuesOf(rows: readonly Row[], label: string): Set<string> {
  return new Set(rows.flatMap(({ labels }) => labels.flatMap(([name, value]) => (name === label ? [value] : []))));
}

/** What each statistic is called, with its unit. */
const NAMES = {
  opened: 'opened',
  resolved: 'resolved',
  mttr: 'mttr_minutes',
  mtta: 'mtta_minutes',
  mttd: 'mttd_minutes',
  mtti: 'mtti_minutes',
  mttm: 'mttm_minutes',
  mtbf: 'mtbf_minutes',
  p50: 'recovery_p50_minutes',
  p75: 'recovery_p75_minutes',
  p90: 'recovery_p90_minutes',
  p95: 'recovery_p95_minutes',
  p99: 'recovery_p99_minutes',
  min: 'recovery_min_minutes',
  max: 'recovery_max_minutes',
  stddev: 'recovery_stddev_minutes',
  baseline: 'baseline_mttr_minutes',
  baselineResolved: 'baseline_resolved',
  withinTarget: 'within_target_ratio',
  escalated: 'escalated_ratio',
  reopened: 'reopened_ratio',
  repeat: 'repeat_ratio',
  free: 'free_ratio',
} as const satisfies Readonly<Record<Statistic, string>>;

function toStatisticsRow(row: Row, window: Window, { levels }: Config): StatisticsRow {
  const figures = figuresOf(row, window.at);
  return {
    by: row.grouping,
    window: window.name,
    window_seconds: window.ms / SECOND_MS,
    ...Object.fromEntries(row.labels),
    ...namedFigures(figures),
    ...(figures.mttr === undefined ? {} : { level: levelOf(figures.mttr, levels) }),
  };
}

function namedFigures(figures: Figures): Partial<Record<(typeof NAMES)[Statistic], number>> {
  const named: Partial<Record<(typeof NAMES)[Statistic], number>> = {};
  for (const statistic of STATISTICS) {
    const value = figures[statistic];
    if (value !== undefined) named[NAMES[statistic]] = value;
  }
  return named;
}
