import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { hashSync } from 'bcryptjs';
import { expect, it, onTestFinished } from 'vitest';
import { createBcryptThread } from '../../src/server/login-queue.ts';

const run = promisify(execFile);
const HASH = hashSync('scrape me', 4);

function startThread() {
  const thread = createBcryptThread();
  onTestFinished(() => thread.close());
  return { compare: thread.service.compare, close: () => thread.close() };
}

it('tells the right password from others', async () => {
  const { compare } = startThread();

  const results = await Promise.all(['scrape me', 'scrape m', ''].map((password) => compare(password, HASH)));

  expect(results).toEqual([true, false, false]);
});

it('leaves its caller free while it compares', async () => {
  const { compare } = startThread();
  let isDone = false;
  let turns = 0;

  const comparing = compare('wrong', hashSync('x', 8)).finally(() => {
    isDone = true;
  });
  // A comparison on this thread would leave no turn between its begin and its end.
  while (!isDone) {
    await new Promise((next) => setImmediate(next));
    turns += 1;
  }
  await comparing;

  expect(turns).toBeGreaterThan(2);
});

it('rejects what it cannot compare, and goes on with a new thread', async () => {
  const { compare } = startThread();

  // What the file allows always has this form; a thread that fails must not fail for good.
  const failing = compare('scrape me', `$2b$99$${HASH.slice(7)}`);

  await expect(failing).rejects.toThrow('Illegal number of rounds');
  expect(await compare('scrape me', HASH)).toBe(true);
});

it('rejects what waits when it is closed', async () => {
  const thread = startThread();
  const outcome = thread.compare('wrong', HASH).catch(String);

  await thread.close();

  expect(await outcome).toBe('Error: the bcrypt thread has ended');
});

it('costs nothing to close before it was used', async () => {
  const thread = createBcryptThread();

  const closing = thread.close();

  await expect(closing).resolves.toBeUndefined();
});

it('finds its worker where it was compiled to JavaScript', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-exporter-compiled-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const root = resolve(import.meta.dirname, '../..');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const module = pathToFileURL(join(folder, 'dist/server/login-queue.js')).href;
  const program = `
    const alive = setInterval(() => undefined, 1000); // The thread itself keeps no process alive.
    const thread = (await import(${JSON.stringify(module)})).createBcryptThread();
    console.log(await thread.service.compare('scrape me', ${JSON.stringify(HASH)}));
    await thread.close();
    clearInterval(alive);
  `;

  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);

  expect(stdout).toBe('true\n');
});
