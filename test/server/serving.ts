import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { LogFields } from '../../src/model/log.ts';
import type { Exposition, PageSource } from '../../src/server/metrics-endpoint.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/server.ts';
import type { StatusView } from '../../src/server/status-page/view.ts';
import { inventApi } from './api-source.ts';

/** A page source whose page can be replaced and which remembers what was delivered. */
export interface InventedPages extends PageSource {
  page: Exposition | undefined;
  readonly delivered: (version: number) => void;
  readonly deliveries: number[];
}

export function inventPages(page: Exposition | undefined): InventedPages {
  const deliveries: number[] = [];
  const pages: InventedPages = {
    page,
    deliveries,
    read: () => pages.page,
    delivered: (version) => void deliveries.push(version),
  };
  return pages;
}

export function pageOf(text: string, version = 1): Exposition {
  return { body: [Buffer.from(text)], gzip: [Buffer.from(`compressed ${text}`)], version };
}

/** A page of version 9 in memory that threads share: as text in one buffer, as `gzip` the same text in three. */
export function sharedPage(bytes: number): { page: Exposition; text: string } {
  const shared = Buffer.from(new SharedArrayBuffer(bytes));
  for (let index = 0; index < bytes; index += 1) shared[index] = 97 + (index % 23);
  const pieces = [shared.subarray(0, 2), shared.subarray(2, bytes - 1), shared.subarray(bytes - 1)];
  return { page: { body: [shared], gzip: pieces, version: 9 }, text: shared.toString() };
}

/** Log lines as `level message field=value`. */
export interface RememberedLog {
  readonly lines: string[];
  readonly log: ServerOptions['log'];
}

export function rememberLog(): RememberedLog {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      lines.push([level, message, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)].join(' '));
    };
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

/** What the first page shows when nothing is known, but for what is given. */
export function viewWith(changes: Partial<StatusView>): StatusView {
  return {
    version: '1.2.3',
    nowMs: Date.UTC(2026, 10, 21, 9),
    uptimeMs: 0,
    windows: ['7d', '30d', '90d'],
    window: '30d',
    minimumSample: 1,
    availabilityObjective: undefined,
    issues: [],
    overall: undefined,
    severities: undefined,
    services: undefined,
    trend: undefined,
    open: { oldest: [], total: 0 },
    providers: [],
    links: [],
    ...changes,
  };
}

export function optionsWith(changes: Partial<ServerOptions>): ServerOptions {
  return {
    listenAddresses: ['127.0.0.1:0'],
    telemetryPath: '/metrics',
    routePrefix: undefined,
    externalUrl: undefined,
    enableLifecycle: false,
    web: undefined,
    bearerToken: () => undefined,
    log: rememberLog().log,
    page: inventPages(pageOf('up 1\n')),
    readiness: () => ({ ready: true, lines: [] }),
    reload: () => Promise.resolve({ ok: true, message: 'reloaded' }),
    status: async () => viewWith({}),
    api: inventApi(),
    deliveries: { webhook: () => undefined, push: () => undefined },
    ...changes,
  };
}

/** Starts a server that the end of the test closes. */
export async function serve(changes: Partial<ServerOptions> = {}): Promise<RunningServer & { readonly url: string }> {
  const server = await startServer(optionsWith(changes));
  onTestFinished(() => server.close());
  return { ...server, url: server.urls[0] ?? '' };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: ConnectionOptions;
}

/** One request on a connection of its own, with no header but those given. */
export function ask(url: string, { method = 'GET', headers = {}, tls = {} }: Asking = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const start = url.startsWith('https:') ? httpsRequest : httpRequest;
    const outgoing = start(url, { method, headers, agent: false, ...tls }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Waits until the condition holds; a test that never sees it fails by its time-out. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
