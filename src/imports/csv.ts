import { pipeline, Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { decodeText, type ReadInput, type Row } from './file-format.ts';

/** Bytes of one row: several times the longest that any platform writes. */
const ROW_BYTES_MAX = 1_000_000;
/** Characters of a header; a longer first line is no header. */
const HEADER_LENGTH_MAX = 65_536;
const DELIMITERS = [',', ';', '\t'];
/** After these errors nobody knows where the next row begins. */
const FATAL_ERRORS = new Set(['CSV_QUOTE_NOT_CLOSED', 'CSV_MAX_RECORD_SIZE']);

/**
 * The rows of a table with a header, reduced to the wanted columns under the names of the mapping. Columns with the same
 * name become a list. `line` is where a row ends.
 */
export async function* readCsv({ stream, ...names }: ReadInput): AsyncGenerator<Row> {
  const { delimiter, chunks } = await detectDelimiter(withLineFeeds(decodeText(stream)));
  const skipped: Row[] = [];
  const parser = parse({
    delimiter,
    info: true,
    group_columns_by_name: true,
    max_record_size: ROW_BYTES_MAX,
    relax_quotes: true,
    skip_empty_lines: true,
    columns: (header: string[]) => toWantedNames(header, names),
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error === undefined || FATAL_ERRORS.has(error.code)) parser.destroy(toFatalError(error));
      else skipped.push({ line: lineOf(error), problem: describeError(error) });
      return undefined;
    },
  });
  // An error of either stream ends the other, and is thrown by the loop below.
  pipeline(Readable.from(chunks), parser, () => undefined);
  for await (const one of parser) {
    yield* skipped.splice(0);
    const { record, info }: { record: unknown; info: Info } = one;
    yield { line: info.lines, record };
  }
  yield* skipped;
}

function toFatalError(error: CsvError | undefined): Error {
  const line = error === undefined ? 'unknown' : lineOf(error);
  const problem = error?.code === 'CSV_QUOTE_NOT_CLOSED' ? 'a quote is never closed' : 'a row never ends';
  return new Error(`is not a valid table: ${problem} (line ${line})`);
}

function lineOf(error: CsvError): number {
  return 'lines' in error && typeof error.lines === 'number' ? error.lines : 0;
}

function describeError(error: CsvError): string {
  return `is not a row of this table: ${error.message.replace(/ on line \d+$/, '')}`;
}

/** Inside quotes the parser counts `\r\n` as two lines (csv-parse 7). */
async function* withLineFeeds(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const chunk of chunks) {
    const text = held + chunk;
    // Its line feed may be in the next chunk.
    held = text.endsWith('\r') ? '\r' : '';
    yield text.slice(0, text.length - held.length).replaceAll('\r\n', '\n');
  }
  yield held;
}

/** The most frequent delimiter of the first line, and all chunks including the ones that were read for it. */
async function detectDelimiter(
  stream: AsyncIterable<string>,
): Promise<{ delimiter: string; chunks: AsyncIterable<string> }> {
  const rest = stream[Symbol.asyncIterator]();
  const read: string[] = [];
  let text = '';
  while (!text.includes('\n') && text.length < HEADER_LENGTH_MAX) {
    const next = await rest.next();
    if (next.done === true) break;
    read.push(next.value);
    text += next.value;
  }
  const [header = ''] = text.split('\n');
  const count = (delimiter: string) => header.split(delimiter).length;
  const [delimiter = ','] = DELIMITERS.toSorted((a, b) => count(b) - count(a));
  async function* allChunks() {
    yield* read;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  }
  return { delimiter, chunks: allChunks() };
}

/** Replaces each column name by the mapping's name for it; undefined drops the column. */
function toWantedNames(
  header: readonly string[],
  { wanted, unread, found }: Omit<ReadInput, 'stream'>,
): (string | undefined)[] {
  const byName = new Map(wanted.toReversed().map((name) => [normalizeName(name), name]));
  return header.map((name) => {
    const wantedName = byName.get(normalizeName(name));
    if (wantedName !== undefined) found.add(wantedName);
    else if (name.trim() !== '') unread.add(name.trim());
    return wantedName;
  });
}

/** Tables write `service.summary`, `Service Summary` and `service_summary` for the same column. */
function normalizeName(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
