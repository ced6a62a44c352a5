import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { declared as betterstack } from './declared/betterstack.ts';
import { declaredStage, NOW_MS, readAnswer } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const attributes = {
  name: 'checkout',
  cause: 'Status 500',
  started_at: '2026-10-20T09:00:00.000Z',
  acknowledged_at: '2026-10-20T09:04:30.000Z',
  acknowledged_by: 'ada',
  resolved_at: '2026-10-20T09:41:10.000Z',
  resolved_by: 'Better Stack',
  status: 'Resolved',
  team_name: 'Payments',
  metadata: { severity: [{ type: 'String', value: 'SEV-2' }] },
};
const START_MS = Date.parse(attributes.started_at);

describe('the Better Stack provider', () => {
  it('reads an incident with its times, its monitor and its team', async () => {
    const data = [{ id: '25', type: 'incident', attributes }];

    const memory = await readAnswer(betterstack, { data, pagination: { next: null } });

    expect(memory.incidents.get('25')).toMatchObject({
      title: 'checkout: Status 500',
      status: 'resolved',
      triggeredAtMs: START_MS,
      acknowledgedAtMs: START_MS + 4.5 * MINUTE_MS,
      resolvedAtMs: Date.parse(attributes.resolved_at),
      serviceName: 'checkout',
      team: 'Payments',
    });
  });

  it('goes from page to page on its own host, though the links name another', async () => {
    const { world, poll, ...stage } = await declaredStage(betterstack);
    for (let index = 0; index < 130; index += 1) {
      const events = [event('resolve', NOW_MS - HOUR_MS)];
      world.incidents.push(simulated(`B${index}`, { triggeredAtMs: NOW_MS - 3 * HOUR_MS + index * 1000, events }));
    }

    await poll();

    const lists = stage.fake.requests.filter(({ query }) => query.get('resolved') === null);
    expect(lists.map(({ query }) => query.get('page'))).toEqual([null, '2', '3']);
    expect(stage.memory.incidents.size).toBe(130);
    await stage.close();
  });

  it('asks for whole days, which begin early enough and end late enough for any zone', async () => {
    const { poll, ...stage } = await declaredStage(betterstack);
    await poll();
    stage.time.nowMs += MINUTE_MS;

    await poll();

    const { query } = stage.fake.requests.filter((one) => one.query.has('from')).at(-1) ?? {};
    // The last hour is read again, from 11:00 on.
    expect([query?.get('from'), query?.get('to')]).toEqual(['2026-11-01', '2026-11-03']);
    await stage.close();
  });
});
