import { type Chunk, firstIndex, SortedNumbers } from './sorted-numbers.ts';

/** Events per chunk: few enough to shift and to walk through quickly. */
const CHUNK_LENGTH = 64;

/** Spans opened less spans closed, in a chunk and at its lowest point. */
interface Sums {
  readonly delta: number;
  readonly lowest: number;
  readonly freeAtLowest: number;
}

/**
 * The time in which at least one of a group's closed spans ran. Spans are kept as events that count up and down, so
 * that one which others overlap can be removed as exactly as it was added.
 */
export class IntervalUnion {
  /** Times, doubled; odd where a span ends. At the same time spans begin before others end. */
  readonly #events = new SortedNumbers<Sums>(CHUNK_LENGTH);
  #chunks: readonly Chunk<Sums>[] = [];
  /** By chunk: spans that are open before it. */
  readonly #openBefore: number[] = [];
  /** By chunk: free time between the very first event and its own first. */
  readonly #freeBefore: number[] = [];
  /** The end of the last query; undefined when events changed since. */
  #end: { readonly ms: number; readonly free: number } | undefined;

  /** Adds a closed span, or removes one that was added. */
  change(fromMs: number, toMs: number, sign: 1 | -1): void {
    if (toMs <= fromMs) return;
    this.#events.change(2 * fromMs, sign);
    this.#events.change(2 * toMs + 1, sign);
  }

  /** Milliseconds between two times in which at least one span ran. */
  within(fromMs: number, toMs: number): number {
    if (toMs <= fromMs) return 0;
    this.#sum();
    return toMs - fromMs - (this.#freeUntilEnd(toMs) - this.#freeUntil(fromMs));
  }

  /** All windows of a group mostly end at the same time. */
  #freeUntilEnd(ms: number): number {
    if (this.#end?.ms !== ms) this.#end = { ms, free: this.#freeUntil(ms) };
    return this.#end.free;
  }

  /** Free time between the very first event and `ms`; negative before that, as all is free there. */
  #freeUntil(ms: number): number {
    const later = firstIndex(this.#chunks.length, (at) => (this.#chunks[at]?.numbers[0] ?? 0) >= 2 * ms + 2);
    const at = Math.max(0, later - 1);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return ms;
    let open = this.#openBefore[at] ?? 0;
    let free = this.#freeBefore[at] ?? 0;
    let lastMs = startMs(chunk);
    for (const event of chunk.numbers) {
      const atMs = Math.floor(event / 2);
      if (atMs > ms) break;
      if (open === 0) free += atMs - lastMs;
      open += event % 2 === 0 ? 1 : -1;
      lastMs = atMs;
    }
    return open === 0 ? free + ms - lastMs : free;
  }

  #sum(): void {
    const { chunks, firstChanged } = this.#events.read();
    if (firstChanged === Number.POSITIVE_INFINITY) return;
    this.#chunks = chunks;
    this.#end = undefined;
    let last = chunks[firstChanged - 1];
    let open = this.#openBefore[firstChanged - 1] ?? 0;
    let free = this.#freeBefore[firstChanged - 1] ?? 0;
    for (let at = firstChanged; at < chunks.length; at += 1) {
      const chunk = chunks[at];
      if (chunk === undefined) break;
      if (last !== undefined) {
        last.summary ??= sumsOf(last);
        const { delta, lowest, freeAtLowest } = last.summary;
        if (open + lowest === 0) free += freeAtLowest;
        open += delta;
        if (open === 0) free += startMs(chunk) - endMs(last);
      }
      this.#openBefore[at] = open;
      this.#freeBefore[at] = free;
      last = chunk;
    }
  }
}

function startMs({ numbers }: Chunk<Sums>): number {
  return Math.floor((numbers[0] ?? 0) / 2);
}

function endMs({ numbers }: Chunk<Sums>): number {
  return Math.floor((numbers.at(-1) ?? 0) / 2);
}

/** Nothing is open only where the count of all spans is lowest, so the free time there is all that can be free. */
function sumsOf(chunk: Chunk<Sums>): Sums {
  let open = 0;
  let lowest = 0;
  let freeAtLowest = 0;
  let lastMs = startMs(chunk);
  for (const event of chunk.numbers) {
    const atMs = Math.floor(event / 2);
    if (open === lowest) freeAtLowest += atMs - lastMs;
    open += event % 2 === 0 ? 1 : -1;
    lastMs = atMs;
    if (open < lowest) {
      lowest = open;
      freeAtLowest = 0;
    }
  }
  return { delta: open, lowest, freeAtLowest };
}
