import { statSync } from 'node:fs';
import { createStore } from '../create-store.ts';
import type { Store } from '../store.ts';
import { createSqliteEngine } from './engine.ts';
import { isCorruption, type OpenInput, openStore } from './open.ts';

/** What was opened is no longer what its path names: whatever is written to it is lost with the process. */
class StoreReplaced extends Error {
  override readonly name = 'StoreReplaced';
}

/** The embedded store: one SQLite file, one exporter. Throws when the file cannot be used (see `openStore`). */
export function createSqliteStore(input: OpenInput): Store {
  const { log, nowMs, path } = input;
  const opened = openStore(input);
  const engine = createSqliteEngine(opened.database, path);
  const isBroken = (error: unknown) => isCorruption(error) || error instanceof StoreReplaced;
  const verify = createFileCheck(path);
  return createStore({ engine, log, nowMs, isBroken, verify, close: () => opened.close() });
}

/** Throws StoreReplaced once the file was removed, or another one stands in its place. */
function createFileCheck(path: string): () => void {
  const opened = statSync(path);
  return () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.ino === opened.ino && found.dev === opened.dev) return;
    throw new StoreReplaced(`${path} was ${found === undefined ? 'removed' : 'replaced'} while it was open; restart`);
  };
}
