import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished, vi } from 'vitest';
import type { Log } from '../../src/model/log.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import type { StoreLocation } from './contract.ts';
import { SINCE } from './fixtures.ts';

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A folder of its own that is gone when the test has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `open` and gives the connections that it used beside what it returned. */
export function withConnections<Result>(open: () => Result): { result: Result; connections: readonly DatabaseSync[] } {
  const spy = vi.spyOn(DatabaseSync.prototype, 'exec');
  try {
    const result = open();
    return { result, connections: [...new Set(spy.mock.contexts.filter((one) => one instanceof DatabaseSync))] };
  } finally {
    spy.mockRestore();
  }
}

export function sqliteLocation(): StoreLocation {
  const folder = temporaryFolder();
  const path = join(folder, 'store.db');
  let copies = 0;
  let connections: readonly DatabaseSync[] = [];
  const opened: Store[] = [];
  onTestFinished(() => {
    for (const store of opened) closeQuietly(store);
  });
  const openAt = (where: string) => {
    const { result, connections: made } = withConnections(() =>
      createSqliteStore({ path: where, log: silent, nowMs: SINCE }),
    );
    connections = made.filter((one) => one.location() === where);
    opened.push(result);
    return result;
  };
  return {
    open: () => openAt(path),
    crash: () => {
      copies += 1;
      const copy = join(folder, `copy-${copies}.db`);
      for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) cpSync(path + suffix, copy + suffix);
      return openAt(copy);
    },
    fill: () => {
      for (const one of connections) setPagesMax(one, pagesOf(one));
      return () => {
        for (const one of connections) setPagesMax(one, 1_000_000);
      };
    },
  };
}

function closeQuietly(store: Store): void {
  try {
    store.close();
  } catch {
    // The test has closed it.
  }
}

/** A store at its largest allowed size fails with SQLITE_FULL, as on a full disk, as soon as it needs a page. */
export function setPagesMax(database: DatabaseSync, pages: number): void {
  database.exec(`PRAGMA max_page_count = ${pages}`);
}

function pagesOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
}
