import type { Grouping } from '../config/types.ts';
import { type Row, STATISTICS, type Statistic } from '../stats/rows.ts';

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
