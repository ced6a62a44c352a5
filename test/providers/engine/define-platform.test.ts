import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/model/time.ts';
import { timestamp } from '../../../src/providers/answers.ts';
import { bearer } from '../../../src/providers/engine/auth.ts';
import { definePlatform, secret } from '../../../src/providers/engine/define-platform.ts';
import type { IncidentLists, PlatformRecord } from '../../../src/providers/engine/definition.ts';
import { byOffset, byPageNumber } from '../../../src/providers/engine/paging.ts';
import { createMemoryKnown, pollInto } from '../memory-known.ts';
import { impatientClock, providerConfig, silentObserver } from '../setup.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);
const HISTORY_START_MS = NOW_MS - 30 * DAY_MS;
const stamp = (ms: number) => new Date(ms).toISOString();

const Record = z
  .object({
    id: z.string().min(1),
    created_at: timestamp,
    updated_at: timestamp,
    closed_at: timestamp.nullish(),
    service_id: z.string().nullish(),
  })
  .transform(
    (record): PlatformRecord => ({
      id: record.id,
      createdAtMs: record.created_at,
      updatedAtMs: record.updated_at,
      title: 'checkout',
      status: record.closed_at ? 'resolved' : 'triggered',
      resolvedAtMs: record.closed_at ?? undefined,
      serviceId: record.service_id ?? undefined,
      severity: {},
    }),
  );

interface Incident {
  readonly id: string;
  readonly createdMs: number;
  updatedMs?: number;
  closedMs?: number;
}

const updatedOf = ({ createdMs, updatedMs, closedMs }: Incident) => updatedMs ?? closedMs ?? createdMs;

/** An invented platform: lists by creation or by change in pages of two, and one of everything open. */
async function startInvented() {
  const incidents: Incident[] = [];
  const asked: string[] = [];
  const state = { refusedNames: 0, forbiddenId: '', total: true, deletedId: '' };
  const toRecord = (incident: Incident) => ({
    id: incident.id,
    created_at: stamp(incident.createdMs),
    updated_at: stamp(updatedOf(incident)),
    closed_at: incident.closedMs === undefined ? null : stamp(incident.closedMs),
    service_id: 'S1',
  });
  const answer = ({ pathname, searchParams }: URL) => {
    const id = /^\/incidents\/(.+)$/.exec(pathname)?.[1];
    if (pathname === '/services') {
      return state.refusedNames > 0 ? { status: state.refusedNames } : { data: [{ id: 'S1', name: 'shop' }] };
    }
    if (id !== undefined) {
      const found = incidents.find((one) => one.id === id && id !== state.deletedId);
      if (id === state.forbiddenId) return { status: 403 };
      return found === undefined ? { status: 404 } : toRecord(found);
    }
    const time = (name: string, fallback: number) => Date.parse(searchParams.get(name) ?? stamp(fallback));
    const found = incidents.filter(
      (one) =>
        ![state.forbiddenId, state.deletedId].includes(one.id) &&
        one.createdMs >= time('created_from', 0) &&
        one.createdMs < time('created_to', 8e15 / 2) &&
        updatedOf(one) >= time('updated_from', 0) &&
        updatedOf(one) < time('updated_to', 8e15 / 2) &&
        (searchParams.get('open') === null || one.closedMs === undefined),
    );
    const offset = searchParams.has('page')
      ? (Number(searchParams.get('page')) - 1) * 2
      : Number(searchParams.get('offset'));
    const data = found
      .toSorted((a, b) => a.createdMs - b.createdMs)
      .slice(offset, offset + 2)
      .map(toRecord);
    return { data, ...(state.total ? { total: found.length } : {}) };
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://invented');
    asked.push(`${url.pathname}${url.search}`);
    const body = answer(url);
    const status = 'status' in body && typeof body.status === 'number' ? body.status : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    url,
    incidents,
    asked,
    state,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

const byCreation: Partial<IncidentLists<PlatformRecord>> = {
  created: ({ from, to }) => ({ path: '/incidents', query: { created_from: from, created_to: to } }),
};
const byChange: Partial<IncidentLists<PlatformRecord>> = {
  changed: ({ from, to }) => ({ path: '/incidents', query: { updated_from: from, updated_to: to } }),
};
const pages = byPageNumber({ items: 'data', size: 2, param: 'page', total: 'total' });

function definition(lists: Partial<IncidentLists<PlatformRecord>>) {
  return definePlatform({
    type: 'invented',
    settings: { api_key: secret(), region: z.enum(['us', 'eu']).default('us') },
    environment: { INVENTED_KEY: 'api_key', INVENTED_REGION: 'region' },
    baseUrl: ({ region }) => `https://${region}.invented.example`,
    auth: ({ api_key: key }) => bearer(key),
    capabilities: {
      statuses: ['triggered'],
      started: false,
      identified: false,
      acknowledged: false,
      mitigated: false,
      escalations: false,
      reopens: false,
    },
    rateLimit: { requests: 100, perMs: MINUTE_MS },
    names: {
      services: {
        request: { path: '/services' },
        paging: byOffset({ items: 'data', size: 100, param: 'offset' }),
        record: z.object({ id: z.string(), name: z.string() }),
        impact: 'the names of services',
      },
    },
    incidents: () => ({
      open: () => ({ path: '/incidents', query: { open: true } }),
      one: (id) => ({ path: `/incidents/${id}` }),
      paging: pages,
      record: Record,
      ...lists,
    }),
  });
}

describe('a declared platform', () => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  async function stage(lists: Partial<IncidentLists<PlatformRecord>> = { ...byCreation, ...byChange }) {
    const invented = await startInvented();
    const config = providerConfig('invented', { baseUrl: invented.url, settings: { api_key: 'k' } });
    const provider = definition(lists).create(config, { clock: impatientClock(NOW_MS), observer: silentObserver });
    opened.push(invented, provider);
    const memory = createMemoryKnown();
    const poll = async (nowMs: number, historyStartMs = HISTORY_START_MS) => {
      const before = invented.asked.length;
      await pollInto(memory, provider, { nowMs, historyStartMs });
      return invented.asked.slice(before);
    };
    const found = () => [...memory.incidents.values()].map(({ id, status }) => `${id} ${status}`).toSorted();
    return { ...invented, memory, poll, found };
  }

  it('is configured by its environment where all that is needed is set', () => {
    const platform = definition({});

    expect(platform.fromEnvironment({ INVENTED_REGION: 'eu' })).toBeUndefined();
    expect(platform.fromEnvironment({ INVENTED_KEY: 'k' })).toEqual({
      name: 'invented',
      type: 'invented',
      api_key: 'k',
    });
    expect(platform.secrets).toEqual(['api_key']);
  });

  it.each([
    { says: 'creation and change', lists: { ...byCreation, ...byChange } },
    { says: 'creation only', lists: byCreation },
    { says: 'change only', lists: byChange },
    { says: 'creation and change, and not by what is open,', lists: { ...byCreation, ...byChange, open: undefined } },
    { says: 'change only, and not by what is open,', lists: { ...byChange, open: undefined } },
    { says: 'creation only, and not by what is open,', lists: { ...byCreation, open: undefined } },
  ])('whose lists go by $says is read with its changes', async ({ lists }) => {
    const { incidents, poll, found, memory } = await stage(lists);
    incidents.push({ id: 'old', createdMs: NOW_MS - 90 * DAY_MS });
    incidents.push({ id: 'ended', createdMs: NOW_MS - 90 * DAY_MS, closedMs: NOW_MS - 80 * DAY_MS });
    for (const day of [1, 2, 3])
      incidents.push({ id: `past-${day}`, createdMs: NOW_MS - day * DAY_MS, closedMs: NOW_MS - day * DAY_MS + 1 });
    incidents.push({ id: 'open', createdMs: NOW_MS - HOUR_MS });
    await poll(NOW_MS);
    expect(found()).toEqual([
      'old triggered',
      'open triggered',
      'past-1 resolved',
      'past-2 resolved',
      'past-3 resolved',
    ]);
    for (const one of incidents) one.closedMs ??= NOW_MS + 20_000;
    incidents.push({ id: 'new', createdMs: NOW_MS + 30_000, closedMs: NOW_MS + 40_000 });

    await poll(NOW_MS + MINUTE_MS);

    expect(found()).toEqual([
      'new resolved',
      'old resolved',
      'open resolved',
      'past-1 resolved',
      'past-2 resolved',
      'past-3 resolved',
    ]);
    expect(memory.incidents.get('new')?.serviceName).toBe('shop');
  });

  it('leaves names out that its credentials may not read', async () => {
    const { incidents, state, poll, memory } = await stage();
    state.refusedNames = 403;
    incidents.push({ id: 'A', createdMs: NOW_MS - HOUR_MS });

    await poll(NOW_MS);

    expect(memory.incidents.get('A')).toMatchObject({ serviceId: 'S1', serviceName: '' });
  });

  it('keeps an incident that its credentials may no longer read, and drops one that is gone', async () => {
    const { incidents, state, poll, memory, found } = await stage();
    incidents.push({ id: 'A', createdMs: NOW_MS - HOUR_MS }, { id: 'B', createdMs: NOW_MS - HOUR_MS });
    await poll(NOW_MS);
    Object.assign(state, { forbiddenId: 'A', deletedId: 'B' });

    await poll(NOW_MS + MINUTE_MS);

    expect(found()).toEqual(['A triggered']);
    expect([...memory.rejected.values()]).toMatchObject([{ id: 'A', reason: 'forbidden' }]);
  });

  it('requests what left the lists in turns of at most 100', async () => {
    const { incidents, state, poll } = await stage();
    for (let index = 0; index < 130; index += 1)
      incidents.push({ id: `I${index}`, createdMs: NOW_MS - HOUR_MS + index });
    await poll(NOW_MS);
    incidents.length = 0;
    state.total = true;

    const first = (await poll(NOW_MS + MINUTE_MS)).filter((path) => path.startsWith('/incidents/'));
    const second = (await poll(NOW_MS + 2 * MINUTE_MS)).filter((path) => path.startsWith('/incidents/'));

    expect([first.length, second.length]).toEqual([100, 30]);
    expect(new Set([...first, ...second]).size).toBe(130);
  });

  it('does not open an incident again because a list lags behind', async () => {
    const { incidents, poll, found } = await stage();
    const incident: Incident = { id: 'A', createdMs: NOW_MS - HOUR_MS, closedMs: NOW_MS - MINUTE_MS };
    incidents.push(incident);
    await poll(NOW_MS);
    delete incident.closedMs;

    await poll(NOW_MS + MINUTE_MS);

    expect(found()).toEqual(['A resolved']);
  });

  it('takes a change that is older than one stamped by a clock that was ahead', async () => {
    const { incidents, poll, found } = await stage();
    const incident: Incident = { id: 'A', createdMs: NOW_MS - HOUR_MS, updatedMs: NOW_MS + 2 * HOUR_MS };
    incidents.push(incident);
    await poll(NOW_MS);
    incidents.splice(0, 1, { id: 'A', createdMs: NOW_MS - HOUR_MS, closedMs: NOW_MS + 30_000 });

    await poll(NOW_MS + MINUTE_MS);

    expect(found()).toEqual(['A resolved']);
  });

  it('leaves out an old incident that only a late edit brings up', async () => {
    const { incidents, poll, found } = await stage();
    await poll(NOW_MS);
    const closedMs = NOW_MS - 90 * DAY_MS;
    incidents.push({ id: 'A', createdMs: closedMs - HOUR_MS, closedMs, updatedMs: NOW_MS + 1000 });

    await poll(NOW_MS + MINUTE_MS);

    expect(found()).toEqual([]);
  });

  it('finds what its lists show as late as it says', async () => {
    const { incidents, poll, found } = await stage({ ...byCreation, ...byChange, lagMs: 15 * MINUTE_MS });
    await poll(NOW_MS);
    incidents.push({ id: 'prompt', createdMs: NOW_MS + 15 * MINUTE_MS, closedMs: NOW_MS + 16 * MINUTE_MS });
    await poll(NOW_MS + 16 * MINUTE_MS);
    incidents.push({ id: 'late', createdMs: NOW_MS + MINUTE_MS, closedMs: NOW_MS + 2 * MINUTE_MS });

    await poll(NOW_MS + 17 * MINUTE_MS);

    expect(found()).toEqual(['late resolved', 'prompt resolved']);
  });

  it.each([
    { says: 'creation and change', lists: { ...byCreation, ...byChange } },
    { says: 'change only', lists: byChange },
  ])('whose lists go by $says reads what a longer history lacks', async ({ lists }) => {
    const { incidents, poll, found } = await stage(lists);
    const createdMs = NOW_MS - 60 * DAY_MS;
    incidents.push({ id: 'A', createdMs, closedMs: createdMs + 1 });
    incidents.push({ id: 'B', createdMs, closedMs: NOW_MS - 20 * DAY_MS });
    await poll(NOW_MS);
    expect(found()).toEqual([]);

    await poll(NOW_MS + MINUTE_MS, NOW_MS - 80 * DAY_MS);

    expect(found()).toEqual(['A resolved', 'B resolved']);
  });

  it('says that more is open than the platform lists, instead of taking a part', async () => {
    const paging = byOffset({ items: 'data', size: 2, param: 'offset', total: 'total', cap: 4 });
    const { incidents, poll } = await stage({ ...byCreation, paging });
    for (let day = 0; day < 5; day += 1) incidents.push({ id: `I${day}`, createdMs: NOW_MS - day * DAY_MS - 1 });

    await expect(poll(NOW_MS)).rejects.toThrow('GET /incidents: more open records than the 4');
  });

  it.each([
    { says: 'with totals', total: 'total' },
    { says: 'without totals', total: undefined },
  ])('is read in halves beyond its cap, $says', async ({ total }) => {
    const paging = byOffset({
      items: 'data',
      size: 2,
      param: 'offset',
      cap: 4,
      ...(total === undefined ? {} : { total }),
    });
    const open = (range?: { readonly from: string; readonly to: string }) => ({
      path: '/incidents',
      query: { open: true, created_from: range?.from, created_to: range?.to },
    });
    const { incidents, poll, found } = await stage({ ...byCreation, open, paging });
    for (let day = 0; day < 21; day += 1) incidents.push({ id: `I${day}`, createdMs: NOW_MS - day * DAY_MS - 1 });

    await poll(NOW_MS);

    expect(found()).toHaveLength(21);
  });

  it('has several lists of what is open, where one filter takes one status', async () => {
    const open = () => ['early', 'late'].map((half) => ({ path: '/incidents', query: { open: true, half } }));
    const { incidents, poll, found, asked } = await stage({ ...byCreation, open });
    incidents.push({ id: 'A', createdMs: NOW_MS - 90 * DAY_MS });

    await poll(NOW_MS);

    expect(found()).toEqual(['A triggered']);
    expect(asked.filter((path) => path.includes('half='))).toHaveLength(2);
  });

  it('is not read with the position of another type of provider', async () => {
    const { memory, poll } = await stage();
    memory.cursor = JSON.stringify({ phase: 'synced', source: 'alerts' });

    await expect(poll(NOW_MS)).rejects.toThrow('the stored position is of another type of provider');
  });
});
