import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createFileRecorder, watchConfig } from '../../src/cli/config-watch.ts';
import { createHandClock, settled } from '../poller/clock.ts';
import { rememberLog, until } from '../server/serving.ts';

function stage() {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-watch-'));
  const clock = createHandClock(0);
  const recorder = createFileRecorder();
  const { log, lines } = rememberLog();
  const stopping = new AbortController();
  const reloaded: string[][] = [];
  let files: string[] = [];
  const load = () => files.map((path) => recorder.read(path));
  const reload = async () => void reloaded.push(load());
  const watching = watchConfig({ recorder, reload, clock, log }, stopping.signal);
  onTestFinished(async () => {
    stopping.abort();
    await watching;
    rmSync(folder, { recursive: true });
  });
  return {
    folder,
    lines,
    reloaded,
    recorder,
    path: (name: string) => join(folder, name),
    write: (name: string, text: string) => writeFileSync(join(folder, name), text),
    watch: (names: readonly string[]) => {
      files = names.map((name) => join(folder, name));
      load();
    },
    /** So many checks, each to its end. */
    checks: async (count: number) => {
      for (let check = 0; check < count; check += 1) {
        await until(() => clock.sleeping().length === 1);
        await clock.advance(2000);
        await until(() => clock.sleeping().length === 1);
        await settled();
      }
    },
  };
}

it('reloads once when a file changes, and not while it is still being written', async () => {
  const { write, watch, checks, reloaded, lines } = stage();
  write('c.yml', 'a: 1');
  write('key', 'k1');
  watch(['c.yml', 'key']);

  await checks(2);
  write('key', 'k');
  await checks(1);
  write('key', 'k2');
  await checks(1);
  const early = reloaded.length;
  await checks(4);

  expect(early).toBe(0);
  expect(reloaded).toEqual([['a: 1', 'k2']]);
  expect(lines).toEqual([expect.stringMatching(/^info configuration files changed files=\S+key$/)]);
});

it('notices the swapped links of a mounted ConfigMap, whatever time its files have', async () => {
  const { folder, path, checks, watch, reloaded } = stage();
  const mount = (version: string, text: string) => {
    mkdirSync(path(version));
    writeFileSync(join(path(version), 'config.yml'), text);
    symlinkSync(version, path('..data_tmp'));
    renameSync(path('..data_tmp'), path('..data'));
  };
  mount('..1', 'a: 1');
  symlinkSync(join('..data', 'config.yml'), join(folder, 'config.yml'));
  watch(['config.yml']);

  mount('..2', 'a: 2');
  await checks(3);

  expect(reloaded).toEqual([['a: 2']]);
});

it('tries a broken or missing file once, and again when it changes', async () => {
  const { path, write, watch, checks, reloaded, lines } = stage();
  write('c.yml', 'a: 1');
  watch(['c.yml']);

  rmSync(path('c.yml'));
  await checks(5);
  const failures = lines.filter((line) => line.startsWith('error reload failed'));
  write('c.yml', 'a: 2');
  await checks(3);

  expect(failures).toHaveLength(1);
  expect(reloaded).toEqual([['a: 2']]);
});
