import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { commitAll } from './committing.ts';

/** Goes on where the store is, and says how far it came; killed by its parent, most of the time. */
const [path = ''] = process.argv.slice(2);
const log = { debug: () => {}, info: () => {}, warn: console.error, error: console.error };
const store = createSqliteStore({ path, log, nowMs: Date.now() });
await commitAll(store, (cursor) => process.stdout.write(`${cursor}\n`));
store.close();
