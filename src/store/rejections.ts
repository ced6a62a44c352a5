import type { DatabaseSync } from 'node:sqlite';
import type { Counters } from './counters.ts';
import type { ProviderRow } from './incidents.ts';
import type { Batch } from './store.ts';

interface RejectionRooms {
  readonly database: DatabaseSync;
  readonly counters: Counters;
}

/**
 * Each (record, reason) is counted once. A rejected id is fetched again until its record is taken; rejected anew, it is
 * fetched again, but not counted again.
 */
export function writeRejections(rooms: RejectionRooms, provider: ProviderRow, batch: Batch): void {
  if (batch.rejected.length > 0) remember(rooms, provider, batch);
  const { database } = rooms;
  const waiting = database.prepare('SELECT DISTINCT id FROM rejections WHERE provider = ? AND id IS NOT NULL');
  const ids = new Set(waiting.all(provider.row).map(({ id }) => id));
  if (ids.size === 0) return;
  const rejectedNow = new Set(batch.rejected.map(({ id }) => id));
  const taken = batch.incidents.map(({ id }) => id).filter((id) => !rejectedNow.has(id));
  const forget = database.prepare('UPDATE rejections SET id = NULL WHERE provider = ? AND id = ?');
  for (const id of [...taken, ...batch.deletedIds]) if (ids.has(id)) forget.run(provider.row, id);
}

function remember({ database, counters }: RejectionRooms, provider: ProviderRow, batch: Batch): void {
  const again = database.prepare(
    'UPDATE rejections SET id = ?, at_ms = ? WHERE provider = ? AND key = ? AND reason = ?',
  );
  const put = database.prepare('INSERT INTO rejections (provider, key, reason, id, at_ms) VALUES (?, ?, ?, ?, ?)');
  for (const { key, reason, id } of batch.rejected) {
    if (again.run(id ?? null, batch.nowMs, provider.row, key, reason).changes > 0) continue;
    put.run(provider.row, key, reason, id ?? null, batch.nowMs);
    counters.add({ provider: provider.name, name: 'rejected', label: reason });
  }
}
