import type { Config, Grouping } from '../config/types.ts';
import { formatIsoTime, formatList } from '../model/format.ts';
import { SECOND_MS } from '../model/time.ts';
import { levelOf, type Row, STATISTICS } from '../stats/rows.ts';
import { type FieldError, type LabelQuery, selectLabels } from './filter.ts';
import { readStatistics, STATISTIC_INFO } from './statistic-info.ts';

/** Which windowed rows are wanted; all without it. */
export interface StatisticsQuery extends LabelQuery {
  readonly window?: string | undefined;
  readonly by?: Grouping | undefined;
}

/** One group in one window, as the API has it: labels and named values; what is not known is absent. */
export type StatisticsRow = Readonly<Record<string, string | number>>;

/** Where the windows of one provider end; those of a row end there for each of its providers. */
export interface ProviderWindowEnd {
  readonly name: string;
  readonly window_to: string;
}

/** Rows with what they stand on. */
export interface SelectedStatistics {
  readonly rows: readonly StatisticsRow[];
  readonly providers: readonly ProviderWindowEnd[];
}

/** The rows that are asked for, or what is wrong with the query. */
export function selectStatistics(
  input: {
    readonly config: Config;
    readonly rows: readonly Row[];
    /** By provider. */
    readonly windowEnds: ReadonlyMap<string, number>;
  },
  query: StatisticsQuery,
): SelectedStatistics | { readonly errors: readonly FieldError[] } {
  const { config, rows } = input;
  const windows = config.windows.map((window, index) => ({ ...window, index }));
  const wantedWindows = windows.filter(({ name }) => query.window === undefined || name === query.window);
  // Names are looked up only once it is clear what is asked.
  if (wantedWindows.length === 0)
    return { errors: [toNotConfigured('window', formatList(windows.map(({ name }) => name)))] };
  if (query.by !== undefined && !config.groupings.includes(query.by)) {
    return { errors: [toNotConfigured('by', config.groupings.join(' '))] };
  }
  const { labels: wanted, errors } = selectLabels(query, {
    services: findValues(rows, 'service'),
    teams: findValues(rows, 'team'),
    severities: config.severities,
    providers: config.providers.map(({ name }) => name),
  });
  if (errors.length > 0) return { errors };
  const found = rows.filter(
    ({ grouping, labels }) =>
      (query.by === undefined || grouping === query.by) &&
      wanted.every(([name, value]) => labels.some((label) => label[0] === name && label[1] === value)),
  );
  return {
    rows: found.flatMap((row) => wantedWindows.map((window) => toStatisticsRow(row, window, config))),
    providers: [...input.windowEnds].map(([name, endMs]) => ({ name, window_to: formatIsoTime(endMs) })),
  };
}

function toNotConfigured(name: string, configured: string): FieldError {
  return { name, reason: `is not configured; expected one of ${configured}` };
}

function findValues(rows: readonly Row[], label: string): Set<string> {
  return new Set(rows.flatMap(({ labels }) => labels.flatMap(([name, value]) => (name === label ? [value] : []))));
}

function toStatisticsRow(
  row: Row,
  window: { readonly name: string; readonly ms: number; readonly index: number },
  { levels }: Config,
): StatisticsRow {
  const statistics = readStatistics(row, window.index);
  const values = STATISTICS.flatMap((statistic) => {
    const value = statistics[statistic];
    return value === undefined ? [] : [[STATISTIC_INFO[statistic].apiField, value] as const];
  });
  return {
    by: row.grouping,
    window: window.name,
    window_seconds: window.ms / SECOND_MS,
    ...Object.fromEntries(row.labels),
    ...Object.fromEntries(values),
    ...(statistics.mttr === undefined ? {} : { level: levelOf(statistics.mttr, levels) }),
  };
}
