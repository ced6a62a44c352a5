import { createBreath } from '../model/breath.ts';
import { MARKS, type StoredIncident } from '../model/stored.ts';
import { DIGEST_CELL, type IncidentRow, number, storedFrom, storedOf, text } from './incident-row.ts';
import { type Arrival, bookOf, isCounted, type ProviderRow } from './incidents.ts';
import { type Book, type Counting, mayCount } from './ledger.ts';
import type { StoredProvider } from './provider-rows.ts';
import { CHANGES } from './revisions.ts';
import type { Rooms } from './sqlite.ts';
import type { Batch, Committed } from './store.ts';

/** Rows that may have to be counted later, with the name of their provider. */
export type Pending = Map<number, string>;

/** Applies what a page found; the caller's transaction makes it whole or nothing. */
export async function applyBatch(rooms: Rooms, batch: Batch): Promise<Committed> {
  const { facets, providers } = rooms;
  const before = providers.get(batch.provider);
  const counting = countingOf(before, batch);
  if (batch.catalogue !== undefined) facets.list(before.row, batch.catalogue);
  writeSignals(rooms, before, batch);
  const changed = await takeArrivals(rooms, batch, counting);
  deleteRows(rooms, batch, changed);
  writeRejections(rooms, before, batch);
  const after = advance(before, batch);
  providers.write(after);
  const relabelled = after.isSynced && relabel(rooms, batch, { isFirst: !before.isSynced });
  // Of what ended while a first sync ran, acknowledgements may still be unread: the next poll has asked beyond it.
  if (before.isSynced) await countPending(rooms, changed, counting);
  return { changed: [...changed.values()], gone: [], relabelled };
}

type Changed = Map<number, StoredIncident>;

/** Counts at once what comes after the first sync; before its end everything that may count is put off. */
async function takeArrivals(rooms: Rooms, batch: Batch, counting: Counting): Promise<Changed> {
  const { facets, ledger, incidents, pending } = rooms;
  const provider = rooms.providers.get(batch.provider);
  const changed: Changed = new Map();
  const breathe = createBreath();
  for (const arrival of arrivals(rooms, provider, batch)) {
    const { incident, book, facet, isChanged } = arrival;
    if (!isChanged) continue;
    if (provider.isSynced) facets.welcome(facet);
    revise(rooms, arrival, provider);
    const isWaiting = provider.isSynced
      ? ledger.account(arrival, counting)
      : mayCount(incident, counting.countingSinceMs);
    if (isWaiting) pending.set(book.row, provider.name);
    incidents.write(arrival, provider);
    changed.set(book.row, storedFrom(incident, { ...book, facet, digest: Number(arrival.cells[DIGEST_CELL]) }));
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  return changed;
}

function countingOf(provider: StoredProvider, batch: Batch): Counting {
  return {
    provider: provider.name,
    countingSinceMs: provider.countingSinceMs ?? batch.nowMs,
    askedUntilMs: batch.complete?.askedUntilMs ?? batch.nowMs,
    nowMs: batch.nowMs,
  };
}

/** Incidents of the page beside what the store holds of them; whole subjects are matched by what ended them first. */
function* arrivals(rooms: Rooms, provider: ProviderRow, batch: Batch): Generator<Arrival> {
  const whole = new Set(batch.wholeSubjects);
  const bySubject = Map.groupBy(batch.incidents, ({ subject }) =>
    subject !== undefined && whole.has(subject) ? subject : '',
  );
  for (const incident of bySubject.get('') ?? []) {
    yield rooms.incidents.receive(incident, provider, rooms.incidents.byId(provider, incident.id));
  }
  for (const subject of whole) yield* subjectArrivals(rooms, { provider, subject, told: bySubject.get(subject) ?? [] });
}

interface Subject {
  readonly provider: ProviderRow;
  readonly subject: string;
  readonly told: Batch['incidents'];
}

/** A late item may move an anchor (the id changes, the end stays) or an end (the id stays): either way it is the same row. */
function* subjectArrivals(rooms: Rooms, { provider, subject, told }: Subject): Generator<Arrival> {
  const { incidents } = rooms;
  const stored = new Set(incidents.bySubject(provider, subject));
  const matches = new Map<Batch['incidents'][number], IncidentRow>();
  const match = (column: string, keyOf: (incident: Batch['incidents'][number]) => string | undefined) => {
    const byKey = new Map([...stored].map((row) => [text(row, column), row]));
    for (const incident of told) {
      const key = keyOf(incident);
      const row = key === undefined || matches.has(incident) ? undefined : byKey.get(key);
      if (row === undefined || !stored.delete(row)) continue;
      matches.set(incident, row);
    }
  };
  match('recovery_key', ({ recoveryKey }) => recoveryKey);
  match('id', ({ id }) => id);
  const moved = [...matches].filter(([incident, row]) => text(row, 'id') !== incident.id);
  incidents.freeIds(moved.map(([, row]) => row));
  for (const row of stored) remove(rooms, provider, row);
  const taken = [...stored].filter((row) => told.some(({ id }) => id === text(row, 'id')));
  incidents.freeIds(taken);
  for (const incident of told) yield incidents.receive(incident, provider, matches.get(incident));
}

/** Marks a row as gone from the platform; what was counted of it stays counted and is told as a revision. */
function remove(rooms: Rooms, provider: ProviderRow, row: IncidentRow): boolean {
  const book = bookOf(row);
  if ((book.marks & MARKS.deleted) !== 0) return false;
  book.marks |= MARKS.deleted;
  rooms.incidents.writeBook(book, row);
  if (isCounted(row)) rooms.counters.add({ provider: provider.name, name: 'revisions', label: 'deleted' });
  return true;
}

function deleteRows(rooms: Rooms, { provider: name, deletedIds, wholeSubjects }: Batch, changed: Changed): void {
  const provider = rooms.providers.get(name);
  const forget = rooms.database.prepare('UPDATE rejections SET id = NULL WHERE provider = ? AND id = ?');
  for (const id of deletedIds) {
    const row = rooms.incidents.byId(provider, id);
    if (row !== undefined && remove(rooms, provider, row)) readStored(rooms, number(row, 'row'), changed);
    forget.run(provider.row, id);
  }
  for (const subject of wholeSubjects) {
    for (const row of rooms.incidents.bySubject(provider, subject)) readStored(rooms, number(row, 'row'), changed);
  }
}

function readStored(rooms: Rooms, key: number, changed: Changed): void {
  const row = rooms.incidents.byRow(key);
  if (row !== undefined) changed.set(key, storedOf(row, true));
}

function revise(rooms: Rooms, arrival: Arrival, provider: ProviderRow): void {
  for (const change of rooms.revisions.of(arrival)) {
    rooms.counters.add({ provider: provider.name, name: 'revisions', label: change });
  }
  rooms.ledger.countUnmapped(arrival.facet, arrival.book, provider.name);
}

function writeSignals(rooms: Rooms, provider: ProviderRow, batch: Batch): void {
  if (batch.signals.length === 0) return;
  const put = rooms.database.prepare(
    'INSERT OR IGNORE INTO signals (provider, subject, id, at_ms, kind) VALUES (?, ?, ?, ?, ?)',
  );
  for (const { subject, id, atMs, kind } of batch.signals) put.run(provider.row, subject, id, atMs, kind);
}

/** Each (record, reason) is counted once; a record that was taken after all is not fetched again. */
function writeRejections(rooms: Rooms, provider: ProviderRow, batch: Batch): void {
  const { database, counters } = rooms;
  const put = database.prepare(
    'INSERT OR IGNORE INTO rejections (provider, key, reason, id, at_ms) VALUES (?, ?, ?, ?, ?)',
  );
  for (const { key, reason, id } of batch.rejected) {
    const isNew = put.run(provider.row, key, reason, id ?? null, batch.nowMs).changes > 0;
    if (isNew) counters.add({ provider: provider.name, name: 'rejected', label: reason });
  }
  const again = database.prepare('SELECT count(*) AS waiting FROM rejections WHERE provider = ? AND id IS NOT NULL');
  if (Number(again.get(provider.row)?.['waiting'] ?? 0) === 0) return;
  const rejectedNow = new Set(batch.rejected.map(({ id }) => id));
  const taken = database.prepare('UPDATE rejections SET id = NULL WHERE provider = ? AND id = ?');
  for (const { id } of batch.incidents) if (!rejectedNow.has(id)) taken.run(provider.row, id);
}

function advance(before: StoredProvider, batch: Batch): StoredProvider {
  const counting = { ...before, countingSinceMs: before.countingSinceMs ?? batch.nowMs, cursor: batch.cursor };
  if (batch.complete === undefined) return counting;
  const { askedUntilMs, historyStartMs } = batch.complete;
  return { ...counting, isSynced: true, askedUntilMs, historyStartMs };
}

/** Services get places and series are born: for everything at the end of a first sync, later where names changed. */
function relabel(rooms: Rooms, batch: Batch, { isFirst }: { isFirst: boolean }): boolean {
  const { facets, counters, providers } = rooms;
  const isWanted = (name: string) => rooms.settings().readers.has(name) && providers.drafted(name).isSynced;
  if (isFirst) {
    for (const label of CHANGES) counters.add({ provider: batch.provider, name: 'revisions', label }, 0);
  }
  const renamed = facets.takeRenamed();
  if (!isFirst && !renamed) return false;
  facets.admit(isWanted);
  bearAll(rooms, isFirst ? (name) => name === batch.provider : isWanted, batch.nowMs);
  return true;
}

/** Makes sure that every label set in use has its series. */
export function bearAll(rooms: Rooms, isWanted: (provider: string) => boolean, nowMs: number): void {
  for (const row of rooms.facets.inUse(isWanted)) {
    const labels = rooms.facets.labels(row);
    if (labels !== undefined && !labels.excluded) rooms.ledger.bear(labels, nowMs);
  }
}

/** Counts what was waiting; what has not settled waits on. */
async function countPending(rooms: Rooms, changed: Changed, counting: Counting): Promise<void> {
  const { incidents, ledger, pending } = rooms;
  const breathe = createBreath();
  for (const [key, provider] of pending) {
    if (provider !== counting.provider) continue;
    const row = incidents.byRow(key);
    pending.delete(key);
    if (row === undefined) continue;
    const account = { incident: incidents.read(row), facet: number(row, 'facet'), book: bookOf(row) };
    if (ledger.account(account, counting)) pending.set(key, provider);
    if (isSameBook(account.book, bookOf(row))) continue;
    incidents.writeBook(account.book, row);
    readStored(rooms, key, changed);
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
}

function isSameBook(a: Book, b: Book): boolean {
  return a.marks === b.marks && a.escalationsCounted === b.escalationsCounted && a.reopensCounted === b.reopensCounted;
}
