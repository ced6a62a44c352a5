import { Worker } from 'node:worker_threads';
import { workerUrl } from '../model/threads.ts';
import type { ComparisonRequest, ComparisonResponse } from './bcrypt-worker.ts';

/** Whether a password belongs to a bcrypt hash; rejects when that could not be found out. */
export type ComparePassword = (password: string, hash: string) => Promise<boolean>;

/** Compares passwords where they cannot hold up the thread that serves. */
export interface BcryptThread {
  /** One comparison runs at a time, in the order of the calls; whoever calls limits how many wait. */
  readonly compare: ComparePassword;
  /** Ends the thread; comparisons that run or wait are rejected. */
  close(): Promise<void>;
}

/** A thread that starts with the first comparison, and again with the next one after it failed. */
export function createBcryptThread(): BcryptThread {
  let worker: Worker | undefined;
  let lastId = 0;
  const pending = new Map<number, PromiseWithResolvers<boolean>>();

  const start = (): Worker => {
    // Without the flags of the process: some of them, such as --input-type, keep a thread from starting.
    const started = new Worker(workerUrl('bcrypt-worker', import.meta.url), { name: 'bcrypt', execArgv: [] });
    const onEnd = (reason: Error) => {
      if (worker !== started) return;
      worker = undefined;
      for (const { reject } of pending.values()) reject(reason);
      pending.clear();
    };
    started.on('message', ({ id, isMatch }: ComparisonResponse) => {
      pending.get(id)?.resolve(isMatch);
      pending.delete(id);
    });
    started.on('error', (error) => onEnd(error instanceof Error ? error : new Error(String(error))));
    started.on('exit', () => onEnd(new Error('the thread that compares passwords ended')));
    // The server keeps the process alive, not this.
    started.unref();
    return started;
  };

  return {
    compare: async (password, hash) => {
      worker ??= start();
      lastId += 1;
      const request: ComparisonRequest = { id: lastId, password, hash };
      const result = Promise.withResolvers<boolean>();
      pending.set(lastId, result);
      worker.postMessage(request);
      return result.promise;
    },
    close: async () => {
      await worker?.terminate();
    },
  };
}
