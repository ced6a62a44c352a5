import { expect, it } from 'vitest';
import type { Engine } from '../../src/app/engine.ts';
import { createReloader } from '../../src/app/reload.ts';
import type { Config } from '../../src/config/types.ts';
import { CoreFailure } from '../../src/core/messages.ts';
import { systemClock } from '../../src/model/time.ts';
import { silent } from '../test-exporter.ts';

/** A reload whose core answers with this error; tells what became of it. */
async function reloadRefused(error: Error) {
  const config = { store: { type: 'sqlite', path: 's.db' } } as unknown as Config;
  const calls: string[] = [];
  const createEngine = () =>
    ({ config, start: () => calls.push('started'), stop: async () => void calls.push('stopped') }) as unknown as Engine;
  const fatal: unknown[] = [];
  const before = createEngine();
  const reloader = createReloader({
    readConfig: () => config,
    createEngine,
    core: {
      configure: async () => {
        throw error;
      },
    },
    storePath: 's.db',
    running: () => before,
    replace: () => void calls.push('replaced'),
    onReloaded: async () => undefined,
    clock: systemClock,
    log: silent,
    onFatal: (reason) => void fatal.push(reason),
  });
  const result = await reloader.reload();
  return { result, fatal, calls };
}

it('a configuration that the core refuses lets the old one run on', async () => {
  const { result, fatal, calls } = await reloadRefused(new Error('database or disk is full'));

  expect(result).toEqual({ ok: false, message: 'database or disk is full' });
  expect(calls).toEqual(['stopped', 'stopped', 'started', 'replaced']);
  expect(fatal).toEqual([]);
});

it('a core that can no longer be trusted ends the exporter instead of running on', async () => {
  const failure = new CoreFailure('the store is damaged: database disk image is malformed');

  const { fatal, calls } = await reloadRefused(failure);

  expect(fatal).toEqual([failure]);
  expect(calls).toEqual(['stopped', 'stopped']);
});
