import { pipeline, Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';

/** The formats of import files. */
export const FORMATS = ['ndjson', 'json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** One record of a file, or why it cannot be read. */
export type Row = RowPosition & ({ readonly record: unknown } | { readonly problem: string });

export interface RowPosition {
  /** Where it begins in the file, from 1; in a table where it ends. */
  readonly line: number;
  /** Its number among the records of a JSON document, from 1, as many may be on one line; absent in other formats. */
  readonly recordNumber?: number | undefined;
}

/** What every reader of a format gets. */
export interface ReadInput {
  readonly stream: Readable;
  /** Columns and paths that are read; the other columns of a table are dropped. */
  readonly wanted: readonly string[];
  /** Receives the names of columns and members that are not read. */
  readonly unread: Set<string>;
  /** Receives the names of columns and members that are read. */
  readonly found: Set<string>;
}

/** The member that the file of rejected rows adds to each row. */
export const REJECTED = 'rejected';

const EXTENSIONS: Readonly<Record<string, Format>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
};

/** The format by a file's extension, that before `.gz` too; undefined for unknown ones. */
export function detectFormat(filename: string): Format | undefined {
  return EXTENSIONS[/\.([a-z]+)(?:\.gz)?$/i.exec(filename)?.[1]?.toLowerCase() ?? ''];
}

/** Byte order marks of UTF-16. */
const BYTE_ORDER_MARKS = { 'utf-16le': Buffer.from([0xff, 0xfe]), 'utf-16be': Buffer.from([0xfe, 0xff]) } as const;
const MARK_BYTES = 2;

/**
 * The text of a file, unpacked if it is gzip, in chunks that never split a character: UTF-16 where it begins with a byte order mark, else UTF-8;
 * without the mark. Throws for any other encoding: a guess could put wrong letters into names for good.
 */
export async function* decodeText(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of gunzip(stream)) {
    head = Buffer.concat([head, chunk]);
    if (decoder === undefined && head.length < MARK_BYTES) continue;
    decoder ??= createDecoder(head);
    yield decode(decoder, head, true);
    head = Buffer.alloc(0);
  }
  yield decode(decoder ?? createDecoder(head), head, false);
}

function createDecoder(head: Buffer): TextDecoder {
  const mark = head.subarray(0, MARK_BYTES);
  if (mark.equals(BYTE_ORDER_MARKS['utf-16le'])) return new TextDecoder('utf-16le', { fatal: true });
  if (mark.equals(BYTE_ORDER_MARKS['utf-16be'])) return new TextDecoder('utf-16be', { fatal: true });
  return new TextDecoder('utf-8', { fatal: true });
}

function decode(decoder: TextDecoder, bytes: Buffer, stream: boolean): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch (error) {
    throw new Error(`is not valid ${decoder.encoding.toUpperCase()}; expected a text file saved as UTF-8`, {
      cause: error,
    });
  }
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** The bytes of a stream, unpacked where they begin like gzip. */
async function* gunzip(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    head = Buffer.concat([head, toBytes(next.value)]);
    if (head.length >= GZIP_MAGIC.length) break;
  }
  async function* allBytes() {
    try {
      yield head;
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield toBytes(next.value);
    } finally {
      await chunks.return?.();
    }
  }
  if (!head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) {
    yield* allBytes();
    return;
  }
  const unpacked = createGunzip();
  // An error of either stream is thrown by the loop below.
  pipeline(Readable.from(allBytes()), unpacked, () => undefined);
  try {
    for await (const chunk of unpacked) yield toBytes(chunk);
  } catch (error) {
    const isDamaged = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
    throw isDamaged ? new Error(`is not a valid gzip file: ${error.message}`, { cause: error }) : error;
  }
}

function toBytes(chunk: unknown): Uint8Array {
  return chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk));
}
