import { isWorthResorting, lowerBound, sortedChunks } from './sorted-chunks.ts';

/** Numbers per chunk: small enough to shift quickly, large enough that there are few chunks. */
const CHUNK = 512;

/** A multiset of numbers in order, for order statistics under insertion and removal: both cost about a microsecond. */
export class SortedNumbers {
  #chunks: number[][] = [];
  #size = 0;
  #newcomers: number[] = [];

  get size(): number {
    return this.#size + this.#newcomers.length;
  }

  add(value: number): void {
    this.#newcomers.push(value);
  }

  /** Takes one occurrence out; false when there is none. */
  remove(value: number): boolean {
    this.#settle();
    const at = this.#chunkOf(value);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return false;
    const index = lowerBound(chunk, value);
    if (chunk[index] !== value) return false;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#size -= 1;
    return true;
  }

  /** The number at this rank, 0 being the smallest; undefined outside. */
  at(rank: number): number | undefined {
    this.#settle();
    let left = rank;
    for (const chunk of this.#chunks) {
      if (left < chunk.length) return chunk[left];
      left -= chunk.length;
    }
    return undefined;
  }

  /** How many numbers are at or below `value`. */
  countUpTo(value: number): number {
    this.#settle();
    let count = 0;
    for (const chunk of this.#chunks) {
      if ((chunk.at(-1) ?? 0) > value) return count + lowerBound(chunk, value, true);
      count += chunk.length;
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

  #settle(): void {
    if (this.#newcomers.length === 0) return;
    if (isWorthResorting(this.#newcomers.length, this.#size)) this.#resort();
    else for (const value of this.#newcomers) this.#place(value);
    this.#newcomers = [];
  }

  #resort(): void {
    this.#chunks = sortedChunks([...this.#chunks, this.#newcomers], CHUNK);
    this.#size += this.#newcomers.length;
  }

  #place(value: number): void {
    const at = Math.min(this.#chunkOf(value), Math.max(0, this.#chunks.length - 1));
    const chunk = this.#chunks[at];
    this.#size += 1;
    if (chunk === undefined) {
      this.#chunks.push([value]);
      return;
    }
    chunk.splice(lowerBound(chunk, value), 0, value);
    if (chunk.length > 2 * CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK));
  }

  /** The first chunk whose last number is at or above `value`. */
  #chunkOf(value: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.at(-1) ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
