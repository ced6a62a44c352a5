import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/model/time.ts';
import { providerContract } from './contract.ts';
import { readDeclaredPlatforms, toAdapter } from './declared-platform.ts';
import { createMemoryKnown, pollInto } from './memory-known.ts';
import { impatientClock, silentObserver, startTap } from './setup.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);
const PLATFORMS = await readDeclaredPlatforms();

for (const platform of PLATFORMS) providerContract(toAdapter(platform));

describe.each(PLATFORMS)('$name, where incidents are older than the history,', (declared) => {
  it('takes what is open, however old, and follows it to its end', async () => {
    const suite = toAdapter(declared);
    const world = { incidents: [], alarms: [] };
    const openId = suite.add(world, { name: 'open', triggeredAtMs: NOW_MS - 60 * DAY_MS });
    const ended = { triggeredAtMs: NOW_MS - 60 * DAY_MS, resolvedAtMs: NOW_MS - 50 * DAY_MS };
    suite.add(world, { name: 'ended', ...ended });
    const time = { nowMs: NOW_MS };
    const fake = await suite.startFake(world, { nowMs: () => time.nowMs });
    const dependencies = { clock: impatientClock(NOW_MS), observer: silentObserver };
    const provider = suite.createProvider(fake.url, {}, dependencies);
    const memory = createMemoryKnown();
    await pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - DAY_MS });
    const before = [...memory.incidents.keys()];
    suite.resolve(world, 'open', NOW_MS + MINUTE_MS);
    time.nowMs += 2 * MINUTE_MS;

    await pollInto(memory, provider, { nowMs: time.nowMs, historyStartMs: NOW_MS - DAY_MS });

    await provider.close();
    await fake.close();
    expect(before).toEqual([openId]);
    expect([...memory.incidents.values()]).toMatchObject([{ id: openId, resolvedAtMs: NOW_MS + MINUTE_MS }]);
  });
});

describe.each(PLATFORMS)('$name, whose records are wrong,', (declared) => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  const { detailsWithoutEnd, idField = 'id' } = declared;
  const cases = [
    { says: 'has no id', change: (one: object) => ({ ...one, [idField]: undefined }), reason: 'missing_id' },
    { says: 'has an empty id', change: (one: object) => ({ ...one, [idField]: '' }), reason: 'missing_id' },
    {
      says: 'has a time without zone',
      change: (one: object) => declared.withTime(one, '2026-11-02T07:00:00'),
      reason: 'malformed',
    },
    { says: 'has an unknown status', change: (one: object) => declared.withUnknownStatus(one), reason: 'malformed' },
    { says: 'is closed without an end', change: (one: object) => declared.withoutEnd(one), reason: 'end_unknown' },
  ];

  it.each(cases)(
    'rejects one that $says, takes the others, and takes it when it is mended',
    async ({ change, reason }) => {
      const suite = toAdapter(declared);
      const world = { incidents: [], alarms: [] };
      // Late enough for lists by creation, which are read again from an hour ago.
      const times = { triggeredAtMs: NOW_MS - 50 * MINUTE_MS, resolvedAtMs: NOW_MS - 30 * MINUTE_MS };
      const ids = ['one', 'two', 'three'].map((name) => suite.add(world, { name, ...times }));
      const fake = await suite.startFake(world, { nowMs: () => NOW_MS });
      let isBroken = true;
      const firstId = declared.fakeId?.('one', 0) ?? 'one';
      const isFirst = (value: object) =>
        declared.hasId?.(value, firstId) ??
        Object.entries(value).some(([key, id]) => key === idField && id === firstId);
      const broken = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(broken);
        if (typeof value !== 'object' || value === null) return value;
        if (isFirst(value)) return change(value);
        return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, broken(inner)]));
      };
      const tap = await startTap(fake.url, ({ path: asked, status, body }) => {
        if (!isBroken) return { status, body };
        if (detailsWithoutEnd?.path.test(asked) === true) return { status, body: detailsWithoutEnd.body };
        return { status, body: broken(body) };
      });
      const provider = suite.createProvider(tap.url, {}, { clock: impatientClock(NOW_MS), observer: silentObserver });
      opened.push(fake, tap, provider);
      const memory = createMemoryKnown();
      await pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - DAY_MS });
      expect([...memory.incidents.keys()].toSorted()).toEqual(ids.slice(1).toSorted());
      expect([...memory.rejected.values()].map((one) => one.reason)).toContain(reason);
      isBroken = false;

      await pollInto(memory, provider, { nowMs: NOW_MS + MINUTE_MS, historyStartMs: NOW_MS - DAY_MS });

      expect([...memory.incidents.keys()].toSorted()).toEqual(ids.toSorted());
    },
  );
});
