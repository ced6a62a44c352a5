import { createServer, type RequestListener, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { TLSSocket } from 'node:tls';
import type { Log } from '../model/log.ts';
import { MINUTE_MS, SECOND_MS } from '../model/time.ts';
import type { ListenAddress } from './addresses.ts';
import { whyRefused } from './certificates.ts';
import { type Connections, followConnections, type WebServer } from './connections.ts';
import type { WebSettings } from './web-settings.ts';

/** Longer than usual scrape intervals, so that a scraper finds its connection again (Node's default is 5 s). */
const KEEP_ALIVE_MS = 75 * SECOND_MS;
/** Above the former: else Node ends a connection while the next request arrives on it. */
const HEADERS_MS = KEEP_ALIVE_MS + 5 * SECOND_MS;
/** Whole requests are small here; a slower one only occupies a connection. */
const REQUEST_MS = 2 * MINUTE_MS;
/** A client that takes nothing for so long is gone, or wants our memory. */
const STALLED_MS = MINUTE_MS;
/** As many as Prometheus takes itself; more than any set of scrapers and probes needs. */
const CONNECTIONS_MAX = 512;

/** One address that accepts connections. */
export interface Listening {
  /** `http://127.0.0.1:16887`; `localhost` where it listens on every address. */
  readonly origin: string;
  /** Puts changed certificates in force for new connections. */
  apply(settings: WebSettings): void;
  readonly close: Connections['close'];
}

/** What every address shares. */
export interface ListenOptions {
  readonly handler: RequestListener;
  readonly settings: () => WebSettings;
  readonly log: Log;
}

/** Listens on the address; rejects with a message that names it when that is not possible. */
export async function listen(address: ListenAddress, options: ListenOptions): Promise<Listening> {
  const server = createHttpServer(options);
  server.maxConnections = CONNECTIONS_MAX;
  reportDrops(server, options.log);
  const connections = followConnections(server);
  await bound(server, address);
  server.on('error', (error) => options.log.error('listening failed', { address: address.text, error: error.message }));
  return {
    origin: originOf(server, address),
    apply: ({ tls }) => {
      if (tls !== undefined && 'setSecureContext' in server) server.setSecureContext(tls.options);
    },
    close: connections.close,
  };
}

function createHttpServer({ handler, settings, log }: ListenOptions): WebServer {
  const limits: ServerOptions = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
  };
  const { tls } = settings();
  const server =
    tls === undefined ? createServer(limits, handler) : createTlsServer({ ...limits, ...tls.options }, handler);
  server.timeout = STALLED_MS;
  // First in line: a connection must be judged before HTTP reads from it.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const config = settings().tls?.config;
    const why = config && whyRefused(socket, config);
    if (why === undefined) return;
    log.debug('client certificate refused', { reason: why });
    socket.destroy();
  });
  server.on('tlsClientError', (error: Error) => log.debug('TLS handshake failed', { error: error.message }));
  return server;
}

/** One line a minute: whoever opens too many connections shall not fill the log as well. */
function reportDrops(server: WebServer, log: Log): void {
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  server.on('drop', () => {
    if (performance.now() - reportedAtMs < MINUTE_MS) return;
    reportedAtMs = performance.now();
    log.warn('connections refused, there are too many', { max: CONNECTIONS_MAX });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'this user may not listen on that port',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'the host name is not known',
};

function bound(server: WebServer, { text, host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) =>
      reject(new Error(`cannot listen on ${text}: ${REASONS[error.code ?? ''] ?? error.message}`));
    server.once('error', onError);
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function originOf(server: WebServer, { host }: ListenAddress): string {
  const { port } = boundAddress(server);
  const scheme = 'setSecureContext' in server ? 'https' : 'http';
  const name = host?.includes(':') ? `[${host}]` : (host ?? 'localhost');
  return `${scheme}://${name}:${port}`;
}

function boundAddress(server: WebServer): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('a listening TCP server has an address and a port');
  return address;
}
