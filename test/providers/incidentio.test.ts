import { afterEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import type { IncidentioFakeOptions } from '../../src/simulator/incidentio.ts';
import { declared as incidentio } from './declared/incidentio.ts';
import { type DeclaredStage, declaredStage, NOW_MS } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const START_MS = NOW_MS - 5 * HOUR_MS;
const END_MS = START_MS + HOUR_MS;

describe('the incident.io provider', () => {
  const stages: DeclaredStage[] = [];
  const stage = async (options: IncidentioFakeOptions = {}, settings: Readonly<Record<string, unknown>> = {}) => {
    const made = await declaredStage(incidentio, { options, settings });
    stages.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of stages.splice(0)) await one.close();
  });

  const resolved = (id: string, title = id) =>
    simulated(id, {
      title,
      triggeredAtMs: START_MS,
      events: [event('acknowledge', START_MS + 10 * MINUTE_MS), event('resolve', END_MS)],
    });

  it('takes the start of the impact, identified and mitigated from timestamps', async () => {
    const { world, memory, poll, provider } = await stage();
    world.incidents.push(resolved('I1'));

    await poll();

    expect(memory.incidents.get('I1')).toMatchObject({
      status: 'resolved',
      startedAtMs: START_MS - 5 * MINUTE_MS,
      triggeredAtMs: START_MS,
      identifiedAtMs: START_MS + 10 * MINUTE_MS,
      mitigatedAtMs: END_MS - 1000,
      resolvedAtMs: END_MS,
      severity: { priority: 'P2' },
    });
    expect(memory.incidents.get('I1')?.acknowledgedAtMs).toBeUndefined();
    expect(provider.capabilities).toMatchObject({
      started: true,
      identified: true,
      mitigated: true,
      acknowledged: false,
    });
  });

  it('takes the acknowledgement from the timestamp that is configured for it', async () => {
    const { world, memory, poll, provider } = await stage({}, { timestamps: { acknowledged: 'identified AT' } });
    world.incidents.push(resolved('I1'));

    await poll();

    expect(memory.incidents.get('I1')?.acknowledgedAtMs).toBe(START_MS + 10 * MINUTE_MS);
    expect(provider.capabilities.acknowledged).toBe(true);
  });

  it.each([
    { says: 'identified', named: {}, status: 'identified' },
    {
      says: 'acknowledged, where that is all that is read',
      named: { identified: '', acknowledged: 'Identified at' },
      status: 'acknowledged',
    },
    { says: 'triggered, where nothing is read', named: { identified: '' }, status: 'triggered' },
  ])('calls an open incident $says', async ({ named, status }) => {
    const { world, memory, poll, provider } = await stage({}, { timestamps: named });
    world.incidents.push(
      simulated('I1', { triggeredAtMs: START_MS, events: [event('acknowledge', START_MS + MINUTE_MS)] }),
    );

    await poll();

    expect(memory.incidents.get('I1')?.status).toBe(status);
    expect(provider.capabilities.statuses).toContain(status);
  });

  it('reads the updates of incidents without a time of their end, once', async () => {
    const { world, memory, time, poll } = await stage({ hasNoResolvedAt: true });
    world.incidents.push(resolved('I1'));
    const first = await poll();
    time.nowMs += MINUTE_MS;

    const second = await poll();

    expect(memory.incidents.get('I1')?.resolvedAtMs).toBe(END_MS);
    expect(first.filter((path) => path === '/v2/incident_updates')).toHaveLength(1);
    expect(second).not.toContain('/v2/incident_updates');
  });

  it('takes the last end of an incident that was opened again meanwhile', async () => {
    const { world, memory, time, poll } = await stage({ hasNoResolvedAt: true });
    world.incidents.push(resolved('I1'));
    await poll();
    const [incident] = world.incidents;
    const again = [event('reopen', NOW_MS + 10_000), event('resolve', NOW_MS + 50_000)];
    if (incident !== undefined) incident.events = [...incident.events, ...again];
    time.nowMs += MINUTE_MS;

    await poll();

    expect(memory.incidents.get('I1')?.resolvedAtMs).toBe(NOW_MS + 50_000);
  });

  it('never guesses an end: without any time of it the incident is rejected and requested again', async () => {
    const { world, memory, time, poll, fake } = await stage({ hasNoResolvedAt: true });
    world.incidents.push(resolved('I1'));
    const updates = { incident_updates: [], pagination_meta: {} };
    fake.faults.push({ times: 2, path: /incident_updates/, answer: { status: 200, body: updates } });
    await poll();
    expect([...memory.rejected.values()]).toMatchObject([{ id: 'I1', reason: 'end_unknown' }]);
    time.nowMs += MINUTE_MS;

    await poll();

    expect(memory.incidents.get('I1')?.resolvedAtMs).toBe(END_MS);
    expect(memory.rejected.size).toBe(0);
  });

  it.each([
    { says: 'declined', title: '[declined] noise' },
    { says: 'of the mode test', title: '[drill] evacuation' },
  ])('excludes incidents that are $says', async ({ title }) => {
    const { world, memory, poll } = await stage();
    world.incidents.push(resolved('I1', title));

    await poll();

    expect(memory.incidents.get('I1')).toMatchObject({ exclusion: 'flagged' });
  });

  it('counts a merged incident as opened, and gives it no end', async () => {
    const { world, memory, poll } = await stage();
    world.incidents.push(simulated('I1', { triggeredAtMs: START_MS, events: [event('merge', END_MS)] }));

    await poll();

    expect(memory.incidents.get('I1')).toMatchObject({ merged: true });
  });

  it('rejects a status that it does not know, and takes the others', async () => {
    const { world, memory, poll, fake } = await stage();
    world.incidents.push(resolved('I1'), resolved('I2'));
    const { incidents } = await fetchList(fake.url);
    const [first, second] = incidents;
    const strange = { ...first, incident_status: { category: 'hibernating' } };
    const answer = { status: 200, body: { incidents: [strange, second], pagination_meta: {} } };
    fake.faults.push({ times: 1, path: /^\/v2\/incidents$/, answer });

    await poll();

    expect([...memory.incidents.keys()]).toEqual(['I2']);
    expect([...memory.rejected.values()]).toMatchObject([{ id: 'I1', reason: 'malformed' }]);
  });

  it('rejects a time without a zone', async () => {
    const { world, memory, poll, fake } = await stage();
    world.incidents.push(resolved('I1'), resolved('I2'));
    const { incidents } = await fetchList(fake.url);
    const [first, second] = incidents;
    const body = { incidents: [{ ...first, created_at: '2026-11-02T07:00:00' }, second], pagination_meta: {} };
    fake.faults.push({ times: 1, path: /^\/v2\/incidents$/, answer: { status: 200, body } });

    await poll();

    expect([...memory.rejected.values()]).toMatchObject([{ id: 'I1', reason: 'malformed' }]);
  });
});

async function fetchList(url: string): Promise<{ incidents: readonly Record<string, unknown>[] }> {
  const headers = { authorization: 'Bearer incidentio-demo-key' };
  const response = await fetch(`${url}/v2/incidents`, { headers });
  const body: unknown = await response.json();
  if (typeof body !== 'object' || body === null || !('incidents' in body) || !Array.isArray(body.incidents)) {
    throw new Error('expected a list');
  }
  return { incidents: body.incidents };
}
