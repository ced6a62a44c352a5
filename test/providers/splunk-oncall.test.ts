import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { declared as splunkOncall } from './declared/splunk-oncall.ts';
import { declaredStage, NOW_MS, readAnswer } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const START_MS = Date.parse('2026-10-20T09:00:00Z');
const incident = {
  incidentNumber: '42',
  startTime: '2026-10-20T09:00:00Z',
  entityId: 'checkout',
  service: 'checkout 5xx',
  host: '',
  currentPhase: 'resolved',
  alertCount: 3,
  lastAlertTime: '2026-10-20T09:41:10Z',
  pagedTeams: ['payments'],
  pagedUsers: ['ada'],
};
const transitions = [
  { name: 'triggered', at: '2026-10-20T09:00:00Z', manually: false },
  { name: 'acknowledged', at: '2026-10-20T09:04:30Z', by: 'ada', manually: true },
  { name: 'resolved', at: '2026-10-20T09:41:10Z', by: 'SYSTEM', manually: false },
];
const read = async (changed: object = {}) => {
  const incidents = [{ ...incident, transitions, ...changed }];
  const memory = await readAnswer(splunkOncall, { offset: 0, limit: 20, total: 1, incidents });
  return memory.incidents.get('42');
};

describe('the Splunk On-Call provider', () => {
  it('reads the life of an incident from its transitions', async () => {
    expect(await read()).toMatchObject({
      title: 'checkout 5xx',
      status: 'resolved',
      triggeredAtMs: START_MS,
      acknowledgedAtMs: START_MS + 4.5 * MINUTE_MS,
      resolvedAtMs: Date.parse('2026-10-20T09:41:10Z'),
      serviceName: 'checkout 5xx',
      team: 'payments',
      fingerprint: 'checkout',
    });
  });

  it('takes a number for an id as well', async () => {
    expect(await read({ incidentNumber: 42 })).toMatchObject({ id: '42' });
  });

  it('counts no acknowledgement that nobody made', async () => {
    const [triggered, acknowledged, resolved] = transitions;
    const byIntegration = { ...acknowledged, manually: false };

    const found = await read({ transitions: [triggered, byIntegration, resolved] });

    expect(found?.acknowledgedAtMs).toBeUndefined();
    expect(found?.status).toBe('resolved');
  });

  it('takes the last end of one that was triggered again, and not that of its second report', async () => {
    const again = [
      { name: 'triggered', at: '2026-10-20T10:00:00Z' },
      { name: 'resolved', at: '2026-10-20T10:05:00Z' },
      { name: 'resolved', at: '2026-10-20T10:09:00Z' },
    ];

    expect(await read({ transitions: [...transitions, ...again] })).toMatchObject({
      resolvedAtMs: Date.parse('2026-10-20T10:05:00Z'),
    });
  });

  it('asks the history for each phase, once a poll, and the live API for what is open', async () => {
    const { world, poll, ...stage } = await declaredStage(splunkOncall);
    const open = simulated('7', { triggeredAtMs: NOW_MS - 3 * HOUR_MS, events: [event('acknowledge', NOW_MS)] });
    world.incidents.push(open);
    await poll();
    stage.time.nowMs += MINUTE_MS;

    const asked = await poll();

    const history = stage.fake.requests.filter(({ path }) => path === '/api-reporting/v2/incidents');
    expect(asked).toEqual(['/api-reporting/v2/incidents', '/api-public/v1/incidents']);
    expect(history.map(({ query }) => query.get('currentPhase'))).toEqual(
      Array.from({ length: 2 }, () => 'triggered,acknowledged,resolved'),
    );
    expect(stage.memory.incidents.get('7')).toMatchObject({ status: 'acknowledged', team: 'payments' });
    await stage.close();
  });

  it('does not take an end back because the history is 15 minutes older than the live API', async () => {
    const { world, poll, ...stage } = await declaredStage(splunkOncall);
    const triggeredAtMs = NOW_MS - 30 * MINUTE_MS;
    world.incidents.push(simulated('7', { triggeredAtMs, events: [event('resolve', NOW_MS - MINUTE_MS)] }));
    await poll();
    expect(stage.memory.incidents.get('7')?.status).toBe('resolved');
    stage.time.nowMs += MINUTE_MS;

    await poll();

    expect(stage.memory.incidents.get('7')).toMatchObject({ status: 'resolved', resolvedAtMs: NOW_MS - MINUTE_MS });
    await stage.close();
  });
});
