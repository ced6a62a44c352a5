import type { Config } from '../../config/types.ts';
import { createBreath } from '../../model/breath.ts';
import { SECOND_MS } from '../../model/time.ts';
import { type Figures, figuresOf } from '../../report/figures.ts';
import type { StatisticsAnswer, StatisticsRow } from '../../server/api/answers.ts';
import type { StatisticsQuestion } from '../../server/api/parameters.ts';
import { wrongParameters } from '../../server/api/problem.ts';
import { levelOf } from '../../stats/levels.ts';
import { type Row, STATISTICS, type Statistic } from '../../stats/rows.ts';
import { knownLabels } from './names.ts';

interface Shown {
  readonly config: Config;
  readonly rows: readonly Row[];
}

/**
 * The rows that the page of metrics shows, as far as they are asked for, put together in slices; throws a RequestProblem for
 * names that there are not.
 */
export async function statisticsAnswer(
  { config, rows }: Shown,
  question: StatisticsQuestion,
): Promise<StatisticsAnswer> {
  const windows = wantedWindows(config, question.window);
  checkGrouping(config, question.by);
  const wanted = knownLabels(question, {
    services: valuesOf(rows, 'service'),
    teams: valuesOf(rows, 'team'),
    severities: config.severities,
    providers: config.providers.map(({ name }) => name),
  });
  const found = rows.filter(
    ({ grouping, labels }) =>
      (question.by === undefined || grouping === question.by) &&
      wanted.every(([name, value]) => labels.some((label) => label[0] === name && label[1] === value)),
  );
  const answers: StatisticsRow[] = [];
  const breathe = createBreath();
  for (const row of found) {
    answers.push(...windows.map((window) => rowAnswer(row, window, config)));
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  return { rows: answers };
}

interface Window {
  readonly name: string;
  readonly ms: number;
  /** Its place in the configuration. */
  readonly at: number;
}

function wantedWindows({ windows }: Config, asked: string | undefined): readonly Window[] {
  const all = windows.map((window, at) => ({ ...window, at }));
  if (asked === undefined) return all;
  const found = all.filter(({ name }) => name === asked);
  if (found.length > 0) return found;
  const names = windows.map(({ name }) => name).join(', ');
  throw wrongParameters([{ name: 'window', reason: `is not configured; expected one of ${names}` }]);
}

function checkGrouping({ groupings }: Config, asked: StatisticsQuestion['by']): void {
  if (asked === undefined || groupings.includes(asked)) return;
  throw wrongParameters([{ name: 'by', reason: `is not configured; expected one of ${groupings.join(' ')}` }]);
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
} as const satisfies Readonly<Record<Statistic, keyof StatisticsRow>>;

function rowAnswer(row: Row, window: Window, { levels }: Config): StatisticsRow {
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
