import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../src/model/time.ts';
import { declared as rootly } from './declared/rootly.ts';
import { declaredStage, NOW_MS, readAnswer } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const attributes = {
  sequential_id: 42,
  title: 'checkout down',
  kind: 'normal',
  status: 'resolved',
  severity: { data: { id: 's1', type: 'severities', attributes: { name: 'SEV1', severity: 'critical' } } },
  created_at: '2026-10-20T02:00:00.000-07:00',
  started_at: '2026-10-20T02:00:00.000-07:00',
  acknowledged_at: '2026-10-20T02:04:30.000-07:00',
  mitigated_at: null,
  resolved_at: '2026-10-20T02:41:10.000-07:00',
  updated_at: '2026-10-20T02:41:10.000-07:00',
};
const read = async (changed: object = {}) => {
  const data = [{ id: 'b1', type: 'incidents', attributes: { ...attributes, ...changed } }];
  const meta = { current_page: 1, next_page: null, total_count: 1, total_pages: 1 };
  const memory = await readAnswer(rootly, { data, links: { self: '...', next: null }, meta });
  return memory.incidents.get('b1');
};
const START_MS = Date.parse(attributes.started_at);

describe('the Rootly provider', () => {
  it('reads an incident with its times, and calls what is not told unknown', async () => {
    const incident = await read();

    expect(incident).toMatchObject({
      title: 'checkout down',
      status: 'resolved',
      triggeredAtMs: START_MS,
      acknowledgedAtMs: START_MS + 4.5 * MINUTE_MS,
      resolvedAtMs: Date.parse(attributes.resolved_at),
      severity: { priority: 'SEV1', urgency: 'critical' },
    });
    expect(incident?.startedAtMs).toBeUndefined();
    expect(incident?.mitigatedAtMs).toBeUndefined();
  });

  it('takes the detection for the trigger, and the start for the start of the impact', async () => {
    const incident = await read({ detected_at: '2026-10-20T02:03:00.000-07:00' });

    expect(incident).toMatchObject({ startedAtMs: START_MS, triggeredAtMs: START_MS + 3 * MINUTE_MS });
  });

  it.each([
    { says: 'resources', services: [{ id: 'S1', type: 'services', attributes: { name: 'checkout' } }] },
    { says: 'resources in data', services: [{ data: { id: 'S1', attributes: { name: 'checkout' } } }] },
    { says: 'plain objects', services: [{ id: 'S1', name: 'checkout' }] },
  ])('takes the first of services that are $says', async ({ services }) => {
    expect(await read({ services, groups: services })).toMatchObject({
      serviceId: 'S1',
      serviceName: 'checkout',
      team: 'checkout',
    });
  });

  it.each([
    { says: 'a test', changed: { kind: 'test' } },
    { says: 'an example', changed: { kind: 'example_sub' } },
    { says: 'maintenance', changed: { kind: 'scheduled', status: 'completed' } },
    { says: 'cancelled', changed: { status: 'cancelled' } },
    { says: 'a duplicate', changed: { duplicate_incident_id: 'b0' } },
  ])('excludes $says', async ({ changed }) => {
    expect(await read(changed)).toMatchObject({ exclusion: 'flagged' });
  });

  it('counts what was entered afterwards', async () => {
    expect(await read({ kind: 'backfilled' })).toMatchObject({ exclusion: undefined });
  });

  it('follows an incident from triage, when its clock starts with the triage, to its start', async () => {
    const stage = await declaredStage(rootly);
    const { world, memory, time, poll } = stage;
    world.incidents.push(simulated('R1', { title: '[triage] maybe', triggeredAtMs: NOW_MS - MINUTE_MS }));
    await poll();
    expect(memory.incidents.get('R1')).toMatchObject({ status: 'triggered', triggeredAtMs: NOW_MS - MINUTE_MS });
    const [incident] = world.incidents;
    if (incident !== undefined) {
      incident.title = 'confirmed';
      incident.events = [event('acknowledge', NOW_MS)];
    }
    time.nowMs += MINUTE_MS;

    await poll();

    expect(memory.incidents.get('R1')).toMatchObject({ status: 'acknowledged', title: 'confirmed' });
    await stage.close();
  });
});
