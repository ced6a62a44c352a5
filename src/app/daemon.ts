import type { Config } from '../config/types.ts';
import { type CoreThread, startCoreThread } from '../core/client.ts';
import { createPageReader } from '../metrics/reader.ts';
import { createProcessMetrics, type ProcessMetrics } from '../metrics/self-metrics.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { type Clock, steadyMs } from '../model/time.ts';
import type { Platform } from '../providers/provider.ts';
import type { ServerOptions } from '../server/options.ts';
import { startServer } from '../server/server.ts';
import { createApiSource, questionContext } from './api/source.ts';
import { createEngine, type Engine } from './engine.ts';
import { preferSmallHeap } from './heap.ts';
import { createPageLoop } from './page-loop.ts';
import { createQuestionThread } from './question-client.ts';
import { createReloader, type ReloadResult } from './reload.ts';
import { readinessOf, statusOf } from './status.ts';
import { createTrend } from './trend.ts';

type Serving = Pick<
  ServerOptions,
  'listenAddresses' | 'telemetryPath' | 'routePrefix' | 'externalUrl' | 'enableLifecycle' | 'web'
>;

export interface DaemonInput {
  readonly config: Config;
  /** Reads the configuration anew; throws with the message to be shown. */
  readonly readConfig: () => Config;
  readonly platforms: readonly Platform[];
  readonly serving: Serving;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Something happened that only a restart mends. */
  readonly onFatal: (error: unknown) => void;
}

/** The running program as a value. */
export interface Daemon {
  readonly urls: readonly string[];
  reload(): Promise<ReloadResult>;
  stop(): Promise<void>;
}

/** A configuration that reads well but cannot be run with, such as a CA file that is not there. */
export class UnusableConfiguration extends Error {
  override readonly name = 'UnusableConfiguration';
}

/** Starts everything; what was opened is closed in reverse order. Throws when the store or an address cannot be had. */
export async function startDaemon(input: DaemonInput): Promise<Daemon> {
  preferSmallHeap();
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
    healthy: () => ({ ok: true }),
    readiness: () => readinessOf(app.engine().providers, pageLoop),
    reload,
    status: (window) => statusOf(app, window),
    api: createApiSource(app),
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
      // What the core has under way may take long; it is whole or nothing, and the next start goes on from there.
      await app.close();
      await Promise.all([reloading, running]);
    },
  };
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
  const createNext = (config: Config) => createEngine({ ...input, config, core, metrics });
  let engine = await createNextOrClose(thread, () => createNext(input.config));
  let isRunning = false;
  const reader = createPageReader((format) => metrics.text(format));
  const pageLoop = createPageLoop({ ...input, core, reader });
  const questionThread = createQuestionThread();
  const current = { engine: () => engine, storePath, clock };
  const trend = createTrend({
    ...input,
    core,
    config: () => engine.config,
    read: (providers) => questionThread.questions.trend(questionContext(current), providers),
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
    onReloaded: (isSuccessful, before) =>
      countReload(metrics, { isSuccessful, nowMs: clock.nowMs(), before, after: engine.config }),
  });
  const stopping = new AbortController();
  const onRunning = () => {
    isRunning = true;
  };
  const close = async () => {
    await questionThread.close();
    await thread.close();
  };
  const { questions } = questionThread;
  const reloadFailure = () => reloader.failure();
  return {
    ...input,
    ...current,
    core,
    reader,
    pageLoop,
    questions,
    trend,
    reloader,
    reloadFailure,
    startedAtMs,
    stopping,
    onRunning,
    close,
  };
}

type App = Awaited<ReturnType<typeof openApp>>;

/** Opens the first engine and runs everything until the end. */
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

interface CountedReload {
  readonly isSuccessful: boolean;
  readonly nowMs: number;
  readonly before: Config;
  readonly after: Config;
}

async function countReload(metrics: ProcessMetrics, { isSuccessful, nowMs, before, after }: CountedReload) {
  metrics.reloaded(isSuccessful, nowMs);
  const kept = new Set(after.providers.map(({ name }) => name));
  for (const { name } of before.providers) if (!kept.has(name)) await metrics.forget(name);
}
