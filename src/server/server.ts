import { readFile } from 'node:fs/promises';
import { SECOND_MS } from '../model/time.ts';
import { findRoutePrefix, parseListenAddress } from './addresses.ts';
import { type Listener, type ListenOptions, listen } from './listen.ts';
import { createBcryptThread } from './login-queue.ts';
import { createRequestHandler, type EndpointOptions } from './request-handler.ts';
import type { WebConfig } from './web-config.ts';
import { createLiveSettings } from './web-settings.ts';

/** Half of the daemon's 5 s to stop is left for the store. */
const GRACE_MS = 2 * SECOND_MS;
const WATCH_EVERY_MS = 5 * SECOND_MS;

/** What is served, and on which addresses. */
export interface ServerOptions extends EndpointOptions {
  /** `host:port`, `:port` or `[IPv6]:port`; at least one. */
  readonly listenAddresses: readonly string[];
  /** What --web.config.file says, and the file itself, which is watched. */
  readonly web: { readonly config: WebConfig; readonly file: string } | undefined;
  /** How often the file and the certificates are checked for changes; 5 s unless given. */
  readonly watchEveryMs?: number | undefined;
}

/** A server that accepts connections. */
export interface RunningServer {
  /** The listening addresses as URLs of the status page, with the ports that were taken. */
  readonly urls: readonly string[];
  /** Checks the web configuration for changes now instead of at the next interval. */
  readonly checkWebConfig: () => Promise<void>;
  /** Stops accepting, lets running responses finish for up to 2 s, then ends what is left. */
  readonly close: () => Promise<void>;
}

/**
 * Serves /metrics, the status page and the endpoints below /-/ on every address; rejects with a clear message when an
 * address, a certificate or a path cannot be used, and then listens nowhere.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const listeners: Listener[] = [];
  const prefix = findRoutePrefix(options.routePrefix, options.externalUrl);
  const bcrypt = createBcryptThread();
  const settings = await createLiveSettings({
    web: options.web,
    compare: bcrypt.service.compare,
    readFile: (file) => readFile(file, 'utf8'),
    log: options.log,
    onChange: (changed) => {
      for (const one of listeners) one.apply(changed);
    },
  });
  const handler = createRequestHandler(options, settings.current);
  await listenOnAll(listeners, options.listenAddresses, { handler, settings: settings.current, log: options.log });
  const stopWatching = repeat(settings.refresh, options.watchEveryMs ?? WATCH_EVERY_MS);
  return {
    urls: listeners.map(({ origin }) => `${origin}${prefix}/`),
    checkWebConfig: settings.refresh,
    close: async () => {
      await stopWatching();
      await closeAll(listeners);
      await bcrypt.close();
    },
  };
}

async function listenOnAll(listeners: Listener[], addresses: readonly string[], options: ListenOptions): Promise<void> {
  try {
    for (const address of addresses) listeners.push(await listen(parseListenAddress(address), options));
  } catch (error) {
    await closeAll(listeners);
    throw error;
  }
}

async function closeAll(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.toReversed().map((one) => one.close(GRACE_MS)));
}

/** Runs the task again and again, each time `everyMs` after its end; the returned function ends that and waits for the task. */
function repeat(task: () => Promise<void>, everyMs: number): () => Promise<void> {
  let isStopped = false;
  let running = Promise.resolve();
  const wait = () => setTimeout(run, everyMs).unref();
  const run = () => {
    running = task().finally(() => {
      if (!isStopped) timer = wait();
    });
  };
  let timer = wait();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await running;
  };
}
