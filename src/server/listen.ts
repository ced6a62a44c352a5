import type { X509Certificate } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { isIP, Server as NetServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { TLSSocket } from 'node:tls';
import type { Log } from '../model/log.ts';
import { MINUTE_MS, SECOND_MS } from '../model/time.ts';
import type { ListenAddress } from './addresses.ts';
import type { TlsConfig } from './web-config.ts';
import type { WebSettings } from './web-settings.ts';

/** An HTTP server, with TLS or without. */
type WebServer = Server | TlsServer;

/** Longer than usual scrape intervals, so that a scraper finds its connection again (Node's default is 5 s). */
const KEEP_ALIVE_MS = 75 * SECOND_MS;
/** Above the former: else Node ends a connection while the next request arrives on it. */
const HEADERS_MS = KEEP_ALIVE_MS + 5 * SECOND_MS;
/** Whole requests are small here; a slower one only occupies a connection. */
const REQUEST_MS = 2 * MINUTE_MS;
/** A client that reads nothing for so long is gone, or fills our memory on purpose. */
const STALLED_MS = MINUTE_MS;
/** As many as Prometheus takes itself; more than any set of scrapers and probes needs. */
const CONNECTIONS_MAX = 512;

/** One address that accepts connections. */
export interface Listener {
  /** `http://127.0.0.1:16887`; `localhost` where it listens on every address. */
  readonly origin: string;
  /** Puts changed certificates in force for new connections. */
  apply(settings: WebSettings): void;
  /**
   * Stops accepting, ends the connections that wait for a request now, the others when their responses are out, and
   * after `graceMs` whatever is left. Resolves when all are gone.
   */
  readonly close: (graceMs: number) => Promise<void>;
}

/** What every address shares. */
export interface ListenOptions {
  readonly handler: RequestListener;
  readonly settings: () => WebSettings;
  readonly log: Log;
}

/** Listens on the address; rejects with a message that names it when that is not possible. */
export async function listen(address: ListenAddress, options: ListenOptions): Promise<Listener> {
  const server = createHttpServer(options);
  server.maxConnections = CONNECTIONS_MAX;
  logDrops(server, options.log);
  const close = createGracefulClose(server);
  await bind(server, address);
  server.on('error', (error) => options.log.error('listening failed', { address: address.text, error: error.message }));
  return {
    origin: toOrigin(server, address),
    apply: ({ tls }) => {
      if (tls !== undefined && 'setSecureContext' in server) server.setSecureContext(tls.options);
    },
    close,
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
  // First in line: a certificate must be checked before HTTP reads from the connection.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const config = settings().tls?.config;
    const reason = config && findRejection(socket, config);
    if (reason === undefined) return;
    log.debug('client certificate rejected', { reason });
    socket.destroy();
  });
  server.on('tlsClientError', (error: Error) => log.debug('TLS handshake failed', { error: error.message }));
  return server;
}

/** Why this client's certificate, or the lack of one, ends the connection; undefined when it may stay. */
function findRejection(socket: TLSSocket, tls: TlsConfig): string | undefined {
  if (tls.client_auth_type === 'NoClientCert' || tls.client_auth_type === 'RequestClientCert') return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return tls.client_auth_type === 'VerifyClientCertIfGiven' ? undefined : 'the client sent no certificate';
  }
  if (tls.client_auth_type !== 'RequireAnyClientCert' && !socket.authorized)
    return 'the certificate could not be verified';
  if (tls.client_allowed_sans === undefined || tls.client_allowed_sans.some((name) => hasName(certificate, name)))
    return undefined;
  return 'none of its subject alternative names is in client_allowed_sans';
}

/** Exactly the name as DNS, e-mail or URI entry (no wildcards), or the same IP address however it is written. */
function hasName(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0 && certificate.checkIP(name) !== undefined) return true;
  return parseAlternativeNames(certificate.subjectAltName ?? '').includes(name);
}

/** Node puts a value with a comma, a quote or the like in it into JSON quotes, so an entry cannot pretend to be two. */
function parseAlternativeNames(text: string): string[] {
  const entries = text.matchAll(/(?:^|, )(DNS|email|URI):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/g);
  return [...entries].map(([, , value = '']) => (value.startsWith('"') ? String(JSON.parse(value)) : value));
}

/** One line a minute: whoever opens too many connections must not fill the log as well. */
function logDrops(server: WebServer, log: Log): void {
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  server.on('drop', () => {
    if (performance.now() - loggedAtMs < MINUTE_MS) return;
    loggedAtMs = performance.now();
    log.warn('too many connections, new ones are rejected', { max: CONNECTIONS_MAX });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'this user may not listen on the port',
  EADDRNOTAVAIL: 'this machine does not have the address',
  ENOTFOUND: 'the host name is unknown',
};

function bind(server: WebServer, { text, host, port }: ListenAddress): Promise<void> {
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

function toOrigin(server: WebServer, { host }: ListenAddress): string {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('a listening TCP server has an address and a port');
  }
  const scheme = 'setSecureContext' in server ? 'https' : 'http';
  const name = host?.includes(':') ? `[${host}]` : (host ?? 'localhost');
  return `${scheme}://${name}:${address.port}`;
}

/**
 * Follows the connections of a server that does not listen yet, and closes them (see `Listener.close`). Node's own
 * `server.close()` takes a response for done when its last byte was queued, and would cut a page that a slow client is
 * still reading.
 */
function createGracefulClose(server: WebServer): Listener['close'] {
  const sockets = new Set<Socket>();
  const responsesRunning = new Map<Socket, number>();
  let isClosing = false;

  const follow = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const change = (socket: Socket, by: 1 | -1) => {
    const running = (responsesRunning.get(socket) ?? 0) + by;
    if (running > 0) responsesRunning.set(socket, running);
    else responsesRunning.delete(socket);
    if (running === 0 && isClosing) socket.destroySoon();
  };
  server.on('connection', follow);
  server.on('secureConnection', follow);
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    change(socket, 1);
    response.once('close', () => change(socket, -1));
  });

  const endIdle = () => {
    // The plain socket below TLS knows of no request; it ends with its TLS socket, or by the deadline.
    const own = [...sockets].filter((socket) => !('setSecureContext' in server) || socket instanceof TLSSocket);
    for (const socket of own) if (!responsesRunning.has(socket)) socket.destroy();
  };
  return async (graceMs) => {
    isClosing = true;
    const gone = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
    endIdle();
    const deadline = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, graceMs);
    await gone;
    clearTimeout(deadline);
    // What HTTP itself still runs, such as its check for slow requests.
    server.close();
  };
}
