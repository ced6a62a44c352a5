import type { Config } from '../config/types.ts';
import { startCoreThread } from '../core/client.ts';
import { createProcessMetrics } from '../metrics/process.ts';
import { createPageReader } from '../metrics/reader.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/time.ts';
import type { Platform } from '../providers/provider.ts';
import type { ServerOptions } from '../server/options.ts';
import { startServer } from '../server/server.ts';
import { createApiSource, questionContext } from './api/source.ts';
import { createEngine, type Engine } from './engine.ts';
import { keepNewSpaceSmall } from './heap.ts';
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
  const { clock, log, version, onFatal } = input;
  keepNewSpaceSmall();
  const startedAtMs = clock.nowMs();
  const storePath = input.config.store.path;
  const thread = await startCoreThread({ storePath, nowMs: startedAtMs, log, onFatal });
  const { core } = thread;
  const metrics = createProcessMetrics(version);
  metrics.reloaded(true, startedAtMs);
  const reader = createPageReader((format) => metrics.text(format));
  const pageLoop = createPageLoop({ core, reader, clock, log, onFatal });
  const open = (config: Config) => createEngine({ ...input, config, core, metrics });
  let engine: Engine;
  try {
    engine = open(input.config);
  } catch (error) {
    await thread.close();
    throw new UnusableConfiguration(messageOf(error), { cause: error });
  }
  const questionThread = createQuestionThread();
  const { questions } = questionThread;
  const current = { engine: () => engine, storePath, clock };
  const trend = createTrend({
    core,
    clock,
    log,
    config: () => engine.config,
    read: (providers) => questions.trend(questionContext(current), providers),
  });
  let isRunning = false;
  const stopping = new AbortController();
  const reloader = createReloader({
    ...input,
    core,
    createEngine: open,
    storePath,
    running: () => (isRunning ? engine : undefined),
    replace: (next) => {
      engine = next;
    },
    onReloaded: async (isSuccessful, before) => {
      metrics.reloaded(isSuccessful, clock.nowMs());
      const kept = new Set(engine.config.providers.map(({ name }) => name));
      for (const { name } of before.providers) if (!kept.has(name)) await metrics.forget(name);
    },
  });
  const reload = async () => {
    await server.checkWebConfig();
    return reloader.reload();
  };
  const answering = {
    ...input,
    ...current,
    core,
    questions,
    trend,
    pageLoop,
    startedAtMs,
    reloadFailure: () => reloader.failure(),
  };
  const close = async () => {
    await questionThread.close();
    await thread.close();
  };
  const server = await startServer({
    ...input.serving,
    log,
    bearerToken: () => engine.config.web.bearerToken,
    page: {
      read: (format) => reader.read(format),
      delivered: (version) => void core.scraped(version, clock.nowMs()).catch(() => undefined),
    },
    healthy: () => ({ ok: true }),
    readiness: () => readinessOf(engine.providers, pageLoop),
    reload,
    status: (window) => statusOf(answering, window),
    api: createApiSource(answering),
  }).catch(async (error: unknown) => {
    await engine.stop();
    await close();
    throw error;
  });
  const start = async () => {
    await core.configure(engine.setup, clock.nowMs());
    await pageLoop.tick();
    if (stopping.signal.aborted) return;
    engine.start();
    isRunning = true;
    await Promise.all([pageLoop.run(stopping.signal), trend.run(stopping.signal)]);
  };
  const running = start().catch((error: unknown) => {
    if (!stopping.signal.aborted) onFatal(error);
  });
  return {
    urls: server.urls,
    reload,
    stop: async () => {
      stopping.abort(new Error('the exporter stops'));
      // Its client gets an answer, instead of keeping the server open.
      void engine.refreshing.stop();
      await Promise.all([server.close(), engine.stop()]);
      const reloading = reloader.stop();
      // What the core has under way may take long; it is whole or nothing, and the next start goes on from there.
      await close();
      await Promise.all([reloading, running]);
    },
  };
}
