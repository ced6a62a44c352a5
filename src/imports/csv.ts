import { pipeline, Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { decodedText } from './decoded.ts';
import type { Row, RowsInput } from './rows.ts';

/** Bytes of one row of a table: a few times the longest that any platform writes. */
const ROW_BYTES_MAX = 1_000_000;
/** A header longer than this is none. */
const HEADER_LENGTH_MAX = 65_536;
const DELIMITERS = [',', ';', '\t'];
/** After these nobody knows where the next row begins. */
const LOST = new Set(['CSV_QUOTE_NOT_CLOSED', 'CSV_MAX_RECORD_SIZE']);

/**
 * The rows of a table with a header; of each just the wanted columns, called as the mapping calls them. Columns of one
 * name make a list. Lines are those on which rows end.
 */
export async function* readCsv({ stream, wanted, unread }: Omit<RowsInput, 'format'>): AsyncGenerator<Row> {
  const { delimiter, chunks } = await peekDelimiter(withLineFeeds(decodedText(stream)));
  const skipped: Row[] = [];
  const parser = parse({
    delimiter,
    info: true,
    group_columns_by_name: true,
    max_record_size: ROW_BYTES_MAX,
    relax_quotes: true,
    skip_empty_lines: true,
    columns: (header: string[]) => namesOf(header, wanted, unread),
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error === undefined || LOST.has(error.code)) parser.destroy(lostAt(error));
      else
        skipped.push({
          line: lineOf(error),
          problem: `is no row of this table: ${error.message.replace(/ on line \d+$/, '')}`,
        });
      return undefined;
    },
  });
  // What goes wrong with either of the two ends the other, and is thrown by the reading below.
  pipeline(Readable.from(chunks), parser, () => undefined);
  for await (const one of parser) {
    yield* skipped.splice(0);
    const { record, info }: { record: unknown; info: Info } = one;
    yield { line: info.lines, record };
  }
  yield* skipped;
}

function lostAt(error: CsvError | undefined): Error {
  const line = error === undefined ? 'unknown' : lineOf(error);
  const what = error?.code === 'CSV_QUOTE_NOT_CLOSED' ? 'a quote is opened and never closed' : 'a row never ends';
  return new Error(`cannot be read as a table: ${what} (line ${line})`);
}

function lineOf(error: CsvError): number {
  return 'lines' in error && typeof error.lines === 'number' ? error.lines : 0;
}

/** Within quotes the parser counts `\r\n` as two lines (csv-parse 7). */
async function* withLineFeeds(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const chunk of chunks) {
    const text = held + chunk;
    // Its line feed may begin the next chunk.
    held = text.endsWith('\r') ? '\r' : '';
    yield text.slice(0, text.length - held.length).replaceAll('\r\n', '\n');
  }
  yield held;
}

/** What is in the first line decides; what was read of the stream is given back before its rest. */
async function peekDelimiter(
  stream: AsyncIterable<string>,
): Promise<{ delimiter: string; chunks: AsyncIterable<string> }> {
  const iterator = stream[Symbol.asyncIterator]();
  const seen: string[] = [];
  let text = '';
  while (!text.includes('\n') && text.length < HEADER_LENGTH_MAX) {
    const next = await iterator.next();
    if (next.done === true) break;
    seen.push(next.value);
    text += next.value;
  }
  const [header = ''] = text.split('\n');
  const countOf = (delimiter: string) => header.split(delimiter).length;
  const [delimiter = ','] = DELIMITERS.toSorted((a, b) => countOf(b) - countOf(a));
  return { delimiter, chunks: joined(seen, iterator) };
}

async function* joined(seen: readonly string[], rest: AsyncIterator<string>): AsyncGenerator<string> {
  yield* seen;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** The mapping's names for the columns it reads, whatever their case and punctuation; the others are dropped. */
function namesOf(header: readonly string[], wanted: readonly string[], unread: Set<string>): (string | undefined)[] {
  const byName = new Map(wanted.toReversed().map((name) => [plain(name), name]));
  return header.map((name) => {
    const known = byName.get(plain(name));
    if (known === undefined && name.trim() !== '') unread.add(name.trim());
    return known;
  });
}

/** Tables write `service.summary`, `Service Summary` and `service_summary` for the same. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
