import type { Config } from '../config/types.ts';
import { createHolds } from '../metrics/holds.ts';
import { createProcessMetrics } from '../metrics/process.ts';
import { createPageReader } from '../metrics/reader.ts';
import type { Platform } from '../providers/provider.ts';
import type { ServerOptions } from '../server/options.ts';
import { startServer } from '../server/server.ts';
import { createSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { createApiSource } from './api/source.ts';
import { createEngine, type Engine } from './engine.ts';
import { keepNewSpaceSmall } from './heap.ts';
import { messageOf } from './message.ts';
import { createReloading, type Reloaded, type Reloading } from './reload.ts';
import { type RunInput, type Running, run } from './running.ts';
import { readinessOf, statusOf } from './status.ts';

type Serving = Pick<
  ServerOptions,
  'listenAddresses' | 'telemetryPath' | 'routePrefix' | 'externalUrl' | 'enableLifecycle' | 'web'
>;

export interface DaemonInput extends RunInput {
  readonly config: Config;
  /** Reads the configuration anew; throws with the message to be shown. */
  readonly readConfig: () => Config;
  readonly platforms: readonly Platform[];
  readonly serving: Serving;
  readonly version: string;
}

/** The running program as a value. */
export interface Daemon {
  readonly urls: readonly string[];
  reload(): Promise<Reloaded>;
  stop(): Promise<void>;
}

/** A configuration that reads well but cannot be run with, such as a CA file that is not there. */
export class UnusableConfiguration extends Error {
  override readonly name = 'UnusableConfiguration';
}

/** Starts everything; what was opened is closed in reverse order. Throws when the store or an address cannot be had. */
export async function startDaemon(input: DaemonInput): Promise<Daemon> {
  const { clock, log, version } = input;
  keepNewSpaceSmall();
  const startedAtMs = clock.nowMs();
  const store = createSqliteStore({ path: input.config.store.path, log, nowMs: startedAtMs });
  const metrics = createProcessMetrics(version);
  metrics.reloaded(true, startedAtMs);
  const reader = createPageReader((format) => metrics.text(format));
  const holds = createHolds();
  const makeEngine = (config: Config) => createEngine({ ...input, config, store, metrics, reader, holds });
  const life = createLife(
    input,
    makeFirst(store, () => makeEngine(input.config)),
  );
  const reloading = createReloading({
    ...input,
    makeEngine,
    storePath: input.config.store.path,
    running: life.running,
    replace: life.replace,
    reloaded: async (isSuccessful, before) => {
      metrics.reloaded(isSuccessful, clock.nowMs());
      const kept = new Set(life.config().providers.map(({ name }) => name));
      for (const { name } of before.providers) if (!kept.has(name)) await metrics.forget(name);
    },
  });
  const reload = async () => {
    await server.checkWebConfig();
    return reloading.reload();
  };
  const server = await startServer({
    ...input.serving,
    log,
    bearerToken: () => life.config().web.bearerToken,
    page: { read: (format) => reader.read(format), delivered: (page) => life.engine().delivered(page) },
    healthy: () => ({ ok: true }),
    readiness: () => readinessOf(life.engine().providers, store),
    reload,
    ...createAnswers({ input, life, reloading, store, startedAtMs }),
  }).catch(async (error: unknown) => {
    await life.end();
    store.close();
    throw error;
  });
  life.begin();
  return {
    urls: server.urls,
    reload,
    stop: async () => {
      life.interrupt();
      // Its client gets an answer, instead of keeping the server open.
      void life.engine().refreshing.stop();
      await server.close();
      await reloading.stop();
      await life.end();
      store.close();
    },
  };
}

interface Watched {
  readonly input: DaemonInput;
  readonly life: Life;
  readonly reloading: Reloading;
  readonly store: Store;
  readonly startedAtMs: number;
}

/** What the status page and the API tell. */
function createAnswers({ input, life, reloading, store, startedAtMs }: Watched): Pick<ServerOptions, 'status' | 'api'> {
  const { clock, version } = input;
  const status: ServerOptions['status'] = (window) =>
    statusOf({
      engine: life.engine(),
      config: life.config(),
      store,
      version,
      nowMs: clock.nowMs(),
      startedAtMs,
      window,
      isOpen: life.running() !== undefined,
      pageTrouble: life.running()?.trouble(),
      reloadFailure: reloading.failure(),
    });
  const api = createApiSource({
    ...input,
    startedAtMs,
    engine: () => life.engine(),
    config: () => life.config(),
    store,
    storePath: input.config.store.path,
    isOpen: () => life.running() !== undefined,
    reloadFailure: () => reloading.failure(),
  });
  return { status, api };
}

/** The engine that works now, from the first one's opening to the last one's end. */
interface Life {
  engine(): Engine;
  config(): Config;
  /** Undefined until the first engine is open. */
  readonly running: () => Running | undefined;
  readonly replace: (next: Running) => void;
  /** Opens the first engine and runs it. */
  begin(): void;
  /** Ends an opening that is under way. */
  interrupt(): void;
  end(): Promise<void>;
}

function createLife(input: DaemonInput, first: Engine): Life {
  const interruption = new AbortController();
  const { signal } = interruption;
  let running: Running | undefined;
  let opening = Promise.resolve();
  return {
    engine: () => running?.engine ?? first,
    config: () => running?.config ?? input.config,
    running: () => running,
    replace: (next) => {
      running = next;
    },
    begin: () => {
      const onOpen = () => {
        running = run(first, input.config, input);
      };
      opening = first.open(signal).then(onOpen, (error: unknown) => {
        if (!signal.aborted) input.onFatal(error);
      });
    },
    interrupt: () => interruption.abort(new Error('the exporter stops')),
    end: async () => {
      await opening;
      await (running?.stop() ?? first.close());
    },
  };
}

function makeFirst(store: Store, make: () => Engine): Engine {
  try {
    return make();
  } catch (error) {
    store.close();
    throw new UnusableConfiguration(messageOf(error), { cause: error });
  }
}
