import type { IncomingMessage } from 'node:http';

/** Where to listen; without a host on every address of the machine. */
export interface ListenAddress {
  /** As it was written, for messages. */
  readonly text: string;
  readonly host: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
}

const PORT_MAX = 65_535;
const IN_BRACKETS = /^\[(?<host>[0-9A-Fa-f:.%\w]+)\]:(?<port>\d{1,5})$/;
const PLAIN = /^(?<host>[^:[\]\s/]*):(?<port>\d{1,5})$/;

/** Parses `host:port`, `:port` or `[IPv6]:port`; throws an Error that says what was expected. */
export function parseListenAddress(text: string): ListenAddress {
  const { host, port } = (IN_BRACKETS.exec(text) ?? PLAIN.exec(text))?.groups ?? {};
  if (host === undefined || port === undefined || Number(port) > PORT_MAX) {
    throw new Error(`invalid address "${text}"; expected host:port such as :16887, 127.0.0.1:16887 or [::1]:16887`);
  }
  return { text, host: host === '' ? undefined : host, port: Number(port) };
}

const PLAIN_PATH = /^\/[\w.~/-]*$/;
/** Clients resolve `.` and `..` before they send a request. */
const DOT_SEGMENT = /(^|\/)\.{1,2}(\/|$)/;
/** The status page, and everything below the first segments that are the server's own, also those of later versions. */
const RESERVED = /^\/($|(-|api|webhooks)(\/|$))/i;

/**
 * Checks the path of the metrics page: letters, digits and `. _ ~ - /` after a slash, and none of the server's own
 * paths, some of which need no credentials. Throws an Error that says what was expected.
 */
export function parseTelemetryPath(text: string): string {
  const path = parsePath(text);
  if (!RESERVED.test(path)) return path;
  throw new Error(
    `"${text}" is reserved: / is the status page, and /-/, /api/ and /webhooks/ are used by the exporter; expected another path such as /metrics`,
  );
}

/** Checks the prefix of all paths and returns it without its last slash: `` for `/`, `/mttr` for `/mttr/`. */
export function parseRoutePrefix(text: string): string {
  const trimmed = text.replace(/^\/|\/$/g, '');
  return trimmed === '' ? '' : parsePath(`/${trimmed}`);
}

/** Parses the URL under which users reach the exporter; throws an Error that says what was expected. */
export function parseExternalUrl(text: string): URL {
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return url;
  throw new Error(`invalid URL "${text}"; expected one such as https://monitoring.example.com/mttr/`);
}

/** The prefix of all paths, without a slash at its end: as it was given, else the path of the external URL. */
export function findRoutePrefix(routePrefix: string | undefined, externalUrl: string | undefined): string {
  if (routePrefix !== undefined) return parseRoutePrefix(routePrefix);
  return externalUrl === undefined ? '' : parseRoutePrefix(parseExternalUrl(externalUrl).pathname);
}

/** The path of a request as it was sent, without the query; proxies may send a whole URL. */
export function requestPath({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  const path = url.startsWith('/') ? url : (URL.parse(url)?.pathname ?? url);
  const end = path.indexOf('?');
  return end < 0 ? path : path.slice(0, end);
}

function parsePath(text: string): string {
  if (PLAIN_PATH.test(text) && !text.includes('//') && !DOT_SEGMENT.test(text)) return text;
  throw new Error(`invalid path "${text}"; expected one such as /metrics, of letters, digits and . _ ~ - /`);
}
