import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Log, LogFields } from '../model/log.ts';
import { createSqliteStore } from '../store/sqlite/open.ts';
import type { CoreEvent } from './client.ts';
import { createCore } from './core.ts';
import { serveRemote } from './remote.ts';

/** The entry of the core thread: opens the store, then answers calls until `close`. */
function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a thread of the exporter only');
  const log = createLog(port);
  const { path, nowMs }: { readonly path: string; readonly nowMs: number } = workerData;
  const core = createCore({ store: createSqliteStore({ path, log, nowMs }), log });
  const close = () => {
    core.close();
    port.close();
  };
  serveRemote(port, { ...core, close });
  port.postMessage({ opened: true } satisfies CoreEvent);
}

/** Lines are written by the main thread. */
function createLog(port: MessagePort): Log {
  const at = (log: keyof Log) => (message: string, fields?: LogFields) =>
    port.postMessage({ log, message, fields } satisfies CoreEvent);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

start();
