import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** What one process of the benchmark can be asked to do, by name. Answers are plain data. */
export type Part = Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

/** A part that runs in a process of its own, so that its memory and its event loop are nobody else's. */
export interface RunningPart {
  readonly pid: number;
  /** Asks for one thing; the answer must have the shape. Rejects with the part's error, or when its process ends. */
  ask<Answer>(what: string, input: unknown, shape: z.ZodType<Answer>): Promise<Answer>;
  end(): Promise<void>;
}

const ENTRY = fileURLToPath(new URL('../bench.ts', import.meta.url));
const Question = z.object({ id: z.number(), what: z.string(), input: z.unknown() });
const Reply = z.object({ id: z.number(), answer: z.unknown().optional(), error: z.string().optional() });

/** Starts a part by its name. */
export function startPart(name: string): RunningPart {
  const child = fork(ENTRY, ['--part', name], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let last = 0;
  child.on('message', (message) => {
    const { id, answer, error } = Reply.parse(message);
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(`${name}: ${error}`));
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the process of ${name} ended with ${code}`));
  });
  return {
    pid: child.pid ?? 0,
    ask: async (what, input, shape) => {
      last += 1;
      const id = last;
      const answered = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
      child.send({ id, what, input });
      return shape.parse(await answered);
    },
    end: () => end(child, ended),
  };
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect();
  await ended;
}

/** Serves questions until the process that asks goes away. */
export function servePart(part: Part): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (message) => {
    const { id, what, input } = Question.parse(message);
    void answer(part, what, input).then((reply) => process.send?.({ id, ...reply }));
  });
}

async function answer(part: Part, what: string, input: unknown): Promise<{ answer: unknown } | { error: string }> {
  try {
    const found = part[what];
    if (found === undefined) throw new Error(`this part does not know "${what}"`);
    return { answer: await found(input) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
