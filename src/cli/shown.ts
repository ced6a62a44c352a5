import type { PageSource } from '../metrics/family.ts';
import { createBreath } from '../model/breath.ts';
import type { Row } from '../stats/rows.ts';

/** What `/metrics` shows now; stands still until the next page replaces it. */
export interface Shown {
  readonly rows: readonly Row[];
  /** Incidents open now at providers that count in every grouping, by the value of the label. */
  readonly openNow: { readonly service: ReadonlyMap<string, number>; readonly severity: ReadonlyMap<string, number> };
}

/** Nothing is shown before the first page. */
export const NOTHING_SHOWN: Shown = { rows: [], openNow: { service: new Map(), severity: new Map() } };

/** Copies what a page was rendered from, in slices, as the statistics go on changing; rows that did not change keep their copies. They must not be refreshed meanwhile. */
export function createShownRows(): (source: Pick<PageSource, 'rows' | 'openRows'>) => Promise<Shown> {
  const copies = new WeakMap<Row, { readonly version: number; readonly copy: Row }>();
  const copyOf = (row: Row): Row => {
    const version = row.versions.reduce((sum, one) => sum + one, 0);
    const known = copies.get(row);
    if (known?.version === version) return known.copy;
    const { grouping, labels, statistics } = row;
    const values = row.values.map((numbers) => numbers.slice());
    const copy = { grouping, labels, statistics, values, versions: row.versions.slice() };
    copies.set(row, { version, copy });
    return copy;
  };
  return async ({ rows, openRows }) => {
    const breathe = createBreath();
    const openNow = { service: countOpen(openRows, 'service'), severity: countOpen(openRows, 'severity') };
    const copied: Row[] = [];
    for (const row of rows) {
      copied.push(copyOf(row));
      const pause = breathe();
      if (pause !== undefined) await pause;
    }
    return { rows: copied, openNow };
  };
}

function countOpen(openRows: PageSource['openRows'], label: 'service' | 'severity'): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { row, provider } of openRows) {
    if (!provider.isOverall) continue;
    const open = row.open.reduce((sum, one) => sum + one, 0);
    counts.set(row[label], (counts.get(row[label]) ?? 0) + open);
  }
  return counts;
}
