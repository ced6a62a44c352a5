import type { Readable } from 'node:stream';
import { parseJson } from '../model/json.ts';
import { readCsv } from './csv.ts';
import { decodedText } from './decoded.ts';
import { createRecordScanner } from './json-records.ts';

/** Characters of one record: a few times the longest that any platform tells; more is no record. */
const RECORD_LENGTH_MAX = 1_000_000;

/** What a file may be written in. */
export const FORMATS = ['ndjson', 'json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** One record of a file, or why it is none. */
export type Row =
  /** `line`: where it begins in the file, from 1; of a table where it ends. */
  { readonly line: number; readonly record: unknown } | { readonly line: number; readonly problem: string };

export interface RowsInput {
  readonly format: Format;
  readonly stream: Readable;
  /** Columns and paths that are read; of a table nothing else is kept. */
  readonly wanted: readonly string[];
  /** Receives the names of what was not read. */
  readonly unread: Set<string>;
}

const EXTENSIONS: Readonly<Record<string, Format>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  csv: 'csv',
  tsv: 'csv',
};

/** The format that a file's name tells of; undefined for other names. */
export function formatOf(filename: string): Format | undefined {
  return EXTENSIONS[/\.([a-z]+)$/i.exec(filename)?.[1]?.toLowerCase() ?? ''];
}

/** The records of a file one by one, in its order; throws when the file as a whole is not what it should be. */
export function readRows(input: RowsInput): AsyncIterable<Row> {
  if (input.format === 'csv') return readCsv(input);
  return input.format === 'json' ? readJson(input) : readLines(input);
}

async function* readLines({ stream, unread, wanted }: RowsInput): AsyncGenerator<Row> {
  let line = 0;
  for await (const text of linesOf(stream)) {
    line += 1;
    if (text.trim() === '') continue;
    yield rowOf(text, line, { unread, wanted });
  }
}

/** Lines without their ends; a longer line than a record may be ends the reading. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of decodedText(stream)) {
    const lines = chunk.split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    if (rest.length > RECORD_LENGTH_MAX) throw new Error(TOO_LONG);
    yield* lines;
  }
  if (rest !== '') yield rest;
}

const TOO_LONG = `holds a line of more than ${RECORD_LENGTH_MAX} characters; expected one JSON object a line`;

async function* readJson({ stream, unread, wanted }: RowsInput): AsyncGenerator<Row> {
  const scanner = createRecordScanner(RECORD_LENGTH_MAX);
  for await (const chunk of decodedText(stream)) {
    for (const { text, line } of scanner.push(chunk)) yield rowOf(text, line, { unread, wanted });
  }
  scanner.end();
}

function rowOf(text: string, line: number, { unread, wanted }: Pick<RowsInput, 'unread' | 'wanted'>): Row {
  let record: unknown;
  try {
    record = parseJson(text);
  } catch {
    return { line, problem: 'is not JSON; expected one object' };
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return { line, problem: 'is JSON, but no object' };
  }
  noteUnread(record, { unread, wanted });
  return { line, record };
}

/** What a file of rejected rows adds to each. */
export const REJECTED = 'rejected';

/** Names of members that are not read are few in any file that is one; more are not noted. */
const UNREAD_MAX = 200;

function noteUnread(record: object, { unread, wanted }: Pick<RowsInput, 'unread' | 'wanted'>): void {
  for (const name of Object.keys(record)) {
    if (name === REJECTED || unread.has(name) || unread.size >= UNREAD_MAX) continue;
    const isRead = wanted.some((one) => one === name || one.startsWith(`${name}.`) || one.startsWith(`${name}[`));
    if (!isRead) unread.add(name);
  }
}
