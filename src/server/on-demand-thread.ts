import { Worker } from 'node:worker_threads';
import { callRemote, type Remote } from '../core/remote.ts';

/** A service on a thread that starts with a call, and again with the next call after it ended or failed. */
export interface OnDemandThread<Service> {
  readonly service: Remote<Service>;
  /** Ends the thread; calls that run or wait are rejected, and so are later ones. */
  close(): Promise<void>;
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

interface ThreadOptions<Service> {
  /** The module of the worker, which serves the service (`serveRemote`). */
  readonly url: URL;
  readonly name: string;
  readonly methods: readonly (keyof Service & string)[];
  /** A thread without calls for so long ends and gives its memory back. */
  readonly idleMs: number;
}

export function createOnDemandThread<Service>(options: ThreadOptions<Service>): OnDemandThread<Service> {
  const { url, name, methods, idleMs } = options;
  let running: ReturnType<typeof start> | undefined;
  let callsRunning = 0;
  let idleTimer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const start = () => {
    // Without the flags of the process: some of them, such as --input-type, keep a thread from starting.
    const worker = new Worker(url, { name, execArgv: [] });
    const calls = callRemote<Service>(worker, methods);
    const onEnd = (error: Error) => {
      calls.fail(error);
      if (running?.worker === worker) running = undefined;
    };
    worker.on('error', (error: unknown) => onEnd(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => onEnd(new Error(`the ${name} thread has ended`)));
    // The server keeps the process alive, not this.
    worker.unref();
    return { worker, methods: new Map<string, Method>(Object.entries(calls.service)) };
  };
  const end = async () => {
    const ending = running;
    running = undefined;
    await ending?.worker.terminate();
  };
  const call = async (method: string, args: readonly unknown[]) => {
    if (isClosed) throw new Error('the exporter stops');
    clearTimeout(idleTimer);
    callsRunning += 1;
    try {
      running ??= start();
      return await running.methods.get(method)?.(...args);
    } finally {
      callsRunning -= 1;
      if (callsRunning === 0 && !isClosed) idleTimer = setTimeout(() => void end(), idleMs).unref();
    }
  };
  const entries = methods.map((method) => [method, (...args: readonly unknown[]) => call(method, args)]);
  return {
    service: Object.fromEntries(entries),
    close: async () => {
      isClosed = true;
      clearTimeout(idleTimer);
      await end();
    },
  };
}
