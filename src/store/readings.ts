import { statSync } from 'node:fs';
import { openHistory } from './history.ts';
import { knownIncidents } from './known.ts';
import type { Present } from './present.ts';
import type { Rooms } from './sqlite.ts';
import type { Store } from './store.ts';

interface ReadingsInput {
  readonly rooms: Rooms;
  readonly present: Present;
  /** Configured, and its first sync is complete. */
  readonly isRead: (provider: string) => boolean;
}

type Readings = Pick<
  Store,
  | 'provider'
  | 'known'
  | 'labels'
  | 'labelSets'
  | 'exemplars'
  | 'counters'
  | 'unmappedSeverities'
  | 'openHistory'
  | 'openIncidents'
  | 'backlog'
  | 'servicesOverflowed'
  | 'sizeBytes'
>;

/** The part of a store that changes nothing. */
export function readings({ rooms, present, isRead }: ReadingsInput): Readings {
  const { database, path, providers, incidents, facets, sets, exemplars, counters } = rooms;
  return {
    provider: (name) => providers.get(name),
    known: (name) => knownIncidents(database, incidents, providers.get(name)),
    labels: (facet) => facets.labels(facet),
    labelSets: () => [...sets.all()].filter(({ provider }) => isRead(provider)),
    exemplars: (set) => exemplars.of(set),
    counters: () => counters.all(),
    unmappedSeverities: () => unmapped(rooms, isRead),
    openHistory: () => openHistory({ path, ...rooms.settings() }),
    openIncidents: (limit) => present.openIncidents(limit),
    backlog: (name) => ({ held: heldOf(rooms, name), waiting: present.waitingRecords(providers.get(name).row) }),
    servicesOverflowed: () => facets.overflowed(),
    sizeBytes: () => sizeOf(path) + sizeOf(`${path}-wal`),
  };
}

function unmapped({ facets }: Rooms, isRead: (provider: string) => boolean): { provider: string; value: string }[] {
  const found = new Map<string, { provider: string; value: string }>();
  for (const row of facets.inUse(isRead)) {
    const value = facets.reading(row)?.severity.unmapped?.value;
    const { provider } = facets.facet(row);
    if (value !== undefined) found.set(JSON.stringify([provider, value]), { provider, value });
  }
  return [...found.values()];
}

function heldOf({ facets }: Rooms, name: string): number {
  const rows = facets.inUse((provider) => provider === name);
  return rows.reduce((sum, row) => sum + facets.incidents(row), 0);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
