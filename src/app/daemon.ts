import { setFlagsFromString } from 'node:v8';
import type { Config } from '../config/types.ts';
import { type CoreThread, startCoreThread } from '../core/client.ts';
import { createPageReader } from '../metrics/reader.ts';
import { createProcessMetrics, type ProcessMetrics } from '../metrics/self-metrics.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { workerUrl } from '../model/threads.ts';
import { type Clock, SECOND_MS, steadyMs } from '../model/time.ts';
import type { Platform } from '../providers/provider.ts';
import { createOnDemandThread, type OnDemandThread } from '../server/on-demand-thread.ts';
import { type ServerOptions, startServer } from '../server/server.ts';
import { createApiSource, toQueryContext } from './api/source.ts';
import { createDeliveryHistory, createDeliveryTargets, type DeliveryHistory } from './deliveries.ts';
import { createEngine, type Engine } from './engine.ts';
import { findReadiness } from './health.ts';
import { createPageLoop } from './page-loop.ts';
import { createReloader, type ReloadResult } from './reload.ts';
import { readStatusView } from './status.ts';
import type { StoreQueries } from './store-queries.ts';
import { createTrend } from './trend.ts';

/** A thread without queries gives its memory back after this long. */
const QUERY_IDLE_MS = 30 * SECOND_MS;

export interface DaemonInput {
  readonly config: Config;
  /** Reads the configuration again; throws with a message for people. */
  readonly readConfig: () => Config;
  readonly platforms: readonly Platform[];
  readonly serving: Pick<
    ServerOptions,
    'listenAddresses' | 'telemetryPath' | 'routePrefix' | 'externalUrl' | 'enableLifecycle' | 'web'
  >;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** An error after which only a restart helps. */
  readonly onFatal: (error: unknown) => void;
}

/** The running exporter as a value. */
export interface Daemon {
  readonly urls: readonly string[];
  reload(): Promise<ReloadResult>;
  stop(): Promise<void>;
}

/** A valid configuration that cannot be run with, such as a CA file that does not exist. */
export class UnusableConfiguration extends Error {
  override readonly name = 'UnusableConfiguration';
}

/** Starts everything; what was opened is closed in reverse order. Throws when the store cannot be opened or an address cannot be used. */
export async function startDaemon(input: DaemonInput): Promise<Daemon> {
  limitHeapGrowth();
  const app = await openApp(input);
  const { core, pageLoop, clock, reader, reloader, log } = app;
  const reload = async () => {
    await server.checkWebConfig();
    return reloader.reload();
  };
  const server = await startServer({
    ...input.serving,
    log,
    bearerToken: () => app.engine().config.web.bearerToken,
    page: {
      read: (format) => reader.read(format),
      delivered: (version) => void core.scraped(version, steadyMs(clock)).catch(() => undefined),
    },
    readiness: () => findReadiness(app.engine(), pageLoop),
    reload,
    status: (window) => readStatusView(app, window),
    api: createApiSource(app),
    deliveries: createDeliveryTargets(app),
  }).catch(async (error: unknown) => {
    await app.engine().stop();
    await app.close();
    throw error;
  });
  const running = run(app);
  return {
    urls: server.urls,
    reload,
    stop: async () => {
      app.stopping.abort(new Error('the exporter stops'));
      // Its client gets an answer, instead of keeping the server open.
      void app.engine().refreshRunner.stop();
      await Promise.all([server.close(), app.engine().stop()]);
      const reloading = reloader.stop();
      // What the core runs may take long; it is all or nothing, and the next start continues from there.
      await app.close();
      await Promise.all([reloading, running]);
    },
  };
}

/**
 * Makes V8 prefer little memory to few collections, in all threads that start later, too. Left alone, its space for new
 * objects grows to three times 16 MB in the first second of a sync and is never given back, and what a sync leaves behind
 * stays until the heap has doubled: measured after a first sync of 10,000 incidents this saves 100 of 290 MB.
 */
function limitHeapGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
}

/** Everything behind the server. */
async function openApp(input: DaemonInput) {
  const { clock, log, onFatal } = input;
  const startedAtMs = clock.nowMs();
  const storePath = input.config.store.path;
  const thread = await startCoreThread({ storePath, nowMs: startedAtMs, log, onFatal });
  const { core } = thread;
  const metrics = createProcessMetrics(input.version);
  metrics.reloaded(true, startedAtMs);
  const deliveries = createDeliveryHistory(clock);
  const createNext = (config: Config) => createEngine({ ...input, config, core, metrics });
  let engine = await createNextOrClose(thread, () => createNext(input.config));
  let isRunning = false;
  const reader = createPageReader((format) => metrics.text(format));
  const pageLoop = createPageLoop({ ...input, core, reader });
  const queryThread = createQueryThread();
  const current = { engine: () => engine, storePath, clock };
  const trend = createTrend({
    ...input,
    core,
    config: () => engine.config,
    read: (providers) => queryThread.service.trend(toQueryContext(current), providers),
  });
  const reloader = createReloader({
    ...input,
    core,
    storePath,
    createEngine: createNext,
    running: () => (isRunning ? engine : undefined),
    replace: (next) => {
      engine = next;
    },
    onReloaded: async (isSuccessful, before) => {
      metrics.reloaded(isSuccessful, clock.nowMs());
      await forgetRemoved({ before, after: engine.config }, { deliveries, metrics });
    },
  });
  return {
    ...input,
    ...current,
    core,
    reader,
    metrics,
    deliveries,
    pageLoop,
    storeQueries: queryThread.service,
    trend,
    reloader,
    reloadFailure: () => reloader.failure(),
    startedAtMs,
    stopping: new AbortController(),
    onRunning: () => {
      isRunning = true;
    },
    close: async () => {
      await queryThread.close();
      await thread.close();
    },
  };
}

/** Of providers that are no longer configured nothing is shown. */
async function forgetRemoved(
  { before, after }: { readonly before: Config; readonly after: Config },
  { deliveries, metrics }: { readonly deliveries: DeliveryHistory; readonly metrics: ProcessMetrics },
): Promise<void> {
  const kept = new Set(after.providers.map(({ name }) => name));
  for (const { name } of before.providers) {
    if (kept.has(name)) continue;
    deliveries.forget(name);
    await metrics.forget(name);
  }
}

/** Runs long queries one after the other on a thread of their own, so that commits, pages and scrapes go on. */
function createQueryThread(): OnDemandThread<StoreQueries> {
  const url = workerUrl('query-worker', import.meta.url);
  return createOnDemandThread({
    url,
    name: 'query',
    methods: ['explain', 'incidents', 'postmortem', 'trend'],
    idleMs: QUERY_IDLE_MS,
  });
}

type App = Awaited<ReturnType<typeof openApp>>;

/** Configures the core, starts the first engine and runs everything until the exporter stops. */
async function run({ core, engine, clock, pageLoop, trend, stopping, onRunning, onFatal }: App): Promise<void> {
  const { signal } = stopping;
  try {
    await core.configure(engine().setup, clock.nowMs());
    await pageLoop.tick();
    if (signal.aborted) return;
    engine().start();
    onRunning();
    await Promise.all([pageLoop.run(signal), trend.run(signal)]);
  } catch (error) {
    if (!signal.aborted) onFatal(error);
  }
}

async function createNextOrClose(thread: CoreThread, create: () => Engine): Promise<Engine> {
  try {
    return create();
  } catch (error) {
    await thread.close();
    throw new UnusableConfiguration(messageOf(error), { cause: error });
  }
}
