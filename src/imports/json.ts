import type { Readable } from 'node:stream';
import { formatAlternatives, parseRecordJson } from '../model/text.ts';
import { decodeText, REJECTED, type ReadInput, type Row, type RowPosition } from './file-format.ts';

/** Characters of one record: several times the longest that any platform sends. */
const RECORD_LENGTH_MAX = 1_000_000;
/** Names of unread members: any real file has fewer. */
const UNREAD_MAX = 200;

/** The records of a file with one JSON object per line. */
export async function* readJsonLines({ stream, ...columns }: ReadInput): AsyncGenerator<Row> {
  let line = 0;
  for await (const text of splitLines(stream)) {
    line += 1;
    if (text.trim() !== '') yield parseRow(text, { line }, columns);
  }
}

/** Lines without their ends; throws for a line that is too long to be a record. */
async function* splitLines(stream: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of decodeText(stream)) {
    const lines = chunk.split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    if (rest.length > RECORD_LENGTH_MAX) {
      throw new Error(
        `contains a line of more than ${RECORD_LENGTH_MAX} characters; expected one JSON object per line`,
      );
    }
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/**
 * The objects of a JSON list, of a list in a member such as `incidents`, or the one object in a member such as
 * `incident`, one at a time: exports may be larger than memory. Several documents may follow each other, like the pages of an API.
 */
export async function* readJson({ stream, ...columns }: ReadInput): AsyncGenerator<Row> {
  const scanner = new RecordScanner();
  for await (const chunk of decodeText(stream)) {
    for (const { text, ...position } of scanner.push(chunk)) yield parseRow(text, position, columns);
  }
  scanner.end();
}

type Columns = Omit<ReadInput, 'stream'>;

function parseRow(text: string, position: RowPosition, columns: Columns): Row {
  let record: unknown;
  try {
    record = parseRecordJson(text);
  } catch {
    return { ...position, problem: 'is not JSON; expected one object' };
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return { ...position, problem: 'is JSON, but not an object' };
  }
  collectNames(record, columns);
  return { ...position, record };
}

function collectNames(record: object, { wanted, unread, found }: Columns): void {
  for (const name of Object.keys(record)) {
    if (name === REJECTED || found.has(name) || unread.has(name)) continue;
    const isRead = wanted.some((one) => one === name || one.startsWith(`${name}.`) || one.startsWith(`${name}[`));
    if (isRead) found.add(name);
    else if (unread.size < UNREAD_MAX) unread.add(name);
  }
}

/** Members of a response that contain its records. */
const LIST_MEMBERS = new Set(['incidents', 'deployments', 'alerts', 'issues', 'data', 'values', 'records']);
/** Members of a response that contain its only record. */
const RECORD_MEMBERS = new Set(['incident', 'deployment', 'alert', 'issue', 'data', 'record']);
/** Characters of a member's name; a longer one is none of `LIST_MEMBERS`. */
const NAME_LENGTH_MAX = 40;

/** The text of one record and where it begins. */
interface RecordText extends RowPosition {
  readonly text: string;
}

/** Finds the texts of records in JSON that comes in chunks; keeps no more than one record. */
class RecordScanner {
  /** Open brackets. */
  readonly #open: string[] = [];
  /** Depth of the list whose objects are records; 0 outside one. */
  #listDepth = 0;
  #recordCount = 0;
  #hasRecords = false;
  #isInString = false;
  #isEscaped = false;
  #memberName = '';
  #record: string[] | undefined;
  #recordLength = 0;
  #recordLine = 0;
  #line = 1;

  /** The records that end in this chunk. */
  push(chunk: string): RecordText[] {
    const records: RecordText[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const character = chunk[at] ?? '';
      if (character === '\n') this.#line += 1;
      if (this.#isInString) {
        this.#readStringCharacter(character);
        continue;
      }
      if (character === '"') this.#beginString();
      else if (character === '{' || character === '[') {
        if (this.#openBracket(character)) from = at;
      } else if ((character === '}' || character === ']') && this.#closeBracket(character)) {
        this.#append(chunk.slice(from, at + 1));
        this.#recordCount += 1;
        const text = this.#record?.join('') ?? '';
        records.push({ text, line: this.#recordLine, recordNumber: this.#recordCount });
        this.#record = undefined;
      }
    }
    if (this.#record !== undefined) this.#append(chunk.slice(from));
    return records;
  }

  /** Throws when the document is incomplete, or contains no list of records. */
  end(): void {
    if (this.#open.length > 0 || this.#isInString) {
      throw new Error('ends in the middle of a JSON document; expected a complete one');
    }
    if (!this.#hasRecords) {
      const members = formatAlternatives([...LIST_MEMBERS]);
      throw new Error(`contains no list of records; expected a JSON list, or an object with a list as ${members}`);
    }
  }

  #beginString(): void {
    this.#isInString = true;
    if (this.#open.length === 1) this.#memberName = '';
  }

  #readStringCharacter(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === '\\') this.#isEscaped = true;
    else if (character === '"') this.#isInString = false;
    else if (this.#open.length === 1 && this.#memberName.length < NAME_LENGTH_MAX) this.#memberName += character;
  }

  /** True when a record begins. */
  #openBracket(character: '{' | '['): boolean {
    this.#open.push(character);
    const depth = this.#open.length;
    if (this.#listDepth === 0 && character === '[' && this.#isRecordList(depth)) {
      this.#listDepth = depth;
      this.#hasRecords = true;
      return false;
    }
    if (this.#listDepth === 0 && character === '{' && this.#isOnlyRecord(depth)) {
      this.#listDepth = 1;
      this.#hasRecords = true;
    }
    if (this.#listDepth === 0 || this.#record !== undefined || depth !== this.#listDepth + 1) return false;
    this.#record = [];
    this.#recordLength = 0;
    this.#recordLine = this.#line;
    return true;
  }

  #isRecordList(depth: number): boolean {
    return depth === 1 || (depth === 2 && this.#open[0] === '{' && LIST_MEMBERS.has(this.#memberName));
  }

  #isOnlyRecord(depth: number): boolean {
    return depth === 2 && this.#open[0] === '{' && RECORD_MEMBERS.has(this.#memberName);
  }

  /** True when a record ends. */
  #closeBracket(character: '}' | ']'): boolean {
    const opened = this.#open.pop();
    if (opened === undefined || (opened === '{') !== (character === '}')) {
      throw new Error(`is not JSON: unexpected ${character} in line ${this.#line}`);
    }
    const isRecordEnd = this.#record !== undefined && this.#open.length === this.#listDepth;
    // Other members beside the only record are no records.
    const isListEnd = this.#open.length < this.#listDepth || (isRecordEnd && this.#open[this.#listDepth - 1] === '{');
    if (isListEnd) this.#listDepth = 0;
    return isRecordEnd;
  }

  #append(text: string): void {
    this.#recordLength += text.length;
    if (this.#recordLength > RECORD_LENGTH_MAX) {
      throw new Error(`contains a record of more than ${RECORD_LENGTH_MAX} characters, from line ${this.#recordLine}`);
    }
    this.#record?.push(text);
  }
}
