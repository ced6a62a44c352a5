/** Numbers per chunk: small enough to shift quickly, large enough that there are few chunks. */
const CHUNK_LENGTH = 512;
/** From this share of pending inserts on, sorting everything again is cheaper than inserting them one by one. */
const RESORT_SHARE = 1 / 16;
/** Up to this many are always inserted one by one. */
const INSERTED_ALWAYS = 8;

/** A run of numbers in order. */
export interface Chunk<Summary> {
  readonly numbers: number[];
  /** What the caller computed from it; undefined when numbers changed since. */
  summary: Summary | undefined;
}

/** A multiset of numbers in order, for order statistics under insertion and removal: both cost about a microsecond. */
export class SortedNumbers<Summary = never> {
  readonly #chunkLength: number;
  #chunks: Chunk<Summary>[] = [];
  #size = 0;
  /** Numbers that are not inserted yet: a million that come one after the other are sorted at once. */
  #pendingInserts: number[] = [];
  #firstChanged = 0;

  constructor(chunkLength: number = CHUNK_LENGTH) {
    this.#chunkLength = chunkLength;
  }

  get size(): number {
    return this.#size + this.#pendingInserts.length;
  }

  add(value: number): void {
    this.#pendingInserts.push(value);
  }

  /** Removes one occurrence; false when there is none. */
  remove(value: number): boolean {
    this.#applyPending();
    const at = this.#chunkOf(value);
    const numbers = this.#chunks[at]?.numbers ?? [];
    const index = lowerBound(numbers, value);
    if (numbers[index] !== value) return false;
    numbers.splice(index, 1);
    this.#size -= 1;
    this.#touch(at);
    if (numbers.length === 0) this.#chunks.splice(at, 1);
    return true;
  }

  /** Adds a number, or removes it. */
  change(value: number, sign: 1 | -1): void {
    if (sign === 1) this.add(value);
    else this.remove(value);
  }

  /** The number at this rank, 0 being the smallest; undefined outside. */
  at(rank: number): number | undefined {
    this.#applyPending();
    let left = rank;
    for (const { numbers } of this.#chunks) {
      if (left < numbers.length) return numbers[left];
      left -= numbers.length;
    }
    return undefined;
  }

  /** How many numbers are at or below `value`. */
  countUpTo(value: number): number {
    this.#applyPending();
    let count = 0;
    for (const { numbers } of this.#chunks) {
      if ((numbers.at(-1) ?? 0) > value) return count + firstIndex(numbers.length, (at) => (numbers[at] ?? 0) > value);
      count += numbers.length;
    }
    return count;
  }

  /** Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, NumPy's default); undefined when empty. */
  quantile(share: number): number | undefined {
    const position = (this.size - 1) * share;
    const below = this.at(Math.floor(position));
    const above = this.at(Math.ceil(position));
    if (below === undefined || above === undefined) return undefined;
    return below + (above - below) * (position - Math.floor(position));
  }

  /** All numbers, and the first chunk that changed since the last call (infinity when none did). */
  read(): { readonly chunks: readonly Chunk<Summary>[]; readonly firstChanged: number } {
    this.#applyPending();
    const read = { chunks: this.#chunks, firstChanged: this.#firstChanged };
    this.#firstChanged = Number.POSITIVE_INFINITY;
    return read;
  }

  #applyPending(): void {
    const pendingInserts = this.#pendingInserts;
    if (pendingInserts.length === 0) return;
    this.#pendingInserts = [];
    if (pendingInserts.length > INSERTED_ALWAYS && pendingInserts.length > this.#size * RESORT_SHARE)
      this.#resort(pendingInserts);
    else for (const value of pendingInserts) this.#insert(value);
  }

  #resort(pendingInserts: readonly number[]): void {
    const all = new Float64Array(this.#size + pendingInserts.length);
    let length = 0;
    for (const numbers of [...this.#chunks.map((chunk) => chunk.numbers), pendingInserts]) {
      all.set(numbers, length);
      length += numbers.length;
    }
    if (!isAscending(all)) all.sort();
    this.#chunks = [];
    for (let from = 0; from < length; from += this.#chunkLength) {
      this.#chunks.push({ numbers: listOf(all.subarray(from, from + this.#chunkLength)), summary: undefined });
    }
    this.#size = length;
    this.#firstChanged = 0;
  }

  #insert(value: number): void {
    const at = Math.min(this.#chunkOf(value), Math.max(0, this.#chunks.length - 1));
    const numbers = this.#chunks[at]?.numbers;
    this.#size += 1;
    if (numbers === undefined) this.#chunks.push({ numbers: [value], summary: undefined });
    else {
      numbers.splice(lowerBound(numbers, value), 0, value);
      if (numbers.length > 2 * this.#chunkLength) {
        this.#chunks.splice(at + 1, 0, { numbers: numbers.splice(this.#chunkLength), summary: undefined });
      }
    }
    this.#touch(at);
  }

  #touch(at: number): void {
    const chunk = this.#chunks[at];
    if (chunk !== undefined) chunk.summary = undefined;
    this.#firstChanged = Math.min(this.#firstChanged, at);
  }

  /** The first chunk whose last number is at or above `value`. */
  #chunkOf(value: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.numbers.at(-1) ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Index of the first number at or above `value` in an ascending list. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first index below `length` from which on `isReached` holds; `length` when it never does. */
export function firstIndex(length: number, isReached: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isReached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** When everything is rebuilt, the times of opening come in order. */
function isAscending(numbers: Float64Array): boolean {
  for (let at = 1; at < numbers.length; at += 1) if ((numbers[at - 1] ?? 0) > (numbers[at] ?? 0)) return false;
  return true;
}

/** Spreading a typed array gives a list that holds each number as an object of its own: three times the memory (measured). */
function listOf(numbers: Float64Array): number[] {
  const list: number[] = [];
  for (const number of numbers) list.push(number);
  // A copy has no spare room at its end.
  return list.slice();
}
