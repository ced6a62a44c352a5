import type { MessagePort } from 'node:worker_threads';
import { CoreFailure } from './messages.ts';

/** The same methods, from another thread. */
export type Remote<Service> = {
  readonly [Name in keyof Service]: Service[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** What both ends need of a port or a worker. */
export interface Channel {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

interface Call {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

interface Reply {
  readonly reply: number;
  readonly result?: unknown;
  readonly error?: PlainError;
}

interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** The service with asynchronous methods but without another thread: for tests, and for commands that use it in their own process. */
export function toRemote<Service extends object>(service: Service): Remote<Service> {
  const entries = Object.entries(service).map(([name, method]) => [
    name,
    async (...args: readonly unknown[]) => method(...args),
  ]);
  return Object.fromEntries(entries);
}

/** Answers calls one after the other; each runs to its end. */
export function serveRemote(channel: Pick<MessagePort, 'postMessage' | 'on'>, service: object): void {
  const methods = new Map<string, (...args: readonly unknown[]) => unknown>(Object.entries(service));
  channel.on('message', ({ call: reply, method, args }: Call) => {
    try {
      channel.postMessage({ reply, result: methods.get(method)?.(...args) } satisfies Reply);
    } catch (error) {
      channel.postMessage({ reply, error: toPlainError(error) } satisfies Reply);
    }
  });
}

/** The calling end of a channel. */
export interface RemoteCalls<Service> {
  readonly service: Remote<Service>;
  /** Rejects all calls that wait for an answer, and all later ones, with this error. */
  fail(error: Error): void;
}

/** Calls the methods of these names at the other end of a channel. */
export function callRemote<Service>(
  channel: Channel,
  methods: readonly (keyof Service & string)[],
): RemoteCalls<Service> {
  const waiting = new Map<
    number,
    { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void }
  >();
  let last = 0;
  let failure: Error | undefined;
  channel.on('message', (message) => {
    if (!isReply(message)) return;
    const call = waiting.get(message.reply);
    waiting.delete(message.reply);
    if (message.error === undefined) call?.resolve(message.result);
    else call?.reject(fromPlainError(message.error));
  });
  const callMethod = (method: string, args: readonly unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      if (failure !== undefined) {
        reject(failure);
        return;
      }
      last += 1;
      // Throws, and so rejects, when the arguments cannot be copied.
      channel.postMessage({ call: last, method, args } satisfies Call);
      waiting.set(last, { resolve, reject });
    });
  const entries = methods.map((method) => [method, (...args: readonly unknown[]) => callMethod(method, args)]);
  return {
    service: Object.fromEntries(entries),
    fail: (error) => {
      failure = error;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    },
  };
}

function isReply(message: unknown): message is Reply {
  return typeof message === 'object' && message !== null && 'reply' in message;
}

function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}

function fromPlainError({ name, message, stack }: PlainError): Error {
  const error = name === 'CoreFailure' ? new CoreFailure(message) : Object.assign(new Error(message), { name });
  if (stack !== undefined) error.stack = stack;
  return error;
}
