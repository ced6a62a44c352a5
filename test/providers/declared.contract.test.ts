import type { ProviderConfig } from '../../src/config/types.ts';
import { incidentio } from '../../src/providers/incidentio/platform.ts';
import { jsm } from '../../src/providers/jsm/platform.ts';
import type { Platform } from '../../src/providers/provider.ts';
import { INCIDENTIO_FAKE_KEY, INCIDENTIO_UNAUTHORISED, startIncidentioFake } from '../../src/simulator/incidentio.ts';
import { JSM_FAKE_ACCOUNT, JSM_FAKE_TOKEN, JSM_UNAUTHORISED, startJsmFake } from '../../src/simulator/jsm.ts';
import { PEOPLE } from '../../src/simulator/people.ts';
import { type ContractAdapter, providerContract } from './contract.ts';
import { event, simulated } from './opsgenie-stage.ts';
import { providerConfig } from './setup.ts';

/** What the contract suite must know of a platform that is declared. */
interface Declared extends Pick<ContractAdapter, 'name' | 'startFake' | 'unauthorised'> {
  readonly platform: Platform;
  readonly config: Partial<ProviderConfig>;
  /** The list that incidents are made from, and where its records are. */
  readonly path: string;
  readonly items: string;
  /** A time of each record. */
  readonly timeField: string;
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
