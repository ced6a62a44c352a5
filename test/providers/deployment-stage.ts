import { z } from 'zod';
import type { DeploymentSettings, ProviderConfig } from '../../src/config/types.ts';
import type { Comparison, Deployment } from '../../src/model/deployment.ts';
import { compileGlob, isGlob } from '../../src/model/glob.ts';
import type { Rejection } from '../../src/model/incident.ts';
import type { Page, StoredState } from '../../src/model/poll.ts';
import type { Platform, Provider } from '../../src/providers/provider.ts';
import type {
  DeploymentWorld,
  SimulatedDeployment,
  SimulatedRepository,
} from '../../src/simulator/deployment-world.ts';
import type { Fake, SeenRequest } from '../../src/simulator/platform.ts';
import { impatientClock, providerConfig, silentObserver } from './setup.ts';

export const NOW_MS = Date.UTC(2026, 10, 2, 12);
export const HISTORY_START_MS = NOW_MS - 30 * 86_400_000;
const MINUTE_MS = 60_000;

/** What a store would hold of the deployments of one provider. */
export class DeploymentMemory {
  readonly deployments = new Map<string, Deployment>();
  readonly comparisons = new Map<string, Comparison>();
  /** By key and reason. */
  readonly rejected = new Map<string, Rejection>();
  /** Environments by the id of a deployment that is not read. */
  readonly unread = new Map<string, string>();
  cursor: string | undefined;
  complete: Page['complete'];

  apply(page: Page): void {
    for (const one of page.deployments ?? []) this.deployments.set(one.id, one);
    for (const id of page.deletedDeploymentIds ?? []) this.deployments.delete(id);
    for (const one of page.comparisons ?? []) this.comparisons.set(pairKey(one), one);
    for (const one of page.rejected) this.rejected.set(`${one.key} ${one.reason}`, one);
    for (const { id, environment } of page.unreadDeployments ?? []) this.unread.set(id, environment);
    this.cursor = page.cursor;
    this.complete = page.complete ?? this.complete;
  }

  state(): StoredState {
    const none = async () => new Map<string, never>();
    const endMs = ({ finishedAtMs = Number.POSITIVE_INFINITY }: Deployment) => finishedAtMs;
    return {
      incidents: none,
      openIds: async () => [],
      rejectedIds: async () => [],
      stateChanges: none,
      bySubject: none,
      deployments: async (ids) => new Map([...this.deployments].filter(([id]) => ids.includes(id))),
      deploymentsOf: async (repositories, sinceMs) =>
        new Map(
          repositories.map((name) => {
            const own = [...this.deployments.values()].filter(({ repository }) => repository === name);
            const older = own.filter((one) => one.outcome === 'success' && endMs(one) < sinceMs);
            const last = Map.groupBy(older, ({ environment }) => environment).values();
            const lastOnes = [...last].flatMap((ones) => ones.toSorted((a, b) => endMs(a) - endMs(b)).at(-1) ?? []);
            return [name, [...lastOnes, ...own.filter((one) => endMs(one) >= sinceMs)]];
          }),
        ),
      unfinishedDeployments: async () => [...this.deployments.values()].filter(({ outcome }) => outcome === undefined),
      comparisons: async (pairs) => pairs.flatMap((pair) => this.comparisons.get(pairKey(pair)) ?? []),
    };
  }
}

function pairKey({ repository, baseSha, headSha }: Pick<Comparison, 'repository' | 'baseSha' | 'headSha'>): string {
  return `${repository} ${baseSha} ${headSha}`;
}

/** What the keys of deployments amount to. */
export function deploymentSettings(
  environments: Readonly<Record<string, readonly string[]>> = { production: ['production', 'prod-*'] },
  leadTime: DeploymentSettings['leadTime'] = 'commits',
): DeploymentSettings {
  const rules = Object.entries(environments).flatMap(([to, names]) =>
    names.map((name) => ({ match: compileGlob(name, { ignoreCase: true }), to })),
  );
  const [exact, patterns] = [false, true].map((one) => rules.filter(({ match }) => isGlob(match.pattern) === one));
  return { environments: [...(exact ?? []), ...(patterns ?? [])], leadTime, isOptional: false };
}

export interface DeploymentStage<World = DeploymentWorld> {
  readonly world: World;
  readonly fake: Fake;
  readonly provider: Provider;
  readonly memory: DeploymentMemory;
  readonly time: { nowMs: number };
  /** Names of environments and others that the provider warned of. */
  readonly warnings: { readonly message: string; readonly fields: unknown }[];
  /** One poll as the poller does it; gives the requests that it made. */
  readonly poll: (options?: {
    readonly dieAfterPages?: number;
    readonly minutes?: number;
  }) => Promise<readonly SeenRequest[]>;
  readonly close: () => Promise<void>;
}

export interface StageInput<World> {
  readonly platform: Platform;
  readonly world: World;
  readonly start: (world: World, nowMs: () => number) => Promise<Fake>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly config?: Partial<ProviderConfig>;
  readonly baseUrl?: (url: string) => string;
}

export async function deploymentStage<World>(input: StageInput<World>): Promise<DeploymentStage<World>> {
  const { platform, world, config = {}, baseUrl = (url: string) => url } = input;
  const time = { nowMs: NOW_MS };
  const fake = await input.start(world, () => time.nowMs);
  const settings = Object.fromEntries(
    Object.entries(platform.shape).map(([key, schema]) => {
      return [key, z.safeParse(schema, input.settings[key]).data];
    }),
  );
  const warnings: { message: string; fields: unknown }[] = [];
  const provider = platform.create(
    providerConfig(platform.type, {
      baseUrl: baseUrl(fake.url),
      settings,
      deployments: deploymentSettings(),
      ...config,
    }),
    {
      clock: { ...impatientClock(NOW_MS), nowMs: () => time.nowMs },
      observer: silentObserver,
      log: { warn: (message: string, fields?: unknown) => void warnings.push({ message, fields }) },
    },
  );
  const memory = new DeploymentMemory();
  return {
    world,
    fake,
    provider,
    memory,
    time,
    warnings,
    async poll({ dieAfterPages, minutes = 0 } = {}) {
      time.nowMs += minutes * MINUTE_MS;
      const before = fake.requests.length;
      const isFirst = memory.complete === undefined;
      const pages: Page[] = [];
      const request = {
        cursor: memory.cursor,
        nowMs: time.nowMs,
        historyStartMs: HISTORY_START_MS,
        stored: memory.state(),
        signal: new AbortController().signal,
      };
      for await (const page of provider.poll(request)) {
        pages.push(page);
        if (isFirst) memory.apply(page);
        if (isFirst && pages.length === dieAfterPages) return fake.requests.slice(before);
      }
      if (pages.at(-1)?.complete === undefined) throw new Error('the poll ended before its last page');
      if (!isFirst) for (const page of pages) memory.apply(page);
      return fake.requests.slice(before);
    },
    async close() {
      await provider.close();
      await fake.close();
    },
  };
}

/** A deployment of `production` that began `minutesAgo` and ended five minutes later, running until then. */
export function deployment(
  id: number,
  { minutesAgo, ...change }: { readonly minutesAgo: number } & Partial<SimulatedDeployment> & { state?: string },
): SimulatedDeployment {
  const createdAtMs = NOW_MS - minutesAgo * MINUTE_MS;
  const { state = 'SUCCESS', ...rest } = change;
  return {
    id,
    environment: 'production',
    ref: 'main',
    sha: `sha${id}`,
    createdAtMs,
    statuses: [
      { state: 'IN_PROGRESS', atMs: createdAtMs + 10_000 },
      { state, atMs: createdAtMs + 5 * MINUTE_MS },
    ],
    ...rest,
  };
}

/** A repository with a line of commits `sha0`, `sha1`, …, one an hour, the last one two hours ago. */
export function repository(id: number, name: string, change: Partial<SimulatedRepository> = {}): SimulatedRepository {
  return { id, name, deployments: [], commits: commitLine(20), ...change };
}

export function commitLine(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    sha: `sha${index}`,
    authoredAtMs: NOW_MS - (count + 1 - index) * 60 * MINUTE_MS,
    parents: index === 0 ? [] : [`sha${index - 1}`],
  }));
}
