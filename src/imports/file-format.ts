import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';

/** The formats of import files. */
export const FORMATS = ['ndjson', 'json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** One record of a file, or why it cannot be read. */
export type Row =
  /** `line`: where it begins in the file, from 1; in a table where it ends. */
  { readonly line: number; readonly record: unknown } | { readonly line: number; readonly problem: string };

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
};

/** The format by a file's extension; undefined for unknown ones. */
export function detectFormat(filename: string): Format | undefined {
  return EXTENSIONS[/\.([a-z]+)$/i.exec(filename)?.[1]?.toLowerCase() ?? ''];
}

/** Byte order marks of UTF-16. */
const BYTE_ORDER_MARKS = { 'utf-16le': Buffer.from([0xff, 0xfe]), 'utf-16be': Buffer.from([0xfe, 0xff]) } as const;
const MARK_BYTES = 2;

/**
 * The text of a file in chunks that never split a character: UTF-16 where it begins with a byte order mark, else UTF-8;
 * without the mark. Throws for any other encoding: a guess could put wrong letters into names for good.
 */
export async function* decodeText(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    head = Buffer.concat([head, chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk))]);
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
