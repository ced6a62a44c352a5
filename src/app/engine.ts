import type { Config } from '../config/types.ts';
import type { Core, CoreSetup } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { toCoreConfig } from '../core/settings.ts';
import type { ProcessMetrics } from '../metrics/self-metrics.ts';
import type { Log } from '../model/log.ts';
import { type Clock, SECOND_MS } from '../model/time.ts';
import { createPoller, type Poller } from '../poller/poller.ts';
import { createRefresh, createRefreshRunner, type RefreshRunner, type RefreshTarget } from '../poller/refresh.ts';
import type { Platform } from '../providers/provider.ts';
import { createEmptinessWatch, type EmptinessWatch } from './emptiness.ts';
import { type OpenedProvider, openProviders } from './providers.ts';
import { createReceiver, type Receiver } from './receiver.ts';

/** Polls that do not end by themselves are abandoned after this long: SIGTERM promises 5 s in all. */
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

export interface EngineProvider extends OpenedProvider {
  readonly poller: Poller;
  /** Stores what comes by itself. */
  readonly receiver: Receiver;
}

/** The providers of one configuration with their pollers. */
export interface Engine {
  readonly config: Config;
  /** What the core needs of this configuration. */
  readonly setup: CoreSetup;
  readonly providers: readonly EngineProvider[];
  /** Reads providers again on demand. */
  readonly refreshRunner: RefreshRunner;
  /** Why a provider adds nothing to any number. */
  readonly emptiness: Pick<EmptinessWatch, 'reason'>;
  /** Starts to poll; the core must be configured. */
  start(): void;
  /** Ends the polls and closes the providers. */
  stop(): Promise<void>;
}

/** Opens the providers of a configuration; throws when one cannot be (a CA file that cannot be read). */
export function createEngine(input: EngineInput): Engine {
  const { config, clock, metrics, onFatal } = input;
  const all = openProviders(input);
  const emptiness = createEmptinessWatch({ ...input, providers: all });
  const providers = all.map((opened): EngineProvider => {
    const { name, pollIntervalMs } = opened.config;
    const poller = createPoller({
      ...input,
      name,
      provider: opened.provider,
      pollIntervalMs,
      historyMs: config.historyMs,
      transcript: opened.transcript,
      onPolled: (poll) => {
        metrics.polled(name, poll);
        if (opened.webhook !== undefined) metrics.changesFound(name, poll.changes);
        if (poll.isUp) void emptiness.check(name);
      },
    });
    const nowMs = () => poller.nowMs();
    const onStored = () => {
      if (emptiness.reason(name) !== undefined) void emptiness.check(name);
    };
    const receiver = createReceiver({ ...input, name, provider: opened.provider, nowMs, onStored });
    return { ...opened, poller, receiver };
  });
  const refreshRunner = createRefreshRunner({ ...input, targets: providers.map((one) => toRefreshTarget(input, one)) });
  const stopping = new AbortController();
  let polls: Promise<unknown> = Promise.resolve();
  return {
    config,
    setup: {
      config: toCoreConfig(config),
      capabilities: new Map(providers.map(({ config: { name }, capabilities }) => [name, capabilities])),
    },
    providers,
    refreshRunner,
    emptiness,
    start: () => {
      for (const { config: one, webhook, push } of providers) {
        metrics.ensureCounters(one.name);
        const isContent = webhook?.content !== undefined;
        if (webhook !== undefined || push !== undefined) {
          metrics.ensureDeliveryCounters(one.name, { isContent, hasWebhook: webhook !== undefined });
        }
      }
      for (const { receiver } of providers) receiver.start();
      polls = Promise.all(providers.map(({ poller }) => poller.run(stopping.signal))).catch(onFatal);
    },
    stop: async () => {
      stopping.abort(new Error('the exporter stops'));
      const ended = Promise.all([polls, refreshRunner.stop(), ...providers.map(({ receiver }) => receiver.stop())]);
      await Promise.race([ended, clock.sleep(POLLS_END_WITHIN_MS)]);
      await Promise.all(providers.map(({ provider }) => provider.close()));
    },
  };
}

function toRefreshTarget({ config, core }: EngineInput, opened: EngineProvider): RefreshTarget {
  const { poller, provider, requestsMade } = opened;
  const { name, pollIntervalMs } = opened.config;
  const { historyMs, retentionMs } = config;
  return {
    name,
    pollIntervalMs,
    nowMs: () => poller.nowMs(),
    lastSuccessMs: async () => (await core.provider(name)).polledUntilMs,
    refresh: createRefresh({ poller, provider, core, historyMs, retentionMs, requestsMade }),
  };
}
