import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { FLAGS } from '../../model/stored.ts';
import type { EngineWriter, IncidentQueries, StoreEngine } from '../engine.ts';
import { type Cell, CONTENT_COLUMNS, number, STORED_COLUMNS, storedFrom, text, timestamp } from '../incident-row.ts';
import { UNREAD_REASON } from '../unread-environments.ts';
import { deploymentReaders, pruneDeployments, writeDeployments } from './deployment-tables.ts';
import { loadState, writeState } from './state-rows.ts';
import { openTables, putSql, type Tables } from './tables.ts';

/** Open: without an end, and without a flag of incidents that will never have one. */
const OPEN = `resolved_ms IS NULL AND marks & ${FLAGS.merged | FLAGS.deleted | FLAGS.expired | FLAGS.flaky} = 0`;

/** Ledger rows that are looked through for exemplars at start: enough for every busy bucket, quick to read. */
const RECENT_LEDGER_ROWS = 10_000;

/** Rows that are fetched in one call: a third faster than one by one (measured over a million rows). */
const ROWS_AT_ONCE = 2000;

/** Incidents that a platform need not list: deleted ones, and those that came from a file. */
const NOT_LISTED = FLAGS.deleted | FLAGS.imported;

// Where most rows of a provider are gone over, a plus before `provider` keeps SQLite from taking the index of ids.
const INCIDENTS: Readonly<Record<keyof IncidentQueries, string>> = {
  byRow: 'SELECT * FROM incidents WHERE row = ?',
  byId: 'SELECT * FROM incidents WHERE provider = ? AND id = ?',
  bySubject: 'SELECT * FROM incidents WHERE provider = ? AND subject = ? ORDER BY row',
  bySubjectBetween:
    'SELECT * FROM incidents WHERE provider = ? AND subject = ? AND triggered_ms > ? AND triggered_ms <= ? ORDER BY row',
  byRecovery: 'SELECT * FROM incidents WHERE provider = ? AND subject = ? AND recovery_key = ? ORDER BY row LIMIT 1',
  pending: `SELECT * FROM incidents WHERE provider = ? AND marks & ${FLAGS.pending} != 0`,
  open: `SELECT id FROM incidents WHERE provider = ? AND ${OPEN}`,
  openOfAll: `SELECT id, facet, marks, status, triggered_ms, title, url FROM incidents INDEXED BY open_incidents
    WHERE ${OPEN} ORDER BY triggered_ms, row`,
  listedSince: `SELECT id FROM incidents WHERE +provider = ? AND triggered_ms >= ?
    AND subject IS NULL AND marks & ${NOT_LISTED} = 0`,
  happenedSince: `SELECT * FROM incidents WHERE +provider = ?1 AND (resolved_ms >= ?2 OR triggered_ms >= ?2
    OR marks & ${FLAGS.escalated | FLAGS.reopened} != 0)`,
  closedBefore: `SELECT row, facet, marks, id, subject FROM incidents WHERE +provider = ?1 AND (resolved_ms < ?2 OR (
    (resolved_ms IS NULL OR marks & ${FLAGS.deleted} != 0)
    AND marks & ${FLAGS.merged | FLAGS.expired | FLAGS.flaky | FLAGS.deleted} != 0 AND updated_ms < ?2)) LIMIT ?3`,
};

/** Loads and writes the rows of an open SQLite database. */
export function createSqliteEngine(database: DatabaseSync, path: string): StoreEngine {
  const tables = openTables(database);
  const writer = createWriter(tables);
  return {
    loadState: () => loadState(database),
    eachIncident: (visit, wanted) => eachIncident(database, visit, wanted),
    incidents: (query, ...parameters) => tables.prepare(INCIDENTS[query]).all(...parameters),
    ...readers(tables),
    ...deploymentReaders(tables),
    transaction: (work) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work(writer);
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    sizeBytes: () => fileSize(path) + fileSize(`${path}-wal`),
  };
}

function eachIncident(
  database: DatabaseSync,
  visit: Parameters<StoreEngine['eachIncident']>[0],
  { isTitleWanted, endedAfterMs }: Parameters<StoreEngine['eachIncident']>[1],
): void {
  const columns = isTitleWanted ? `${STORED_COLUMNS}, title` : STORED_COLUMNS;
  const isWanted = endedAfterMs === undefined ? '' : 'AND (resolved_ms IS NULL OR resolved_ms > ?)';
  const rows = database.prepare(`SELECT ${columns} FROM incidents WHERE row > ? AND row <= ? ${isWanted} ORDER BY row`);
  // A row as a list is made in half the time of one as an object (measured over a million rows).
  rows.setReturnArrays(true);
  const values = endedAfterMs === undefined ? [] : [endedAfterMs];
  const last = Number(database.prepare('SELECT max(row) AS last FROM incidents').get()?.['last'] ?? 0);
  for (let from = 0; from < last; from += ROWS_AT_ONCE) {
    for (const cells of rows.all(from, from + ROWS_AT_ONCE, ...values)) visit(storedFrom(cells));
  }
}

type Readers = Pick<
  StoreEngine,
  | 'countedEndMs'
  | 'isRejected'
  | 'rejectedIds'
  | 'stateChanges'
  | 'recentLedger'
  | 'unusedDimensions'
  | 'incidentsByDimensions'
>;

function readers({ prepare }: Tables): Readers {
  return {
    countedEndMs: (row) =>
      timestamp(prepare('SELECT resolved_ms FROM ledger WHERE incident = ?').get(row) ?? {}, 'resolved_ms'),
    isRejected: (provider, { key, reason }) =>
      prepare('SELECT 1 FROM rejections WHERE provider = ? AND key = ? AND reason = ?').get(provider, key, reason) !==
      undefined,
    rejectedIds: (provider) =>
      prepare('SELECT DISTINCT id FROM rejections WHERE provider = ? AND id IS NOT NULL')
        .all(provider)
        .map(({ id }) => String(id)),
    stateChanges: (provider, subject) =>
      prepare('SELECT id, at_ms, kind FROM signals WHERE provider = ? AND subject = ? ORDER BY at_ms, id')
        .all(provider, subject)
        .map((row) => ({ subject, id: String(row['id']), atMs: Number(row['at_ms']), kind: String(row['kind']) })),
    recentLedger: () =>
      prepare(
        `SELECT l.label_set, l.ms, l.resolved_ms, l.counted_at_ms, i.id FROM ledger l JOIN incidents i ON i.row = l.incident
         ORDER BY l.incident DESC LIMIT ${RECENT_LEDGER_ROWS}`,
      )
        .all()
        .map((row) => ({
          set: Number(row['label_set']),
          ms: Number(row['ms']),
          resolvedAtMs: Number(row['resolved_ms']),
          countedAtMs: Number(row['counted_at_ms']),
          incidentId: String(row['id']),
        })),
    unusedDimensions: () =>
      prepare('SELECT row FROM facets WHERE row NOT IN (SELECT DISTINCT facet FROM incidents)')
        .all()
        .map(({ row }) => Number(row)),
    incidentsByDimensions: () => {
      const rows = prepare(
        `SELECT facet, count(*) AS incidents FROM incidents
         WHERE marks & ${FLAGS.expired | FLAGS.flaky | FLAGS.deleted} = 0 GROUP BY facet`,
      ).all();
      return new Map(rows.map((row) => [Number(row['facet']), Number(row['incidents'])]));
    },
  };
}

const INCIDENT_COLUMNS = ['row', 'provider', 'marks', 'escalations_counted', 'reopens_counted', ...CONTENT_COLUMNS];
const PUT_INCIDENT = putSql('incidents', INCIDENT_COLUMNS, ['row']);

function createWriter(tables: Tables): EngineWriter {
  const { prepare, put, remove } = tables;
  const writeIncidents: EngineWriter['incidents'] = ({ written, freed }) => {
    for (const row of freed) prepare('UPDATE incidents SET id = id || char(10) || row WHERE row = ?').run(row);
    for (const row of written.values())
      prepare(PUT_INCIDENT).run(...INCIDENT_COLUMNS.map((column) => cellOf(row[column])));
  };
  return {
    state: (state) => writeState(tables, state),
    incidents: writeIncidents,
    deployments: (provider, changes) => writeDeployments(tables, provider, changes),
    pruneDeployments: (provider, pruned) => pruneDeployments(tables, provider, pruned),
    changes: ({ provider, nowMs, incidents, ledger, stateChanges, rejections, settledIds, deployed, unread }) => {
      writeIncidents(incidents);
      writeDeployments(tables, { provider, nowMs }, deployed);
      for (const { incident, labelSet: label_set, ms, ...at } of ledger) {
        const times = { triggered_ms: at.triggeredAtMs, resolved_ms: at.resolvedAtMs, counted_at_ms: at.countedAtMs };
        put('ledger', { incident, label_set, ms, ...times });
      }
      for (const { subject, id, atMs, kind } of stateChanges) {
        const known = prepare(
          'INSERT OR IGNORE INTO signals (provider, subject, id, at_ms, kind) VALUES (?, ?, ?, ?, ?)',
        );
        known.run(provider, subject, id, atMs, kind);
      }
      for (const { key, reason, id = null } of rejections) {
        put('rejections', { provider, key, reason, id, at_ms: nowMs }, ['provider', 'key', 'reason']);
      }
      for (const key of unread.ids) {
        put('rejections', { provider, key, reason: UNREAD_REASON, id: null, at_ms: nowMs });
      }
      const settle = prepare('UPDATE rejections SET id = NULL WHERE provider = ? AND id = ?');
      for (const id of settledIds) settle.run(provider, id);
    },
    prune: (provider, expired, beforeMs) => {
      for (const one of expired) {
        const row = number(one, 'row');
        remove('ledger', { incident: row });
        remove('incidents', { row });
        if (text(one, 'subject') === undefined) remove('signals', { provider, subject: String(one['id']) });
      }
      prepare('DELETE FROM rejections WHERE provider = ? AND at_ms < ?').run(provider, beforeMs);
      // Signals stay as long as an incident is made of them, and of a subject that has one its newest state.
      prepare(
        `DELETE FROM signals WHERE provider = ?1 AND at_ms < ?2
         AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.provider = ?1 AND i.id = signals.subject)
         AND at_ms < coalesce((SELECT min(i.triggered_ms) FROM incidents i WHERE i.provider = ?1 AND i.subject = signals.subject), ?2)
         AND (NOT EXISTS (SELECT 1 FROM incidents i WHERE i.provider = ?1 AND i.subject = signals.subject)
           OR at_ms < (SELECT max(newer.at_ms) FROM signals newer WHERE newer.provider = ?1 AND newer.subject = signals.subject))`,
      ).run(provider, beforeMs);
    },
  };
}

function cellOf(value: unknown): Cell {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
