import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { incidentio } from '../../src/providers/incidentio/platform.ts';
import { jsm } from '../../src/providers/jsm/platform.ts';
import type { Platform } from '../../src/providers/provider.ts';
import { INCIDENTIO_FAKE_KEY, INCIDENTIO_UNAUTHORISED, startIncidentioFake } from '../../src/simulator/incidentio.ts';
import { JSM_FAKE_ACCOUNT, JSM_FAKE_TOKEN, JSM_UNAUTHORISED, startJsmFake } from '../../src/simulator/jsm.ts';
import { PEOPLE } from '../../src/simulator/people.ts';
import { type ContractAdapter, providerContract } from './contract.ts';
import { createMemoryKnown, pollInto } from './memory-known.ts';
import { event, simulated } from './opsgenie-stage.ts';
import { impatientClock, providerConfig, silentObserver, startTap } from './setup.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);

/** What the contract suite must know of a platform that is declared. */
interface Declared extends Pick<ContractAdapter, 'name' | 'startFake' | 'unauthorised'> {
  readonly platform: Platform;
  readonly config: Partial<ProviderConfig>;
  /** The list that incidents are made from, and where its records are. */
  readonly path: string;
  readonly items: string;
  /** A time of each record. */
  readonly timeField: string;
  /** The first record with a status that nobody knows. */
  withUnknownStatus(record: object): object;
  /** A closed record without any time of its end. */
  withoutEnd(record: object): object;
  readonly cap?: number;
  readonly longSync?: number;
}

const PLATFORMS: readonly Declared[] = [
  {
    name: 'incident.io',
    platform: incidentio,
    config: { settings: { api_key: INCIDENTIO_FAKE_KEY } },
    startFake: startIncidentioFake,
    unauthorised: INCIDENTIO_UNAUTHORISED,
    path: '/v2/incidents',
    items: 'incidents',
    timeField: 'created_at',
    withUnknownStatus: (record) => ({ ...record, incident_status: { category: 'hibernating' } }),
    withoutEnd: (record) => ({ ...record, incident_timestamp_values: [] }),
    longSync: 2600,
  },
  {
    name: 'Jira Service Management',
    platform: jsm,
    config: {
      settings: { cloud_id: 'site', account: JSM_FAKE_ACCOUNT, api_token: JSM_FAKE_TOKEN },
      services: { tag: 'service', rename: [] },
    },
    startFake: startJsmFake,
    unauthorised: JSM_UNAUTHORISED,
    path: '/v1/alerts',
    items: 'values',
    timeField: 'createdAt',
    withUnknownStatus: (record) => ({ ...record, status: 'hibernating' }),
    withoutEnd: (record) => ({ ...record, closeTime: null }),
    cap: 20_000,
  },
];

function adapter({ platform, config, path, items, timeField, ...rest }: Declared): ContractAdapter {
  return {
    ...rest,
    createProvider: (url, overrides, dependencies) =>
      platform.create(providerConfig(platform.type, { baseUrl: url, ...config, ...overrides }), dependencies),
    add(world, { name, triggeredAtMs, resolvedAtMs, shownAfterMs }) {
      const ends = resolvedAtMs === undefined ? [] : [event('resolve', resolvedAtMs)];
      // Details of 20,001 acknowledged records would take a minute.
      const isAcknowledged = world.incidents.length < 1100;
      const events = [...(isAcknowledged ? [event('acknowledge', triggeredAtMs + 10_000)] : []), ...ends];
      world.incidents.push(simulated(name, { triggeredAtMs, events, shownAfterMs }));
      return name;
    },
    resolve(world, name, atMs) {
      const found = world.incidents.find(({ id }) => id === name);
      if (found === undefined) throw new Error(`no ${name} in the world`);
      found.events = [...found.events, event('resolve', atMs)];
    },
    isList: (exchange) => exchange.path === path,
    breakRecord: (body) => {
      if (typeof body !== 'object' || body === null) return body;
      const records: unknown = Object.entries(body).find(([key]) => key === items)?.[1];
      if (!Array.isArray(records) || records.length === 0) return body;
      return { ...body, [items]: records.map((one, index) => (index === 0 ? { ...one, [timeField]: 7 } : one)) };
    },
    people: PEOPLE.flatMap(({ name, email }) => [name, email]),
  };
}

for (const platform of PLATFORMS) providerContract(adapter(platform));

describe.each(PLATFORMS)('$name, whose records are wrong,', (declared) => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  const { path, items, timeField } = declared;
  const cases = [
    { says: 'has no id', change: (one: object) => ({ ...one, id: undefined }), reason: 'missing_id' },
    { says: 'has an empty id', change: (one: object) => ({ ...one, id: '' }), reason: 'missing_id' },
    {
      says: 'has a time without zone',
      change: (one: object) => ({ ...one, [timeField]: '2026-11-02T07:00:00' }),
      reason: 'malformed',
    },
    { says: 'has an unknown status', change: (one: object) => declared.withUnknownStatus(one), reason: 'malformed' },
    { says: 'is closed without an end', change: (one: object) => declared.withoutEnd(one), reason: 'end_unknown' },
  ];

  it.each(cases)(
    'rejects one that $says, takes the others, and takes it when it is mended',
    async ({ change, reason }) => {
      const suite = adapter(declared);
      const world = { incidents: [], alarms: [] };
      const times = { triggeredAtMs: NOW_MS - 2 * HOUR_MS, resolvedAtMs: NOW_MS - HOUR_MS };
      const ids = ['one', 'two', 'three'].map((name) => suite.add(world, { name, ...times }));
      const fake = await suite.startFake(world, { nowMs: () => NOW_MS });
      let isBroken = true;
      const isOfFirst = (record: unknown) => JSON.stringify(record).includes(`"${ids[0]}"`);
      const broken = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map((one) => (isOfFirst(one) ? change(one) : one));
        if (typeof value !== 'object' || value === null) return value;
        return isOfFirst(value) && 'id' in value ? change(value) : value;
      };
      const tap = await startTap(fake.url, ({ path: asked, status, body }) => {
        if (!isBroken || !asked.startsWith(path) || typeof body !== 'object' || body === null) {
          // The updates of a broken record tell nothing either.
          return { status, body: isBroken && asked.includes('incident_updates') ? { incident_updates: [] } : body };
        }
        const entries = Object.entries(body).map(([key, value]) => [
          key,
          key === items || key === 'incident' ? broken(value) : value,
        ]);
        return { status, body: broken(Object.fromEntries(entries)) };
      });
      const provider = suite.createProvider(tap.url, {}, { clock: impatientClock(NOW_MS), observer: silentObserver });
      opened.push(fake, tap, provider);
      const memory = createMemoryKnown();
      await pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - DAY_MS });
      expect([...memory.incidents.keys()].toSorted()).toEqual(['three', 'two']);
      expect([...memory.rejected.values()].map((one) => one.reason)).toContain(reason);
      isBroken = false;

      await pollInto(memory, provider, { nowMs: NOW_MS + MINUTE_MS, historyStartMs: NOW_MS - DAY_MS });

      expect([...memory.incidents.keys()].toSorted()).toEqual(['one', 'three', 'two']);
    },
  );
});
