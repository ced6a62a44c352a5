import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createApiSource } from '../../src/app/api/source.ts';
import { storeQueries } from '../../src/app/store-queries.ts';
import { loadConfig } from '../../src/config/load.ts';
import { toRemote } from '../../src/core/remote.ts';
import { platforms } from '../../src/providers/registry.ts';
import type { ApiSource } from '../../src/server/api/endpoints.ts';
import { RequestProblem } from '../../src/server/responses.ts';
import { createHandClock } from '../poller/clock.ts';
import { at, poll, recovered, SINCE } from '../store/fixtures.ts';
import { temporaryFolder } from '../store/sqlite-location.ts';
import { openTestExporter } from '../test-exporter.ts';

/** What the API answers from, over one synced provider with one incident. */
async function stage({ hasPage }: { readonly hasPage: boolean }): Promise<ApiSource> {
  const storePath = join(temporaryFolder(), 's.db');
  const text = `providers: [{ type: pagerduty, api_key: k }]\nstore: { path: "${storePath}" }`;
  const { config } = loadConfig({ text, filename: 'c', env: {}, platforms, readFile: () => '', nowMs: SINCE });
  const clock = createHandClock(at(60));
  const life = await openTestExporter({ config, clock });
  onTestFinished(() => life.close());
  life.core.commit(poll(at(60), { incidents: [recovered('Q1', 20)] }));
  await life.pageLoop.tick();
  return createApiSource({
    engine: () => life.engine,
    core: life.remote,
    storeQueries: toRemote(storeQueries),
    pageLoop: { ...life.pageLoop, hasPage: () => hasPage },
    reloadFailure: () => undefined,
    storePath,
    platforms,
    clock,
    version: '1.2.3',
    startedAtMs: SINCE,
  });
}

it('before the first page nothing is answered that would only be part of the truth', async () => {
  const source = await stage({ hasPage: false });

  const answers = await Promise.allSettled([
    source.statistics({}),
    source.incidents({ limit: 1 }),
    source.explain({ limit: 1 }),
    source.refresh({ scope: 'all', dry_run: false, max_failures: 0 }),
  ]);
  const status = await source.status();

  const reason = { status: 503, message: 'the exporter is still starting', retryAfterSeconds: 5 };
  expect(answers).toMatchObject([{ reason }, { reason }, { reason }, { reason }]);
  expect(status).toMatchObject({ started: false, providers: [{ name: 'pagerduty', synced: false }] });
});

it('a last poll of a provider that is not configured is not found, one that has not begun is pending', async () => {
  const source = await stage({ hasPage: true });

  const known = await source.lastPoll('pagerduty');
  const unknown = await source.lastPoll('pd').catch((error: unknown) => error);

  expect(known).toEqual({ provider: 'pagerduty', state: 'pending', lines: [], omitted_lines: 0 });
  expect(unknown).toMatchObject({ status: 404, message: '"pd" is not a configured provider (known: pagerduty)' });
});

it('long answers are JSON that was put together elsewhere', async () => {
  const source = await stage({ hasPage: true });

  const statistics: unknown = JSON.parse((await source.statistics({ by: 'all', window: '30d' })).toString());
  const path = { provider: 'pagerduty', id: 'Q1' };
  const review: unknown = JSON.parse((await source.postmortem({ ...path, format: 'json' })).toString());
  const incidents: unknown = JSON.parse((await source.incidents({ limit: 1 })).toString());

  expect(statistics).toMatchObject({
    rows: [{ by: 'all', window: '30d', resolved: 1, mttr_minutes: 20 }],
    providers: [{ name: 'pagerduty', window_to: new Date(at(60)).toISOString() }],
  });
  expect(review).toMatchObject({ incident: { id: 'Q1' }, resolution: { state: 'resolved' } });
  expect(incidents).toMatchObject({ incidents: [{ id: 'Q1', recovery_minutes: 20 }] });
});

it.each([
  {
    says: 'statistics',
    ask: (source: ApiSource) => source.statistics({ service: 'chekout' }),
    name: 'service',
    reason: '"chekout" is unknown; did you mean "checkout"?',
  },
  {
    says: 'incidents',
    ask: (source: ApiSource) => source.incidents({ limit: 1, severity: 'P9' }),
    name: 'severity',
    reason: '"P9" is unknown',
  },
  {
    says: 'an explanation',
    ask: (source: ApiSource) => source.explain({ limit: 1, window: '0s' }),
    name: 'window',
    reason: '"0s" is not a valid window',
  },
])('what is wrong with a question for $says comes back from where it was asked', async ({ ask, name, reason }) => {
  const source = await stage({ hasPage: true });

  const problem = await ask(source).catch((error: unknown) => error);

  expect(problem).toBeInstanceOf(RequestProblem);
  expect(problem).toMatchObject({ status: 400, errors: [{ name, reason: expect.stringContaining(reason) }] });
});
