import type { ProviderConfig } from '../../src/config/types.ts';
import { opsgenie } from '../../src/providers/opsgenie/platform.ts';
import type { Provider, ProviderDependencies } from '../../src/providers/provider.ts';
import { OPSGENIE_FAKE_KEY, type OpsgenieFakeOptions, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import type { Fake } from '../../src/simulator/platform.ts';
import type { SimulatedEvent, SimulatedIncident, World } from '../../src/simulator/world.ts';
import { createMemoryKnown, type MemoryKnown, pollInto } from './memory-known.ts';
import { impatientClock, providerConfig, silentObserver } from './setup.ts';

export type Source = 'alerts' | 'incidents';

export const NOW_MS = Date.UTC(2026, 10, 2, 12);

/** An Opsgenie provider of `source` that talks to `url` with the key of the fake. */
export function createOpsgenieProvider(
  source: Source,
  url: string | undefined,
  overrides: Partial<ProviderConfig> & { readonly dependencies?: ProviderDependencies } = {},
): Provider {
  const { settings, dependencies = { clock: impatientClock(NOW_MS), observer: silentObserver }, ...others } = overrides;
  const config = providerConfig('opsgenie', {
    baseUrl: url,
    services: { tag: 'service', rename: [] },
    settings: { api_key: OPSGENIE_FAKE_KEY, source, ...settings },
    ...others,
  });
  return opsgenie.create(config, dependencies);
}

/** A simulated incident with defaults; `overrides` replaces any of them. */
export function simulated(id: string, overrides: Partial<SimulatedIncident> = {}): SimulatedIncident {
  return {
    id,
    title: `checkout ratio of 5xx above 3 % (${id})`,
    service: { id: 'svc-checkout', name: 'checkout' },
    team: { id: 'team-payments', name: 'payments' },
    priority: 'P2',
    urgency: 'high',
    triggeredAtMs: NOW_MS - 3_600_000,
    events: [],
    ...overrides,
  };
}

export function event(kind: SimulatedEvent['kind'], atMs: number): SimulatedEvent {
  return { kind, atMs, by: 'person' };
}

export interface Stage {
  readonly world: World;
  readonly fake: Fake;
  readonly time: { nowMs: number };
  readonly memory: MemoryKnown;
  /** Paths and queries since the last call of this. */
  readonly asked: () => string[];
  readonly poll: (choices?: PollChoices) => ReturnType<typeof pollInto>;
}

interface PollChoices {
  readonly historyStartMs?: number;
  readonly config?: Partial<ProviderConfig>;
  readonly into?: MemoryKnown;
  readonly dieAfterPages?: number;
  readonly with?: Provider;
}

/** A world, a fake of it, and polls by fresh providers into one memory; `opened` collects what is to be closed. */
export async function stageOf(
  source: Source,
  incidents: readonly SimulatedIncident[],
  { options = {}, opened }: { options?: OpsgenieFakeOptions; opened: { close(): Promise<void> }[] },
): Promise<Stage> {
  const world: World = { incidents: [...incidents], alarms: [] };
  const time = { nowMs: NOW_MS };
  const fake = await startOpsgenieFake(world, { nowMs: () => time.nowMs, ...options });
  opened.push(fake);
  const memory = createMemoryKnown();
  let told = 0;
  return {
    world,
    fake,
    time,
    memory,
    asked() {
      const asked = fake.requests
        .slice(told)
        .map(({ path, query }) => `${path}?${decodeURIComponent(query.toString())}`);
      told = fake.requests.length;
      return asked.map((one) => one.replaceAll('+', ' '));
    },
    async poll({
      historyStartMs = NOW_MS - 30 * 86_400_000,
      config = {},
      into = memory,
      dieAfterPages,
      with: by,
    } = {}) {
      const provider = by ?? createOpsgenieProvider(source, fake.url, config);
      if (by === undefined) opened.push(provider);
      const death = dieAfterPages === undefined ? {} : { dieAfterPages };
      return pollInto(into, provider, { nowMs: time.nowMs, historyStartMs, ...death });
    },
  };
}
