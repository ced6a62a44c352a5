import { afterEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { declared } from './declared/gitlab.ts';
import { type DeclaredStage, declaredStage, NOW_MS } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const START_MS = NOW_MS - 5 * HOUR_MS;
const at = (minutes: number) => START_MS + minutes * MINUTE_MS;

describe('the GitLab provider of incidents', () => {
  const stages: DeclaredStage[] = [];
  const stage = async (settings: Readonly<Record<string, unknown>> = {}) => {
    const config = { services: { tag: 'service', rename: [] } };
    const made = await declaredStage(declared, { settings, config });
    stages.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of stages.splice(0)) await one.close();
  });

  it('takes reopenings from the changes of state, once, severity and service from fields and labels', async () => {
    const { world, memory, time, poll } = await stage();
    const events = [event('resolve', at(30)), event('reopen', at(60)), event('resolve', at(90))];
    world.incidents.push(simulated('7', { triggeredAtMs: START_MS, events }));
    const first = await poll();
    const known = memory.incidents.get('7');
    time.nowMs += MINUTE_MS;

    const second = await poll();

    expect(known).toMatchObject({
      resolvedAtMs: at(90),
      reopenedAtMs: [at(60)],
      severity: { priority: 'high' },
      serviceName: 'checkout',
      url: 'https://gitlab.com/acme/ops/incidents/-/issues/7',
    });
    expect(memory.incidents.get('7')).toEqual(known);
    expect([first, second].map((paths) => paths.filter((path) => path.endsWith('_events')).length)).toEqual([1, 0]);
  });

  it('excludes duplicates', async () => {
    const { world, memory, poll } = await stage();
    const events = [event('resolve', at(30))];
    world.incidents.push(simulated('7', { title: '[duplicate] again', triggeredAtMs: START_MS, events }));

    await poll();

    expect(memory.incidents.get('7')).toMatchObject({ exclusion: 'flagged' });
  });

  it('wants one project', async () => {
    await expect(stage({ projects: ['acme/*'] })).rejects.toThrow('projects: expected one project in full');
  });
});
