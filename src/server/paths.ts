import type { IncomingMessage } from 'node:http';
import type { ServerOptions } from './options.ts';

const PLAIN_PATH = /^\/[\w.~/-]*$/;
/** Clients resolve `.` and `..` before they ask. */
const DOT_SEGMENT = /(^|\/)\.{1,2}(\/|$)/;
/** The status page, and everything below the first segments that are the server's own, also those of later versions. */
const RESERVED = /^\/($|(-|api|webhooks)(\/|$))/i;

/**
 * Checks the path of the page of metrics: letters, digits and `. _ ~ - /` after a slash, and none of the server's own
 * paths, some of which ask for no credentials.
 */
export function parseTelemetryPath(text: string): string {
  const path = parsePath(text);
  if (!RESERVED.test(path)) return path;
  throw new Error(
    `"${text}" is taken: / is the status page, and /-/, /api/ and /webhooks/ are reserved; expected another path such as /metrics`,
  );
}

/** Checks where everything is served below and returns it without its last slash: `` for `/`, `/mttr` for `/mttr/`. */
export function parseRoutePrefix(text: string): string {
  const trimmed = text.replace(/^\/|\/$/g, '');
  return trimmed === '' ? '' : parsePath(`/${trimmed}`);
}

/** Checks the URL that users type to reach this program; throws an Error that says what was expected. */
export function parseExternalUrl(text: string): URL {
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return url;
  throw new Error(`"${text}" is no external URL; expected one such as https://monitoring.example.com/mttr/`);
}

/** Where everything is served below, without a slash at its end; the path of the external URL unless it was given. */
export function routePrefix({ routePrefix, externalUrl }: Pick<ServerOptions, 'routePrefix' | 'externalUrl'>): string {
  if (routePrefix !== undefined) return parseRoutePrefix(routePrefix);
  return externalUrl === undefined ? '' : parseRoutePrefix(parseExternalUrl(externalUrl).pathname);
}

/** The path that a request asks for, as it was sent but for the query; proxies may send a whole URL. */
export function requestPath({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  const path = url.startsWith('/') ? url : (URL.parse(url)?.pathname ?? url);
  const end = path.indexOf('?');
  return end < 0 ? path : path.slice(0, end);
}

function parsePath(text: string): string {
  if (PLAIN_PATH.test(text) && !text.includes('//') && !DOT_SEGMENT.test(text)) return text;
  throw new Error(`"${text}" is no path; expected one such as /metrics, of letters, digits and . _ ~ - /`);
}
