import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Rejection, Signal } from '../../model/incident.ts';
import { isKept, MARKS, type StoredIncident } from '../../model/stored.ts';
import type { LedgerRow } from '../count.ts';
import { type LoadedRows, rejectionKey } from '../decide.ts';
import type { EngineWriter, ExpiredIncident, StoreEngine, TouchedRows } from '../engine.ts';
import { CONTENT_COLUMNS, type IncidentRow, instant, listIn, number, text } from '../incident-row.ts';
import type { IncidentTable } from '../incident-table.ts';
import type { LabelGroups, LabelSet } from '../label-set.ts';
import { setKey } from '../label-set.ts';
import {
  facetKey,
  LedgerState,
  type StoredFacet,
  type StoredProvider,
  type StoredService,
  serviceKey,
} from '../state.ts';
import type { StoredCounter } from '../store.ts';

/** Flags of which each says that an incident without an end is not open. */
const NOT_OPEN: number = MARKS.merged | MARKS.deleted | MARKS.expired | MARKS.flaky;

// Where most rows of a provider are gone over, a plus before `provider` keeps SQLite from taking the index of ids.

/** Columns that statistics need, in the order of `toStored`. */
export const STORED_COLUMNS =
  'row, facet, marks, status, triggered_ms, started_ms, identified_ms, acknowledged_ms, mitigated_ms, resolved_ms, spans, fingerprint_digest';

/** Resolved, or closed in another way, before a time (given twice). */
const CLOSED = `(resolved_ms < ? OR (
  (resolved_ms IS NULL OR marks & ${MARKS.deleted} != 0)
  AND marks & ${MARKS.merged | MARKS.expired | MARKS.flaky | MARKS.deleted} != 0 AND updated_ms < ?))`;

/** Ledger rows that are looked through for exemplars at start: enough for every busy bucket, quick to read. */
const RECENT_LEDGER_ROWS = 10_000;

/** Rows that are fetched in one call: a third faster than one by one (measured over a million rows). */
const ROWS_AT_ONCE = 2000;

/** A platform that does not show these has not lost them: they are gone already, or a file told of them. */
const NOT_LISTED = MARKS.deleted | MARKS.imported;

/** Loads and writes the rows of an open SQLite database. */
export function createSqliteEngine(database: DatabaseSync, path: string): StoreEngine {
  const prepare = prepareOnce(database);
  const writer = createWriter(prepare);
  const storedCells = (where: string, isTitleWanted: boolean): StatementSync => {
    const columns = isTitleWanted ? `${STORED_COLUMNS}, title` : STORED_COLUMNS;
    const statement = database.prepare(`SELECT ${columns} FROM incidents ${where}`);
    // A row as a list is made in half the time of one as an object (measured over a million rows).
    statement.setReturnArrays(true);
    return statement;
  };
  const bySubject = (provider: number, subject: string): IncidentRow[] =>
    prepare('SELECT * FROM incidents WHERE provider = ? AND subject = ? ORDER BY row').all(provider, subject);
  return {
    loadState: () => loadState(database),
    loadTouched: (provider, touched) => loadTouched(prepare, provider, touched),
    eachIncident: (visit, { isTitleWanted, endedAfterMs }) => {
      const isWanted = endedAfterMs === undefined ? '' : 'AND (resolved_ms IS NULL OR resolved_ms > ?)';
      const rows = storedCells(`WHERE row > ? AND row <= ? ${isWanted} ORDER BY row`, isTitleWanted);
      const values = endedAfterMs === undefined ? [] : [endedAfterMs];
      const last = Number(prepare('SELECT max(row) AS last FROM incidents').get()?.['last'] ?? 0);
      for (let from = 0; from < last; from += ROWS_AT_ONCE) {
        for (const cells of rows.all(from, from + ROWS_AT_ONCE, ...values)) visit(toStored(cells));
      }
    },
    incidentById: (provider, id) => prepare('SELECT * FROM incidents WHERE provider = ? AND id = ?').get(provider, id),
    incidentByRow: (row) => prepare('SELECT * FROM incidents WHERE row = ?').get(row),
    incidentsBySubject: bySubject,
    openIds: (provider) =>
      prepare(`SELECT id FROM incidents WHERE provider = ? AND resolved_ms IS NULL AND marks & ${NOT_OPEN} = 0`)
        .all(provider)
        .map((row) => String(row['id'])),
    openIncidents: () =>
      prepare(
        `SELECT id, facet, marks, status, triggered_ms, title, url FROM incidents INDEXED BY open_incidents
         WHERE resolved_ms IS NULL AND marks & ${NOT_OPEN} = 0 ORDER BY triggered_ms, row`,
      ).iterate(),
    listedIdsSince: (provider, sinceMs) =>
      prepare(
        `SELECT id FROM incidents WHERE +provider = ? AND triggered_ms >= ?
         AND subject IS NULL AND marks & ${NOT_LISTED} = 0`,
      )
        .all(provider, sinceMs)
        .map((row) => String(row['id'])),
    rejectedIds: (provider) => waitingIds(prepare, provider),
    signals: (provider, subject) =>
      prepare('SELECT * FROM signals WHERE provider = ? AND subject = ? ORDER BY at_ms, id')
        .all(provider, subject)
        .map(readSignal),
    happenedSince: (provider, sinceMs) =>
      prepare(
        `SELECT * FROM incidents WHERE +provider = ?1 AND (resolved_ms >= ?2 OR triggered_ms >= ?2
         OR marks & ${MARKS.escalated | MARKS.reopened} != 0)`,
      ).all(provider, sinceMs),
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
    expired: (provider, beforeMs, limit) =>
      prepare(`SELECT row, facet, marks, id, subject FROM incidents WHERE +provider = ? AND ${CLOSED} LIMIT ?`)
        .all(provider, beforeMs, beforeMs, limit)
        .map(readExpired),
    unusedFacets: () =>
      prepare('SELECT row FROM facets WHERE row NOT IN (SELECT DISTINCT facet FROM incidents)')
        .all()
        .map(({ row }) => Number(row)),
    incidentsByFacet: () =>
      new Map(
        prepare(
          `SELECT facet, count(*) AS incidents FROM incidents WHERE marks & ${MARKS.expired | MARKS.flaky | MARKS.deleted} = 0 GROUP BY facet`,
        )
          .all()
          .map((row) => [Number(row['facet']), Number(row['incidents'])]),
      ),
    transaction: (work) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        work(writer);
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    sizeBytes: () => fileSize(path) + fileSize(`${path}-wal`),
  };
}

type Prepare = (sql: string) => StatementSync;

/** Statements are made when they are first needed, each once. */
function prepareOnce(database: DatabaseSync): Prepare {
  const statements = new Map<string, StatementSync>();
  return (sql) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = database.prepare(sql);
    statements.set(sql, made);
    return made;
  };
}

function loadTouched(prepare: Prepare, provider: number, touched: TouchedRows): LoadedRows {
  const byId = prepare('SELECT * FROM incidents WHERE provider = ? AND id = ?');
  const byRecovery = prepare(
    'SELECT * FROM incidents WHERE provider = ? AND subject = ? AND recovery_key = ? ORDER BY row LIMIT 1',
  );
  const incidents: IncidentRow[] = [];
  for (const { id, subject, recoveryKey } of touched.incidents) {
    const row = byId.get(provider, id);
    if (row !== undefined) incidents.push(row);
    else if (subject !== undefined && recoveryKey !== undefined) {
      const moved = byRecovery.get(provider, subject, recoveryKey);
      if (moved !== undefined) incidents.push(moved);
    }
  }
  for (const id of touched.deletedIds) incidents.push(...byId.all(provider, id));
  const bySubject = prepare('SELECT * FROM incidents WHERE provider = ? AND subject = ? ORDER BY row');
  for (const subject of touched.wholeSubjects) incidents.push(...bySubject.all(provider, subject));
  const pending = touched.isPendingWanted
    ? prepare(`SELECT * FROM incidents WHERE provider = ? AND marks & ${MARKS.pending} != 0`).all(provider)
    : [];
  const knownRejections = new Set<string>();
  const isRejected = prepare('SELECT 1 FROM rejections WHERE provider = ? AND key = ? AND reason = ?');
  for (const rejection of touched.rejected) {
    const { key, reason } = rejection;
    if (isRejected.get(provider, key, reason) !== undefined) knownRejections.add(rejectionKey(rejection));
  }
  return {
    incidents,
    pending,
    countedEndsMs: countedEnds(prepare, incidents),
    knownRejections,
    waitingIds: new Set(waitingIds(prepare, provider)),
  };
}

/** Ends that the ledger has of incidents that are open again. */
function countedEnds(prepare: Prepare, rows: readonly IncidentRow[]): Map<number, number> {
  const ends = new Map<number, number>();
  const find = prepare('SELECT resolved_ms FROM ledger WHERE incident = ?');
  for (const row of rows) {
    if ((number(row, 'marks') & MARKS.counted) === 0 || instant(row, 'resolved_ms') !== undefined) continue;
    const endMs = find.get(number(row, 'row'))?.['resolved_ms'];
    if (typeof endMs === 'number') ends.set(number(row, 'row'), endMs);
  }
  return ends;
}

function waitingIds(prepare: Prepare, provider: number): string[] {
  return prepare('SELECT DISTINCT id FROM rejections WHERE provider = ? AND id IS NOT NULL')
    .all(provider)
    .map((row) => String(row['id']));
}

const INCIDENT_COLUMNS = ['row', 'provider', 'marks', 'escalations_counted', 'reopens_counted', ...CONTENT_COLUMNS];
const UPDATED_COLUMNS = INCIDENT_COLUMNS.filter((column) => column !== 'row' && column !== 'provider');

function createWriter(prepare: Prepare): EngineWriter {
  const insert = `INSERT INTO incidents (${INCIDENT_COLUMNS.join(', ')}) VALUES (${INCIDENT_COLUMNS.map(() => '?').join(', ')})`;
  const update = `UPDATE incidents SET ${UPDATED_COLUMNS.map((column) => `${column} = ?`).join(', ')} WHERE row = ?`;
  return {
    incidents: ({ written, inserted, freed }: Pick<IncidentTable, 'written' | 'inserted' | 'freed'>) => {
      const free = prepare('UPDATE incidents SET id = id || char(10) || row WHERE row = ?');
      for (const row of freed) free.run(row);
      for (const [key, row] of written) {
        if (inserted.has(key)) prepare(insert).run(...cellsIn(row, INCIDENT_COLUMNS));
        else prepare(update).run(...cellsIn(row, UPDATED_COLUMNS), key);
      }
    },
    ledger: (rows: readonly LedgerRow[]) => {
      const put = prepare(
        'INSERT INTO ledger (incident, label_set, ms, triggered_ms, resolved_ms, counted_at_ms) VALUES (?, ?, ?, ?, ?, ?)',
      );
      for (const { incident, labelSet, ms, triggeredAtMs, resolvedAtMs, countedAtMs } of rows) {
        put.run(incident, labelSet, ms, triggeredAtMs, resolvedAtMs, countedAtMs);
      }
    },
    signals: (provider: number, signals: readonly Signal[]) => {
      const put = prepare('INSERT OR IGNORE INTO signals (provider, subject, id, at_ms, kind) VALUES (?, ?, ?, ?, ?)');
      for (const { subject, id, atMs, kind } of signals) put.run(provider, subject, id, atMs, kind);
    },
    rejections: (provider: number, rejections: readonly Rejection[], nowMs: number) => {
      const put = prepare(
        `INSERT INTO rejections (provider, key, reason, id, at_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (provider, key, reason) DO UPDATE SET id = excluded.id, at_ms = excluded.at_ms`,
      );
      for (const { key, reason, id } of rejections) put.run(provider, key, reason, id ?? null, nowMs);
    },
    settleRejections: (provider: number, ids: readonly string[]) => {
      const settle = prepare('UPDATE rejections SET id = NULL WHERE provider = ? AND id = ?');
      for (const id of ids) settle.run(provider, id);
    },
    state: (state: LedgerState) => writeState(prepare, state),
    deleteIncidents: (provider: number, incidents: readonly ExpiredIncident[]) => {
      for (const { row, id, subject } of incidents) {
        prepare('DELETE FROM ledger WHERE incident = ?').run(row);
        prepare('DELETE FROM incidents WHERE row = ?').run(row);
        if (subject === undefined) prepare('DELETE FROM signals WHERE provider = ? AND subject = ?').run(provider, id);
      }
    },
    deleteBefore: (provider: number, beforeMs: number) => {
      prepare('DELETE FROM rejections WHERE provider = ? AND at_ms < ?').run(provider, beforeMs);
      // Signals stay as long as an incident is made of them; of each subject the newest one, which is its state.
      prepare(
        `DELETE FROM signals WHERE provider = ?1 AND at_ms < ?2
         AND at_ms < (SELECT max(newer.at_ms) FROM signals newer WHERE newer.provider = ?1 AND newer.subject = signals.subject)
         AND at_ms < coalesce((SELECT min(i.triggered_ms) FROM incidents i WHERE i.provider = ?1 AND i.subject = signals.subject), ?2)
         AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.provider = ?1 AND i.id = signals.subject)`,
      ).run(provider, beforeMs);
    },
  };
}

function cellsIn(row: IncidentRow, columns: readonly string[]): (string | number | null)[] {
  return columns.map((column) => {
    const cell = row[column];
    return typeof cell === 'string' || typeof cell === 'number' ? cell : null;
  });
}

function writeState(prepare: Prepare, state: LedgerState): void {
  for (const [, provider] of state.providers.changes()) if (provider !== undefined) writeProvider(prepare, provider);
  for (const [key, service] of state.services.changes()) writeService(prepare, service, state.services.getBase(key));
  for (const [row, facet] of state.facets.changes()) writeFacet(prepare, row, facet);
  for (const [name, isAllocated] of state.allocated.changes()) {
    if (isAllocated === undefined) prepare('DELETE FROM admitted WHERE name = ?').run(name);
    else prepare('INSERT OR IGNORE INTO admitted (name) VALUES (?)').run(name);
  }
  for (const [key, set] of state.labelSets.changes()) writeSet(prepare, set, state.labelSets.getBase(key));
  for (const [, counter] of state.counters.changes()) if (counter !== undefined) writeCounter(prepare, counter);
  if (state.hasNewLayout()) {
    prepare(
      "INSERT INTO meta (name, value) VALUES ('shape', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    ).run(JSON.stringify(state.layout));
  }
}

function writeProvider(prepare: Prepare, provider: StoredProvider): void {
  prepare(
    `INSERT INTO providers (row, name, counting_since_ms, cursor, synced, asked_until_ms, history_start_ms, filter, pruned_before_ms, imported_from_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (row) DO UPDATE SET counting_since_ms = excluded.counting_since_ms, cursor = excluded.cursor,
       synced = excluded.synced, asked_until_ms = excluded.asked_until_ms, history_start_ms = excluded.history_start_ms,
       filter = excluded.filter, pruned_before_ms = excluded.pruned_before_ms, imported_from_ms = excluded.imported_from_ms`,
  ).run(
    provider.row,
    provider.name,
    provider.countingSinceMs ?? null,
    provider.cursor ?? null,
    Number(provider.isSynced),
    provider.askedUntilMs ?? null,
    provider.historyStartMs ?? null,
    provider.filter ?? null,
    provider.prunedBeforeMs ?? null,
    provider.importedFromMs ?? null,
  );
}

function writeService(prepare: Prepare, service: StoredService | undefined, before: StoredService | undefined): void {
  if (service === undefined) {
    if (before === undefined) return;
    prepare('DELETE FROM services WHERE provider = ? AND id = ?').run(before.providerRow, before.id);
    return;
  }
  prepare(
    `INSERT INTO services (provider, id, name, listed) VALUES (?, ?, ?, ?)
     ON CONFLICT (provider, id) DO UPDATE SET name = excluded.name, listed = excluded.listed`,
  ).run(service.providerRow, service.id, service.name, Number(service.isListed));
}

function writeFacet(prepare: Prepare, row: number, facet: StoredFacet | undefined): void {
  if (facet === undefined) {
    prepare('DELETE FROM facets WHERE row = ?').run(row);
    return;
  }
  const { priority, urgency, tag } = facet.severity;
  prepare('INSERT INTO facets (row, provider, service, team, priority, urgency, tag) VALUES (?, ?, ?, ?, ?, ?, ?)').run(
    row,
    facet.providerRow,
    facet.serviceId,
    facet.team,
    priority ?? null,
    urgency ?? null,
    tag ?? null,
  );
}

function writeSet(prepare: Prepare, set: LabelSet | undefined, before: LabelSet | undefined): void {
  if (before !== undefined && before.row !== set?.row) prepare('DELETE FROM label_sets WHERE row = ?').run(before.row);
  if (set === undefined) return;
  const { row, kind, provider, service, severity, team, groups } = set;
  prepare(
    `INSERT INTO label_sets (row, kind, provider, service, severity, team, groups) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (row) DO UPDATE SET groups = excluded.groups`,
  ).run(row, kind, provider, service, severity, team, JSON.stringify(groups));
}

function writeCounter(prepare: Prepare, { provider, name, label, value }: StoredCounter): void {
  prepare(
    `INSERT INTO counters (provider, name, label, value) VALUES (?, ?, ?, ?)
     ON CONFLICT (provider, name, label) DO UPDATE SET value = excluded.value`,
  ).run(provider, name, label, value);
}

function loadState(database: DatabaseSync): LedgerState {
  const state = new LedgerState();
  const each = (sql: string) => database.prepare(sql).iterate();
  for (const row of each('SELECT * FROM providers ORDER BY row')) {
    const provider = readProvider(row);
    state.providers.set(provider.name, provider);
  }
  for (const row of each('SELECT * FROM services')) {
    const service = { providerRow: Number(row['provider']), id: String(row['id']), name: String(row['name']) };
    state.services.set(serviceKey(service.providerRow, service.id), { ...service, isListed: row['listed'] === 1 });
  }
  const facets =
    'SELECT f.*, p.name AS provider_name FROM facets f JOIN providers p ON p.row = f.provider ORDER BY f.row';
  for (const row of each(facets)) {
    const facet = readFacet(row);
    state.facets.set(facet.row, facet);
    state.facetRows.set(facetKey(facet), facet.row);
    state.lastFacetRow = facet.row;
  }
  for (const row of each('SELECT name FROM admitted')) state.allocated.set(String(row['name']), true);
  for (const row of each('SELECT * FROM label_sets ORDER BY row')) {
    const set = readSet(row);
    state.labelSets.set(setKey(set), set);
  }
  for (const row of each('SELECT * FROM counters')) {
    const { value, ...counter } = readCounter(row);
    state.count(counter, value);
  }
  const one = (sql: string, column: string) => database.prepare(sql).get()?.[column];
  state.lastIncidentRow = Number(one('SELECT max(row) AS last FROM incidents', 'last') ?? 0);
  // The ledger names sets by row: that of a set that left must not become another's.
  state.lastSetRow = Number(one("SELECT seq FROM sqlite_sequence WHERE name = 'label_sets'", 'seq') ?? 0);
  const layout = one("SELECT value FROM meta WHERE name = 'shape'", 'value');
  state.layout = typeof layout === 'string' ? JSON.parse(layout) : undefined;
  return state;
}

function readProvider(row: Record<string, unknown>): StoredProvider {
  return {
    row: Number(row['row']),
    name: String(row['name']),
    countingSinceMs: instant(row, 'counting_since_ms'),
    cursor: text(row, 'cursor'),
    isSynced: Number(row['synced']) > 0,
    askedUntilMs: instant(row, 'asked_until_ms'),
    historyStartMs: instant(row, 'history_start_ms'),
    filter: text(row, 'filter'),
    prunedBeforeMs: instant(row, 'pruned_before_ms'),
    importedFromMs: instant(row, 'imported_from_ms'),
  };
}

/** A row of `facets`, with `provider_name` beside its columns. */
function readFacet(row: Record<string, unknown>): StoredFacet {
  return {
    row: Number(row['row']),
    provider: String(row['provider_name']),
    providerRow: Number(row['provider']),
    serviceId: String(row['service']),
    team: String(row['team']),
    severity: { priority: text(row, 'priority'), urgency: text(row, 'urgency'), tag: text(row, 'tag') },
  };
}

function readSet(row: Record<string, unknown>): LabelSet {
  const groups: LabelGroups & { counts?: { withinTarget?: number } } = JSON.parse(String(row['groups']));
  // Store version 1 kept the recoveries within the target beside the openings.
  if (groups.recovery !== undefined && groups.recovery.withinTarget === undefined) {
    groups.recovery.withinTarget = groups.counts?.withinTarget ?? 0;
  }
  delete groups.counts?.withinTarget;
  return {
    row: Number(row['row']),
    kind: row['kind'] === 'severity' ? 'severity' : 'service',
    provider: String(row['provider']),
    service: String(row['service']),
    severity: String(row['severity']),
    team: String(row['team']),
    groups,
  };
}

function readCounter(row: Record<string, unknown>): StoredCounter {
  const name = row['name'];
  return {
    provider: String(row['provider']),
    name: name === 'revisions' || name === 'rejected' ? name : 'unmapped',
    label: String(row['label']),
    value: Number(row['value']),
  };
}

function readSignal(row: Record<string, unknown>): Signal {
  return {
    subject: String(row['subject']),
    id: String(row['id']),
    atMs: Number(row['at_ms']),
    kind: String(row['kind']),
  };
}

function readExpired(row: Record<string, unknown>): ExpiredIncident {
  return {
    row: number(row, 'row'),
    facet: number(row, 'facet'),
    isKept: isKept(number(row, 'marks')),
    id: text(row, 'id') ?? '',
    subject: text(row, 'subject'),
  };
}

/** The incident of one row of STORED_COLUMNS, as a list; the title where it was asked for after them. */
function toStored(cells: Readonly<Record<number, unknown>>): StoredIncident {
  return {
    row: numberAt(cells, 0),
    facet: numberAt(cells, 1),
    marks: numberAt(cells, 2),
    status: numberAt(cells, 3),
    triggeredAtMs: numberAt(cells, 4),
    startedAtMs: timeAt(cells, 5),
    identifiedAtMs: timeAt(cells, 6),
    acknowledgedAtMs: timeAt(cells, 7),
    mitigatedAtMs: timeAt(cells, 8),
    resolvedAtMs: timeAt(cells, 9),
    spans: listIn(cells[10]),
    fingerprint: numberAt(cells, 11),
    title: typeof cells[12] === 'string' ? cells[12] : undefined,
  };
}

function numberAt(cells: Readonly<Record<number, unknown>>, at: number): number {
  const value = cells[at];
  if (typeof value !== 'number') throw new Error(`the store holds no number in cell ${at} of an incident`);
  return value;
}

function timeAt(cells: Readonly<Record<number, unknown>>, at: number): number | undefined {
  const value = cells[at];
  return typeof value === 'number' ? value : undefined;
}

function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
