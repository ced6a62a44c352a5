import { existsSync } from 'node:fs';
import type { Known } from '../model/poll.ts';
import { Facets } from './facets.ts';
import { naming, openReadOnly } from './history.ts';
import { Incidents } from './incidents.ts';
import { knownIncidents } from './known.ts';
import { ProviderRows } from './provider-rows.ts';

/** What a store has of one provider, for those who may not change it. */
export interface KnownPast {
  readonly known: Pick<Known, 'incidents'>;
  readonly isSynced: boolean;
  readonly historyStartMs: number | undefined;
  close(): void;
}

const NOTHING: KnownPast = {
  known: { incidents: async () => new Map() },
  isSynced: false,
  historyStartMs: undefined,
  close: () => undefined,
};

/** Opens a store read-only, as it is at this instant; of one that does not exist nothing is known. An exporter may go on writing to it. */
export function openKnown(path: string, provider: string): KnownPast {
  if (!existsSync(path)) return NOTHING;
  const database = openReadOnly(path);
  const state = new ProviderRows(database).get(provider);
  const incidents = new Incidents(database, new Facets(database, { isWritten: false }));
  const known = knownIncidents(database, incidents, state);
  return {
    known: { incidents: (ids) => naming(path, () => known.incidents(ids)) },
    isSynced: state.isSynced,
    historyStartMs: state.historyStartMs,
    close: () => database.close(),
  };
}
