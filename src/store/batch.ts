import { createBreath } from '../model/breath.ts';
import { arrivals, type Changed, readStored, remove } from './arrivals.ts';
import { DIGEST_CELL, number, storedFrom } from './incident-row.ts';
import { type Arrival, bookOf, type ProviderRow } from './incidents.ts';
import { type Book, type Counting, mayCount } from './ledger.ts';
import { settlePlaces } from './places.ts';
import type { StoredProvider } from './provider-rows.ts';
import { writeRejections } from './rejections.ts';
import { CHANGES } from './revisions.ts';
import type { Rooms } from './sqlite.ts';
import type { Batch, Committed } from './store.ts';

/** Applies what a page found; the caller's transaction makes it whole or nothing. */
export async function applyBatch(rooms: Rooms, batch: Batch): Promise<Committed> {
  const { facets, providers } = rooms;
  const before = providers.get(batch.provider);
  const counting = countingOf(rooms, before, {
    nowMs: batch.nowMs,
    askedUntilMs: batch.complete?.askedUntilMs,
  });
  const hasRenamed = facets.learn(before.row, batch) && before.isSynced;
  if (hasRenamed) settlePlaces(rooms, batch.nowMs);
  writeSignals(rooms, before, batch);
  const changed = await takeArrivals(rooms, batch, counting);
  for (const id of batch.deletedIds) {
    const row = rooms.incidents.byId(before, id);
    if (row !== undefined) remove(rooms, row, { provider: before, changed });
  }
  writeRejections(rooms, before, batch);
  const after = advance(before, batch, historyStart(rooms, batch));
  providers.write(after);
  const isFirst = after.isSynced && !before.isSynced;
  if (isFirst) beginCounting(rooms, batch);
  // Of what ended while a first sync ran, acknowledgements may still be unread: the next poll has asked beyond it.
  if (before.isSynced) await countPending(rooms, changed, counting);
  return { changed: [...changed.values()], gone: [], relabelled: hasRenamed || isFirst };
}

/** The first sync is whole: services get places by all that was found, and series are born. */
function beginCounting(rooms: Rooms, { provider, nowMs }: Batch): void {
  for (const label of CHANGES) rooms.counters.add({ provider, name: 'revisions', label }, 0);
  settlePlaces(rooms, nowMs);
}

/** Counts at once what comes after the first sync; before its end everything that may count is put off. */
async function takeArrivals(rooms: Rooms, batch: Batch, counting: Counting): Promise<Changed> {
  const provider = rooms.providers.get(batch.provider);
  const changed: Changed = new Map();
  const breathe = createBreath();
  for (const arrival of arrivals(rooms, batch, { provider, changed })) {
    if (!takeArrival(rooms, arrival, { provider, counting })) continue;
    const { incident, book, facet } = arrival;
    changed.set(book.row, storedFrom(incident, { ...book, facet, digest: Number(arrival.cells[DIGEST_CELL]) }));
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  return changed;
}

interface Taking {
  readonly provider: StoredProvider;
  readonly counting: Counting;
}

/** Writes one arrival, counting what it owes by now; false when nothing about it is new. */
export function takeArrival(rooms: Rooms, arrival: Arrival, { provider, counting }: Taking): boolean {
  const { facets, ledger, incidents, pending } = rooms;
  const { incident, book, facet, isChanged } = arrival;
  const isPending = provider.isSynced && pending.get(book.row) !== undefined;
  if (!isChanged && !isPending) return false;
  if (provider.isSynced) facets.welcome(facet);
  revise(rooms, arrival, provider);
  const isWaiting = provider.isSynced
    ? ledger.account(arrival, counting)
    : mayCount(incident, counting.countingSinceMs);
  if (isWaiting) pending.set(book.row, provider.name);
  incidents.write(arrival, provider);
  return true;
}

/** How what comes now is counted; `askedUntilMs` is absent where that is not known. */
export function countingOf(
  rooms: Rooms,
  provider: StoredProvider,
  { nowMs, askedUntilMs = nowMs }: { readonly nowMs: number; readonly askedUntilMs?: number | undefined },
): Counting {
  return {
    provider: provider.name,
    countingSinceMs: provider.countingSinceMs ?? nowMs,
    askedUntilMs,
    forgottenBeforeMs: Math.max(nowMs - rooms.settings().retentionMs, rooms.meta.forgottenBeforeMs()),
    nowMs,
  };
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

/** Where history begins by now: an import may reach further back than the polls, as far as the retention lets it. */
function historyStart(rooms: Rooms, { provider, complete, nowMs }: Batch): number | undefined {
  const importedMs = rooms.meta.importedFromMs(provider);
  if (complete === undefined || importedMs === undefined) return complete?.historyStartMs;
  return Math.min(complete.historyStartMs, Math.max(importedMs, nowMs - rooms.settings().retentionMs));
}

function advance(before: StoredProvider, batch: Batch, historyStartMs: number | undefined): StoredProvider {
  const counting = { ...before, countingSinceMs: before.countingSinceMs ?? batch.nowMs, cursor: batch.cursor };
  if (batch.complete === undefined) return counting;
  const { askedUntilMs } = batch.complete;
  return { ...counting, isSynced: true, isCounted: before.isSynced, askedUntilMs, historyStartMs };
}

/** Counts what was waiting; what has not settled waits on. */
async function countPending(rooms: Rooms, changed: Changed, counting: Counting): Promise<void> {
  const { incidents, ledger, pending } = rooms;
  const breathe = createBreath();
  const waiting = [...pending.entries()].filter(([, provider]) => provider === counting.provider);
  for (const [key] of waiting) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    const row = incidents.byRow(key);
    const account = row && { incident: incidents.read(row), facet: number(row, 'facet'), book: bookOf(row) };
    if (account === undefined || !ledger.account(account, counting)) pending.delete(key);
    if (row === undefined || account === undefined || isSameBook(account.book, bookOf(row))) continue;
    incidents.writeBook(account.book, row);
    readStored(rooms, key, changed);
  }
}

function isSameBook(a: Book, b: Book): boolean {
  return a.marks === b.marks && a.escalationsCounted === b.escalationsCounted && a.reopensCounted === b.reopensCounted;
}
