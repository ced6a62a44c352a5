import type { IncomingMessage, ServerResponse } from 'node:http';
import { acceptsGzip, CONTENT_TYPES, negotiateFormat } from './negotiation.ts';
import type { Exposition, PageFormat, PageSource } from './options.ts';
import { answerText } from './plain-text.ts';

/** Scrapers send few different headers; others are judged anew each time. */
const REMEMBERED_MAX = 100;
/** Up to here a page is sent as one buffer: joining it once costs less than handing over its many pieces each time. */
const JOINED_BYTES_MAX = 256 * 1024;

/**
 * Answers a GET or HEAD of the page of metrics with bytes that already exist, and tells the source when a GET got all
 * of them. 503 until the first page is whole.
 */
export function createMetricsEndpoint(
  source: PageSource,
): (request: IncomingMessage, response: ServerResponse) => void | Promise<void> {
  const formatFor = remember(negotiateFormat);
  const mayCompress = remember(acceptsGzip);
  const toBody = createJoiner();
  return (request, response) => {
    const format = formatFor(request.headers.accept);
    const isCompressed = mayCompress(request.headers['accept-encoding']);
    const send = (page: Exposition | undefined) => {
      if (page === undefined) {
        answerText(response, 503, 'the first page is not rendered yet');
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
    if (page instanceof Promise) return page.then(send);
    send(page);
  };
}

/** Names and values in turn, as Node takes them fastest. */
function toHeaders(format: PageFormat, isCompressed: boolean, length: number): string[] {
  const headers = [
    'Content-Type',
    CONTENT_TYPES[format],
    'Vary',
    'Accept, Accept-Encoding',
    'Content-Length',
    String(length),
  ];
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

/** Remembers the results of a pure function of a header. */
function remember<Result>(judge: (header: string | undefined) => Result): (header: string | undefined) => Result {
  const results = new Map<string | undefined, Result>();
  return (header) => {
    const known = results.get(header);
    if (known !== undefined) return known;
    const result = judge(header);
    if (results.size < REMEMBERED_MAX) results.set(header, result);
    return result;
  };
}
