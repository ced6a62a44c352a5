import type { Config } from '../config/types.ts';
import { createProcessMetrics } from '../metrics/process.ts';
import { createPageReader } from '../metrics/reader.ts';
import type { Log } from '../model/log.ts';
import { type Clock, SECOND_MS } from '../model/time.ts';
import type { Platform } from '../providers/provider.ts';
import type { ServerOptions } from '../server/options.ts';
import { startServer } from '../server/server.ts';
import { createSqliteStore } from '../store/sqlite.ts';
import { createEngine, type Engine } from './engine.ts';
import { readinessOf, statusOf } from './status.ts';

/** The page is rendered at most this often (DESIGN §2). */
const RENDER_EVERY_MS = SECOND_MS;
/** Polls that do not end by themselves are left behind after this long: SIGTERM promises 5 s in all. */
const POLLS_END_WITHIN_MS = 2 * SECOND_MS;

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
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Something happened that only a restart mends. */
  readonly onFatal: (error: unknown) => void;
}

/** The running program as a value. */
export interface Daemon {
  readonly urls: readonly string[];
  reload(): Promise<{ readonly ok: boolean; readonly message: string }>;
  stop(): Promise<void>;
}

/** An engine with its loops. */
interface Running {
  readonly engine: Engine;
  readonly config: Config;
  stop(): Promise<void>;
}

/** Starts everything; what was opened is closed in reverse order. Throws when the store or an address cannot be had. */
export async function startDaemon(input: DaemonInput): Promise<Daemon> {
  const { clock, log, version } = input;
  const startedAtMs = clock.nowMs();
  const store = createSqliteStore({ path: input.config.store.path, log, nowMs: startedAtMs });
  const metrics = createProcessMetrics(version);
  metrics.reloaded(true, startedAtMs);
  const reader = createPageReader((format) => metrics.text(format));
  const makeEngine = (config: Config) => createEngine({ ...input, config, store, metrics, reader });
  let running: Running | undefined;
  const first = makeEngine(input.config);
  const current = () => running?.engine ?? first;
  const reload = createReload({
    input,
    makeEngine,
    running: () => running,
    replace: (next) => {
      running = next;
    },
    reloaded: async (isSuccessful, before) => {
      metrics.reloaded(isSuccessful, clock.nowMs());
      const kept = new Set(running?.config.providers.map(({ name }) => name));
      for (const { name } of before.providers) if (!kept.has(name)) await metrics.forget(name);
    },
  });
  const server = await startServer({
    ...input.serving,
    log,
    bearerToken: () => (running?.config ?? input.config).web.bearerToken,
    page: { read: (format) => reader.read(format), delivered: (page) => current().delivered(page) },
    healthy: () => ({ ok: true }),
    readiness: () => readinessOf(current().providers, store),
    reload,
    status: () => statusOf({ engine: current(), store, version, uptimeMs: clock.nowMs() - startedAtMs }),
  }).catch(async (error: unknown) => {
    await first.close();
    store.close();
    throw error;
  });
  const opening = first.open().then(
    () => {
      running = run(first, input.config, input);
    },
    (error: unknown) => input.onFatal(error),
  );
  return {
    urls: server.urls,
    reload: async () => {
      await server.checkWebConfig();
      return reload();
    },
    stop: async () => {
      await server.close();
      await opening;
      await running?.stop();
      store.close();
    },
  };
}

/** Starts the loops of an opened engine: one per provider, and the one that renders. */
function run(engine: Engine, config: Config, { clock, log, onFatal }: DaemonInput): Running {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loops = engine.providers.map(({ poller }) => poller.run(signal));
  const rendering = async () => {
    while (!signal.aborted) {
      try {
        await engine.tick();
      } catch (error) {
        if (!signal.aborted) log.error('the page could not be brought up to date', { error: messageOf(error) });
      }
      await clock.sleep(RENDER_EVERY_MS, signal).catch(() => undefined);
    }
  };
  const ended = Promise.all([...loops, rendering()]).catch(onFatal);
  return {
    engine,
    config,
    stop: async () => {
      stopping.abort(new Error('the exporter stops'));
      await Promise.race([ended, clock.sleep(POLLS_END_WITHIN_MS)]);
      await engine.close();
    },
  };
}

interface ReloadInput {
  readonly input: DaemonInput;
  readonly makeEngine: (config: Config) => Engine;
  readonly running: () => Running | undefined;
  readonly replace: (next: Running) => void;
  readonly reloaded: (isSuccessful: boolean, before: Config) => Promise<void>;
}

/** A bad file keeps the old configuration running; a good one replaces everything between providers and page. */
function createReload(reload: ReloadInput): Daemon['reload'] {
  const { input } = reload;
  let last: Promise<unknown> = Promise.resolve();
  const once = async () => {
    const before = reload.running();
    if (before === undefined) return { ok: false, message: 'the exporter is still starting' };
    try {
      const config = input.readConfig();
      reload.replace(await exchange(reload, before, config));
      await reload.reloaded(true, before.config);
      const notice = restartNotice(before.config, config);
      input.log.info('configuration reloaded', { notice });
      return { ok: true, message: notice ?? 'configuration reloaded' };
    } catch (error) {
      await reload.reloaded(false, before.config);
      input.log.error('configuration was not reloaded, the old one runs on', { error: messageOf(error) });
      return { ok: false, message: messageOf(error) };
    }
  };
  return () => {
    const next = last.then(once);
    last = next;
    return next;
  };
}

/** Stops the old engine and runs the new one; when that cannot open, the old configuration runs again in a new engine. */
async function exchange(
  { input, makeEngine, replace }: ReloadInput,
  before: Running,
  config: Config,
): Promise<Running> {
  const engine = makeEngine(config);
  await before.stop();
  try {
    await engine.open();
    return run(engine, config, input);
  } catch (error) {
    const old = makeEngine(before.config);
    await old.open().catch(input.onFatal);
    replace(run(old, before.config, input));
    throw error;
  }
}

function restartNotice(before: Config, after: Config): string | undefined {
  if (before.store.path === after.store.path) return undefined;
  return 'configuration reloaded, but the changed store.path needs a restart';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
