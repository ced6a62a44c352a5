import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Door, DoorOptions, RequestObserver } from '../../src/http/door.ts';
import { createDoor } from '../../src/http/http.ts';
import type { Clock } from '../../src/model/time.ts';

export const SECRET = 'sesame+open/1234567890==';
export const START_MS = Date.parse('2026-03-01T12:00:00Z');

/** Never waits: sleeping moves it on and is written down. */
export interface QuickClock extends Clock {
  readonly waitsMs: number[];
  advance(ms: number): void;
}

export function quickClock(): QuickClock {
  let nowMs = START_MS;
  const waitsMs: number[] = [];
  return {
    waitsMs,
    advance: (ms) => {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      waitsMs.push(ms);
      nowMs += ms;
    },
  };
}

/** Stands still: sleeping ends by the signal only; `slept` resolves when somebody sleeps. */
export function stillClock(): Clock & { readonly slept: Promise<number> } {
  const { promise: slept, resolve } = Promise.withResolvers<number>();
  return {
    slept,
    nowMs: () => START_MS,
    sleep: (ms, signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        resolve(ms);
      }),
  };
}

/** Writes down what a door tells. */
export interface Notes extends RequestObserver {
  readonly codes: string[];
  readonly budgets: number[];
  throttled: number;
}

export function takeNotes(): Notes {
  const notes: Notes = {
    codes: [],
    budgets: [],
    throttled: 0,
    onRequest: (code) => void notes.codes.push(code),
    onBudget: (remaining) => void notes.budgets.push(remaining),
    onThrottled: () => {
      notes.throttled += 1;
    },
  };
  return notes;
}

const opened: (() => Promise<void>)[] = [];

/** Closes every door and server of the test, the newest first. */
export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** A door with an allowance that does not slow tests down. */
export function openDoor(baseUrl: string, overrides: Partial<DoorOptions> = {}): Door {
  const door = createDoor({
    baseUrl,
    headers: { Authorization: `Token token=${SECRET}` },
    secrets: [SECRET],
    rateLimit: { requests: 1_000_000, perMs: 1000 },
    timeoutMs: 30_000,
    proxyUrl: undefined,
    caFile: undefined,
    clock: quickClock(),
    observer: takeNotes(),
    ...overrides,
  });
  opened.push(() => door.close());
  return door;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback that answers by `handler`. */
export async function serve(
  handler: Handler,
): Promise<{ url: string; port: number; server: Server; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    handler(request, response);
  });
  const port = await listenOn(server);
  return { url: `http://127.0.0.1:${port}`, port, server, requests };
}

/** Starts a server on a free port of loopback and closes it after the test. */
export async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  opened.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Script {
  readonly status: number;
  readonly headers?: Record<string, string>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: unknown;
}

/** Answers with the scripted answers in turn, the last one again and again. */
export function inTurn(...answers: readonly Script[]): Handler {
  let index = 0;
  return (_, response) => {
    const { status, headers, body = {} } = answers[Math.min(index, answers.length - 1)] ?? { status: 200 };
    index += 1;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => Promise.reject(new Error(`expected a failure, got ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  );
}

/** A signal that never fires. */
export function never(): AbortSignal {
  return new AbortController().signal;
}
