import type { ProviderConfig } from '../../src/config/types.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { Fake, FakeOptions } from '../../src/simulator/platform.ts';
import type { World } from '../../src/simulator/world.ts';
import type { DeclaredPlatform } from './declared-platform.ts';
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
  close(): Promise<void>;
}

interface Choices<Options> {
  /** How the fake is, where it has a choice. */
  readonly options?: Options;
  /** Besides those of the declared platform. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly config?: Partial<ProviderConfig>;
}

/** The declared platform on a stage of its own. */
export async function declaredStage<Options extends FakeOptions = FakeOptions>(
  { platform, config: base, startFake }: DeclaredPlatform,
  { options, settings = {}, config = {} }: Choices<Options> = {},
): Promise<DeclaredStage> {
  const world: World = { incidents: [], alarms: [] };
  const time = { nowMs: NOW_MS };
  const fake = await startFake(world, { nowMs: () => time.nowMs, ...options });
  const whole = { baseUrl: fake.url, ...base, settings: { ...base.settings, ...settings }, ...config };
  const dependencies = { clock: impatientClock(NOW_MS), observer: silentObserver };
  const provider = platform.create(providerConfig(platform.type, whole), dependencies);
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
    async close() {
      await provider.close();
      await fake.close();
    },
  };
}

/** What a first sync makes of `body`, answered to each request for the list instead of what the fake has. */
export async function readAnswer(
  declared: DeclaredPlatform,
  body: unknown,
  config: Partial<ProviderConfig> = {},
): Promise<MemoryKnown> {
  const stage = await declaredStage(declared, { config });
  const path = new RegExp(`^${declared.path}$`);
  stage.fake.faults.push({ times: Number.POSITIVE_INFINITY, path, answer: { status: 200, body } });
  await stage.poll();
  await stage.close();
  return stage.memory;
}
