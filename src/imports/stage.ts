import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf } from '../model/error-message.ts';
import type { Incident } from '../model/incident.ts';
import { IMPORT_OUTCOMES, type ImportedIncident, type ImportOutcome, type ImportTarget, isTaken } from './importing.ts';

/** Incidents that are written to the store together. */
const BATCH_SIZE = 500;
/** Memory for pages, in KiB as the pragma wants it (negative): holds the ids of a million incidents. */
const CACHE_KIB = -32_768;

/** The incidents of an import, kept until all files are read. */
export interface ImportStage extends ImportTarget {
  /** What the store gets: the last incident of each id, in the order in which ids were first added, in batches. */
  batches(): Generator<Incident[]>;
  /** Deletes them. */
  close(): void;
}

/**
 * Keeps incidents outside memory and outside the store: in a database without a name, which SQLite deletes when it is
 * closed or the process ends (sqlite.org/inmemorydb.html#temp_db). Other ids are looked up in the store.
 */
export function createImportStage(stored: Pick<ImportTarget, 'incidents'>): ImportStage {
  const database = new DatabaseSync('');
  // Nobody reads it after a crash: no journal, and one transaction that never ends, so that pages go to disk only when
  // their memory is full: three times as fast for random ids as a transaction for each batch.
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA cache_size = ${CACHE_KIB}; BEGIN`);
  database.exec(
    'CREATE TABLE incidents (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, incident TEXT NOT NULL, outcome TEXT NOT NULL)',
  );
  // Corrected by a later row, a new incident is still new.
  const upsert = database.prepare(
    `INSERT INTO incidents (id, incident, outcome) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE
       SET incident = excluded.incident, outcome = iif(outcome = 'new', 'new', excluded.outcome)`,
  );
  const insert = database.prepare(
    'INSERT INTO incidents (id, incident, outcome) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const select = database.prepare(`SELECT incident FROM incidents WHERE id = ? AND outcome IN ('new', 'changed')`);
  const selectBatch = database.prepare(
    `SELECT position, incident, outcome FROM incidents WHERE position > ? ORDER BY position LIMIT ${BATCH_SIZE}`,
  );
  return {
    incidents: (ids) => {
      const staged = new Map<string, Incident>();
      for (const id of ids) {
        const row = select.get(id);
        if (row !== undefined) staged.set(id, toIncident(row));
      }
      const others = ids.filter((id) => !staged.has(id));
      return others.length === 0 ? staged : new Map([...stored.incidents(others), ...staged]);
    },
    add: (incidents) => {
      try {
        for (const { incident, outcome } of incidents) {
          (isTaken(outcome) ? upsert : insert).run(incident.id, JSON.stringify(incident), outcome);
        }
      } catch (error) {
        throw new Error(
          `cannot write to a temporary file: ${messageOf(error)}; expected free space in the temporary folder (TMPDIR)`,
          {
            cause: error,
          },
        );
      }
    },
    imported: function* () {
      for (const batch of readBatches(selectBatch)) yield* batch;
    },
    batches: function* () {
      for (const batch of readBatches(selectBatch)) {
        const taken = batch.filter(({ outcome }) => isTaken(outcome)).map(({ incident }) => incident);
        if (taken.length > 0) yield taken;
      }
    },
    close: () => database.close(),
  };
}

function* readBatches(select: StatementSync): Generator<ImportedIncident[]> {
  for (let rows = select.all(0); rows.length > 0; rows = select.all(Number(rows.at(-1)?.['position']))) {
    yield rows.map((row) => ({ incident: toIncident(row), outcome: toOutcome(row) }));
  }
}

function toOutcome(row: Readonly<Record<string, unknown>>): ImportOutcome {
  const outcome = IMPORT_OUTCOMES.find((one) => one === row['outcome']);
  if (outcome === undefined) throw new Error(`unknown outcome ${String(row['outcome'])}`);
  return outcome;
}

function toIncident(row: Readonly<Record<string, unknown>>): Incident {
  const incident: Incident = JSON.parse(String(row['incident']));
  return incident;
}
