import nock from 'nock';
import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { pagerduty } from '../../src/providers/pagerduty/platform.ts';
import { PAGERDUTY_FAKE_KEY, type PagerdutyFakeOptions, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { SimulatedEvent, SimulatedIncident, World } from '../../src/simulator/world.ts';
import { createMemoryKnown, pollInto } from './memory-known.ts';
import { impatientClock, providerConfig, silentObserver, startTap } from './setup.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);
const HISTORY_START_MS = NOW_MS - 60 * DAY_MS;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  nock.cleanAll();
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** What happened `minutes` after the trigger, by a person unless said otherwise. */
type Happening = readonly [SimulatedEvent['kind'], number, SimulatedEvent['by']?];

interface Told extends Partial<Omit<SimulatedIncident, 'events'>> {
  readonly ago?: number;
  readonly happened?: readonly Happening[];
}

/** An incident that was triggered `ago` milliseconds before the first poll. */
function incident(id: string, { ago = DAY_MS, happened = [], ...overrides }: Told = {}): SimulatedIncident {
  const triggeredAtMs = NOW_MS - ago;
  return {
    id,
    title: `${id} is down`,
    service: { id: 'PSVC1', name: 'checkout' },
    urgency: 'high',
    triggeredAtMs,
    events: happened.map(([kind, minutes, by = 'person']) => ({ kind, atMs: triggeredAtMs + minutes * MINUTE_MS, by })),
    ...overrides,
  };
}

async function stage(incidents: SimulatedIncident[], options: PagerdutyFakeOptions & { tamper?: Tamper } = {}) {
  const { tamper, ...fakeOptions } = options;
  const world: World = { incidents, alarms: [] };
  const time = { nowMs: NOW_MS, historyStartMs: HISTORY_START_MS };
  const fake = await startPagerdutyFake(world, { nowMs: () => time.nowMs, ...fakeOptions });
  const tap = await startTap(fake.url, tamper);
  const settings = { api_key: PAGERDUTY_FAKE_KEY, region: 'us' };
  const provider = pagerduty.create(providerConfig('pagerduty', { baseUrl: tap.url, settings }), {
    clock: impatientClock(NOW_MS),
    observer: silentObserver,
  });
  opened.push(fake, tap, provider);
  const memory = createMemoryKnown();
  const poll = (rest: { dieAfterPages?: number } = {}) =>
    pollInto(memory, provider, { nowMs: time.nowMs, historyStartMs: time.historyStartMs, ...rest });
  const pass = (ms: number) => {
    time.nowMs += ms;
    return poll();
  };
  const paths = () => fake.requests.map(({ path }) => path);
  const get = (id: string) => memory.incidents.get(id);
  return { world, time, fake, memory, poll, pass, paths, get };
}

type Tamper = Parameters<typeof startTap>[1] & {};

/** More events for an incident of the world, `minutes` after its trigger. */
function happen(one: SimulatedIncident, ...happened: readonly Happening[]): void {
  const { events } = incident(one.id, { happened });
  const shiftMs = one.triggeredAtMs - (NOW_MS - DAY_MS);
  one.events = [...one.events, ...events.map((event) => ({ ...event, atMs: event.atMs + shiftMs }))];
}

describe('the PagerDuty provider, first sync', () => {
  it('learns acknowledgements, escalations and ends of the history from the log, without a request per incident', async () => {
    const happened: Happening[] = [
      ['acknowledge', 1, 'integration'],
      ['escalate', 5, 'timeout'],
      ['acknowledge', 7],
      ['resolve', 30, 'timeout'],
    ];
    const { poll, get, paths } = await stage([
      incident('Q1', { happened, priority: 'SEV-1', team: { id: 'T1', name: 'Web' } }),
    ]);

    await poll();

    const triggeredAtMs = NOW_MS - DAY_MS;
    expect(get('Q1')).toMatchObject({
      title: 'Q1 is down',
      url: 'https://acme.pagerduty.com/incidents/Q1',
      serviceId: 'PSVC1',
      serviceName: 'checkout',
      team: 'Web',
      severity: { priority: 'SEV-1', urgency: 'high' },
      status: 'resolved',
      acknowledgedAtMs: triggeredAtMs + 7 * MINUTE_MS,
      escalatedAtMs: [triggeredAtMs + 5 * MINUTE_MS],
      resolvedAtMs: triggeredAtMs + 30 * MINUTE_MS,
      endKnownFrom: 'resolve_event',
      autoResolved: true,
      reopenedAtMs: [],
      merged: false,
    });
    expect([...new Set(paths())].sort()).toEqual(['/incidents', '/log_entries', '/services']);
  });

  it('keeps to its budget of requests where windows are halved', async () => {
    const happened: Happening[] = [
      ['acknowledge', 2],
      ['resolve', 20],
    ];
    const count = 12_000;
    const stepMs = Math.floor((50 * DAY_MS) / count);
    const incidents = Array.from({ length: count }, (_, index) =>
      incident(`Q${index}`, { ago: 55 * DAY_MS - index * stepMs, happened }),
    );
    const { poll, memory, fake, get } = await stage(incidents);

    await poll();

    const pages = count / 100 + (3 * count) / 100;
    expect(memory.incidents.size).toBe(count);
    expect(get('Q11999')?.acknowledgedAtMs).toBe((incidents.at(-1)?.triggeredAtMs ?? 0) + 2 * MINUTE_MS);
    expect(fake.requests.every(({ status }) => status === 200)).toBe(true);
    expect(fake.requests.length).toBeLessThanOrEqual(1.1 * (pages + 2) + 5);
  });

  it('always asks for UTC, and for both bounds with their zone or for all', async () => {
    const { poll, pass, fake } = await stage([incident('Q1')]);

    await poll();
    await pass(MINUTE_MS);

    const lists = fake.requests.filter(({ path }) => path === '/incidents' || path === '/log_entries');
    expect(lists.length).toBeGreaterThanOrEqual(5);
    for (const { query } of lists) {
      const isBounded = ['since', 'until'].every((name) => query.get(name)?.endsWith('Z'));
      expect(isBounded || query.get('date_range') === 'all').toBe(true);
      expect(query.get('time_zone')).toBe('UTC');
      expect(query.get('limit')).toBe('100');
    }
  });

  it('takes everything that is open, however old, and nothing else that is older than the history', async () => {
    const { poll, memory, pass, get } = await stage([
      incident('Qopen', { ago: 400 * DAY_MS, happened: [['acknowledge', 10]] }),
      incident('Qover', { ago: 400 * DAY_MS, happened: [['resolve', 10]] }),
    ]);

    await poll();

    expect([...memory.incidents.keys()]).toEqual(['Qopen']);
    await pass(MINUTE_MS);
    expect([...memory.incidents.keys()]).toEqual(['Qopen']);
    expect(get('Qopen')?.status).toBe('acknowledged');
  });

  it('reads all pages of the open set where the platform tells no total', async () => {
    const old = Array.from({ length: 250 }, (_, n) => incident(`Q${n}`, { ago: 100 * DAY_MS + n * MINUTE_MS }));
    const tamper: Tamper = ({ status, body }) => ({
      status,
      body: typeof body === 'object' && body !== null && 'total' in body ? { ...body, total: null } : body,
    });
    const { poll, memory, paths } = await stage(old, { tamper });

    await poll();
    const firstRequests = paths().length;
    await poll();

    expect(memory.incidents.size).toBe(250);
    expect(paths().slice(firstRequests)).not.toContainEqual(expect.stringMatching(/^\/incidents\/./));
  });

  it('reads a set of more than 10000 open incidents in windows of creation', async () => {
    const incidents = Array.from({ length: 10_001 }, (_, index) =>
      incident(`Q${index}`, { ago: 300 * DAY_MS - index * 40 * MINUTE_MS }),
    );
    const { poll, memory } = await stage(incidents);

    await poll();

    expect(memory.incidents.size).toBe(10_001);
  });

  it('knows merged incidents, and reopened ones with each of their spans', async () => {
    const reopened: Happening[] = [
      ['resolve', 10],
      ['reopen', 20],
      ['resolve', 50],
    ];
    const { poll, get } = await stage([
      incident('Qmerged', { happened: [['merge', 5]] }),
      incident('Qreopened', { happened: reopened }),
    ]);

    await poll();

    const at = (minutes: number) => NOW_MS - DAY_MS + minutes * MINUTE_MS;
    expect(get('Qmerged')).toMatchObject({ merged: true, status: 'resolved' });
    expect(get('Qreopened')).toMatchObject({
      merged: false,
      reopenedAtMs: [at(20)],
      resolvedAtMs: at(50),
      intervals: [
        { openedAtMs: at(0), closedAtMs: at(10) },
        { openedAtMs: at(20), closedAtMs: at(50) },
      ],
    });
  });

  it('reads the catalogue of services, and again after an hour only', async () => {
    const { world, poll, pass, memory, paths } = await stage([incident('Q1')]);
    await poll();
    expect(memory.catalogue).toEqual([{ id: 'PSVC1', name: 'checkout' }]);
    for (const one of world.incidents) one.service = { id: 'PSVC1', name: 'till' };

    await pass(10 * MINUTE_MS);
    const early = memory.catalogue;
    await pass(HOUR_MS);

    expect(early).toEqual([{ id: 'PSVC1', name: 'checkout' }]);
    expect(memory.catalogue).toEqual([{ id: 'PSVC1', name: 'till' }]);
    expect(paths().filter((path) => path === '/services')).toHaveLength(2);
  });

  it('loses nothing at the edges of its windows', async () => {
    const edges = [0, 90 * DAY_MS - 1000, 90 * DAY_MS, 180 * DAY_MS - 1000];
    const { time, poll, memory, get } = await stage(
      edges.map((ms) =>
        incident(`Q${ms}`, {
          ago: 200 * DAY_MS - ms,
          happened: [
            ['acknowledge', 0],
            ['resolve', 30],
          ],
        }),
      ),
    );
    time.historyStartMs = NOW_MS - 200 * DAY_MS;

    await poll();

    expect([...memory.incidents.keys()].sort()).toEqual(edges.map((ms) => `Q${ms}`).sort());
    expect(edges.map((ms) => get(`Q${ms}`)?.acknowledgedAtMs)).toEqual(edges.map((ms) => time.historyStartMs + ms));
  });

  it.each(['incidents', 'log'])(
    'skips no record when the list of %s shrank between a crash and going on',
    async (phase) => {
      const happened: Happening[] = [
        ['acknowledge', 1],
        ['resolve', 2],
      ];
      const incidents = Array.from({ length: 450 }, (_, n) =>
        incident(`Q${n}`, { ago: 50 * DAY_MS - n * HOUR_MS, happened }),
      );
      const { poll, memory, world } = await stage(incidents);
      const isAt = () => memory.cursor?.includes(`"phase":"${phase}"`) === true;
      for (let crash = 0; !isAt() || memory.incidents.size === 0; crash += 1) await poll({ dieAfterPages: 2 });
      // Gone from what was read already: the oldest of the incidents, the newest of the log.
      for (const one of phase === 'log' ? incidents.slice(-3) : incidents.slice(0, 3)) one.deletedAtMs = NOW_MS - 1;
      world.incidents = [...incidents];

      await poll();

      const left = incidents.filter(({ deletedAtMs }) => deletedAtMs === undefined);
      expect(left.filter(({ id }) => memory.incidents.get(id)?.acknowledgedAtMs === undefined)).toEqual([]);
    },
  );

  it('goes on from the cursor of an earlier version, which told an offset', async () => {
    const incidents = Array.from({ length: 250 }, (_, n) => incident(`Q${n}`, { ago: 50 * DAY_MS - n * HOUR_MS }));
    const { poll, memory } = await stage(incidents.slice(1));
    const span = [HISTORY_START_MS, NOW_MS];
    const times = { askedUntilMs: NOW_MS, historyStartMs: HISTORY_START_MS, catalogueAtMs: NOW_MS };
    memory.cursor = JSON.stringify({ phase: 'incidents', ...times, spansLeft: [span], offset: 100 });

    await poll();

    expect(memory.incidents.size).toBe(249);
    expect(memory.end?.polledUntilMs).toBe(NOW_MS);
  });

  it('ends at the time of its request when its cursor lies ahead', async () => {
    const { poll, memory } = await stage([incident('Q1')]);
    await poll({ dieAfterPages: 1 });
    memory.cursor = memory.cursor?.replaceAll(String(NOW_MS), String(NOW_MS + 2 * HOUR_MS));

    await poll();

    expect(memory.end?.polledUntilMs).toBe(NOW_MS);
  });

  it('loses no open incident when others end while the open set is read', async () => {
    const incidents = Array.from({ length: 250 }, (_, index) =>
      incident(`Q${index}`, { ago: 300 * DAY_MS - index * HOUR_MS }),
    );
    let hasEnded = false;
    const endSome: Tamper = (exchange) => {
      if (exchange.query.get('date_range') === 'all' && !hasEnded) {
        hasEnded = true;
        for (const one of incidents.slice(0, 30)) one.events = [{ kind: 'resolve', atMs: NOW_MS, by: 'person' }];
      }
      return exchange;
    };
    const { poll, memory } = await stage(incidents, { tamper: endSome });

    await poll();

    expect(hasEnded).toBe(true);
    expect(incidents.slice(30).every(({ id }) => memory.incidents.get(id)?.status === 'triggered')).toBe(true);
  });
});

describe('the PagerDuty provider, later polls', () => {
  it('follows a reopening that the log tells of', async () => {
    const one = incident('Q1', { happened: [['resolve', 60]] });
    const { poll, pass, get } = await stage([one]);
    await poll();
    happen(one, ['reopen', 24 * 60 + 1]);

    await pass(2 * MINUTE_MS);

    expect(get('Q1')).toMatchObject({
      status: 'triggered',
      resolvedAtMs: undefined,
      reopenedAtMs: [NOW_MS + MINUTE_MS],
    });
    happen(one, ['resolve', 24 * 60 + 5]);
    await pass(5 * MINUTE_MS);
    expect(get('Q1')).toMatchObject({ status: 'resolved', resolvedAtMs: NOW_MS + 5 * MINUTE_MS });
    expect(get('Q1')?.intervals).toHaveLength(2);
  });

  it('keeps the time of a reopening that the log is silent about, whatever changes later', async () => {
    const one = incident('Q1', { happened: [['resolve', 60]] });
    const { poll, pass, get } = await stage([one], { reopenAs: 'none' });
    await poll();
    happen(one, ['reopen', 24 * 60 + 1]);
    await pass(2 * MINUTE_MS);
    expect(get('Q1')).toMatchObject({ status: 'triggered', reopenedAtMs: [NOW_MS + MINUTE_MS] });
    happen(one, ['escalate', 24 * 60 + 6], ['resolve', 24 * 60 + 9]);

    await pass(8 * MINUTE_MS);

    expect(get('Q1')).toMatchObject({ status: 'resolved', reopenedAtMs: [NOW_MS + MINUTE_MS] });
    expect(get('Q1')?.resolvedAtMs).toBe(NOW_MS + 9 * MINUTE_MS);
  });

  it('drops what answers 404, keeps what answers 403 as it was and says so', async () => {
    const [gone, hidden] = [incident('Qgone'), incident('Qhidden')];
    const { poll, pass, memory, get } = await stage([gone, hidden]);
    await poll();
    gone.deletedAtMs = NOW_MS + MINUTE_MS;
    hidden.forbidden = true;

    const pages = await pass(2 * MINUTE_MS);

    expect(pages.flatMap(({ deletedIds }) => deletedIds)).toEqual(['Qgone']);
    expect(memory.incidents.has('Qgone')).toBe(false);
    expect(get('Qhidden')?.status).toBe('triggered');
    expect(pages.flatMap(({ rejected }) => rejected)).toMatchObject([{ id: 'Qhidden', reason: 'forbidden' }]);
  });

  it('asks for an incident that left the open set when the log lost its end', async () => {
    const one = incident('Q1', { happened: [['acknowledge', 5]] });
    const lost: Tamper = ({ path, status, body }) =>
      path === '/log_entries' ? { status, body: withoutEntries(body) } : { status, body };
    const { poll, pass, get, paths } = await stage([one], { tamper: lost });
    await poll();
    happen(one, ['resolve', 24 * 60 + 1, 'integration']);

    await pass(2 * MINUTE_MS);

    expect(get('Q1')).toMatchObject({ status: 'resolved', resolvedAtMs: NOW_MS + MINUTE_MS, autoResolved: true });
    expect(paths().filter((path) => path.startsWith('/incidents/'))).toEqual([
      '/incidents/Q1',
      '/incidents/Q1/log_entries',
    ]);
    await pass(MINUTE_MS);
    expect(paths().filter((path) => path.startsWith('/incidents/'))).toHaveLength(2);
  });

  it('asks for incidents of which the log carries references only', async () => {
    const { world, poll, pass, get, paths } = await stage([], { referencesOnly: true });
    await poll();
    world.incidents.push(
      incident('Q1', {
        ago: -MINUTE_MS,
        happened: [
          ['acknowledge', 1],
          ['resolve', 2],
        ],
      }),
    );

    await pass(10 * MINUTE_MS);
    await pass(MINUTE_MS);

    expect(get('Q1')).toMatchObject({ status: 'resolved', acknowledgedAtMs: NOW_MS + 2 * MINUTE_MS });
    expect(paths().filter((path) => path === '/incidents/Q1')).toHaveLength(1);
  });

  it('reads the log of an old incident when it ends, so that its acknowledgement is known', async () => {
    const old = incident('Qold', {
      ago: 400 * DAY_MS,
      happened: [
        ['acknowledge', 10],
        ['escalate', 20],
      ],
    });
    const { poll, pass, get } = await stage([old]);
    await poll();
    expect(get('Qold')?.acknowledgedAtMs).toBeUndefined();
    happen(old, ['resolve', 400 * 24 * 60 + 1]);

    await pass(2 * MINUTE_MS);

    expect(get('Qold')).toMatchObject({
      status: 'resolved',
      acknowledgedAtMs: old.triggeredAtMs + 10 * MINUTE_MS,
      escalatedAtMs: [old.triggeredAtMs + 20 * MINUTE_MS],
    });
  });

  it('tries a rejected record again until it can be read', async () => {
    let isBroken = true;
    const breaking: Tamper = ({ status, body }) => ({
      status,
      body: isBroken ? JSON.parse(JSON.stringify(body).replaceAll('"status":"resolved"', '"status":"vanished"')) : body,
    });
    const sound = incident('Qsound');
    const { poll, pass, memory, get } = await stage([sound, incident('Q1', { happened: [['resolve', 5]] })], {
      tamper: breaking,
    });
    await poll();
    expect([...memory.rejected.values()]).toMatchObject([{ id: 'Q1', reason: 'malformed' }]);
    expect(JSON.stringify([...memory.rejected])).not.toContain('vanished');
    await pass(MINUTE_MS);
    expect(get('Q1')).toBeUndefined();
    isBroken = false;

    await pass(MINUTE_MS);

    expect(get('Q1')?.status).toBe('resolved');
    expect(memory.rejected.size).toBe(0);
  });

  it('reads the older part too when the configured history grows by more than a day, and says so', async () => {
    const happened: Happening[] = [
      ['acknowledge', 3],
      ['resolve', 30],
    ];
    const { time, poll, pass, memory, get } = await stage([
      incident('Qolder', { ago: 150 * DAY_MS, happened }),
      incident('Qspan', { ago: 60 * DAY_MS + 10 * MINUTE_MS, happened: [...happened.slice(0, 1), ['resolve', 60]] }),
      incident('Qnewer', { happened }),
    ]);
    await poll();
    expect([...memory.incidents.keys()]).toEqual(['Qnewer']);

    await pass(MINUTE_MS);
    time.historyStartMs = NOW_MS - 200 * DAY_MS;
    await pass(MINUTE_MS);

    expect([...memory.incidents.keys()].sort()).toEqual(['Qnewer', 'Qolder', 'Qspan']);
    expect(get('Qolder')?.acknowledgedAtMs).toBe(NOW_MS - 150 * DAY_MS + 3 * MINUTE_MS);
    expect(get('Qspan')).toMatchObject({ status: 'resolved', autoResolved: false });
    expect(memory.end?.historyStartMs).toBe(time.historyStartMs);
    await pass(MINUTE_MS);
    expect(memory.end?.historyStartMs).toBe(time.historyStartMs);
  });

  it('does not move its beginning of history while the configured one moves on with time', async () => {
    const { time, poll, pass, memory } = await stage([incident('Q1')]);
    await poll();

    time.historyStartMs += 3 * DAY_MS;
    await pass(MINUTE_MS);

    expect(memory.end?.historyStartMs).toBe(HISTORY_START_MS);
  });

  it('reads the last day again when a clock that was ahead has moved its cursor beyond now', async () => {
    const { world, poll, pass, memory, get } = await stage([incident('Q1', { happened: [['resolve', 5]] })]);
    await poll();
    world.incidents.push(incident('Qmissed', { ago: 2 * HOUR_MS, happened: [['resolve', 5]] }));
    memory.cursor = JSON.stringify({ ...JSON.parse(memory.cursor ?? ''), changesUntilMs: NOW_MS + HOUR_MS });

    await pass(MINUTE_MS);

    expect(get('Qmissed')?.status).toBe('resolved');
    expect(JSON.parse(memory.cursor ?? '').changesUntilMs).toBeLessThanOrEqual(NOW_MS + MINUTE_MS);
  });

  it('costs two requests while nothing happens', async () => {
    const { poll, pass, fake } = await stage([incident('Q1', { happened: [['resolve', 5]] }), incident('Qopen')]);
    await poll();
    const before = fake.requests.length;

    await pass(MINUTE_MS);

    expect(fake.requests.length - before).toBe(2);
  });

  it('finds what a quiet platform shows up to an hour late', async () => {
    const early = incident('Qearly', { ago: 20 * MINUTE_MS, shownAfterMs: 21 * MINUTE_MS, happened: [['resolve', 0]] });
    const later = incident('Qlater', { ago: -HOUR_MS, shownAfterMs: 50 * MINUTE_MS, happened: [['resolve', 1]] });
    const { poll, pass, memory } = await stage([incident('Q1', { happened: [['resolve', 5]] }), early, later]);
    await poll();

    await pass(2 * MINUTE_MS);
    const afterOne = memory.incidents.has('Qearly');
    await pass(100 * MINUTE_MS);
    await pass(15 * MINUTE_MS);

    expect(afterOne).toBe(true);
    expect(memory.incidents.has('Qlater')).toBe(true);
  });

  it('believes no list that lags behind what is stored', async () => {
    const one = incident('Q1');
    let stale: unknown;
    let isLagging = false;
    const lag: Tamper = ({ query, status, body }) => {
      if (query.get('date_range') !== 'all') return { status, body };
      stale ??= body;
      return { status, body: isLagging ? stale : body };
    };
    const { poll, pass, get } = await stage([one], { tamper: lag });
    await poll();
    happen(one, ['resolve', 24 * 60 + 1]);
    await pass(2 * MINUTE_MS);
    await pass(2 * HOUR_MS);
    isLagging = true;

    await pass(MINUTE_MS);

    expect(get('Q1')).toMatchObject({ status: 'resolved', resolvedAtMs: NOW_MS + MINUTE_MS, reopenedAtMs: [] });
  });

  it('takes no old incident in because of a late note on it', async () => {
    const old = incident('Qold', { ago: 400 * DAY_MS, happened: [['resolve', 10]] });
    const note: Tamper = ({ path, query, status, body }) =>
      path === '/log_entries' && query.has('include[]')
        ? { status, body: withNote(body, 'Qold', old) }
        : { status, body };
    const { poll, pass, memory } = await stage([old], { tamper: note });
    await poll();

    await pass(2 * MINUTE_MS);

    expect(memory.incidents.size).toBe(0);
  });

  it('tries at most 50 rejected records in one poll, and the others in the next', async () => {
    const incidents = Array.from({ length: 60 }, (_, index) => incident(`Q${index}`, { happened: [['resolve', 5]] }));
    const breaking: Tamper = ({ status, body }) => ({
      status,
      body: JSON.parse(JSON.stringify(body).replaceAll('"status":"resolved"', '"status":"vanished"')),
    });
    const { poll, pass, paths } = await stage([incident('Qsound'), ...incidents], { tamper: breaking });
    await poll();
    await pass(2 * HOUR_MS);
    const single = () => paths().filter((path) => path.startsWith('/incidents/'));
    const before = single().length;

    await pass(MINUTE_MS);
    const between = single().length;
    await pass(MINUTE_MS);

    expect([between - before, single().length - between]).toEqual([50, 50]);
    expect(new Set(single().slice(before)).size).toBe(60);
  });

  it('rejects nothing that one list garbles and another one tells', async () => {
    const { world, poll, pass } = await stage([incident('Qsound')], {
      tamper: ({ path, status, body }) =>
        path === '/incidents'
          ? {
              status,
              body: JSON.parse(
                JSON.stringify(body).replaceAll('"created_at":"2026-11-02T12:01:00Z"', '"created_at":7'),
              ),
            }
          : { status, body },
    });
    await poll();
    world.incidents.push(incident('Q1', { ago: -MINUTE_MS }));

    const pages = await pass(2 * MINUTE_MS);

    expect(pages.flatMap(({ incidents }) => incidents.map(({ id }) => id)).sort()).toEqual(['Q1', 'Qsound']);
    expect(pages.flatMap(({ rejected }) => rejected)).toEqual([]);
  });

  it('refuses a cursor that it did not write', async () => {
    const { poll, memory } = await stage([]);
    memory.cursor = '{"phase":"elsewhere"}';

    await expect(poll()).rejects.toThrow('the stored cursor is not one that this provider wrote');
  });
});

describe('the PagerDuty platform', () => {
  it.each([
    { region: 'us', host: 'https://api.pagerduty.com' },
    { region: 'eu', host: 'https://api.eu.pagerduty.com' },
  ])('asks the host of the region $region with the token in the form of the platform', async ({ region, host }) => {
    const provider = pagerduty.create(providerConfig('pagerduty', { settings: { api_key: 'k3y', region } }), {
      clock: impatientClock(NOW_MS),
      observer: silentObserver,
    });
    opened.push(provider);
    const empty = { limit: 100, offset: 0, total: 0, more: false };
    const scope = nock(host, {
      reqheaders: {
        authorization: 'Token token=k3y',
        accept: 'application/vnd.pagerduty+json;version=2',
        'content-type': 'application/json',
      },
    });
    scope
      .get('/services')
      .query(true)
      .reply(200, { ...empty, services: [] });
    scope
      .get('/incidents')
      .query(true)
      .times(2)
      .reply(200, { ...empty, incidents: [] });
    scope
      .get('/log_entries')
      .query(true)
      .reply(200, { ...empty, log_entries: [] });
    const memory = createMemoryKnown();

    await pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - 60 * DAY_MS });

    expect(memory.end?.polledUntilMs).toBe(NOW_MS);
    expect(nock.pendingMocks()).toEqual([]);
  });

  it.each([
    { env: {}, entry: undefined },
    { env: { PAGERDUTY_TOKEN: '' }, entry: undefined },
    { env: { PAGERDUTY_TOKEN: 'k3y' }, entry: { name: 'pagerduty', type: 'pagerduty', api_key: 'k3y' } },
    {
      env: { PAGERDUTY_TOKEN: 'k3y', PAGERDUTY_REGION: 'eu' },
      entry: { name: 'pagerduty', type: 'pagerduty', api_key: 'k3y', region: 'eu' },
    },
  ])('is configured by $env', ({ env, entry }) => {
    expect(pagerduty.fromEnvironment(env)).toEqual(entry);
  });
});

function withoutEntries(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('log_entries' in body) || !Array.isArray(body.log_entries))
    return body;
  return { ...body, log_entries: [], total: 0, more: false };
}

function withNote(body: unknown, id: string, { triggeredAtMs }: SimulatedIncident): unknown {
  if (typeof body !== 'object' || body === null || !('log_entries' in body) || !Array.isArray(body.log_entries))
    return body;
  const stamp = (ms: number) => new Date(ms).toISOString();
  const incident = {
    id,
    status: 'resolved',
    created_at: stamp(triggeredAtMs),
    resolved_at: stamp(triggeredAtMs + 10 * MINUTE_MS),
    updated_at: stamp(NOW_MS + MINUTE_MS),
  };
  const note = { id: 'RNOTE', type: 'annotate_log_entry', created_at: stamp(NOW_MS + MINUTE_MS), incident };
  return { ...body, log_entries: [note, ...body.log_entries] };
}
