import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { createNameCache } from '../../src/providers/engine/name-cache.ts';
import { toOpenIntervals } from '../../src/providers/opsgenie/timeline.ts';
import { OPSGENIE_PEOPLE } from '../../src/simulator/opsgenie/wire.ts';
import type { SimulatedIncident } from '../../src/simulator/world.ts';
import { createOpsgenieProvider, event, NOW_MS, simulated, stageOf } from './opsgenie-stage.ts';
import { startTap } from './setup.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const at = (minutesAgo: number) => NOW_MS - minutesAgo * MINUTE_MS;
const timelinesIn = (asked: readonly string[]) => asked.filter((one) => one.includes('/v2/incident-timelines/'));

function happen(incidents: readonly SimulatedIncident[], kind: 'resolve' | 'reopen', atMs: number): void {
  for (const one of incidents) one.events = [...one.events, event(kind, atMs)];
}

describe('an Opsgenie incident becomes an incident', () => {
  it('has the same stamps whether the zone is written Z, +00:00 or +0000', async () => {
    const incident = simulated('i', { triggeredAtMs: at(90), events: [event('resolve', at(60))] });
    const { fake, memory, poll } = await stageOf('incidents', [incident], { opened });
    const tap = await startTap(fake.url, ({ status, body }) => ({
      status,
      body: JSON.stringify(body).replaceAll(/(T[0-9:.]+)Z"/g, '$1+0000"'),
    }));
    opened.push(tap);

    await poll({ with: createOpsgenieProvider('incidents', tap.url) });

    expect(tap.sent.join('')).toContain('+0000"');
    expect(memory.incidents.get('i')).toMatchObject({ triggeredAtMs: at(90), resolvedAtMs: at(60) });
  });

  it('ends when its timeline says that it was resolved, not when it was closed or last changed', async () => {
    const incidents = [0, 1, 2].map((index) =>
      simulated(`i-${index}`, { triggeredAtMs: at(90 - index), events: [event('resolve', at(60))] }),
    );
    const { fake, memory, poll } = await stageOf('incidents', incidents, { opened });
    const tap = await startTap(fake.url);
    opened.push(tap);

    await poll({ with: createOpsgenieProvider('incidents', tap.url) });

    expect(tap.sent.join('')).toContain('IncidentClosed');
    expect([...memory.incidents.values()].map(({ resolvedAtMs }) => resolvedAtMs)).toEqual([at(60), at(60), at(60)]);
    expect(memory.incidents.get('i-0')).toMatchObject({
      status: 'resolved',
      endKnownFrom: 'resolve_event',
      triggeredAtMs: at(90),
      serviceId: 'svc-checkout',
      serviceName: 'checkout',
      team: 'payments',
      severity: { priority: 'P2' },
      url: 'https://acme.app.opsgenie.com/incident/detail/i-0',
    });
  });

  it('has one open span for each time it was open', async () => {
    const events = [event('resolve', at(80)), event('reopen', at(50)), event('resolve', at(20))];
    const incident = simulated('i', { triggeredAtMs: at(90), events });
    const { memory, poll } = await stageOf('incidents', [incident], { opened });

    await poll();

    expect(memory.incidents.get('i')).toMatchObject({
      resolvedAtMs: at(20),
      intervals: [
        { openedAtMs: at(90), closedAtMs: at(80) },
        { openedAtMs: at(50), closedAtMs: at(20) },
      ],
    });
    expect(memory.incidents.get('i')?.reopenedAtMs).toBeUndefined();
  });

  it('opens again when it is reopened after it was counted, and ends a second time', async () => {
    const incident = simulated('i', { triggeredAtMs: at(90), events: [event('resolve', at(60))] });
    const stage = await stageOf('incidents', [incident], { opened });
    await stage.poll();
    const statuses = [stage.memory.incidents.get('i')?.status];
    happen(stage.world.incidents, 'reopen', NOW_MS + MINUTE_MS);
    stage.time.nowMs = NOW_MS + 2 * MINUTE_MS;
    await stage.poll();
    statuses.push(stage.memory.incidents.get('i')?.status);
    happen(stage.world.incidents, 'resolve', NOW_MS + 3 * MINUTE_MS);
    stage.time.nowMs = NOW_MS + 4 * MINUTE_MS;

    await stage.poll();

    expect(statuses).toEqual(['resolved', 'triggered']);
    expect(stage.memory.incidents.get('i')).toMatchObject({
      status: 'resolved',
      intervals: [
        { openedAtMs: at(90), closedAtMs: at(60) },
        { openedAtMs: NOW_MS + MINUTE_MS, closedAtMs: NOW_MS + 3 * MINUTE_MS },
      ],
    });
  });

  it('is open again since its last change when the timeline does not say since when', async () => {
    const incident = simulated('i', { triggeredAtMs: at(90), events: [event('resolve', at(60))] });
    const stage = await stageOf('incidents', [incident], { opened });
    const tap = await startTap(stage.fake.url, ({ status, body }) => ({
      status,
      body: renamed(body, 'IncidentReopened'),
    }));
    opened.push(tap);
    await stage.poll({ with: createOpsgenieProvider('incidents', tap.url) });
    happen(stage.world.incidents, 'reopen', NOW_MS + MINUTE_MS);
    stage.time.nowMs = NOW_MS + 2 * MINUTE_MS;

    await stage.poll({ with: createOpsgenieProvider('incidents', tap.url) });

    expect(stage.memory.incidents.get('i')).toMatchObject({
      status: 'triggered',
      intervals: [{ openedAtMs: at(90), closedAtMs: at(60) }, { openedAtMs: NOW_MS + MINUTE_MS }],
    });
  });

  it('has an unknown end while the timeline lacks it, and is asked for again', async () => {
    const incident = simulated('i', { triggeredAtMs: at(90), events: [event('resolve', at(60))] });
    const stage = await stageOf('incidents', [incident], { opened });
    let isSilent = true;
    const tap = await startTap(stage.fake.url, ({ status, body }) => ({
      status,
      body: isSilent ? renamed(renamed(body, 'IncidentResolved'), 'IncidentClosed') : body,
    }));
    opened.push(tap);
    await stage.poll({ with: createOpsgenieProvider('incidents', tap.url) });
    const rejected = [...stage.memory.rejected.values()];
    isSilent = false;
    stage.time.nowMs += DAY_MS;

    await stage.poll({ with: createOpsgenieProvider('incidents', tap.url) });

    expect(rejected).toMatchObject([{ id: 'i', reason: 'end_unknown' }]);
    expect(stage.memory.incidents.get('i')?.resolvedAtMs).toBe(at(60));
  });

  it.each([
    { status: 403, reason: 'forbidden' },
    { status: 404, reason: 'end_unknown' },
  ])('is rejected as $reason when its timeline answers $status', async ({ status, reason }) => {
    const incident = simulated('i', { triggeredAtMs: at(90), events: [event('resolve', at(60))] });
    const stage = await stageOf('incidents', [incident], { opened });
    const tap = await startTap(stage.fake.url, (exchange) =>
      exchange.path.startsWith('/v2/incident-timelines/') ? { status, body: { message: 'no' } } : exchange,
    );
    opened.push(tap);

    await stage.poll({ with: createOpsgenieProvider('incidents', tap.url) });

    expect([...stage.memory.rejected.values()]).toMatchObject([{ id: 'i', reason }]);
    expect(stage.memory.end?.polledUntilMs).toBe(NOW_MS);
  });
});

function renamed(body: unknown, type: string): unknown {
  return JSON.parse(JSON.stringify(body).replaceAll(`"type":"${type}"`, '"type":"IncidentSomething"'));
}

describe('how Opsgenie incidents are read', () => {
  it('asks for one timeline per incident that ended, and never for the same end twice', async () => {
    const incidents = Array.from({ length: 30 }, (_, index) =>
      simulated(`i-${index}`, {
        triggeredAtMs: at(4) + index * 1000,
        events: index < 20 ? [event('resolve', at(2))] : [],
      }),
    );
    const stage = await stageOf('incidents', incidents, { opened });
    await stage.poll();
    const first = timelinesIn(stage.asked());
    stage.time.nowMs += MINUTE_MS;

    await stage.poll();

    expect(first).toHaveLength(20);
    const asked = stage.asked();
    expect(asked.filter((one) => one.includes('createdAt >='))).toHaveLength(1);
    expect(timelinesIn(asked)).toEqual([]);
  });

  it('follows the pages of a long timeline', async () => {
    const events = Array.from({ length: 60 }, (_, index) =>
      event(index % 2 === 0 ? 'resolve' : 'reopen', at(89 - index)),
    );
    const incident = simulated('i', { triggeredAtMs: at(90), events: [...events, event('resolve', at(10))] });
    const { memory, asked, poll } = await stageOf('incidents', [incident], { opened });

    await poll();

    expect(memory.incidents.get('i')?.intervals).toHaveLength(31);
    expect(timelinesIn(asked()).length).toBeGreaterThan(2);
  });

  it('reads more open incidents than a list can show, and never asks beyond the cap', async () => {
    const count = 20_001;
    const incidents = Array.from({ length: count }, (_, index) =>
      simulated(`i-${index}`, { triggeredAtMs: at(count - index) }),
    );
    const { memory, fake, poll } = await stageOf('incidents', incidents, { opened });

    await poll();

    expect(memory.incidents.size).toBe(count);
    expect(fake.requests.every(({ status }) => status === 200)).toBe(true);
  });

  it('asks for few of the timelines that were refused, also of incidents that a list shows again', async () => {
    const incidents = Array.from({ length: 60 }, (_, n) =>
      simulated(`i${n}`, { triggeredAtMs: at(4), events: [event('resolve', at(3))] }),
    );
    const { fake, time, memory, asked, poll } = await stageOf('incidents', incidents, { opened });
    const answer = { status: 403, body: { message: 'You are not authorized to read this resource' } };
    fake.faults.push({ times: Number.POSITIVE_INFINITY, path: /incident-timelines/, answer });
    await poll();
    const first = timelinesIn(asked()).length;
    time.nowMs += MINUTE_MS;

    await poll();

    const second = timelinesIn(asked());
    expect([first, second.length, memory.rejected.size]).toEqual([60, 20, 60]);
    fake.faults.length = 0;
    for (let turn = 0; turn < 3; turn += 1) {
      time.nowMs += MINUTE_MS;
      await poll();
    }
    expect([memory.rejected.size, memory.incidents.size]).toEqual([0, 60]);
  });

  it('asks by creation in windows, with a query in each request for a list', async () => {
    const stage = await stageOf('incidents', [simulated('i')], { opened });
    await stage.poll();
    stage.time.nowMs += HOUR_MS;

    await stage.poll();

    const lists = stage.asked().filter((one) => one.startsWith('/v1/incidents?'));
    const sinceMs = NOW_MS - HOUR_MS - 5 * MINUTE_MS;
    expect(lists[0]).toContain(`query=createdAt >= ${NOW_MS - 30 * DAY_MS} AND createdAt < ${NOW_MS}`);
    expect(lists[1]).toContain('query=status:open&');
    expect(lists[2]).toContain(`query=createdAt >= ${sinceMs} AND createdAt < ${NOW_MS + HOUR_MS}`);
    expect(lists.filter((one) => !one.includes('query=') || one.includes('sort=updatedAt'))).toEqual([]);
  });

  it('gives the catalogue of services, and no names where the key may not read them', async () => {
    const allowed = await stageOf('incidents', [simulated('i')], { opened });
    const refused = await stageOf('incidents', [simulated('i')], { opened, options: { refused: ['/v1/services'] } });

    await allowed.poll();
    const pages = await refused.poll();

    expect(allowed.memory.catalogue).toEqual([{ id: 'svc-checkout', name: 'checkout' }]);
    expect(refused.memory.incidents.get('i')).toMatchObject({ serviceId: 'svc-checkout', serviceName: '' });
    expect(pages.filter(({ catalogue }) => catalogue !== undefined)).toEqual([]);
  });

  it('begins anew when the source was another one', async () => {
    const stage = await stageOf('alerts', [simulated('i', { events: [event('resolve', at(5))] })], { opened });
    await stage.poll();
    stage.time.nowMs += MINUTE_MS;
    const incidents = createOpsgenieProvider('incidents', stage.fake.url);
    opened.push(incidents);

    await stage.poll({ with: incidents });

    expect(stage.memory.incidents.get('i')?.endKnownFrom).toBe('resolve_event');
    expect(JSON.parse(stage.memory.cursor ?? '{}')).toMatchObject({ source: 'incidents', phase: 'synced' });
  });

  it('lets nothing but what it needs into pages and cursors', async () => {
    const incident = simulated('i', { events: [event('acknowledge', at(40)), event('resolve', at(30))] });
    const { poll } = await stageOf('incidents', [incident, simulated('open')], { opened });

    const text = JSON.stringify(await poll());

    expect(text).toContain('svc-checkout');
    expect(text).not.toContain('@');
    expect(OPSGENIE_PEOPLE.filter(({ id, name }) => text.includes(id) || text.includes(name))).toEqual([]);
  });
});

describe('the open spans of a timeline', () => {
  const entry = fc.record({
    type: fc.constantFrom('IncidentOpened', 'IncidentResolved', 'IncidentClosed', 'IncidentReopened', 'IncidentNoted'),
    atMs: fc.integer({ min: 0, max: 20 }),
  });

  it('are over at once for an incident that ended in the millisecond of its creation', () => {
    const entries = [
      { type: 'IncidentOpened', atMs: at(60) },
      { type: 'IncidentResolved', atMs: at(60) },
    ];

    const spans = toOpenIntervals(at(60), entries);

    expect(spans).toEqual([{ openedAtMs: at(60), closedAtMs: at(60) }]);
  });

  it('are the same whatever the order of the entries, and however often each is told', () => {
    fc.assert(
      fc.property(fc.array(entry), fc.infiniteStream(fc.nat()), (entries, random) => {
        const twice = [...entries, ...entries].map((one) => ({ one, key: random.next().value }));
        const shuffled = twice.toSorted((a, b) => a.key - b.key).map(({ one }) => one);

        expect(toOpenIntervals(0, shuffled)).toEqual(toOpenIntervals(0, entries));
      }),
    );
  });

  it('begin with the creation, follow each other, and only the last may be open', () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const spans = toOpenIntervals(0, entries);

        const stamps = spans.flatMap(({ openedAtMs, closedAtMs }) => [
          openedAtMs,
          closedAtMs ?? Number.POSITIVE_INFINITY,
        ]);
        expect(stamps[0]).toBe(0);
        expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
        expect(spans.slice(0, -1).filter(({ closedAtMs }) => closedAtMs === undefined)).toEqual([]);
      }),
    );
  });

  it('end with the resolve and not with the closing after it', () => {
    const entries = [
      { type: 'IncidentClosed', atMs: 30 },
      { type: 'IncidentResolved', atMs: 20 },
      { type: 'IncidentOpened', atMs: 1 },
    ];

    expect(toOpenIntervals(0, entries)).toEqual([{ openedAtMs: 0, closedAtMs: 20 }]);
  });
});

describe('names of teams and services', () => {
  it('are read again each hour, and once for an id that is not listed', async () => {
    let reads = 0;
    const names = createNameCache(async () => {
      reads += 1;
      return [{ id: 'a', name: `name ${reads}` }];
    });
    const { signal } = new AbortController();
    const learn = async (ids: readonly string[], minutes: number) => {
      await names.ensure(ids, minutes * MINUTE_MS, signal);
      return reads;
    };

    const counts = [await learn(['a'], 0), await learn(['b'], 1), await learn(['b'], 2), await learn(['a'], 60)];
    const corrected = await learn(['a'], -60);

    expect([...counts, corrected]).toEqual([1, 2, 2, 3, 4]);
    expect([names.of('a'), names.of('b'), names.of(undefined)]).toEqual(['name 4', undefined, undefined]);
  });

  it('are news once', async () => {
    const names = createNameCache(async () => [{ id: 'a', name: 'checkout' }]);
    await names.ensure([], 0, new AbortController().signal);

    const news = [names.takeUpdates(), names.takeUpdates()];

    expect(news).toEqual([[{ id: 'a', name: 'checkout' }], undefined]);
  });
});
