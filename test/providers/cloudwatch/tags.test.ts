import { describe, expect, it, onTestFinished } from 'vitest';
import { DAY_MS } from '../../../src/model/time.ts';
import type { SimulatedAlarm } from '../../../src/simulator/world.ts';
import {
  ALARM,
  alarm,
  change,
  createCloudwatchProvider,
  minutes,
  NOW_MS,
  OK,
  type Staged,
  stage,
  storedIncidents,
  withCredentials,
} from '../cloudwatch-stage.ts';
import { pollInto } from '../memory-known.ts';
import { impatientClock, silentObserver } from '../setup.ts';

withCredentials();

describe('tags', () => {
  const services = ({ memory }: Staged) => [...memory.incidents.values()].map(({ serviceName }) => serviceName);
  const five = (changes: SimulatedAlarm['changes']) =>
    Array.from({ length: 5 }, (_, index) => alarm(`a${index}`, changes, { tags: { service: 'checkout' } }));

  it('are asked for in each poll once per alarm that has news, and reach all of its incidents', async () => {
    const staged = await stage([
      alarm('quiet', [OK(-60)]),
      alarm('one', [ALARM(-60), OK(-50), ALARM(-40), OK(-30)], { tags: { service: 'a' } }),
    ]);
    await staged.poll();
    const first = staged.asked('ListTagsForResource').length;
    const [, found] = staged.world.alarms;
    if (found !== undefined) found.tags = { service: 'b', severity: 'P1' };
    change(staged.world, 'one', ALARM(30));
    change(staged.world, 'one', OK(40));
    staged.time.nowMs = minutes(45);

    const pages = await staged.poll();

    expect([first, staged.asked('ListTagsForResource').length]).toEqual([1, 2]);
    expect(services(staged)).toEqual(['b', 'b', 'b']);
    const ids = pages.flatMap(({ incidents }) => incidents.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('that may not be read leave everything to the defaults, which is logged once and costs little', async () => {
    const alarms = Array.from({ length: 20 }, (_, index) =>
      alarm(`a${index}`, [ALARM(-60), OK(-50)], { tags: { service: 'x' } }),
    );
    const staged = await stage(alarms, { denied: ['ListTagsForResource'] });

    await staged.poll();
    const first = staged.asked('ListTagsForResource').length;
    for (let poll = 1; poll <= 3; poll += 1) {
      for (const { name } of alarms) change(staged.world, name, poll % 2 === 1 ? ALARM(5 * poll) : OK(5 * poll));
      staged.time.nowMs = minutes(5 * poll + 1);
      await staged.poll();
    }

    expect(staged.memory.incidents.size).toBe(60);
    expect([...staged.memory.incidents.values()].every(({ title, serviceName }) => title === serviceName)).toBe(true);
    expect(staged.warned).toHaveLength(1);
    expect([first, staged.asked('ListTagsForResource').length]).toEqual([6, 9]);
  });

  it.each([1, 2, 5])('that were refused %i times are requested again before anything is reported', async (times) => {
    let refusals = 0;
    const isDenied = (operation: string) => operation === 'ListTagsForResource' && refusals++ < times;
    const staged = await stage(five([ALARM(-60)]), { isDenied });
    await staged.poll();
    for (const { name } of staged.world.alarms) change(staged.world, name, OK(3));
    staged.time.nowMs = minutes(5);

    await staged.poll();

    expect(services(staged)).toEqual(Array.from({ length: 5 }, () => 'checkout'));
    expect(staged.memory.incidents.size).toBe(5);
  });

  it('that are refused after others could be read hold back the incidents of new alarms, over a restart', async () => {
    let isRefused = false;
    const isDenied = (operation: string) => isRefused && operation === 'ListTagsForResource';
    const staged = await stage([alarm('known', [ALARM(-60), OK(-50)], { tags: { service: 'checkout' } })], {
      isDenied,
    });
    await staged.poll();
    isRefused = true;
    staged.world.alarms.push(...five([ALARM(1), OK(3)]));
    change(staged.world, 'known', ALARM(2));
    staged.time.nowMs = minutes(5);
    await staged.poll();
    const meanwhile = storedIncidents(staged);
    isRefused = false;
    staged.time.nowMs = minutes(50);
    const dependencies = { clock: impatientClock(NOW_MS), observer: silentObserver };
    const restarted = createCloudwatchProvider(staged.fake.url, {}, dependencies);
    onTestFinished(() => restarted.close());

    await pollInto(staged.memory, restarted, { nowMs: minutes(50), historyStartMs: NOW_MS - 210 * DAY_MS });

    expect(meanwhile).toEqual(['known@-60 resolved -50', 'known@2 triggered']);
    expect(staged.warned).toHaveLength(1);
    expect(services(staged)).toEqual(Array.from({ length: 7 }, () => 'checkout'));
    expect(storedIncidents(staged).filter((one) => one.endsWith('@1 resolved 3'))).toHaveLength(5);
    expect(staged.memory.cursor).not.toContain('held');
  });

  it('that stay refused for an hour are given up, and then the permission counts as missing', async () => {
    let isRefused = false;
    const isDenied = (operation: string) => isRefused && operation === 'ListTagsForResource';
    const staged = await stage([alarm('known', [ALARM(-60), OK(-50)], { tags: { service: 'checkout' } })], {
      isDenied,
    });
    await staged.poll();
    isRefused = true;
    staged.world.alarms.push(alarm('new', [ALARM(1), OK(3)], { tags: { service: 'checkout' } }));
    for (const minute of [5, 30, 64]) {
      staged.time.nowMs = minutes(minute);
      await staged.poll();
    }
    const before = services(staged);

    staged.time.nowMs = minutes(65);
    await staged.poll();
    staged.world.alarms.push(alarm('newer', [ALARM(66), OK(68)], { tags: { service: 'checkout' } }));
    staged.time.nowMs = minutes(70);
    await staged.poll();

    expect(before).toEqual(['checkout']);
    expect(services(staged)).toEqual(['checkout', 'new', 'newer']);
    expect(staged.warned).toHaveLength(2);
    isRefused = false;
    staged.world.alarms.push(alarm('newest', [ALARM(71), OK(72)], { tags: { service: 'checkout' } }));
    staged.time.nowMs = minutes(75);
    await staged.poll();
    expect(services(staged)).toEqual(['checkout', 'checkout', 'checkout', 'checkout']);
  });

  it('of one alarm that are always refused do not keep those of others from being read', async () => {
    const isDenied = (operation: string, body: string) =>
      operation === 'ListTagsForResource' && body.includes('alarm:a0"');
    const staged = await stage(five([ALARM(-60), OK(-50)]), { isDenied });

    await staged.poll();

    expect(services(staged).sort()).toEqual(['a0', 'checkout', 'checkout', 'checkout', 'checkout']);
  });

  it('that cannot be read because the platform fails fail the poll, and nothing is reported', async () => {
    const staged = await stage([]);
    await staged.poll();
    staged.world.alarms.push(...five([ALARM(1), OK(3)]));
    staged.time.nowMs = minutes(5);
    const before = staged.memory.cursor;
    const target = staged.fake.faults;
    const answer = { status: 500, body: { __type: 'x#InternalServiceFault', message: 'no' } };
    target.push({ times: 1000, body: /ResourceARN/, answer });

    await expect(staged.poll()).rejects.toThrow('500');

    expect([staged.memory.cursor, staged.memory.incidents.size]).toEqual([before, 0]);
    target.length = 0;
    await staged.poll();
    expect(services(staged)).toEqual(Array.from({ length: 5 }, () => 'checkout'));
  });

  it('of hundreds of alarms that change at once are asked for in several polls, and nothing is reported before', async () => {
    const staged = await stage([]);
    await staged.poll();
    const many = Array.from({ length: 450 }, (_, index) =>
      alarm(`a${index}`, [ALARM(1)], { tags: { service: 'checkout' } }),
    );
    staged.world.alarms.push(...many);
    const asked: number[] = [];
    const seen: number[] = [];

    for (const minute of [5, 6, 7]) {
      const before = staged.asked('ListTagsForResource').length;
      staged.time.nowMs = minutes(minute);
      await staged.poll();
      asked.push(staged.asked('ListTagsForResource').length - before);
      seen.push(staged.memory.incidents.size);
    }

    expect(asked).toEqual([200, 200, 50]);
    expect(seen).toEqual([200, 400, 450]);
    expect(new Set(services(staged))).toEqual(new Set(['checkout']));
    expect(staged.warned).toEqual([]);
  });

  it('that changed without any news of the alarm reach its incidents within a round, some in each poll', async () => {
    const count = 45;
    const alarms = Array.from({ length: count }, (_, index) =>
      alarm(`a${index}`, index % 2 === 0 ? [ALARM(-60), OK(-50)] : [ALARM(-60)], { tags: { service: 'a' } }),
    );
    const quiet = Array.from({ length: 250 }, (_, index) => alarm(`q${index}`, [OK(-60)]));
    const staged = await stage([...alarms, ...quiet]);
    await staged.poll();
    for (const one of staged.world.alarms) one.tags = { service: 'b', severity: 'P1' };
    staged.time.nowMs = minutes(350);
    await staged.poll();
    const early = new Set(services(staged));
    const asked = [];

    for (const minute of [361, 362, 363, 364]) {
      const before = staged.asked('ListTagsForResource').length;
      staged.time.nowMs = minutes(minute);
      await staged.poll();
      asked.push(staged.asked('ListTagsForResource').length - before);
    }

    expect(early).toEqual(new Set(['a']));
    expect(asked).toEqual([20, 20, 5, 0]);
    const now = [...staged.memory.incidents.values()].map(({ serviceName, severity }) => [serviceName, severity.tag]);
    expect(now).toEqual(alarms.map(() => ['b', 'P1']));
    expect(storedIncidents(staged)).toHaveLength(count);
  });

  it('reach all incidents also where polls are so rare that a round outlasts its interval', async () => {
    const alarms = Array.from({ length: 45 }, (_, index) =>
      alarm(`a${index}`, [ALARM(-60), OK(-50)], { tags: { service: 'a' } }),
    );
    const staged = await stage(alarms);
    await staged.poll();
    for (const one of staged.world.alarms) one.tags = { service: 'b' };

    for (const hour of [7, 14, 21]) {
      staged.time.nowMs = minutes(60 * hour);
      await staged.poll();
    }

    expect(new Set(services(staged))).toEqual(new Set(['b']));
  });

  it('are asked for with the account that alarms have now, after a change of role too', async () => {
    let account = '111111111111';
    const staged = await stage([alarm('one', [ALARM(-60), OK(-50)], { tags: { service: 'old' } })], {
      account: () => account,
    });
    await staged.poll();
    account = '222222222222';
    staged.world.alarms = [alarm('two', [ALARM(2), OK(4)], { tags: { service: 'checkout' } })];
    staged.time.nowMs = minutes(5);

    await staged.poll();

    expect(services(staged)).toEqual(['old', 'checkout']);
    expect(staged.asked('ListTagsForResource').map(({ body }) => body.split(':')[5])).toEqual([
      '111111111111',
      '222222222222',
    ]);
    expect(staged.memory.cursor).toContain('aws:222222222222');
  });
});
