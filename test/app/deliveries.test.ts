import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { parsePage } from '../e2e/page.ts';
import { type DeliveryStage, MINUTE_MS, START_MS, stageDeliveries, TOKEN } from './delivery-stage.ts';

const iso = (minutes: number) => new Date(START_MS + minutes * MINUTE_MS).toISOString();

/** One version of an incident, as its sender knew it at a time. */
interface Version {
  readonly id: string;
  readonly triggeredAt: string;
  readonly resolvedAt?: string;
  readonly updatedAt: string;
  readonly title: string;
}

/** The second page after a scrape: the first one of a new series carries its zero. */
async function readPage({ pageLoop, reader, core, clock }: DeliveryStage) {
  await pageLoop.tick();
  const first = await reader.read('text');
  core.scraped(first?.version ?? 0, clock.nowMs());
  await pageLoop.tick();
  const page = await reader.read('text');
  return parsePage(Buffer.concat([...(page?.body ?? [])]).toString('utf8'));
}

/** A store whose commits fail as often as it is told. */
function brokenStore() {
  const broken = { next: 0 };
  const storeWith = (store: Store): Store => ({
    ...store,
    commit: (batch) => {
      if (broken.next > 0 && batch.incidents.length > 0) {
        broken.next -= 1;
        throw new Error('database or disk is full');
      }
      return store.commit(batch);
    },
  });
  return { broken, storeWith };
}

/** Each incident gets a few versions, the last of which is resolved. */
const histories = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 }).map((counts) =>
  counts.flatMap((count, incident): Version[] =>
    Array.from({ length: count }, (_, version) => ({
      id: `I${incident}`,
      triggeredAt: iso(incident),
      ...(version === count - 1 && { resolvedAt: iso(20 + incident) }),
      updatedAt: iso(incident + version),
      title: `version ${version}`,
    })),
  ),
);
const steps = fc.array(
  fc.record({
    pick: fc.nat(),
    size: fc.integer({ min: 1, max: 3 }),
    fate: fc.constantFrom('arrives', 'arrives', 'arrives twice', 'is lost', 'fails to be stored', 'is forged'),
  }),
  { maxLength: 30 },
);

it('counts each incident once, as its newest version says, whatever comes twice, late, in any order, forged or not at all', async () => {
  await fc.assert(
    fc.asyncProperty(histories, steps, async (versions, plan) => {
      const { broken, storeWith } = brokenStore();
      const stage = await stageDeliveries(storeWith);
      await stage.clock.advance(60 * MINUTE_MS);
      // What was acknowledged has been stored; the sender repeats everything else, and so does it here in the end.
      const acknowledged = new Set<Version>();
      const forgedStatuses = new Set<number>();
      for (const { pick, size, fate } of plan) {
        const batch = Array.from({ length: size }, (_, at) => versions[(pick + at * 7) % versions.length]).flatMap(
          (one) => one ?? [],
        );
        if (fate === 'is lost') continue;
        if (fate === 'is forged') {
          const forged = batch.map((one) => ({ ...one, resolvedAt: iso(50), updatedAt: iso(55) }));
          forgedStatuses.add((await stage.push(forged, 'forged')).status);
          continue;
        }
        if (fate === 'fails to be stored') broken.next = 1;
        const answers = [await stage.push(batch), ...(fate === 'arrives twice' ? [await stage.push(batch)] : [])];
        if (answers.some(({ status }) => status === 200)) for (const one of batch) acknowledged.add(one);
        broken.next = 0;
      }
      for (const one of versions) if (!acknowledged.has(one)) await stage.push(one);

      const page = await readPage(stage);

      expect([...forgedStatuses].filter((status) => status !== 401)).toEqual([]);
      const newest = new Map<string, Version>();
      for (const one of versions) {
        if (one.updatedAt >= (newest.get(one.id)?.updatedAt ?? '')) newest.set(one.id, one);
      }
      const stored = stage.store.stored('ours').incidents([...newest.keys()]);
      expect([...stored.values()].map(({ id, title }) => `${id} ${title}`).toSorted()).toEqual(
        [...newest.values()].map(({ id, title }) => `${id} ${title}`).toSorted(),
      );
      expect(page.sum('incident_recovery_time_minutes_count', { provider: 'ours' })).toBe(newest.size);
      const minutes = [...newest.keys()].length * 20;
      expect(page.sum('incident_recovery_time_minutes_sum', { provider: 'ours' })).toBeCloseTo(minutes, 6);
      await stage.close();
    }),
    { numRuns: 20 },
  );
});

it('begins history with the oldest record, and ends windows now', async () => {
  const stage = await stageDeliveries();
  await stage.clock.advance(5 * MINUTE_MS);
  const before = stage.store.provider('ours');

  await stage.push([{ id: 'A', triggeredAt: iso(-600), resolvedAt: iso(-590) }]);
  await stage.push([{ id: 'B', triggeredAt: iso(-60), resolvedAt: iso(-50) }]);

  expect(before).toMatchObject({ isSynced: true, countingSinceMs: START_MS, historyStartMs: START_MS });
  expect(stage.store.provider('ours')).toMatchObject({
    countingSinceMs: START_MS,
    historyStartMs: START_MS - 600 * MINUTE_MS,
    polledUntilMs: START_MS + 5 * MINUTE_MS,
  });
  const page = await readPage(stage);
  expect(page.value('incident_window_resolved', { by: 'all', window: '7d' })).toBe(2);
  expect(page.sum('incident_recovery_time_minutes_count', { provider: 'ours' })).toBe(0);
});

it('refuses deliveries before the start and after the end, and more than 20 that wait', async () => {
  const stage = await stageDeliveries();
  const record = { id: 'A', triggeredAt: iso(0) };

  const flood = await Promise.all(Array.from({ length: 30 }, () => stage.push(record)));
  await stage.engine.stop();
  const late = await stage.push(record);

  expect(flood.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(flood.filter(({ status }) => status === 503)).toHaveLength(10);
  expect(late.status).toBe(503);
});

it('survives anything that is JSON, and stores of it only what is a record', async () => {
  const stage = await stageDeliveries();
  const times = fc.constantFrom(iso(-5), iso(-1), iso(0), 'never', '', null, 0, -1, 1e15, 1_772_323_200_000);
  const record = fc.record(
    {
      id: fc.oneof(fc.string(), fc.integer(), fc.constantFrom('__proto__', 'constructor', 'A')),
      triggeredAt: times,
      resolvedAt: times,
      updatedAt: times,
      acknowledgedAt: times,
      status: fc.constantFrom('resolved', 'open', 'triggered', 'unknown', 7),
      severity: fc.string(),
      service: fc.string({ unit: 'binary' }),
      intervals: fc.anything(),
      merged: fc.anything(),
    },
    { requiredKeys: [] },
  );
  const bodies = fc.oneof(fc.anything(), record, fc.array(fc.oneof(record, fc.anything()), { maxLength: 20 }));

  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const { status, body: answer } = await stage.push(body);

      expect([200, 422]).toContain(status);
      const { accepted, unchanged, rejected } = answer as { accepted: number; unchanged: number; rejected: unknown[] };
      expect(accepted + unchanged + rejected.length).toBe(Array.isArray(body) ? body.length : 1);
    }),
    { numRuns: 1000 },
  );
});

it('remembers when a provider last delivered, and what was refused last and why', async () => {
  const stage = await stageDeliveries();
  const target = stage.targets.push('ours', 'incidents');

  target?.onDelivery('accepted');
  await stage.clock.advance(MINUTE_MS);
  target?.onDelivery('unauthorized', 'the secret is wrong');
  target?.onDelivery('accepted');
  await stage.clock.advance(MINUTE_MS);

  expect(stage.deliveries.find('ours')).toEqual({
    lastAcceptedAtMs: START_MS + MINUTE_MS,
    accepted: 2,
    refused: 1,
    lastRefusal: { atMs: START_MS + MINUTE_MS, outcome: 'unauthorized', reason: 'the secret is wrong' },
  });
  expect(stage.targets.push('ours', 'alarms')).toBeUndefined();
  expect(stage.targets.webhook('ours')).toBeUndefined();
  expect((await stage.push({ id: 'A' }, `${TOKEN} `)).status).toBe(422);
});

it('takes a reopened incident from its intervals alone', async () => {
  const stage = await stageDeliveries();
  const record = { id: 'A', triggeredAt: iso(-30) };
  await stage.push({ ...record, resolvedAt: iso(-20) });

  const reopened = await stage.push({
    ...record,
    intervals: [
      [iso(-30), iso(-20)],
      [iso(-10), null],
    ],
  });

  expect(reopened.body).toMatchObject({ accepted: 1, unchanged: 0 });
  expect(stage.store.stored('ours').openIds()).toEqual(['A']);
});

const times = { startedAt: iso(-10), finishedAt: iso(-5), outcome: 'success' };
const deployment = { id: 'D', service: 'shop', environment: 'production', ...times };

it.each([
  {
    says: 'no object',
    body: [undefined, 5, []],
    rejected: [{ reason: 'malformed' }, { reason: 'malformed' }, { reason: 'malformed' }],
  },
  {
    says: 'a start at the zero of a clock',
    body: [{ ...deployment, startedAt: '0001-01-01T00:00:00Z' }],
    rejected: [{ reason: 'start_unknown', field: 'startedAt' }],
  },
  {
    says: 'a change in the future',
    body: [{ ...deployment, updatedAt: iso(60) }],
    rejected: [{ reason: 'future', field: 'updatedAt' }],
  },
])('rejects a deployment for $says', async ({ body, rejected }) => {
  const stage = await stageDeliveries();

  const answer = await stage.pushDeployments(body);

  expect(answer).toMatchObject({ status: 422, body: { accepted: 0, unchanged: 0, rejected } });
  expect(stage.store.provider('ours')).toMatchObject({ historyStartMs: START_MS });
});

it('rejects what is no object as malformed, of no field, and takes the records around it', async () => {
  const stage = await stageDeliveries();

  const answer = await stage.push([{ id: 'A', triggeredAt: iso(0) }, undefined, 'B']);

  const detail = 'expected a JSON object';
  expect(answer).toEqual({
    status: 200,
    body: {
      accepted: 1,
      unchanged: 0,
      rejected: [
        { index: 1, reason: 'malformed', detail },
        { index: 2, reason: 'malformed', detail },
      ],
    },
  });
});

it('adds to numbers as soon as deployments or incidents were pushed, also where no deployment ever failed', async () => {
  const stage = await stageDeliveries();
  const { emptiness } = stage.engine;
  await expect.poll(() => emptiness.reason('ours')).toBe('it holds no incidents: nothing was pushed yet');

  await stage.pushDeployments(deployment);

  await expect.poll(() => emptiness.reason('ours')).toBeUndefined();
});
