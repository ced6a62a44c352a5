import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { declared as statuspage } from './declared/statuspage.ts';
import { declaredStage, NOW_MS, readAnswer } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const START_MS = NOW_MS - 3 * HOUR_MS;
const at = (minutes: number) => new Date(START_MS + minutes * MINUTE_MS).toISOString();
const update = (status: string, minutes: number, displayed = minutes) => ({
  status,
  body: 'Ada Byron is looking',
  created_at: at(minutes),
  display_at: at(displayed),
});
const incident = {
  id: 'P1',
  name: 'checkout down',
  status: 'resolved',
  impact: 'major',
  created_at: at(0),
  started_at: at(0),
  monitoring_at: at(30),
  resolved_at: at(40),
  updated_at: at(41),
  components: [{ id: 'C1', name: 'checkout' }],
  incident_updates: [update('resolved', 40), update('identified', 20, 12), update('investigating', 0)],
};
const read = async (changed: object = {}) =>
  (await readAnswer(statuspage, [{ ...incident, ...changed }])).incidents.get('P1');

describe('the Statuspage provider', () => {
  it('takes identified from the time that the update shows, monitoring for mitigated, and the component for the service', async () => {
    expect(await read()).toMatchObject({
      status: 'resolved',
      triggeredAtMs: START_MS,
      identifiedAtMs: START_MS + 12 * MINUTE_MS,
      mitigatedAtMs: START_MS + 30 * MINUTE_MS,
      resolvedAtMs: START_MS + 40 * MINUTE_MS,
      severity: { priority: 'major' },
      serviceName: 'checkout',
    });
  });

  it.each([
    { status: 'investigating', is: 'triggered' },
    { status: 'identified', is: 'identified' },
    { status: 'monitoring', is: 'mitigated' },
    { status: 'postmortem', is: 'resolved' },
  ])('calls one that is $status $is', async ({ status, is }) => {
    expect(await read({ status })).toMatchObject({ status: is });
  });

  it.each([
    { says: 'of the impact maintenance', changed: { impact: 'maintenance' } },
    { says: 'planned', changed: { status: 'scheduled', resolved_at: null } },
    { says: 'entered afterwards, with a day and no times', changed: { backfilled: true } },
  ])('excludes one that is $says', async ({ changed }) => {
    expect(await read(changed)).toMatchObject({ exclusion: 'flagged' });
  });

  it('asks for what left the open list by its id: no list is by change', async () => {
    const { world, poll, ...stage } = await declaredStage(statuspage);
    const open = simulated('P1', { triggeredAtMs: NOW_MS - 60 * 24 * HOUR_MS });
    const newer = Array.from({ length: 120 }, (_, index) =>
      simulated(`N${index}`, { triggeredAtMs: START_MS, events: [event('resolve', NOW_MS)] }),
    );
    world.incidents.push(open, ...newer);
    await poll();
    open.events = [event('resolve', NOW_MS)];
    stage.time.nowMs += MINUTE_MS;

    const asked = await poll();

    expect(asked.filter((path) => path === `${statuspage.path}/P1`)).toHaveLength(1);
    expect(stage.memory.incidents.get('P1')?.resolvedAtMs).toBe(NOW_MS);
    await stage.close();
  });
});
