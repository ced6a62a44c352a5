import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { QueryContext, QueryResult, StoreQueries } from '../../src/app/store-queries.ts';
import { createOnDemandThread } from '../../src/server/on-demand-thread.ts';
import { setupWith, stageCore } from '../core/stage.ts';
import { at, poll, recovered } from '../store/fixtures.ts';
import { temporaryFolder } from '../store/sqlite-location.ts';

/** A thread that is asked of a store which the core has open. */
function stage() {
  const { core, path } = stageCore();
  core.commit(poll(at(60), { incidents: [recovered('Q1', 20)] }));
  const thread = createOnDemandThread<StoreQueries>({
    url: new URL('../../src/app/query-worker.ts', import.meta.url),
    name: 'query',
    methods: ['explain', 'incidents', 'postmortem', 'trend'],
    idleMs: 60_000,
  });
  onTestFinished(() => thread.close());
  const context: QueryContext = { ...setupWith(), storePath: path, nowMs: at(60) };
  return { core, thread, context };
}

function parsed(answer: QueryResult): unknown {
  return 'body' in answer ? JSON.parse(Buffer.from(answer.body).toString()) : answer.problem;
}

it('answers from the store as it is when it is asked, as JSON on shared memory', async () => {
  const { core, thread, context } = stage();

  const before = await thread.service.incidents(context, { limit: 10 });
  core.commit(poll(at(90), { incidents: [recovered('Q2', 30)] }));
  const after = await thread.service.incidents(context, { limit: 10 });
  const explanation = await thread.service.explain(context, { limit: 1, statistic: 'mttr', window: '30d' });

  const path = { provider: 'pagerduty', id: 'Q1' };
  const review = await thread.service.postmortem(context, { ...path, format: 'json' });
  const none = await thread.service.postmortem(context, { ...path, id: 'Q9', format: 'json' });

  expect(parsed(review)).toMatchObject({ incident: { id: 'Q1' }, resolution: { recovery_minutes: 20 } });
  expect(parsed(none)).toMatchObject({ status: 404, detail: 'provider "pagerduty" has no incident "Q9"' });
  expect(parsed(before)).toMatchObject({ incidents: [{ id: 'Q1' }] });
  expect(parsed(after)).toMatchObject({ incidents: [{ id: 'Q2' }, { id: 'Q1' }] });
  expect(parsed(explanation)).toMatchObject({ value: 25, counted: 2, agrees: true });
  expect('body' in after && after.body.buffer).toBeInstanceOf(SharedArrayBuffer);
});

it('says what is wrong with a question, and fails only the question that it cannot read for', async () => {
  const { thread, context } = stage();
  const elsewhere = { ...context, storePath: join(temporaryFolder(), 'none.db') };

  const [wrong, unreadable, right] = await Promise.allSettled([
    thread.service.incidents(context, { limit: 10, service: 'chekout' }),
    thread.service.incidents(elsewhere, { limit: 10 }),
    thread.service.incidents(context, { limit: 10 }),
  ]);

  expect(wrong).toMatchObject({ value: { problem: { status: 400, errors: [{ name: 'service' }] } } });
  expect(unreadable).toMatchObject({ reason: { message: expect.stringContaining('none.db') } });
  expect(right.status).toBe('fulfilled');
});

it('fails what is under way and what comes later when it is closed', async () => {
  const { thread, context } = stage();
  const waiting = Promise.allSettled([thread.service.incidents(context, { limit: 10 })]);

  await thread.close();
  const later = thread.service.incidents(context, { limit: 10 });

  await expect(later).rejects.toThrow('the exporter stops');
  expect((await waiting)[0]?.status).toBe('rejected');
});
