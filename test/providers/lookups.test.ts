import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/model/time.ts';
import { chooseLookups, type LookupPosition, MISSING_PER_POLL } from '../../src/providers/lookups.ts';
import { pagerduty } from '../../src/providers/pagerduty/platform.ts';
import { startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { World } from '../../src/simulator/world.ts';
import { createMemoryKnown, pollInto } from './memory-known.ts';
import { createOpsgenieProvider, event, NOW_MS, simulated } from './opsgenie-stage.ts';
import { impatientClock, providerConfig, silentObserver } from './setup.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const PLATFORMS = [
  {
    name: 'PagerDuty',
    count: 1000,
    start: startPagerdutyFake,
    create: (url: string) =>
      pagerduty.create(
        providerConfig('pagerduty', { baseUrl: url, settings: { api_key: PAGERDUTY_FAKE_KEY, region: 'us' } }),
        { clock: impatientClock(NOW_MS), observer: silentObserver },
      ),
  },
  {
    name: 'Opsgenie alerts',
    count: 300,
    start: startOpsgenieFake,
    create: (url: string) => createOpsgenieProvider('alerts', url),
  },
  {
    name: 'Opsgenie incidents',
    count: 300,
    start: startOpsgenieFake,
    create: (url: string) => createOpsgenieProvider('incidents', url),
  },
];

describe.each(PLATFORMS)('asking $name for records by their ids', ({ start, create, count }) => {
  /** Open incidents of which all have been read, two days old. */
  async function stage(records: number) {
    const triggeredAtMs = NOW_MS - 2 * DAY_MS;
    const incidents = Array.from({ length: records }, (_, n) => simulated(`Q${n}`, { triggeredAtMs }));
    const world: World = { incidents, alarms: [] };
    const time = { nowMs: NOW_MS };
    const fake = await start(world, { nowMs: () => time.nowMs });
    const provider = create(fake.url);
    opened.push(fake, provider);
    const memory = createMemoryKnown();
    /** One more poll a minute later; the ids that it asked for, each as often as it did. */
    const pass = async () => {
      time.nowMs += MINUTE_MS;
      const before = fake.requests.length;
      await pollInto(memory, provider, { nowMs: time.nowMs, historyStartMs: NOW_MS - 30 * DAY_MS });
      const paths = fake.requests.slice(before).map(({ path }) => path);
      return { all: paths.length, ids: paths.flatMap((path) => /\/(Q\d+)$/.exec(path)?.[1] ?? []) };
    };
    await pass();
    return { world, memory, pass, quiet: (await pass()).all };
  }

  it('asks for few of many that answer 403, for each in its turn, and leaves all as they were', async () => {
    const { world, memory, pass, quiet } = await stage(count);
    const before = [...memory.incidents];
    for (const one of world.incidents) one.forbidden = true;
    const asked: Awaited<ReturnType<typeof pass>>[] = [];

    while (memory.rejected.size < count) asked.push(await pass());

    expect(asked.every(({ ids }) => ids.length <= MISSING_PER_POLL + 50)).toBe(true);
    expect(asked).toHaveLength(count / MISSING_PER_POLL);
    const turn: Awaited<ReturnType<typeof pass>>[] = [];
    while (new Set(turn.flatMap(({ ids }) => ids)).size < count && turn.length <= 51) turn.push(await pass());
    const perPoll = turn[0]?.ids.length ?? 0;
    expect(turn.every(({ all }) => all <= quiet + 50)).toBe(true);
    expect(turn.length).toBeLessThanOrEqual(Math.ceil(count / perPoll) + 1);
    expect([...memory.incidents]).toEqual(before);
  });

  it('sees the end of many that no list shows within a few polls, and of a new one among many forbidden at once', async () => {
    const { world, memory, pass } = await stage(160);
    const [one, ...others] = world.incidents;
    for (const other of others) other.forbidden = true;
    while (memory.rejected.size < others.length) await pass();
    const endedAtMs = NOW_MS - DAY_MS;
    if (one !== undefined) one.events = [event('resolve', endedAtMs)];

    await pass();

    expect(memory.incidents.get('Q0')?.resolvedAtMs).toBe(endedAtMs);
    for (const other of others) {
      other.forbidden = false;
      other.events = [event('resolve', endedAtMs)];
    }
    for (let poll = 0; poll < 9; poll += 1) await pass();
    expect([...memory.incidents.values()].filter(({ resolvedAtMs }) => resolvedAtMs !== endedAtMs)).toEqual([]);
    expect(memory.rejected.size).toBe(0);
  });
});

describe('the choice of ids', () => {
  const choose = (ids: readonly string[], position: LookupPosition, maxMissing?: number) => {
    const stored = { ...createMemoryKnown().known, openIds: async () => ids, rejectedIds: async () => [] };
    return chooseLookups({ request: { stored, maxMissing }, isSeen: () => false, position, retriesMax: 5 });
  };
  const many = Array.from({ length: 250 }, (_, n) => `id-${n}`);

  it('goes on where the last poll ended, also when that record is gone', async () => {
    const first = await choose(many, {});
    const left = many.filter((id) => !first.ids.includes(id));

    const second = await choose(left, first);
    const third = await choose(many, second);

    expect(new Set([...first.ids, ...second.ids]).size).toBe(2 * MISSING_PER_POLL);
    expect(third.ids.filter((id) => !first.ids.includes(id) && !second.ids.includes(id))).toHaveLength(50);
  });

  it('is all of them where the caller asks for as many', async () => {
    const { ids } = await choose(many, {}, 1000);

    expect(ids).toHaveLength(250);
  });
});
