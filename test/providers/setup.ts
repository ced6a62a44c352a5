import { createServer } from 'node:http';
import type { ProviderConfig } from '../../src/config/types.ts';
import type { RequestObserver } from '../../src/http/request-observer.ts';
import type { Clock } from '../../src/model/time.ts';

/** A clock that never waits: sleeping moves it on. */
export function impatientClock(startMs: number): Clock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      nowMs += Math.max(ms, 0);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}

/** Hears everything, says nothing. */
export const silentObserver: RequestObserver = { onRequest() {}, onThrottled() {}, onBudget() {} };

/** A provider's configuration with all defaults, an allowance that does not slow tests down, and `overrides`. */
export function providerConfig(type: string, overrides: Partial<ProviderConfig>): ProviderConfig {
  return {
    name: type,
    type,
    baseUrl: undefined,
    pollIntervalMs: 60_000,
    rateLimit: { requests: 1_000_000, perMs: 1000 },
    timeoutMs: 10_000,
    proxyUrl: undefined,
    caFile: undefined,
    overall: true,
    recoveryLimits: undefined,
    deployments: undefined,
    severity: { from: ['priority', 'urgency'], tag: undefined, map: new Map(), default: 'P3' },
    services: { tag: undefined, rename: [] },
    filter: { severities: [], services: [], teams: [], excludeTitles: [], shorterThanMs: 0 },
    settings: {},
    ...overrides,
  };
}

/** One exchange between a provider and a fake. `index` counts from 0 over all exchanges of the tap. */
export interface Exchange {
  readonly index: number;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Body of the request. */
  readonly asked: string;
  readonly status: number;
  readonly body: unknown;
}

export interface Tap {
  readonly url: string;
  /** All text that went to the provider. */
  readonly sent: string[];
  close(): Promise<void>;
}

/** Stands between a provider and a fake and may change answers; `tamper` gives the answer that the provider gets. */
export async function startTap(
  target: string,
  tamper: (exchange: Exchange) => { status: number; body: unknown } = ({ status, body }) => ({ status, body }),
): Promise<Tap> {
  const sent: string[] = [];
  let index = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const asked = Buffer.concat(chunks).toString('utf8');
      const headers = Object.entries(request.headers).filter(([name]) => !HOP_HEADERS.has(name));
      const method = request.method ?? 'GET';
      const answer = await fetch(new URL(request.url ?? '/', target), {
        method,
        headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
        ...(method === 'GET' ? {} : { body: asked }),
      });
      const { pathname, searchParams } = new URL(request.url ?? '/', target);
      const text = await answer.text();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const given = tamper({ index, path: pathname, query: searchParams, asked, status: answer.status, body });
      index += 1;
      const out = typeof given.body === 'string' ? given.body : JSON.stringify(given.body);
      sent.push(out);
      const forwarded = ['date', 'link', 'x-total-count'].flatMap((name) => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value]];
      });
      response.sendDate = false;
      response.writeHead(given.status, {
        'content-type': answer.headers.get('content-type') ?? 'application/json',
        ...Object.fromEntries(forwarded),
      });
      response.end(out);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    sent,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Headers that belong to one connection, and those that fetch sets itself. */
const HOP_HEADERS = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'host',
  'expect',
  'accept-encoding',
]);
