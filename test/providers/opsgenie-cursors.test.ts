import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { createOpsgenieProvider, event, NOW_MS, simulated, stageOf } from './opsgenie-stage.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const START_MS = NOW_MS - 30 * DAY_MS;
const shared = { source: 'alerts', tags: ['service', ''], historyStartMs: START_MS };

describe('a position that an earlier version stored', () => {
  it('of polls goes on from the newest change, without a first sync', async () => {
    const alert = simulated('new', { triggeredAtMs: NOW_MS - HOUR_MS, events: [event('resolve', NOW_MS - MINUTE_MS)] });
    const stage = await stageOf('alerts', [alert], { opened });
    const cursor = { phase: 'synced', ...shared, newestMs: NOW_MS - 2 * HOUR_MS, missingId: 'm', retriedId: 'r' };
    stage.memory.cursor = JSON.stringify(cursor);

    await stage.poll();

    expect(stage.asked().some((one) => one.includes('createdAt >='))).toBe(false);
    expect(stage.memory.incidents.get('new')?.resolvedAtMs).toBe(NOW_MS - MINUTE_MS);
    const next = { phase: 'synced', ...shared, newestMs: NOW_MS - MINUTE_MS };
    expect(JSON.parse(stage.memory.cursor ?? '')).toMatchObject(next);
  });

  it('within a first sync goes on with what was left, up to the time when it began', async () => {
    const stage = await stageOf('alerts', [simulated('open', { triggeredAtMs: NOW_MS - HOUR_MS })], { opened });
    const left = { fromMs: NOW_MS - DAY_MS, toMs: NOW_MS - MINUTE_MS, offset: 200 };
    const begun = { phase: 'history', ...shared, askedUntilMs: NOW_MS - MINUTE_MS, spans: [left] };
    stage.memory.cursor = JSON.stringify(begun);
    const provider = createOpsgenieProvider('alerts', stage.fake.url);
    opened.push(provider);

    await stage.poll({ with: provider });

    const created = stage.asked().filter((one) => one.includes('createdAt >='));
    expect(created).toHaveLength(1);
    expect(created[0]).toContain(`createdAt >= ${left.fromMs} AND createdAt < ${left.toMs}`);
    expect(stage.memory.end).toMatchObject({ polledUntilMs: NOW_MS - MINUTE_MS, historyStartMs: START_MS });
  });
});
