import { readFile } from 'node:fs/promises';
import { SECOND_MS } from '../model/time.ts';
import { parseListenAddress } from './addresses.ts';
import { createBcryptThread } from './bcrypt-thread.ts';
import { type Listening, type ListenOptions, listen } from './listening.ts';
import type { RunningServer, ServerOptions } from './options.ts';
import { routePrefix } from './paths.ts';
import { createRequestListener } from './request-listener.ts';
import { createLiveSettings } from './web-settings.ts';

/** Half of the daemon's 5 s to stop is left for the store. */
const GRACE_MS = 2 * SECOND_MS;
const WATCH_EVERY_MS = 5 * SECOND_MS;

/**
 * Serves /metrics, the status page and the endpoints below /-/ on every address; rejects with a clear message when an
 * address, a certificate or a path cannot be used, and then listens nowhere.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const listening: Listening[] = [];
  const bcrypt = createBcryptThread();
  const settings = await createLiveSettings({
    web: options.web,
    compare: bcrypt.compare,
    readFile: (file) => readFile(file, 'utf8'),
    log: options.log,
    onChange: (changed) => {
      for (const one of listening) one.apply(changed);
    },
  });
  const handler = createRequestListener(options, settings.current);
  await listenOnAll(listening, options.listenAddresses, { handler, settings: settings.current, log: options.log });
  const stopWatching = repeat(settings.refresh, options.watchEveryMs ?? WATCH_EVERY_MS);
  return {
    urls: listening.map(({ origin }) => `${origin}${routePrefix(options)}/`),
    checkWebConfig: settings.refresh,
    close: async () => {
      await stopWatching();
      await closeAll(listening);
      await bcrypt.close();
    },
  };
}

async function listenOnAll(
  listening: Listening[],
  addresses: readonly string[],
  options: ListenOptions,
): Promise<void> {
  try {
    for (const address of addresses) listening.push(await listen(parseListenAddress(address), options));
  } catch (error) {
    await closeAll(listening);
    throw error;
  }
}

async function closeAll(listening: readonly Listening[]): Promise<void> {
  await Promise.all(listening.toReversed().map((one) => one.close(GRACE_MS)));
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
