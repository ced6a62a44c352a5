import type { IncomingMessage, ServerResponse } from 'node:http';
import { acceptsGzip, CONTENT_TYPES, negotiateFormat } from './negotiation.ts';
import type { PageSource } from './options.ts';
import { answerText } from './plain-text.ts';

/**
 * Answers a GET or HEAD of the page of metrics with bytes that already exist, and tells the source when a GET got all
 * of them. 503 until the first page is whole. Headers are set once and the buffers go out as they are: `res.send`
 * would join and hash them for an ETag that no scraper asks for.
 */
export function scrape(source: PageSource): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const format = negotiateFormat(request.headers.accept);
    const page = await source.read(format);
    if (page === undefined) {
      answerText(response, 503, 'the first page is not rendered yet');
      return;
    }
    const isCompressed = acceptsGzip(request.headers['accept-encoding']);
    const buffers = isCompressed ? page.gzip : page.body;
    response.setHeader('Content-Type', CONTENT_TYPES[format]);
    response.setHeader('Vary', 'Accept, Accept-Encoding');
    response.setHeader('Content-Length', byteLength(buffers));
    if (isCompressed) response.setHeader('Content-Encoding', 'gzip');
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    // Emitted when the last byte left for the client; not when the client went away before (a test holds Node to that).
    response.once('finish', () => source.delivered(page.version));
    sendAll(response, buffers);
  };
}

function byteLength(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, buffer) => sum + buffer.length, 0);
}

/** Corked: the kernel gets headers and all buffers in one call. */
function sendAll(response: ServerResponse, buffers: readonly Buffer[]): void {
  response.cork();
  for (const buffer of buffers) response.write(buffer);
  response.end();
  response.uncork();
}
