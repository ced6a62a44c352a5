import { Worker } from 'node:worker_threads';
import type { Config } from '../config/types.ts';
import type { CoreSetup } from '../core/core.ts';
import { callRemote, type RemoteCalls } from '../core/remote.ts';
import { type Clock, SECOND_MS } from '../model/time.ts';
import { workerUrl } from '../model/worker-url.ts';
import type { Questions } from './questions.ts';

/** A thread that nobody asks gives its memory back after this long. */
const IDLE_MS = 30 * SECOND_MS;

/** What every question needs. */
export interface QuestionContext {
  readonly config: Config;
  readonly setup: CoreSetup;
  readonly storePath: string;
}

/** Asks one question by its name. */
export type Ask = <Name extends keyof Questions>(
  name: Name,
  ...args: AskArgs<Name>
) => Promise<Awaited<ReturnType<Questions[Name]>>>;

type AskArgs<Name extends keyof Questions> =
  Parameters<Questions[Name]> extends readonly [unknown, ...infer Rest] ? Rest : never;

/** Answers long questions on a thread of their own, from the store as it is when they are asked: commits and pages go on. */
export interface QuestionThread {
  askWith(context: () => QuestionContext): Ask;
  close(): Promise<void>;
}

interface RunningThread {
  readonly worker: Worker;
  readonly calls: RemoteCalls<Questions>;
}

/** The thread starts with the first question. */
export function startQuestionThread({ clock }: { readonly clock: Pick<Clock, 'nowMs'> }): QuestionThread {
  let thread: RunningThread | undefined;
  let waiting = 0;
  let idle: NodeJS.Timeout | undefined;
  let isClosed = false;
  const start = (): RunningThread => {
    const worker = new Worker(workerUrl('question-thread', import.meta.url));
    const calls = callRemote<Questions>(worker, ['explain', 'incidents', 'trend']);
    const started = { worker, calls };
    const onEnd = (error: Error) => {
      calls.fail(error);
      if (thread === started) thread = undefined;
    };
    worker.on('error', (error: unknown) => onEnd(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => onEnd(new Error('the exporter stops')));
    return started;
  };
  const end = async () => {
    const ending = thread;
    thread = undefined;
    await ending?.worker.terminate();
  };
  return {
    askWith: (context) => async (name, ...args) => {
      if (isClosed) throw new Error('the exporter stops');
      clearTimeout(idle);
      waiting += 1;
      try {
        thread ??= start();
        const { config: _config, ...rest } = context();
        const method = thread.calls.service[name] as (...all: readonly unknown[]) => Promise<never>;
        return await method({ ...rest, nowMs: clock.nowMs() }, ...args);
      } finally {
        waiting -= 1;
        if (waiting === 0) idle = setTimeout(() => void end(), IDLE_MS).unref();
      }
    },
    close: async () => {
      isClosed = true;
      clearTimeout(idle);
      await end();
    },
  };
}
