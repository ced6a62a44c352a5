import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import type { FirehydrantFakeOptions } from '../../src/simulator/firehydrant.ts';
import { declared as firehydrant } from './declared/firehydrant.ts';
import { declaredStage, NOW_MS, readAnswer } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const START_MS = NOW_MS - 2 * HOUR_MS;
const at = (minutes: number) => new Date(START_MS + minutes * MINUTE_MS).toISOString();
const incident = {
  id: 'F1',
  name: 'checkout down',
  created_at: at(3),
  started_at: at(0),
  severity: 'SEV1',
  priority: 'P2',
  current_milestone: 'resolved',
  active: false,
  services: [{ id: 'S1', name: 'checkout' }],
  team_assignments: [{ team: { id: 'T1', name: 'payments' } }],
};
const steps: readonly (readonly [string, number])[] = [
  ['started', 0],
  ['acknowledged', 5],
  ['identified', 12],
  ['mitigated', 30],
  ['resolved', 40],
];
const phases = [
  { type: 'started', milestones: steps.slice(0, 2).map(([slug, minutes]) => ({ slug, occurred_at: at(minutes) })) },
  { type: 'active', milestones: steps.slice(2).map(([slug, minutes]) => ({ slug, occurred_at: at(minutes) })) },
];
const milestones = steps.map(([type, minutes]) => ({ type, duration: 'PT5M', occurred_at: at(minutes) }));
const read = async (changed: object) => {
  const pagination = { count: 1, page: 1, items: 1, pages: 1, last: 1, prev: null, next: null };
  const memory = await readAnswer(firehydrant, { data: [{ ...incident, ...changed }], pagination });
  return memory.incidents.get('F1');
};

describe('the FireHydrant provider', () => {
  it.each([
    { says: 'the phases', told: { lifecycle_phases: phases } },
    { says: 'the deprecated list, where there are no phases', told: { milestones } },
    {
      says: 'the phases rather than the deprecated list',
      told: { lifecycle_phases: phases, milestones: [{ type: 'resolved', occurred_at: at(90) }] },
    },
  ])('takes the times of milestones from $says', async ({ told }) => {
    expect(await read(told)).toMatchObject({
      status: 'resolved',
      triggeredAtMs: START_MS,
      acknowledgedAtMs: START_MS + 5 * MINUTE_MS,
      identifiedAtMs: START_MS + 12 * MINUTE_MS,
      mitigatedAtMs: START_MS + 30 * MINUTE_MS,
      resolvedAtMs: START_MS + 40 * MINUTE_MS,
      severity: { priority: 'SEV1', urgency: 'P2' },
      serviceName: 'checkout',
      team: 'payments',
    });
  });

  it('takes the detection for the trigger, and the start for the start of the impact', async () => {
    const detected = [...milestones, { type: 'detected', occurred_at: at(2) }];

    expect(await read({ milestones: detected })).toMatchObject({
      startedAtMs: START_MS,
      triggeredAtMs: START_MS + 2 * MINUTE_MS,
    });
    expect((await read({ milestones }))?.startedAtMs).toBeUndefined();
  });

  it.each([
    { milestone: 'postmortem_completed', active: false, status: 'resolved' },
    { milestone: 'investigating', active: true, status: 'mitigated' },
    { milestone: 'our_own_step', active: true, status: 'mitigated' },
    { milestone: 'our_own_end', active: false, status: 'resolved' },
  ])('calls one at the milestone $milestone $status', async ({ milestone, active, status }) => {
    expect(await read({ milestones, current_milestone: milestone, active })).toMatchObject({ status });
  });

  it.each([
    { says: 'a game day', changed: { severity: 'GAMEDAY' } },
    { says: 'maintenance', changed: { severity: 'MAINTENANCE' } },
    { says: 'archived', changed: { discarded_at: at(50) } },
  ])('excludes what is $says', async ({ changed }) => {
    expect(await read({ milestones, ...changed })).toMatchObject({ exclusion: 'flagged' });
  });

  it('believes what it reads last, though a record has no time of its change', async () => {
    const stage = await declaredStage<FirehydrantFakeOptions>(firehydrant, { options: { hasNoPhases: true } });
    const events = [event('acknowledge', START_MS + MINUTE_MS), event('resolve', NOW_MS - MINUTE_MS)];
    stage.world.incidents.push(simulated('F1', { triggeredAtMs: START_MS, events }));
    await stage.poll();
    expect(stage.memory.incidents.get('F1')?.status).toBe('resolved');
    const [first] = stage.world.incidents;
    if (first !== undefined) first.events = events.slice(0, 1);
    stage.time.nowMs += MINUTE_MS;

    await stage.poll();

    expect(stage.memory.incidents.get('F1')).toMatchObject({ status: 'acknowledged', resolvedAtMs: undefined });
    await stage.close();
  });
});
