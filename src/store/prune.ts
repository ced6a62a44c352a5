import { isKept, MARKS } from '../model/stored.ts';
import { type IncidentRow, number, text } from './incident-row.ts';
import type { Rooms } from './sqlite.ts';

/** Rows looked at per slice: some 10 ms when all of them go. */
const SLICE_ROWS = 1000;

/** Resolved, or closed in another way, before an instant (given twice). */
const CLOSED = `resolved_ms < ? OR (
  (resolved_ms IS NULL OR marks & ${MARKS.deleted} != 0)
  AND marks & ${MARKS.merged | MARKS.expired | MARKS.flaky | MARKS.deleted} != 0 AND updated_ms < ?)`;

export interface PruneSlice {
  readonly gone: readonly number[];
  /** Where the next slice begins. */
  readonly after: number;
  readonly more: boolean;
}

/** Deletes what ended before the retention from the next slice of rows, ledger rows and signals with it. */
export function pruneOld(rooms: Rooms, { nowMs, after }: { nowMs: number; after: number }): PruneSlice {
  const { database, facets } = rooms;
  const beforeMs = nowMs - rooms.settings().retentionMs;
  if (after === 0) {
    rooms.meta.forgetBefore(beforeMs);
    database.prepare('DELETE FROM rejections WHERE at_ms < ?').run(beforeMs);
  }
  const bound = database.prepare('SELECT max(row) AS last FROM (SELECT row FROM incidents WHERE row > ? LIMIT ?)');
  const last = bound.get(after, SLICE_ROWS)?.['last'];
  if (typeof last !== 'number') return { gone: [], after, more: false };
  const old = database.prepare(`SELECT * FROM incidents WHERE row > ? AND row <= ? AND (${CLOSED})`);
  const removals = [
    database.prepare('DELETE FROM ledger WHERE incident = ?'),
    database.prepare('DELETE FROM incidents WHERE row = ?'),
  ];
  const deleteSignals = signalDeletion(rooms, beforeMs);
  const gone: number[] = [];
  for (const row of old.all(after, last, beforeMs, beforeMs)) {
    const key = number(row, 'row');
    if (isKept(number(row, 'marks'))) facets.count(number(row, 'facet'), -1);
    for (const removal of removals) removal.run(key);
    deleteSignals(row);
    gone.push(key);
    rooms.pending.delete(key);
  }
  return { gone, after: last, more: true };
}

/** Deletes the signals of a deleted row: all before the first of its subject's rows that stay, as those are made of theirs. */
function signalDeletion({ database, incidents }: Rooms, beforeMs: number): (row: IncidentRow) => void {
  const ofRecord = database.prepare('DELETE FROM signals WHERE provider = ? AND subject = ?');
  const ofSubject = database.prepare('DELETE FROM signals WHERE provider = ? AND subject = ? AND at_ms < ?');
  return (row) => {
    const provider = number(row, 'provider');
    const subject = text(row, 'subject');
    if (subject === undefined) ofRecord.run(provider, text(row, 'id') ?? '');
    else
      ofSubject.run(provider, subject, Math.min(beforeMs, incidents.firstOfSubjectMs(provider, subject) ?? beforeMs));
  };
}
