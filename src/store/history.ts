import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Reader } from '../config/reading.ts';
import { createBreath } from '../model/breath.ts';
import type { Incident } from '../model/incident.ts';
import { type Facet, type FacetLabels, MARKS, type StoredIncident } from '../model/stored.ts';
import { Facets } from './facets.ts';
import { incidentOf, number, storedOf } from './incident-row.ts';
import { storedColumns, storedIn } from './load.ts';
import { errorCode, isCorruption } from './open.ts';
import { ProviderRows } from './provider-rows.ts';
import { NewerStore, SCHEMA_VERSION, versionOf } from './schema.ts';
import type { ProviderState } from './store.ts';

/** SQLite's result code (sqlite.org/rescode.html). */
const SQLITE_READONLY = 8;

/** Rows that are gone over before others may run: less than 10 ms with what is done with each. */
const ROWS_AT_ONCE = 2000;

/** One incident with all that is known of it. */
export interface Recorded {
  readonly provider: string;
  readonly stored: StoredIncident;
  readonly incident: Incident;
}

/** The store at one instant, for those who only read; an exporter may go on writing to it. */
export interface History {
  /** Of the configured providers, in the order of the configuration. */
  readonly providers: readonly ProviderState[];
  /** Today's labels; undefined for facets of providers that are not configured or whose first sync is not complete. */
  labels(facet: number): FacetLabels | undefined;
  /** The platform's own values behind those labels. */
  facet(facet: number): Facet;
  /** Today's labels of everything that incidents of these providers were ever called; filtered ones say `excluded`. */
  names(): readonly FacetLabels[];
  /** Visits the incidents of these providers that are open or ended after `sinceMs`, in slices that let others run. */
  each(visit: (incident: StoredIncident) => void, sinceMs?: number): Promise<void>;
  /** All that is known of the incidents in these rows (`StoredIncident.row`), in their order; gone ones are left out. */
  recorded(rows: readonly number[]): readonly Recorded[];
  /** The incidents that a platform calls by this id: one at most of each provider. */
  find(id: string): readonly Recorded[];
  close(): void;
}

export interface HistoryInput {
  readonly path: string;
  /** By provider name, in the order of the configuration. */
  readonly readers: ReadonlyMap<string, Reader>;
  readonly maxServices: number;
}

/** Opens a store read-only; throws when there is none, when it cannot be read, or when another version wrote it. */
export function openHistory(input: HistoryInput): History {
  const database = openReadOnly(input.path);
  try {
    return readHistory(database, input);
  } catch (error) {
    database.close();
    throw unreadable(input.path, error);
  }
}

/** One line that names the store: SQLite's own says neither which nor that it is one. */
function unreadable(path: string, error: unknown): Error {
  if (error instanceof NewerStore) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const help = isReadOnly(error) ? '; expected an exporter that runs on it, or the right to write in its folder' : '';
  return new Error(`cannot read the store ${path}: ${reason}${help}`, { cause: error });
}

/** Readers share memory with writers in a file beside the store (sqlite.org/wal.html#readonly); where none runs, it must be made. */
function isReadOnly(error: unknown): boolean {
  return errorCode(error) === SQLITE_READONLY;
}

/** The database of a store, read-only and as it is at this instant; throws when there is none, or one of another version. */
export function openReadOnly(path: string): DatabaseSync {
  if (!existsSync(path)) throw new Error(`there is no store at ${path}`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    // Pins the instant: all later reads see the store as it is now.
    database.exec('BEGIN');
    const version = versionOf(database, path);
    if (version < SCHEMA_VERSION) {
      throw new Error(`it is of version ${version}; start the exporter once, which brings it to ${SCHEMA_VERSION}`);
    }
    return database;
  } catch (error) {
    database?.close();
    throw unreadable(path, error);
  }
}

function readHistory(database: DatabaseSync, { path, readers, maxServices }: HistoryInput): History {
  const rows = new ProviderRows(database);
  const facets = new Facets(database, { isWritten: false });
  const providers = [...readers.keys()].map((name) => rows.get(name));
  const isRead = (name: string) => readers.has(name) && rows.get(name).isSynced;
  facets.configure(readers, maxServices);
  admit(database, facets, isRead);
  const labels = (facet: number) => (isRead(facets.facet(facet).provider) ? facets.labels(facet) : undefined);
  const columns = storedColumns(readers);
  const slice = database.prepare(
    `SELECT ${columns} FROM incidents WHERE row > ? AND row <= ? AND (resolved_ms IS NULL OR resolved_ms > ?) ORDER BY row`,
  );
  slice.setReturnArrays(true);
  const byRow = database.prepare('SELECT * FROM incidents WHERE row = ?');
  const byId = database.prepare('SELECT * FROM incidents WHERE provider = ? AND id = ?');
  const record = (row: Record<string, unknown>): Recorded => {
    const facet = facets.facet(number(row, 'facet'));
    return { provider: facet.provider, stored: storedOf(row), incident: incidentOf(row, facet) };
  };
  return {
    providers,
    labels,
    facet: (row) => facets.facet(row),
    names: () =>
      database
        .prepare('SELECT row FROM facets ORDER BY row')
        .all()
        .flatMap((row) => labels(number(row, 'row')) ?? []),
    each: (visit, sinceMs = Number.MIN_SAFE_INTEGER) =>
      naming(path, async () => {
        const breathe = createBreath();
        const last = Number(database.prepare('SELECT max(row) AS last FROM incidents').get()?.['last'] ?? 0);
        for (let from = 0; from < last; from += ROWS_AT_ONCE) {
          for (const cells of slice.iterate(from, from + ROWS_AT_ONCE, sinceMs)) {
            const incident = storedIn(cells);
            if (labels(incident.facet) !== undefined) visit(incident);
            const pause = breathe();
            if (pause !== undefined) await pause;
          }
          await breathe();
        }
      }),
    recorded: (wanted) => wanted.flatMap((row) => byRow.all(row).map(record)),
    find: (id) => providers.filter(({ isSynced }) => isSynced).flatMap(({ row }) => byId.all(row, id).map(record)),
    close: () => database.close(),
  };
}

/** Damage inside the file shows only when its page is read: an error that says so is made to name the store. */
export async function naming<Result>(path: string, reading: () => Promise<Result>): Promise<Result> {
  try {
    return await reading();
  } catch (error) {
    throw isCorruption(error) ? unreadable(path, error) : error;
  }
}

/** A configuration that changed since the exporter ran may name services that have no place yet; else nothing is counted. */
function admit(database: DatabaseSync, facets: Facets, isRead: (provider: string) => boolean): void {
  if (!facets.hasWaiting(isRead)) return;
  const counts = database
    .prepare(
      `SELECT facet, count(*) AS incidents FROM incidents WHERE marks & ${MARKS.expired | MARKS.flaky | MARKS.deleted} = 0 GROUP BY facet`,
    )
    .all();
  for (const row of counts) facets.count(number(row, 'facet'), number(row, 'incidents'));
  facets.publish();
  facets.admit(isRead);
}
