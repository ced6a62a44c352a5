import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../src/http/client.ts';
import type { RequestObserver } from '../../src/http/request-observer.ts';
import type { Clock } from '../../src/model/time.ts';

export const SECRET = 'sesame+open/1234567890==';
export const START_MS = Date.parse('2026-03-01T12:00:00Z');

/** Never waits: sleeping advances it and is recorded. */
export interface InstantClock extends Clock {
  readonly waitsMs: number[];
  advance(ms: number): void;
}

export function instantClock(): InstantClock {
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

/** Never advances: sleeping ends by the signal only; `slept` resolves when the first sleep begins. */
export function frozenClock(): Clock & { readonly slept: Promise<number> } {
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

/** Records what a client reports. */
export interface RecordingObserver extends RequestObserver {
  readonly codes: string[];
  readonly budgets: number[];
  throttled: number;
}

export function recordRequests(): RecordingObserver {
  const observed: RecordingObserver = {
    codes: [],
    budgets: [],
    throttled: 0,
    onRequest: (code) => void observed.codes.push(code),
    onBudget: (remaining) => void observed.budgets.push(remaining),
    onThrottled: () => {
      observed.throttled += 1;
    },
  };
  return observed;
}

const opened: (() => Promise<void>)[] = [];

/** Closes every client and server of the test, the newest first. */
export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** A client with a rate limit that does not slow tests down. */
export function openClient(baseUrl: string, overrides: Partial<HttpClientOptions> = {}): HttpClient {
  const client = createHttpClient({
    baseUrl,
    headers: { Authorization: `Token token=${SECRET}` },
    secrets: [SECRET],
    rateLimit: { requests: 1_000_000, perMs: 1000 },
    timeoutMs: 30_000,
    proxyUrl: undefined,
    caFile: undefined,
    clock: instantClock(),
    observer: recordRequests(),
    ...overrides,
  });
  opened.push(() => client.close());
  return client;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback that answers with `handler`. */
export async function startServer(
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

interface ScriptedResponse {
  readonly status: number;
  readonly headers?: Record<string, string>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: unknown;
}

/** Sends the scripted responses in order, the last one again and again. */
export function respondInOrder(...responses: readonly ScriptedResponse[]): Handler {
  let index = 0;
  return (_, response) => {
    const { status, headers, body = {} } = responses[Math.min(index, responses.length - 1)] ?? { status: 200 };
    index += 1;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** The reason with which a promise was rejected. */
export async function catchReason(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => Promise.reject(new Error(`expected a failure, got ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  );
}

/** A signal that never fires. */
export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}
