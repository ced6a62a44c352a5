import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { createBreath } from '../model/breath.ts';
import type { Log } from '../model/log.ts';
import { MARKS, type StoredIncident } from '../model/stored.ts';
import { applyBatch, bearAll, type Pending } from './batch.ts';
import { applyConfiguration } from './configuration.ts';
import { Counters } from './counters.ts';
import { Exemplars } from './exemplars.ts';
import { Facets } from './facets.ts';
import { STORED_COLUMNS, storedOf } from './incident-row.ts';
import { Incidents } from './incidents.ts';
import { knownIncidents } from './known.ts';
import { LabelSets } from './label-sets.ts';
import { Ledger } from './ledger.ts';
import { isCorruption, openStore } from './open.ts';
import { ProviderRows } from './provider-rows.ts';
import { pruneOld } from './prune.ts';
import { Revisions } from './revisions.ts';
import type { Committed, ProviderState, Store, StoreSettings } from './store.ts';

/** Everything that a transaction works with. */
export interface Rooms {
  readonly database: DatabaseSync;
  readonly path: string;
  readonly log: Log;
  readonly facets: Facets;
  readonly incidents: Incidents;
  readonly sets: LabelSets;
  readonly counters: Counters;
  readonly providers: ProviderRows;
  readonly ledger: Ledger;
  readonly revisions: Revisions;
  readonly exemplars: Exemplars;
  /** Rows that may have to be counted later: a first sync is not whole yet, or a recovery has not settled. */
  readonly pending: Pending;
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
export function createSqliteStore({ path, log, nowMs }: { path: string; log: Log; nowMs: number }): Store {
  const opened = openStore(path, log, nowMs);
  const { database } = opened;
  let settings = NO_SETTINGS;
  let configuredAtMs = nowMs;
  const rooms = furnish({ database, path, log, settings: () => settings });
  const transaction = createTransactions(rooms);
  const isRead = (provider: string) => settings.readers.has(provider) && rooms.providers.get(provider).isSynced;
  return {
    configure: async (next, atMs) => {
      settings = next;
      configuredAtMs = atMs;
      rooms.facets.configure(next.readers, next.maxServices);
      await transaction(async () => applyConfiguration(rooms, atMs));
    },
    load: (each) =>
      transaction(async () => {
        await load(rooms, each);
        giveNames(rooms, configuredAtMs);
      }),
    begin: (name, atMs) =>
      transaction(async () => {
        const provider = rooms.providers.get(name);
        if (provider.countingSinceMs === undefined) rooms.providers.write({ ...provider, countingSinceMs: atMs });
        return rooms.providers.drafted(name);
      }),
    commit: (batch) => transaction(() => applyBatch(rooms, batch)),
    release: (releases) =>
      transaction(async () => {
        for (const { set, group } of releases) {
          const released = rooms.sets.draftRow(set)?.groups[group];
          if (released !== undefined) released.released = true;
        }
      }),
    prune: (atMs) => prune(rooms, transaction, atMs),
    provider: (name) => rooms.providers.get(name),
    known: (name) => knownIncidents(database, rooms.incidents, rooms.providers.get(name)),
    labels: (facet) => rooms.facets.labels(facet),
    labelSets: () => [...rooms.sets.all()].filter(({ provider }) => isRead(provider)),
    exemplars: (set) => rooms.exemplars.of(set),
    counters: () => rooms.counters.all(),
    unmappedSeverities: () => unmapped(rooms, isRead),
    servicesOverflowed: () => rooms.facets.overflowed(),
    sizeBytes: () => sizeOf(path) + sizeOf(`${path}-wal`),
    isBroken: isCorruption,
    close: () => opened.close(),
  };
}

function furnish(given: Pick<Rooms, 'database' | 'path' | 'log' | 'settings'>): Rooms {
  const { database, settings } = given;
  const facets = new Facets(database);
  const sets = new LabelSets(database);
  const counters = new Counters(database);
  return {
    ...given,
    facets,
    sets,
    counters,
    incidents: new Incidents(database, facets),
    providers: new ProviderRows(database),
    ledger: new Ledger({ database, facets, sets, counters, settings }),
    revisions: new Revisions(database, facets),
    exemplars: new Exemplars(database),
    pending: new Map(),
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
  const { database, sets, counters, providers } = rooms;
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = await work();
    sets.write();
    counters.write();
    database.exec('COMMIT');
    sets.publish();
    counters.publish();
    providers.publish();
    rooms.exemplars.publish();
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    for (const room of [sets, counters, providers, rooms.exemplars]) room.discard();
    rooms.facets.reload();
    throw error;
  }
}

/** Reads the columns that statistics need, in slices; remembers on the way what is still to be counted. */
async function load(rooms: Rooms, each: (incident: StoredIncident) => void): Promise<void> {
  const { database, facets, providers, pending } = rooms;
  const readers = rooms.settings().readers;
  const withTitle = [...readers.values()].some(({ provider }) => provider.filter.excludeTitles.length > 0);
  const breathe = createBreath();
  facets.forgetCounts();
  pending.clear();
  const rows = database.prepare(`SELECT ${STORED_COLUMNS}${withTitle ? ', title' : ''} FROM incidents ORDER BY row`);
  for (const row of rows.iterate()) {
    const incident = storedOf(row, withTitle);
    const { provider } = facets.facet(incident.facet);
    if ((incident.marks & (MARKS.expired | MARKS.flaky | MARKS.deleted)) === 0) facets.count(incident.facet, 1);
    if (!readers.has(provider)) continue;
    if (isOwed(incident, providers.get(provider))) pending.set(incident.row, provider);
    each(incident);
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
}

/** Openings and changes of a synced provider were counted when they were learnt; only a recovery can still wait. */
function isOwed({ marks, triggeredAtMs, resolvedAtMs }: StoredIncident, provider: ProviderState): boolean {
  const { countingSinceMs, isSynced } = provider;
  if (countingSinceMs === undefined) return false;
  if ((marks & MARKS.counted) === 0 && resolvedAtMs !== undefined && resolvedAtMs >= countingSinceMs) return true;
  if (isSynced) return false;
  return triggeredAtMs >= countingSinceMs || (marks & (MARKS.escalated | MARKS.reopened)) !== 0;
}

/** Today's names take their places, those that nothing bears any more give them back, and missing series are born. */
function giveNames(rooms: Rooms, nowMs: number): boolean {
  const { facets, sets, providers } = rooms;
  const isWanted = (provider: string) => rooms.settings().readers.has(provider) && providers.get(provider).isSynced;
  const dismissed = facets.dismiss(isWanted);
  sets.drop((set) => set.kind === 'service' && isWanted(set.provider) && dismissed.has(set.service));
  const hasAdmitted = facets.admit(isWanted);
  bearAll(rooms, isWanted, nowMs);
  return hasAdmitted || dismissed.size > 0;
}

async function prune(rooms: Rooms, transaction: Transaction, nowMs: number): Promise<Committed> {
  const gone: number[] = [];
  let after = 0;
  for (let more = true; more; ) {
    const slice = await transaction(async () => pruneOld(rooms, { nowMs, after }));
    gone.push(...slice.gone);
    ({ after, more } = slice);
  }
  const relabelled = await transaction(async () => giveNames(rooms, nowMs));
  return { changed: [], gone, relabelled };
}

function unmapped(rooms: Rooms, isRead: (provider: string) => boolean): { provider: string; value: string }[] {
  const found = new Map<string, { provider: string; value: string }>();
  for (const row of rooms.facets.inUse(isRead)) {
    const value = rooms.facets.reading(row)?.severity.unmapped?.value;
    const { provider } = rooms.facets.facet(row);
    if (value !== undefined) found.set(JSON.stringify([provider, value]), { provider, value });
  }
  return [...found.values()];
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
