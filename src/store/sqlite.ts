import type { DatabaseSync } from 'node:sqlite';
import { createBreath } from '../model/breath.ts';
import type { Log } from '../model/log.ts';
import { applyBatch } from './batch.ts';
import { applyConfiguration } from './configuration.ts';
import { Counters } from './counters.ts';
import { Exemplars } from './exemplars.ts';
import { Facets } from './facets.ts';
import { takeImport } from './importing.ts';
import { Incidents } from './incidents.ts';
import { bucketOf } from './label-set.ts';
import { LabelSets } from './label-sets.ts';
import { Ledger } from './ledger.ts';
import { load } from './load.ts';
import { Meta } from './meta.ts';
import { isCorruption, type OpenInput, openStore } from './open.ts';
import { settlePlaces } from './places.ts';
import { Present } from './present.ts';
import { ProviderRows } from './provider-rows.ts';
import { pruneOld } from './prune.ts';
import { readings } from './readings.ts';
import { compare, idsSince } from './review.ts';
import { Revisions } from './revisions.ts';
import { RevocableMap } from './revocable-map.ts';
import type { Committed, Store, StoreSettings } from './store.ts';

/** Everything that a transaction works with. */
export interface Rooms {
  readonly database: DatabaseSync;
  readonly path: string;
  readonly log: Log;
  readonly meta: Meta;
  readonly facets: Facets;
  readonly incidents: Incidents;
  readonly sets: LabelSets;
  readonly counters: Counters;
  readonly providers: ProviderRows;
  readonly ledger: Ledger;
  readonly revisions: Revisions;
  readonly exemplars: Exemplars;
  /** Rows that may have to be counted later (a first sync was not whole, or a recovery has not settled) with their providers. */
  readonly pending: RevocableMap<string>;
  settings(): StoreSettings;
}

const NO_SETTINGS: StoreSettings = {
  readers: new Map(),
  tells: new Map(),
  targetsMs: new Map(),
  bucketsMs: [],
  detail: 'standard',
  team: false,
  maxServices: 0,
  settleMs: 0,
  reopened: 'last',
  retentionMs: Number.MAX_SAFE_INTEGER,
};

/** The embedded store: one SQLite file, one exporter. Throws when the file cannot be used (see `openStore`). */
export function createSqliteStore(input: OpenInput): Store {
  const { path, log, nowMs } = input;
  const opened = openStore(input);
  const { database } = opened;
  let settings = NO_SETTINGS;
  let configuredAtMs = nowMs;
  const rooms = furnish({ database, path, log, settings: () => settings });
  const use = (next: StoreSettings) => {
    settings = next;
    rooms.facets.configure(next.readers, next.maxServices);
  };
  const transaction = createTransactions(rooms);
  const isRead = (provider: string) => settings.readers.has(provider) && rooms.providers.get(provider).isSynced;
  const present = new Present(rooms, isRead);
  return {
    configure: async (next, atMs) => {
      const before = settings;
      try {
        await transaction(async () => {
          use(next);
          await applyConfiguration(rooms, atMs);
        });
      } catch (error) {
        use(before);
        throw error;
      }
      configuredAtMs = atMs;
      restoreExemplars(rooms);
    },
    load: (each) =>
      transaction(async () => {
        await load(rooms, each);
        settlePlaces(rooms, configuredAtMs);
      }),
    begin: (name, atMs) =>
      transaction(async () => {
        const provider = rooms.providers.get(name);
        if (provider.countingSinceMs === undefined) rooms.providers.write({ ...provider, countingSinceMs: atMs });
        return rooms.providers.drafted(name);
      }),
    commit: (batch) => transaction(() => applyBatch(rooms, batch)),
    import: (input, work) => transaction(() => takeImport(rooms, input, work)),
    release: (releases) =>
      transaction(async () => {
        for (const { set, group } of releases) {
          const released = rooms.sets.draftRow(set)?.groups[group];
          if (released !== undefined) released.released = true;
        }
      }),
    prune: (atMs) => prune(rooms, transaction, atMs),
    ...readings({ rooms, present, isRead }),
    compare: (batch) => compare(rooms, batch),
    idsSince: (name, sinceMs) => idsSince(rooms, name, sinceMs),
    isBroken: isCorruption,
    close: () => {
      present.close();
      opened.close();
    },
  };
}

function furnish(given: Pick<Rooms, 'database' | 'path' | 'log' | 'settings'>): Rooms {
  const { database, settings } = given;
  const facets = new Facets(database);
  const sets = new LabelSets(database);
  const counters = new Counters(database);
  const exemplars = new Exemplars(database);
  return {
    ...given,
    facets,
    sets,
    counters,
    incidents: new Incidents(database, facets),
    providers: new ProviderRows(database),
    ledger: new Ledger({ database, facets, sets, counters, exemplars, settings }),
    revisions: new Revisions(database, facets),
    exemplars,
    meta: new Meta(database),
    pending: new RevocableMap(),
  };
}

type Transaction = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** One at a time, each whole or not at all; what it changed is shown after its commit. */
function createTransactions(rooms: Rooms): Transaction {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(() => transact(rooms, work));
    last = next.catch(() => undefined);
    return next;
  };
}

async function transact<Result>(rooms: Rooms, work: () => Promise<Result>): Promise<Result> {
  const { database, facets, sets, counters, providers, exemplars, pending } = rooms;
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = await work();
    sets.write();
    counters.write();
    database.exec('COMMIT');
    for (const room of [sets, counters, providers, exemplars, pending, facets]) room.publish();
    return result;
  } catch (error) {
    // Closed in mid-work: what was not committed is gone with the connection.
    if (!database.isOpen) throw error;
    if (database.isTransaction) database.exec('ROLLBACK');
    for (const room of [sets, counters, providers, exemplars, pending]) room.discard();
    facets.reload();
    throw error;
  }
}

/** Exemplars of the totals that are shown now. */
function restoreExemplars(rooms: Rooms): void {
  const { exemplars, sets } = rooms;
  const { bucketsMs } = rooms.settings();
  const bornMs = new Map([...sets.all()].map(({ row, groups }) => [row, groups.recovery?.bornMs]));
  exemplars.restore(
    (ms) => bucketOf(ms, bucketsMs),
    (set) => bornMs.get(set),
  );
}

async function prune(rooms: Rooms, transaction: Transaction, nowMs: number): Promise<Committed> {
  const gone: number[] = [];
  let after = 0;
  const breathe = createBreath();
  for (let more = true; more; ) {
    await breathe();
    const slice = await transaction(async () => pruneOld(rooms, { nowMs, after }));
    gone.push(...slice.gone);
    ({ after, more } = slice);
  }
  const relabelled = await transaction(async () => settlePlaces(rooms, nowMs));
  return { changed: [], gone, relabelled };
}
