import { Worker } from 'node:worker_threads';
import type { Log, LogFields } from '../model/log.ts';
import { workerUrl } from '../model/threads.ts';
import { type Core, CoreFailure } from './messages.ts';
import { callRemote, type Remote } from './remote.ts';

/** How long `close` waits for work under way before it ends the thread: a transaction that is cut off changes nothing. */
const CLOSE_TIMEOUT_MS = 1000;

const CORE_METHODS = [
  'configure',
  'provider',
  'commit',
  'commitDelivery',
  'beginPoll',
  'addPage',
  'commitPoll',
  'previewPoll',
  'requestMissing',
  'incidents',
  'openIds',
  'rejectedIds',
  'stateChanges',
  'bySubject',
  'deployments',
  'deploymentsOf',
  'unfinishedDeployments',
  'comparisons',
  'tick',
  'scraped',
  'status',
  'statistics',
  'close',
] as const satisfies readonly (keyof Core)[];

export interface CoreThreadInput {
  readonly storePath: string;
  readonly nowMs: number;
  readonly log: Log;
  /** The thread has ended without `close`. */
  readonly onFatal: (error: Error) => void;
}

/** The core on a thread of its own. */
export interface CoreThread {
  readonly core: Remote<Core>;
  /** Ends the thread; work under way has a second to finish. */
  close(): Promise<void>;
}

/** Starts the thread and opens the store on it; rejects with the error of the store when it cannot be opened. */
export async function startCoreThread({ storePath, nowMs, log, onFatal }: CoreThreadInput): Promise<CoreThread> {
  const worker = new Worker(workerUrl('thread', import.meta.url), {
    name: 'core',
    workerData: { path: storePath, nowMs },
    // Without the flags of the process: some of them, such as --input-type, keep a thread from starting.
    execArgv: [],
  });
  const calls = callRemote<Core>(worker, CORE_METHODS);
  let isClosing = false;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: CoreEvent) => {
      if ('log' in message) log[message.log](message.message, message.fields);
      else if ('opened' in message) resolve();
    });
  });
  worker.removeAllListeners('error');
  let hasEnded = false;
  const onEnd = (error: Error) => {
    // An error is followed by the exit, which has no reason.
    if (hasEnded) return;
    hasEnded = true;
    calls.fail(error);
    if (!isClosing) onFatal(error);
  };
  worker.on('error', (error: unknown) => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    onEnd(new CoreFailure(`the core thread failed: ${reason}`, { cause: error }));
  });
  worker.once('exit', () => onEnd(new CoreFailure('the core thread has ended')));
  return {
    core: calls.service,
    close: async () => {
      isClosing = true;
      void calls.service.close().catch(() => undefined);
      const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** A message of the thread that answers no call. */
export type CoreEvent =
  | { readonly opened: true }
  | { readonly log: keyof Log; readonly message: string; readonly fields: LogFields | undefined }
  | { readonly reply: number };
