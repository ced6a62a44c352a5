import { isKept, MARKS } from '../model/stored.ts';
import { number } from './incident-row.ts';
import type { Rooms } from './sqlite.ts';

/** Rows looked at per slice: a few milliseconds of work. */
const SLICE_ROWS = 5000;

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
  const bound = database.prepare('SELECT max(row) AS last FROM (SELECT row FROM incidents WHERE row > ? LIMIT ?)');
  const last = bound.get(after, SLICE_ROWS)?.['last'];
  if (typeof last !== 'number') return { gone: [], after, more: false };
  const closed = `resolved_ms < ? OR (marks & ${MARKS.expired | MARKS.flaky | MARKS.deleted} != 0 AND updated_ms < ?)`;
  const old = database.prepare(`SELECT * FROM incidents WHERE row > ? AND row <= ? AND (${closed})`);
  const removals = [
    database.prepare('DELETE FROM ledger WHERE incident = ?'),
    database.prepare('DELETE FROM incidents WHERE row = ?'),
  ];
  // An open incident is still made of its signals, however old they are.
  const signals = database.prepare(
    `DELETE FROM signals WHERE provider = ?1 AND subject = ?2 AND at_ms < ?3 AND NOT EXISTS (
       SELECT 1 FROM incidents WHERE provider = ?1 AND subject = ?2 AND resolved_ms IS NULL AND triggered_ms < ?3)`,
  );
  const gone: number[] = [];
  for (const row of old.all(after, last, beforeMs, beforeMs)) {
    const key = number(row, 'row');
    if (isKept(number(row, 'marks'))) facets.count(number(row, 'facet'), -1);
    const subject = row['subject'] ?? row['id'];
    if (typeof subject === 'string') signals.run(number(row, 'provider'), subject, beforeMs);
    for (const removal of removals) removal.run(key);
    gone.push(key);
    rooms.pending.delete(key);
  }
  return { gone, after: last, more: true };
}
