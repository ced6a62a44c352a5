import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { type CoreThread, startCoreThread } from '../../src/core/client.ts';
import { CoreFailure } from '../../src/core/messages.ts';
import { createPageReader } from '../../src/metrics/reader.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { parsePage } from '../e2e/page.ts';
import { rememberLog } from '../server/serving.ts';
import { at, poll, recovered, SINCE } from '../store/fixtures.ts';
import { silent, temporaryFolder } from '../store/sqlite-location.ts';
import { NAME, setupWith } from './stage.ts';

interface Stage extends CoreThread {
  readonly path: string;
  readonly worker: Worker;
  readonly fatal: unknown[];
  readonly lines: readonly string[];
}

/** A core on a thread of its own, over a store in a folder of its own. */
async function stage(path = join(temporaryFolder(), 'store.db')): Promise<Stage> {
  const { log, lines } = rememberLog();
  const fatal: unknown[] = [];
  const { result, worker } = await withWorker(() =>
    startCoreThread({ storePath: path, nowMs: SINCE, log, onFatal: (error) => void fatal.push(error) }),
  );
  onTestFinished(() => result.close());
  return { ...result, path, worker, fatal, lines };
}

/** The thread that was started meanwhile. */
async function withWorker<Result>(start: () => Promise<Result>): Promise<{ result: Result; worker: Worker }> {
  const workers: Worker[] = [];
  const remember = (worker: Worker) => void workers.push(worker);
  process.on('worker', remember);
  try {
    const result = await start();
    const [worker] = workers;
    if (worker === undefined) throw new Error('no thread was started');
    return { result, worker };
  } finally {
    process.off('worker', remember);
  }
}

it('commits, and gives a page on shared memory that can be read and unpacked here', async () => {
  const { core } = await stage();
  await core.configure(setupWith(), SINCE);
  await core.commit(poll(at(1)));

  const counts = await core.commit(poll(at(60), { incidents: [recovered('Q1', 20)] }));
  const { page, providersOnPage } = await core.tick(at(60), at(60));
  const reader = createPageReader(async () => 'up 1\n');
  if (page !== undefined) reader.show(page);
  const whole = await reader.read('text');

  expect(counts).toMatchObject({ added: 1 });
  expect(providersOnPage).toEqual([NAME]);
  const buffers = page?.newBlocks.flatMap(({ bytes }) => Object.values(bytes)) ?? [];
  expect(buffers.length).toBeGreaterThan(0);
  expect(buffers.every(({ buffer }) => buffer instanceof SharedArrayBuffer)).toBe(true);
  const text = Buffer.concat(whole?.body ?? []).toString('utf8');
  expect(parsePage(text).value('incident_window_resolved', { by: 'all', window: '30d' })).toBe(1);
  expect(gunzipSync(Buffer.concat(whole?.gzip ?? [])).toString('utf8')).toBe(text);
});

it('answers queries about the stored state of a provider, poll by poll', async () => {
  const { core } = await stage();
  await core.configure(setupWith(), SINCE);
  await core.commit(poll(at(1), { incidents: [recovered('Q1', 20)] }));
  const { complete, nowMs, cursor = '', ...page } = poll(at(60), { incidents: [recovered('Q2', 20)] });
  if (complete === undefined) throw new Error('a poll has an end');

  const { isSynced } = await core.beginPoll(NAME);
  await core.addPage(NAME, { ...page, cursor });
  const [stored, withPoll] = await Promise.all(
    [false, true].map((one) => core.incidents({ provider: NAME, withPoll: one }, ['Q1', 'Q2'])),
  );
  const counts = await core.commitPoll({ provider: NAME, startedAtMs: at(60), nowMs, cursor, complete });

  expect(isSynced).toBe(true);
  expect([...(stored?.keys() ?? [])]).toEqual(['Q1']);
  expect([...(withPoll?.keys() ?? [])]).toEqual(['Q1', 'Q2']);
  expect(counts).toMatchObject({ added: 1 });
});

it('is refused with the message of the store when another exporter has it', async () => {
  const { path } = await stage();

  const second = startCoreThread({
    storePath: path,
    nowMs: SINCE,
    log: silent,
    onFatal: () => undefined,
  });

  await expect(second).rejects.toThrow(`the store ${path} is in use by another mttr-exporter`);
});

it('passes on the lines that it logs', async () => {
  const { path, ...first } = await stage();
  await first.close();
  writeFileSync(path, 'this is no database, but long enough to look at\n'.repeat(50));

  const { lines } = await stage(path);

  expect(lines).toEqual([expect.stringContaining('error the store is damaged: it was set aside')]);
});

it('lets a call that throws fail, and goes on', async () => {
  const { core, fatal } = await stage();
  const setup = { ...setupWith(), capabilities: new Map() };

  const configuring = core.configure(setup, SINCE);

  await expect(configuring).rejects.toThrow(`the capabilities of provider ${NAME} are not known`);
  await core.configure(setupWith(), SINCE);
  expect((await core.provider(NAME)).isSynced).toBe(false);
  expect(fatal).toEqual([]);
});

it('reports once that it has ended without close, and every call fails from then on', async () => {
  const { core, worker, fatal } = await stage();
  await core.configure(setupWith(), SINCE);
  const waiting = core.tick(at(1), at(1)).catch((error: unknown) => error);

  await worker.terminate();
  const later = core.tick(at(2), at(2));

  await expect(later).rejects.toThrow(new CoreFailure('the core thread has ended'));
  expect(await waiting).toBeDefined();
  expect(fatal).toEqual([new CoreFailure('the core thread has ended')]);
});

it('reports its failure once', async () => {
  const { core, worker, fatal } = await stage();
  const ended = new Promise((resolve) => worker.once('exit', resolve));

  // Nothing that a caller can send: a fault in the thread's own loop.
  worker.postMessage(null);
  await ended;

  expect(fatal).toHaveLength(1);
  expect(fatal[0]).toBeInstanceOf(CoreFailure);
  expect(fatal[0]).toMatchObject({ message: expect.stringContaining('the core thread failed: TypeError') });
  await expect(core.provider(NAME)).rejects.toThrow('the core thread');
});

it('is closed while it is busy: waiting calls fail, what was committed stays, and no failure is reported', async () => {
  const { core, path, fatal, ...thread } = await stage();
  await core.configure(setupWith(), SINCE);
  await core.commit(poll(at(1)));
  const ids = Array.from({ length: 5000 }, (_, index) => `Q${index}`);
  await core.commit(poll(at(60), { incidents: ids.map((id) => recovered(id, 20)) }));
  // Each reads the whole store: all of them take far longer than the second that they are given.
  const setup = setupWith();
  const works = Array.from({ length: 2000 }, () => core.configure(setup, at(61)));
  const ended = Promise.allSettled(works);

  await thread.close();

  const failed = (await ended).filter(({ status }) => status === 'rejected');
  expect(failed.length).toBeGreaterThan(0);
  expect(fatal).toEqual([]);
  const store = createSqliteStore({ path, log: silent, nowMs: at(62) });
  expect(store.stored(NAME).incidents(ids).size).toBe(ids.length);
  store.close();
});

it('is closed at once when it is idle, and may be closed twice', async () => {
  const { core, path, fatal, ...thread } = await stage();
  await core.configure(setupWith(), SINCE);

  await thread.close();
  await thread.close();

  await expect(core.provider(NAME)).rejects.toThrow('the core thread has ended');
  expect(fatal).toEqual([]);
  createSqliteStore({ path, log: silent, nowMs: SINCE }).close();
});
