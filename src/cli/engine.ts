import type { Config, ProviderConfig } from '../config/types.ts';
import type { Holds } from '../metrics/holds.ts';
import type { ProcessMetrics } from '../metrics/process.ts';
import type { PageReader } from '../metrics/reader.ts';
import type { Log } from '../model/log.ts';
import { type Clock, HOUR_MS } from '../model/time.ts';
import { createPoller, type Poller } from '../poller/poller.ts';
import { createRefreshing, type Refreshing } from '../poller/refreshing.ts';
import type { Platform, Provider } from '../providers/provider.ts';
import type { ProviderCounts } from '../stats/rows.ts';
import { createStatistics } from '../stats/statistics.ts';
import type { Store } from '../store/store.ts';
import { refreshTarget } from './api/refresh-target.ts';
import { createIntake, type Intake } from './intake.ts';
import { type OpenedProvider, openProviders } from './opened-providers.ts';
import { activeProvider, readersOf, shownProvider, statisticsSettings, storeSettings } from './settings.ts';
import { createShowing } from './showing.ts';
import type { Shown } from './shown.ts';
import { createTrend, type Trend } from './trend.ts';

/** How often what is older than the retention is looked for. */
const PRUNE_EVERY_MS = HOUR_MS;

export interface EngineInput {
  readonly config: Config;
  readonly platforms: readonly Platform[];
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ProcessMetrics;
  readonly reader: PageReader;
  /** The same for all engines of a process: what waits goes on waiting over a reload. */
  readonly holds: Holds;
  readonly onFatal: (error: unknown) => void;
}

export interface EngineProvider {
  readonly config: ProviderConfig;
  readonly poller: Poller;
  readonly requestsLeft: OpenedProvider['requestsLeft'];
  readonly isImportedOnly: boolean;
  readonly traits: OpenedProvider['traits'];
}

/** Everything between the providers and the page, for one configuration. */
export interface Engine {
  readonly providers: readonly EngineProvider[];
  /** Reads the store and renders the first page; the signal ends a long reading. */
  open(signal?: AbortSignal): Promise<void>;
  /** Ends holds that are over, prunes, and renders what changed. */
  tick(): Promise<void>;
  /** A GET got all of this page. */
  delivered(version: number): void;
  counts(): ReadonlyMap<string, ProviderCounts>;
  /** What the page of metrics shows: numbers for people are taken from here, so that both agree. */
  shown(): Shown;
  readonly trend: Trend;
  /** Reads providers again on demand. */
  readonly refreshing: Refreshing;
  /** The error of a tick says that the store is damaged: only a restart, which sets it aside, helps. */
  isBroken(error: unknown): boolean;
  /** Lets go of the platforms; polls must have ended. */
  close(): Promise<void>;
}

/** Builds the providers of a configuration; throws when one cannot be (a CA file that cannot be read). */
export function createEngine(input: EngineInput): Engine {
  const { config, store, clock, metrics } = input;
  const readers = readersOf(config);
  const described = openProviders(input);
  const statistics = createStatistics({
    settings: statisticsSettings(config),
    labels: (facet) => store.labels(facet),
    reader: (name) => readers.get(name),
  });
  const coverageOf = (name: string) => {
    const provider = described.find((one) => one.config.name === name);
    return provider === undefined ? undefined : activeProvider(store.provider(name), provider);
  };
  const intake = createIntake({ statistics, coverageOf });
  const { providers, refreshing } = putToWork(input, described, intake);
  const showing = createShowing({ ...input, statistics, providers: described.map(shownProvider) });
  const prune = createPruning(input, intake);
  const showChanges = async () => {
    if (!intake.takeChanged()) return;
    await showing.render().catch((error: unknown) => {
      intake.changed();
      throw error;
    });
  };
  return {
    providers,
    open: async (signal) => {
      await store.configure(storeSettings(config, { readers, providers: described }), clock.nowMs());
      await store.load((incident) => {
        signal?.throwIfAborted();
        statistics.put(incident);
      });
      for (const one of providers) metrics.born(one.config.name);
      await intake.begin(providers.map((one) => one.config.name));
      intake.takeChanged();
      await showing.render();
    },
    tick: async () => {
      // A full disk ends no hold and prunes nothing, but what was polled before is shown.
      try {
        if (await showing.release()) intake.changed();
        await prune();
      } finally {
        await showChanges();
      }
    },
    delivered: (version) => showing.delivered(version),
    counts: () => statistics.counts(),
    shown: () => showing.shown(),
    trend: createTrend({ ...input, readers }),
    refreshing,
    isBroken: (error) => store.isBroken(error),
    close: async () => {
      await Promise.all(described.map(({ provider }) => provider.close()));
    },
  };
}

/** A poller for each provider, and what reads them again on demand. */
function putToWork(input: EngineInput, opened: readonly OpenedProvider[], intake: Intake) {
  const working = opened.map((one) => {
    const { config, provider, requestsLeft, isImportedOnly, traits } = one;
    const poller = makePoller(input, { config, provider, intake });
    return {
      provider: { config, poller, requestsLeft, isImportedOnly, traits },
      target: refreshTarget(input, { opened: one, poller, intake }),
    };
  });
  return {
    providers: working.map(({ provider }) => provider),
    refreshing: createRefreshing({ ...input, targets: working.map(({ target }) => target) }),
  };
}

interface Making {
  readonly config: ProviderConfig;
  readonly provider: Provider;
  readonly intake: Intake;
}

function makePoller(input: EngineInput, { config, provider, intake }: Making): Poller {
  const { store, clock, log, metrics, onFatal } = input;
  return createPoller({
    name: config.name,
    provider,
    store,
    clock,
    log,
    pollIntervalMs: config.pollIntervalMs,
    historyMs: input.config.historyMs,
    onCommitted: (committed) => intake.committed(config.name, committed),
    onPolled: (poll) => {
      metrics.polled(config.name, poll);
    },
    onFatal,
  });
}

function createPruning({ store, clock }: EngineInput, intake: Intake): () => Promise<void> {
  let prunedAtMs = clock.nowMs();
  return async () => {
    if (clock.nowMs() - prunedAtMs < PRUNE_EVERY_MS) return;
    prunedAtMs = clock.nowMs();
    await intake.pruned(await store.prune(prunedAtMs));
  };
}
