import { expect, it } from 'vitest';
import { refreshAnswer } from '../../src/cli/api/refresh-answer.ts';
import { createApiSource } from '../../src/cli/api/source.ts';
import { statisticsAnswer } from '../../src/cli/api/statistics-answer.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Refreshed } from '../../src/poller/refresh.ts';
import type { RefreshOutcome } from '../../src/poller/refreshing.ts';
import { platforms } from '../../src/providers/registry.ts';
import { type Row, STATISTICS, type Statistic } from '../../src/stats/rows.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { temporaryFolder } from '../e2e/process.ts';
import { createHandClock } from '../poller/clock.ts';

const text = 'providers: [{ type: pagerduty, api_key: k }]\nwindows: [7d, 30d]';
const { config } = loadConfig({ text, filename: 'c', env: {}, platforms, readFile: () => '', nowMs: 0 });

/** A row with these values in its first window, and nothing in its second. */
function row(grouping: Row['grouping'], labels: Row['labels'], values: Partial<Record<Statistic, number>>): Row {
  const first = Float64Array.from(STATISTICS, (statistic) => values[statistic] ?? Number.NaN);
  const none = new Float64Array(STATISTICS.length).fill(Number.NaN);
  return { grouping, labels, statistics: new Set(STATISTICS), values: [first, none], versions: new Uint32Array() };
}

const ROWS = [
  row('all', [], { mttr: 59.9, resolved: 2, opened: 0 }),
  row('service', [['service', 'checkout']], { mttr: 60, p95: 61.5, free: 0.5 }),
];
const SHOWN = { config, rows: ROWS };

it('statistics have a row for each group and window, with what is known', async () => {
  const { rows } = await statisticsAnswer(SHOWN, {});

  expect(rows).toEqual([
    { by: 'all', window: '7d', window_seconds: 604_800, mttr_minutes: 59.9, resolved: 2, opened: 0, level: 'elite' },
    { by: 'all', window: '30d', window_seconds: 2_592_000 },
    {
      by: 'service',
      window: '7d',
      window_seconds: 604_800,
      service: 'checkout',
      mttr_minutes: 60,
      recovery_p95_minutes: 61.5,
      free_ratio: 0.5,
      level: 'high',
    },
    { by: 'service', window: '30d', window_seconds: 2_592_000, service: 'checkout' },
  ]);
});

it.each([
  { question: { by: 'all' as const, window: '7d' }, found: ['all 7d'] },
  { question: { service: 'checkout' }, found: ['service 7d', 'service 30d'] },
  { question: { severity: 'P1' }, found: [] },
])('statistics can be asked for by $question', async ({ question, found }) => {
  const { rows } = await statisticsAnswer(SHOWN, question);

  expect(rows.map(({ by, window }) => `${by} ${window}`)).toEqual(found);
});

it.each([
  { question: { window: '31d' }, says: 'window is not configured; expected one of 7d, 30d' },
  { question: { by: 'team' as const }, says: 'by is not configured; expected one of all severity service' },
  { question: { service: 'chekout' }, says: 'service is unknown: "chekout"; did you mean "checkout"?' },
])('says what is wrong with statistics for $question', async ({ question, says }) => {
  const answer = statisticsAnswer(SHOWN, question);

  await expect(answer).rejects.toMatchObject({ status: 400, message: expect.stringContaining(says) });
});

const FOUND: Refreshed = { added: 1, changed: 2, unchanged: 3, deleted: 4, rejected: 5, unverified: 6, requests: 7 };
const READ: RefreshOutcome = { provider: 'pd', outcome: 'refreshed', refreshed: FOUND };
const FAILED: RefreshOutcome = { provider: 'og', outcome: 'failed', error: '503' };
const ENDED: RefreshOutcome = { provider: 'aws', outcome: 'ended', error: '1 failed, which is max_failures' };
const SKIPPED: RefreshOutcome = { provider: 'aws', outcome: 'skipped' };

it.each([
  { outcomes: [READ], outcome: 'complete' },
  { outcomes: [SKIPPED], outcome: 'complete' },
  { outcomes: [READ, FAILED, SKIPPED], outcome: 'partial' },
  { outcomes: [READ, ENDED], outcome: 'partial' },
  { outcomes: [FAILED, SKIPPED], outcome: 'failed' },
  { outcomes: [FAILED, ENDED], outcome: 'failed' },
])('a refresh is $outcome when providers ended as $outcomes', ({ outcomes, outcome }) => {
  const answer = refreshAnswer(outcomes, true);

  expect(answer).toMatchObject({ outcome, dry_run: true, providers: outcomes.map(({ provider }) => ({ provider })) });
});

it('a refresh tells numbers of incidents', () => {
  const { providers } = refreshAnswer([READ], false);

  const counts = { requests: 7, new: 1, changed: 2, unchanged: 3, deleted: 4, rejected: 5, unverified: 6 };
  expect(providers).toEqual([{ provider: 'pd', outcome: 'refreshed', ...counts }]);
});

it('before the first page nothing is told that would only be part of the truth', async () => {
  const storePath = `${temporaryFolder()}/s.db`;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const store = createSqliteStore({ path: storePath, log, nowMs: 0 });
  const source = createApiSource({
    engine: () => {
      throw new Error('nobody may ask the engine yet');
    },
    config: () => config,
    isOpen: () => false,
    reloadFailure: () => undefined,
    store,
    storePath,
    platforms,
    clock: createHandClock(0),
    version: '1.2.3',
    startedAtMs: 0,
  });

  const answers = await Promise.allSettled([
    source.statistics({}),
    source.incidents({ limit: 1 }),
    source.explain({ limit: 1 }),
    source.refresh({ scope: 'all', dry_run: false, max_failures: 0 }),
  ]);
  store.close();

  const reason = { status: 503, message: 'the exporter is still starting', retryAfterSeconds: 5 };
  expect(answers).toMatchObject([{ reason }, { reason }, { reason }, { reason }]);
});
