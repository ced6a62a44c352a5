/** Members of an answer that hold its records. */
const LISTS = new Set(['incidents', 'alerts', 'issues', 'data', 'values', 'records']);
/** A name of a member longer than this is none of ours. */
const NAME_LENGTH_MAX = 40;

/** The text of one record and the line on which it begins, from 1. */
export interface RecordText {
  readonly text: string;
  readonly line: number;
}

/** Finds records in JSON that comes in pieces. */
export interface RecordScanner {
  /** The records that end in this piece. */
  push(chunk: string): RecordText[];
  /** Throws when the document was not whole, or held no list of records. */
  end(): void;
}

/**
 * Finds the objects of a JSON list, or of a list below a member such as `incidents`, without holding more than one of
 * them: exports may be larger than memory. Several documents may follow each other, as pages of an API do.
 */
export function createRecordScanner(lengthMax: number): RecordScanner {
  return new Scanner(lengthMax);
}

class Scanner implements RecordScanner {
  readonly #lengthMax: number;
  /** Open brackets. */
  readonly #open: string[] = [];
  /** Depth of the list whose objects are records; 0 outside one. */
  #listDepth = 0;
  #hasList = false;
  #isInString = false;
  #isEscaped = false;
  #name = '';
  #record: string[] | undefined;
  #recordLength = 0;
  #recordLine = 0;
  #line = 1;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  push(chunk: string): RecordText[] {
    const found: RecordText[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const character = chunk[at] ?? '';
      if (character === '\n') this.#line += 1;
      if (this.#isInString) {
        this.#inString(character);
        continue;
      }
      if (character === '"') this.#beginString();
      else if (character === '{' || character === '[') {
        if (this.#opens(character)) from = at;
      } else if ((character === '}' || character === ']') && this.#closes(character)) {
        this.#keep(chunk.slice(from, at + 1));
        found.push({ text: this.#record?.join('') ?? '', line: this.#recordLine });
        this.#record = undefined;
      }
    }
    if (this.#record !== undefined) this.#keep(chunk.slice(from));
    return found;
  }

  end(): void {
    if (this.#open.length > 0 || this.#isInString)
      throw new Error('ends in the middle of its JSON; expected a whole document');
    if (!this.#hasList) {
      throw new Error(`holds no list of records; expected a JSON list, or an object with ${[...LISTS].join(', ')}`);
    }
  }

  #beginString(): void {
    this.#isInString = true;
    if (this.#open.length === 1) this.#name = '';
  }

  #inString(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === '\\') this.#isEscaped = true;
    else if (character === '"') this.#isInString = false;
    else if (this.#open.length === 1 && this.#name.length < NAME_LENGTH_MAX) this.#name += character;
  }

  /** True when a record begins. */
  #opens(character: '{' | '['): boolean {
    this.#open.push(character);
    const depth = this.#open.length;
    if (this.#listDepth === 0 && character === '[' && this.#isList(depth)) {
      this.#listDepth = depth;
      this.#hasList = true;
      return false;
    }
    if (this.#listDepth === 0 || this.#record !== undefined || depth !== this.#listDepth + 1) return false;
    this.#record = [];
    this.#recordLength = 0;
    this.#recordLine = this.#line;
    return true;
  }

  #isList(depth: number): boolean {
    return depth === 1 || (depth === 2 && this.#open[0] === '{' && LISTS.has(this.#name));
  }

  /** True when a record ends. */
  #closes(character: '}' | ']'): boolean {
    const opened = this.#open.pop();
    if (opened === undefined || (opened === '{') !== (character === '}'))
      throw new Error(`is not JSON: a ${character} that closes nothing, in line ${this.#line}`);
    if (this.#open.length < this.#listDepth) this.#listDepth = 0;
    return this.#record !== undefined && this.#open.length === this.#listDepth;
  }

  #keep(text: string): void {
    this.#recordLength += text.length;
    if (this.#recordLength > this.#lengthMax) {
      throw new Error(`holds a record of more than ${this.#lengthMax} characters, from line ${this.#recordLine}`);
    }
    this.#record?.push(text);
  }
}
