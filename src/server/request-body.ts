import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { parseRecordJson } from '../model/text.ts';

/** A body that cannot be used; the message contains nothing of it. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The raw body; throws BodyError for one of more than `maxBytes`, of which no more is read, and for one that ends early. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const { headers } = request;
  const tooLarge = new BodyError(413, `the body is larger than ${maxBytes} bytes`);
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    return Promise.reject(new BodyError(415, 'the body is compressed; expected it as it is'));
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge);
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer) => {
    length += chunk.length;
    if (length <= maxBytes) {
      chunks.push(chunk);
      return;
    }
    request.off('data', onData);
    request.pause();
    reject(tooLarge);
  };
  request.on('data', onData);
  request.on('end', () => resolve(Buffer.concat(chunks)));
  request.on('error', () => reject(new BodyError(400, 'the body ended early')));
  request.on('close', () => reject(new BodyError(400, 'the body ended early')));
  return promise;
}

/** Of a body that is refused: several times the largest that is taken. */
const DISCARDED_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Takes what is left of a refused body and keeps nothing of it: most senders read no answer before they have sent all, and
 * a connection that is closed on them loses it. Ends when nothing is left; one that sends without end loses its connection.
 */
export function discardBody(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  request.on('end', resolve).on('close', resolve);
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > DISCARDED_BYTES_MAX) request.destroy();
  });
  request.resume();
  return promise;
}

const LINES = /^application\/(x-ndjson|ndjson|jsonl|x-jsonlines|json-seq)\b/i;

/**
 * The JSON of a body. With `maxRecords` it may also be one record per line; a line that is not JSON is `undefined` in the
 * list. Throws BodyError for what is not JSON at all, and for too many records.
 */
export function parseBody(body: Buffer, headers: IncomingHttpHeaders, maxRecords: number | undefined): unknown {
  const text = body.toString('utf8').replace(/^\uFEFF/, '');
  const isLines = maxRecords !== undefined && LINES.test(headers['content-type'] ?? '');
  const whole = isLines ? undefined : tryParse(text);
  const parsed = whole ?? (maxRecords === undefined ? undefined : parseLines(text, maxRecords));
  if (parsed === undefined) throw new BodyError(400, 'the body is not JSON');
  if (maxRecords !== undefined && Array.isArray(parsed.value) && parsed.value.length > maxRecords) {
    throw new BodyError(413, `the body has more than ${maxRecords} records`);
  }
  return parsed.value;
}

/** Undefined when no line is JSON. */
function parseLines(text: string, maxRecords: number): { readonly value: unknown[] } | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  // Cheaper than to parse what is refused anyway.
  if (lines.length > maxRecords) return { value: lines };
  const records = lines.map(tryParse);
  return records.some((one) => one !== undefined) ? { value: records.map((one) => one?.value) } : undefined;
}

function tryParse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseRecordJson(text) };
  } catch {
    return undefined;
  }
}
