import type { StoredIncident } from '../model/stored.ts';
import { Columns } from './columns.ts';
import type { ActiveProvider } from './places.ts';
import type { OpenRow, ProviderCounts, Row, StatisticsInput } from './rows.ts';
import { Windows } from './windows.ts';

/** Statistics over all incidents of all providers whose first sync is complete. */
export interface Statistics {
  /** Applies an incident, new or changed. */
  put(incident: StoredIncident): void;
  /** Forgets incidents that left the store. */
  forget(rows: readonly number[]): void;
  /** Moves a provider's windows; one that is seen for the first time joins with the next `rebuild`. */
  advance(provider: ActiveProvider): void;
  /** Puts all groups together anew: after a first sync, or when labels changed. */
  rebuild(): void;
  /** Brings all rows up to date. */
  refresh(): void;
  rows(): readonly Row[];
  openRows(): readonly OpenRow[];
  counts(): ReadonlyMap<string, ProviderCounts>;
}

export function createStatistics(input: StatisticsInput): Statistics {
  const columns = new Columns();
  const providers = new Map<string, ActiveProvider>();
  let windows = new Windows(input, columns, []);
  const forget = (row: number) => {
    const slot = columns.slotOf(row);
    if (slot < 0) return;
    windows.change(slot, -1);
    columns.vacate(slot);
  };
  const rebuild = () => {
    windows = new Windows(input, columns, [...providers.values()]);
    for (let slot = 0; slot < columns.length; slot += 1) if (columns.isTaken(slot)) windows.change(slot, 1, true);
    windows.sortOrders();
    windows.refresh();
  };
  return {
    put: (incident) => {
      const known = columns.slotOf(incident.row);
      if (known >= 0) windows.change(known, -1);
      const slot = known >= 0 ? known : columns.take(incident.row);
      columns.write(slot, incident, input);
      windows.change(slot, 1);
    },
    forget: (rows) => {
      rows.forEach(forget);
      // Slots are positions, so closing the gaps moves every incident: worth it only now and then.
      if (columns.compact()) rebuild();
    },
    advance: (provider) => {
      const endMs = Math.max(provider.endMs, providers.get(provider.name)?.endMs ?? provider.endMs);
      providers.set(provider.name, { ...provider, endMs });
      windows.advance(provider.name, provider);
    },
    rebuild,
    refresh: () => windows.refresh(),
    rows: () => windows.places.groups(),
    openRows: () => windows.places.bases(),
    counts: () => windows.places.counts(),
  };
}
