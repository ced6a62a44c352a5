import { createStore } from '../create-store.ts';
import type { Store } from '../store.ts';
import { createSqliteEngine } from './engine.ts';
import { isCorruption, type OpenInput, openStore } from './open.ts';

/** The embedded store: one SQLite file, one exporter. Throws when the file cannot be used (see `openStore`). */
export function createSqliteStore(input: OpenInput): Store {
  const { log, nowMs } = input;
  const opened = openStore(input);
  const engine = createSqliteEngine(opened.database, input.path);
  return createStore({ engine, log, nowMs, isBroken: isCorruption, close: () => opened.close() });
}
