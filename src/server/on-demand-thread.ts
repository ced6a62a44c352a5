import { Worker } from 'node:worker_threads';
import { callRemote, type Remote } from '../core/remote.ts';

/** A service on a thread of its own that starts with a call, and again with the next call after it ended or failed. */
export interface OnDemandThread<Service> {
  call<Result>(method: (service: Remote<Service>) => Promise<Result>): Promise<Result>;
  /** Ends the thread; calls that run or wait are rejected. */
  end(): Promise<void>;
}

/** `methods` are those of the service that the worker at this URL serves (`serveRemote`). */
export function createOnDemandThread<Service>(
  url: URL,
  name: string,
  methods: readonly (keyof Service & string)[],
): OnDemandThread<Service> {
  let running: ReturnType<typeof start> | undefined;
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
    return { worker, service: calls.service };
  };
  return {
    call: async (method) => {
      running ??= start();
      return method(running.service);
    },
    end: async () => {
      const ending = running;
      running = undefined;
      await ending?.worker.terminate();
    },
  };
}
