import type { ProviderConfig } from '../../src/config/types.ts';
import { incidentio } from '../../src/providers/incidentio/platform.ts';
import { jsm } from '../../src/providers/jsm/platform.ts';
import type { Provider } from '../../src/providers/provider.ts';
import {
  INCIDENTIO_FAKE_KEY,
  type IncidentioFakeOptions,
  startIncidentioFake,
} from '../../src/simulator/incidentio.ts';
import { JSM_FAKE_ACCOUNT, JSM_FAKE_TOKEN, startJsmFake } from '../../src/simulator/jsm.ts';
import type { Fake, FakeOptions } from '../../src/simulator/platform.ts';
import type { World } from '../../src/simulator/world.ts';
import { createMemoryKnown, type MemoryKnown, pollInto } from './memory-known.ts';
import { impatientClock, providerConfig, silentObserver } from './setup.ts';

export const NOW_MS = Date.UTC(2026, 10, 2, 12);
export const HISTORY_START_MS = NOW_MS - 30 * 86_400_000;

/** A world, a fake of it and a provider; `time.nowMs` is the platform's now. */
export interface DeclaredStage {
  readonly world: World;
  readonly fake: Fake;
  readonly provider: Provider;
  readonly memory: MemoryKnown;
  readonly time: { nowMs: number };
  /** Gives the paths of the requests that it made. */
  readonly poll: () => Promise<readonly string[]>;
}

async function stage(
  start: (world: World, options: FakeOptions) => Promise<Fake>,
  create: (url: string) => Provider,
): Promise<DeclaredStage> {
  const world: World = { incidents: [], alarms: [] };
  const time = { nowMs: NOW_MS };
  const fake = await start(world, { nowMs: () => time.nowMs });
  const provider = create(fake.url);
  const memory = createMemoryKnown();
  return {
    world,
    fake,
    provider,
    memory,
    time,
    async poll() {
      const before = fake.requests.length;
      await pollInto(memory, provider, { nowMs: time.nowMs, historyStartMs: HISTORY_START_MS });
      return fake.requests.slice(before).map(({ path }) => path);
    },
  };
}

const dependencies = () => ({ clock: impatientClock(NOW_MS), observer: silentObserver });

export function incidentioStage(
  options: IncidentioFakeOptions = {},
  settings: Readonly<Record<string, unknown>> = {},
): Promise<DeclaredStage> {
  return stage(
    (world, base) => startIncidentioFake(world, { ...base, ...options }),
    (url) => {
      const config = { baseUrl: url, settings: { api_key: INCIDENTIO_FAKE_KEY, ...settings } };
      return incidentio.create(providerConfig('incidentio', config), dependencies());
    },
  );
}

export function jsmStage(overrides: Partial<ProviderConfig> = {}): Promise<DeclaredStage> {
  const settings = { cloud_id: 'site', account: JSM_FAKE_ACCOUNT, api_token: JSM_FAKE_TOKEN };
  return stage(startJsmFake, (url) => {
    const config = { baseUrl: url, settings, services: { tag: 'service', rename: [] }, ...overrides };
    return jsm.create(providerConfig('jsm', config), dependencies());
  });
}
