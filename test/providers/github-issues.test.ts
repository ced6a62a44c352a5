import { afterEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { declared } from './declared/github.ts';
import { type DeclaredStage, declaredStage, NOW_MS } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const START_MS = NOW_MS - 5 * HOUR_MS;
const at = (minutes: number) => START_MS + minutes * MINUTE_MS;

describe('the GitHub provider of issues', () => {
  const stages: DeclaredStage[] = [];
  const stage = async (settings: Readonly<Record<string, unknown>> = {}) => {
    const made = await declaredStage(declared, { settings });
    stages.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of stages.splice(0)) await one.close();
  });

  it('takes reopenings from events, once, and the severity from a label', async () => {
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
      intervals: [
        { openedAtMs: START_MS, closedAtMs: at(30) },
        { openedAtMs: at(60), closedAtMs: at(90) },
      ],
      severity: { priority: 'sev2' },
      serviceName: 'incidents',
      url: 'https://github.com/acme/incidents/issues/7',
    });
    expect(memory.incidents.get('7')).toEqual(known);
    expect([first, second].map((paths) => paths.filter((path) => path.endsWith('/events')).length)).toEqual([1, 0]);
  });

  it('leaves pull requests out, also where all of a page are some', async () => {
    const { world, memory, poll } = await stage();
    for (let number = 1; number <= 101; number += 1) {
      const title = number === 101 ? 'Checkout is down' : '[pull request] fix';
      world.incidents.push(
        simulated(String(number), { title, triggeredAtMs: at(number), events: [event('resolve', at(200))] }),
      );
    }

    await poll();

    expect([...memory.incidents.keys()]).toEqual(['101']);
    expect(memory.rejected.size).toBe(0);
  });

  it('excludes what was closed as not planned', async () => {
    const { world, memory, poll } = await stage();
    const events = [event('resolve', at(30))];
    world.incidents.push(simulated('7', { title: '[not planned] no', triggeredAtMs: START_MS, events }));

    await poll();

    expect(memory.incidents.get('7')).toMatchObject({ exclusion: 'flagged' });
  });

  it.each([{ repositories: ['acme/*'] }, { repositories: ['acme/shop', 'acme/cart'] }])(
    'wants one repository: %o',
    async (settings) => {
      await expect(stage(settings)).rejects.toThrow('repositories: expected one repository in full');
    },
  );
});
