import { Worker } from 'node:worker_threads';
import { callRemote, type Remote, type RemoteCalls } from '../core/remote.ts';
import { workerUrl } from '../model/threads.ts';
import { SECOND_MS } from '../model/time.ts';
import type { Questions } from './questions.ts';

/** A thread that nobody asks gives its memory back after this long. */
const IDLE_MS = 30 * SECOND_MS;

/** Answers long questions one after the other on a thread of their own, so that commits, pages and scrapes go on. */
export interface QuestionThread {
  readonly questions: Remote<Questions>;
  close(): Promise<void>;
}

interface RunningThread {
  readonly worker: Worker;
  readonly calls: RemoteCalls<Questions>;
}

/** The thread starts with a question and ends when there was none for a while. */
export function createQuestionThread(): QuestionThread {
  let thread: RunningThread | undefined;
  let waiting = 0;
  let idle: NodeJS.Timeout | undefined;
  let isClosed = false;
  const start = (): RunningThread => {
    const worker = new Worker(workerUrl('question-thread', import.meta.url), { name: 'questions', execArgv: [] });
    const started = { worker, calls: callRemote<Questions>(worker, ['explain', 'incidents', 'trend']) };
    const onEnd = (error: Error) => {
      started.calls.fail(error);
      if (thread === started) thread = undefined;
    };
    worker.on('error', (error: unknown) => onEnd(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => onEnd(new Error('the thread that answers questions has ended')));
    return started;
  };
  const end = async () => {
    const ending = thread;
    thread = undefined;
    await ending?.worker.terminate();
  };
  const ask = async <Result>(call: (service: Remote<Questions>) => Promise<Result>): Promise<Result> => {
    if (isClosed) throw new Error('the exporter stops');
    clearTimeout(idle);
    waiting += 1;
    try {
      thread ??= start();
      return await call(thread.calls.service);
    } finally {
      waiting -= 1;
      if (waiting === 0 && !isClosed) idle = setTimeout(() => void end(), IDLE_MS).unref();
    }
  };
  return {
    questions: {
      explain: (...args) => ask((service) => service.explain(...args)),
      incidents: (...args) => ask((service) => service.incidents(...args)),
      trend: (...args) => ask((service) => service.trend(...args)),
    },
    close: async () => {
      isClosed = true;
      clearTimeout(idle);
      await end();
    },
  };
}
