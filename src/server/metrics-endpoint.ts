import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendText } from './responses.ts';

/** The two formats that Prometheus and compatible scrapers read. */
export type PageFormat = 'text' | 'openmetrics';

/** A rendered metrics page, plain and as one gzip member; the buffers never change. */
export interface Exposition {
  readonly body: readonly Buffer[];
  readonly gzip: readonly Buffer[];
  /** Names this page; handed back when it was delivered. */
  readonly version: number;
}

/** Where pages come from. */
export interface PageSource {
  /** The newest page; undefined until the first one is complete. */
  read(format: PageFormat): Promise<Exposition | undefined> | Exposition | undefined;
  /** A GET got the whole page: its last byte was handed to the client's connection. */
  delivered(version: number): void;
}

/** Scrapers send few different headers; others are parsed each time. */
const CACHED_HEADERS_MAX = 100;
/** Up to here a page is sent as one buffer: joining it once costs less than handing over its many pieces each time. */
const JOINED_BYTES_MAX = 256 * 1024;

/**
 * Answers a GET or HEAD of the metrics page with bytes that already exist, and reports to the source when a GET got all
 * of them. 503 until the first page is complete.
 */
export function createMetricsEndpoint(
  source: PageSource,
): (request: IncomingMessage, response: ServerResponse) => void | Promise<void> {
  const findFormat = cacheByHeader(negotiateFormat);
  const mayCompress = cacheByHeader(acceptsGzip);
  const toBody = createJoiner();
  return (request, response) => {
    const format = findFormat(request.headers.accept);
    const isCompressed = mayCompress(request.headers['accept-encoding']);
    const sendPage = (page: Exposition | undefined) => {
      if (page === undefined) {
        sendText(response, 503, 'the first metrics page is not ready yet');
        return;
      }
      const { buffers, length } = toBody(isCompressed ? page.gzip : page.body);
      response.writeHead(200, toHeaders(format, isCompressed, length));
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      // Emitted when the last byte left for the client; not when the client went away before (a test holds Node to that).
      response.once('finish', () => source.delivered(page.version));
      sendAll(response, buffers);
    };
    const page = source.read(format);
    if (page instanceof Promise) return page.then(sendPage);
    sendPage(page);
  };
}

/** Names and values in turn, as Node takes them fastest. */
function toHeaders(format: PageFormat, isCompressed: boolean, length: number): string[] {
  const headers = ['Content-Type', CONTENT_TYPES[format], 'Vary', 'Accept, Accept-Encoding'];
  headers.push('Content-Length', String(length));
  if (isCompressed) headers.push('Content-Encoding', 'gzip');
  return headers;
}

interface Body {
  readonly buffers: readonly Buffer[];
  readonly length: number;
}

/** Joins the buffers of small pages, once for each page. */
function createJoiner(): (buffers: readonly Buffer[]) => Body {
  const bodies = new WeakMap<readonly Buffer[], Body>();
  return (buffers) => {
    const known = bodies.get(buffers);
    if (known !== undefined) return known;
    const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    const isJoined = buffers.length > 1 && length <= JOINED_BYTES_MAX;
    const body = { buffers: isJoined ? [Buffer.concat(buffers)] : buffers, length };
    bodies.set(buffers, body);
    return body;
  };
}

/** Corked: the kernel gets headers and all buffers in one call. */
function sendAll(response: ServerResponse, buffers: readonly Buffer[]): void {
  const [only] = buffers;
  if (buffers.length === 1) {
    response.end(only);
    return;
  }
  response.cork();
  for (const buffer of buffers) response.write(buffer);
  response.end();
  response.uncork();
}

/** Caches the results of a pure function of a header. */
function cacheByHeader<Result>(parse: (header?: string) => Result): (header: string | undefined) => Result {
  const results = new Map<string | undefined, Result>();
  return (header) => {
    const known = results.get(header);
    if (known !== undefined) return known;
    const result = parse(header);
    if (results.size < CACHED_HEADERS_MAX) results.set(header, result);
    return result;
  };
}

/** Exactly these: Prometheus 3 fails a scrape whose Content-Type it does not know. */
const CONTENT_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<PageFormat, string>;

const FORMATS: ReadonlyMap<string, { readonly format: PageFormat; readonly version: string }> = new Map([
  ['text/plain', { format: 'text', version: '0.0.4' }],
  ['application/openmetrics-text', { format: 'openmetrics', version: '1.0.0' }],
]);
const WILDCARDS: ReadonlySet<string> = new Set(['*/*', 'text/*']);

/**
 * The format of the page for an Accept header: the highest q among the two that we serve wins, the first named among
 * equals; q=0 excludes; wildcards, other versions and anything odd mean text 0.0.4. Express' own `accepts` compares
 * every parameter, so it would give Prometheus 3 (`escaping=…`) the text format.
 */
export function negotiateFormat(accept: string | undefined): PageFormat {
  if (accept === undefined) return 'text';
  const ranges = parseRanges(accept);
  const named = ranges.flatMap(({ name, q, version }) => {
    const known = FORMATS.get(name);
    return known && (version ?? known.version) === known.version ? [{ format: known.format, q }] : [];
  });
  const [best] = named.toSorted((a, b) => b.q - a.q);
  if (best === undefined || best.q === 0) return 'text';
  const wildcardQ = Math.max(0, ...ranges.filter(({ name }) => WILDCARDS.has(name)).map(({ q }) => q));
  return wildcardQ > best.q && named.every(({ format }) => format !== 'text') ? 'text' : best.format;
}

/** Whether gzip is named and not excluded (q=0). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  if (acceptEncoding === 'gzip') return true;
  return parseRanges(acceptEncoding).some(({ name, q }) => (name === 'gzip' || name === 'x-gzip') && q > 0);
}

/** One element of Accept or Accept-Encoding, in lower case; `q` is 0 to 1. */
interface Range {
  readonly name: string;
  readonly q: number;
  readonly version: string | undefined;
}

/** An element with a q that is no number is left out. */
function parseRanges(header: string): Range[] {
  return header
    .toLowerCase()
    .split(',')
    .flatMap((element) => {
      const [name = '', ...parameters] = element.split(';').map((part) => part.trim());
      const values = new Map(parameters.map(parseParameter));
      const q = Number(values.get('q') ?? 1);
      if (name === '' || !(q >= 0)) return [];
      return [{ name, q: Math.min(q, 1), version: values.get('version') }];
    });
}

function parseParameter(text: string): [string, string] {
  const [name = '', value = ''] = text.split('=').map((part) => part.trim());
  return [name, value.replaceAll('"', '')];
}
