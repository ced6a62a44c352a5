import type { Config, ProviderConfig } from '../config/types.ts';
import type { Core, CoreSetup } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { toCoreConfig } from '../core/settings.ts';
import type { ProcessMetrics } from '../metrics/self-metrics.ts';
import type { Log } from '../model/log.ts';
import { type Clock, SECOND_MS } from '../model/time.ts';
import { createPoller, type Poller } from '../poller/poller.ts';
import { createRefresh, createRefreshRunner, type RefreshRunner, type RefreshTarget } from '../poller/refresh.ts';
import type { Platform } from '../providers/provider.ts';
import { type OpenedProvider, openProviders } from './providers.ts';

/** Polls that do not end by themselves are left behind after this long: SIGTERM promises 5 s in all. */
const POLLS_END_WITHIN_MS = 2 * SECOND_MS;

export interface EngineInput {
  readonly config: Config;
  readonly platforms: readonly Platform[];
  readonly core: Remote<Core>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ProcessMetrics;
  readonly onFatal: (error: unknown) => void;
}

export interface EngineProvider {
  readonly config: ProviderConfig;
  readonly poller: Poller;
  readonly requestsLeft: OpenedProvider['requestsLeft'];
  readonly isImportedOnly: boolean;
  readonly capabilities: OpenedProvider['capabilities'];
}

/** The providers of one configuration with their pollers. */
export interface Engine {
  readonly config: Config;
  /** What the core has to know of this configuration. */
  readonly setup: CoreSetup;
  readonly providers: readonly EngineProvider[];
  /** Reads providers again on demand. */
  readonly refreshRunner: RefreshRunner;
  /** Begins to poll; the core must be configured. */
  start(): void;
  /** Ends the polls and lets go of the platforms. */
  stop(): Promise<void>;
}

/** Opens the providers of a configuration; throws when one cannot be (a CA file that cannot be read). */
export function createEngine(input: EngineInput): Engine {
  const { config, clock, metrics, onFatal } = input;
  const opened = openProviders(input);
  const providers = opened.map(({ config: own, provider, requestsLeft, isImportedOnly, capabilities }) => {
    const poller = createPoller({
      ...input,
      name: own.name,
      provider,
      pollIntervalMs: own.pollIntervalMs,
      historyMs: config.historyMs,
      onPolled: (poll) => metrics.polled(own.name, poll),
    });
    return { config: own, poller, requestsLeft, isImportedOnly, capabilities };
  });
  const targets = opened.map((one, at) => refreshTarget(input, one, providers[at]?.poller));
  const refreshRunner = createRefreshRunner({ ...input, targets });
  const stopping = new AbortController();
  let polls: Promise<unknown> = Promise.resolve();
  return {
    config,
    setup: {
      config: toCoreConfig(config),
      capabilities: new Map(opened.map(({ config: { name }, capabilities }) => [name, capabilities])),
    },
    providers,
    refreshRunner,
    start: () => {
      for (const { name } of config.providers) metrics.born(name);
      polls = Promise.all(providers.map(({ poller }) => poller.run(stopping.signal))).catch(onFatal);
    },
    stop: async () => {
      stopping.abort(new Error('the exporter stops'));
      const ended = Promise.all([polls, refreshRunner.stop()]);
      await Promise.race([ended, clock.sleep(POLLS_END_WITHIN_MS)]);
      await Promise.all(opened.map(({ provider }) => provider.close()));
    },
  };
}

function refreshTarget(
  { config, core }: EngineInput,
  { config: { name, pollIntervalMs }, provider, requestsMade }: OpenedProvider,
  poller: Poller | undefined,
): RefreshTarget {
  if (poller === undefined) throw new Error(`provider ${name} has no poller`);
  const { historyMs, retentionMs } = config;
  return {
    name,
    pollIntervalMs,
    nowMs: () => poller.nowMs(),
    lastSuccessMs: async () => (await core.provider(name)).polledUntilMs,
    refresh: createRefresh({ poller, provider, core, historyMs, retentionMs, requestsMade }),
  };
}
