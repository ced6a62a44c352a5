import { expect, it } from 'vitest';
import type { LogFields } from '../../src/model/log.ts';
import {
  createRefreshRunner,
  type RefreshAll,
  type RefreshRequest,
  type RefreshResult,
  type RefreshTarget,
} from '../../src/poller/refresh.ts';

const NOW_MS = 1_000_000_000;
const FOUND: RefreshResult = {
  added: 1,
  changed: 2,
  unchanged: 3,
  deleted: 4,
  rejected: 5,
  unverified: 6,
  requests: 7,
};
const ALL: RefreshAll = { providers: 'all', spanMs: undefined, isDryRun: false, failuresMax: 0 };

/** Rejects when the request is ended. */
function hangs({ signal }: RefreshRequest): Promise<RefreshResult> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

function target(name: string, change: Partial<RefreshTarget> = {}): RefreshTarget {
  const lastSuccessMs = async () => NOW_MS;
  return { name, pollIntervalMs: 60_000, nowMs: () => NOW_MS, lastSuccessMs, refresh: async () => FOUND, ...change };
}

function refreshRunner(...targets: readonly RefreshTarget[]) {
  const lines: { readonly text: string; readonly fields: LogFields }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ text: `${level} ${message}`, fields });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { lines, ...createRefreshRunner({ targets, log }) };
}

function failing(message: string): Partial<RefreshTarget> {
  return { refresh: () => Promise.reject(new Error(message)) };
}

it('reads all providers again and returns the outcome of each, in their order', async () => {
  const { begin, lines } = refreshRunner(target('pd'), target('og', failing('503 after 5 tries')));

  const outcomes = await begin(ALL);

  const { added, ...others } = FOUND;
  const counts = { ...others, new: added };
  expect(outcomes).toEqual([
    { provider: 'pd', outcome: 'refreshed', refreshed: FOUND },
    { provider: 'og', outcome: 'failed', error: '503 after 5 tries' },
  ]);
  expect(lines).toEqual([
    { text: 'info provider was read again', fields: { provider: 'pd', dry_run: false, ...counts } },
    { text: 'warn provider was not read again', fields: { provider: 'og', error: '503 after 5 tries' } },
  ]);
});

it.each([
  { says: 'exactly three intervals ago', lastMs: NOW_MS - 180_000, outcome: 'skipped' },
  { says: 'more than three intervals ago', lastMs: NOW_MS - 180_001, outcome: 'refreshed' },
  { says: 'never', lastMs: undefined, outcome: 'refreshed' },
])('of stale providers one that was read $says is $outcome', async ({ lastMs, outcome }) => {
  const { begin } = refreshRunner(target('pd', { lastSuccessMs: async () => lastMs }));

  const outcomes = await begin({ ...ALL, providers: 'stale' });

  expect(outcomes).toMatchObject([{ provider: 'pd', outcome }]);
});

it('passes on how far back, and that nothing is to be written', async () => {
  const asked: RefreshRequest[] = [];
  const { begin } = refreshRunner(target('pd', { refresh: async (request) => (asked.push(request), FOUND) }));

  await begin({ ...ALL, spanMs: 5, isDryRun: true });

  expect(asked).toMatchObject([{ spanMs: 5, isDryRun: true }]);
});

it('ends those that still read when `max_failures` have failed', async () => {
  const { begin } = refreshRunner(
    target('a', failing('no')),
    target('b', { refresh: hangs }),
    target('c', failing('no')),
    target('d'),
  );

  const outcomes = await begin({ ...ALL, failuresMax: 2 });

  expect(outcomes?.map(({ provider, outcome }) => `${provider} ${outcome}`)).toEqual([
    'a failed',
    'b ended',
    'c failed',
    'd refreshed',
  ]);
});

it('refuses a second one while one is under way, and accepts one after it', async () => {
  const { begin, stop } = refreshRunner(target('pd', { refresh: hangs }));

  const first = begin(ALL);
  const second = begin(ALL);
  await stop();
  const third = begin(ALL);

  expect(second).toBeUndefined();
  expect(await first).toEqual([{ provider: 'pd', outcome: 'ended', error: 'the exporter stops or reloads' }]);
  expect(await third).toEqual([{ provider: 'pd', outcome: 'ended', error: 'the exporter stops or reloads' }]);
});
