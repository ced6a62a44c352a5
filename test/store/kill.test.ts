import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { commitAll, PAGES } from './committing.ts';
import { deploymentSettings, deploymentTotals } from './deployment-fixtures.ts';
import { counted, SINCE, start, total, totals } from './fixtures.ts';
import { silent, temporaryFolder } from './sqlite-location.ts';

/** Enough to be hit in every part of a transaction; each costs a start of Node. */
const KILLS = 16;
const CHILD = join(import.meta.dirname, 'committing-child.ts');

interface Outcome {
  readonly committed: number;
  readonly isKilled: boolean;
}

/** Runs the child; kills it at a random instant after it has committed so many pages. */
function run(path: string, killAfterPages: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [committed, pages, errors] = [0, 0, ''];
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = chunk.toString().trim().split('\n');
      pages += lines.length;
      committed = Number(lines.at(-1));
      if (pages >= killAfterPages) setTimeout(() => child.kill('SIGKILL'), Math.random() * 4);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (errors !== '' || (code !== 0 && signal !== 'SIGKILL'))
        reject(new Error(`the child ended with ${code}: ${errors}`));
      else resolve({ committed, isKilled: signal === 'SIGKILL' });
    });
  });
}

function ledgerRows(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = Number(database.prepare('SELECT count(*) AS rows FROM ledger').get()?.['rows']);
  database.close();
  return rows;
}

it('a process that is killed again and again counts what an undisturbed one counts', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'killed.db');
  const undisturbed = createSqliteStore({ path: join(folder, 'undisturbed.db'), log: silent, nowMs: SINCE });
  await commitAll(undisturbed, () => undefined);

  let kills = 0;
  for (let attempt = 0; attempt < KILLS; attempt += 1) {
    const { isKilled } = await run(path, 1 + Math.floor(Math.random() * 6));
    if (isKilled) kills += 1;
  }
  const last = await run(path, Number.POSITIVE_INFINITY);

  const store = await start(createSqliteStore({ path, log: silent, nowMs: SINCE }), deploymentSettings());
  expect(kills).toBeGreaterThan(KILLS / 2);
  expect(last).toEqual({ committed: PAGES, isKilled: false });
  expect(totals(store)).toEqual(totals(undisturbed));
  expect(deploymentTotals(store)).toEqual(deploymentTotals(undisturbed));
  expect(deploymentTotals(store)['checkout production']?.['leadTime']).toBeGreaterThan(30);
  expect(counted(store, 'revisions')).toEqual(counted(undisturbed, 'revisions'));
  expect(total(store, 'recovery')).toBe(ledgerRows(path));
  expect(total(store, 'recovery')).toBeGreaterThan(1000);
  store.close();
  undisturbed.close();
});
