import { isWorthResorting, lowerBound, sortedChunks } from './sorted-chunks.ts';

/** Events per chunk: few enough to shift and to walk through quickly. */
const CHUNK = 64;

/** A run of events in order of time, with what it adds to those after it. */
interface Chunk {
  /** Instants, doubled; odd where a span ends. At one instant spans begin before others end. */
  events: number[];
  /** Spans that are open before it. */
  openBefore: number;
  /** Free time between the very first event and its own first. */
  freeBefore: number;
  /** Spans opened less spans closed, in it and at its lowest point; undefined when events changed since. */
  sums: { readonly delta: number; readonly lowest: number; readonly freeAtLowest: number } | undefined;
}

/**
 * The time in which at least one of a group's closed spans ran. Spans are kept as events that count up and down, so
 * that one which others overlap can be taken back as exactly as it was added.
 */
export class BusyTime {
  #chunks: Chunk[] = [];
  #size = 0;
  #newcomers: number[] = [];
  /** Chunks whose `openBefore` and `freeBefore` are right. */
  #summedTo = 0;
  /** The last end that was asked for; undefined when events changed since. */
  #end: { readonly ms: number; readonly free: number } | undefined;

  /** Adds a closed span. */
  add(fromMs: number, toMs: number): void {
    if (toMs > fromMs) this.#newcomers.push(2 * fromMs, 2 * toMs + 1);
  }

  /** Takes back a span that was added. */
  remove(fromMs: number, toMs: number): void {
    if (toMs <= fromMs) return;
    this.#order();
    this.#takeOut(2 * fromMs);
    this.#takeOut(2 * toMs + 1);
  }

  /** Busy milliseconds between two instants. */
  within(fromMs: number, toMs: number): number {
    if (toMs <= fromMs) return 0;
    this.#order();
    this.#sum();
    return toMs - fromMs - (this.#freeUntilEnd(toMs) - this.#freeUntil(fromMs));
  }

  /** All windows of a group mostly end at the same instant. */
  #freeUntilEnd(ms: number): number {
    if (this.#end?.ms !== ms) this.#end = { ms, free: this.#freeUntil(ms) };
    return this.#end.free;
  }

  /** Free time between the very first event and `ms`; negative before that, as all is free there. */
  #freeUntil(ms: number): number {
    const chunk = this.#chunks[this.#chunkOf(2 * ms + 2) - 1] ?? this.#chunks[0];
    if (chunk === undefined) return ms;
    let open = chunk.openBefore;
    let free = chunk.freeBefore;
    let lastMs = startMs(chunk);
    for (const event of chunk.events) {
      const atMs = Math.floor(event / 2);
      if (atMs > ms) break;
      if (open === 0) free += atMs - lastMs;
      open += event % 2 === 0 ? 1 : -1;
      lastMs = atMs;
    }
    return open === 0 ? free + ms - lastMs : free;
  }

  #sum(): void {
    for (let at = this.#summedTo; at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at];
      const before = this.#chunks[at - 1];
      if (chunk === undefined) break;
      chunk.openBefore = 0;
      chunk.freeBefore = 0;
      if (before === undefined) continue;
      const { delta, lowest, freeAtLowest } = sumsOf(before);
      chunk.openBefore = before.openBefore + delta;
      const inside = before.openBefore + lowest === 0 ? freeAtLowest : 0;
      const between = chunk.openBefore === 0 ? startMs(chunk) - endMs(before) : 0;
      chunk.freeBefore = before.freeBefore + inside + between;
    }
    this.#summedTo = this.#chunks.length;
  }

  #order(): void {
    const newcomers = this.#newcomers;
    if (newcomers.length === 0) return;
    this.#newcomers = [];
    this.#end = undefined;
    if (isWorthResorting(newcomers.length, this.#size)) this.#resort(newcomers);
    else for (const event of newcomers) this.#place(event);
  }

  #resort(newcomers: readonly number[]): void {
    const lists = [...this.#chunks.map(({ events }) => events), newcomers];
    this.#chunks = sortedChunks(lists, CHUNK).map(newChunk);
    this.#size += newcomers.length;
    this.#summedTo = 0;
  }

  #place(event: number): void {
    // The chunk that begins at or before it, so that no chunk ever begins later than its events.
    const at = Math.max(0, this.#chunkOf(event) - 1);
    const chunk = this.#chunks[at];
    this.#size += 1;
    if (chunk === undefined) {
      this.#chunks.push(newChunk([event]));
      this.#summedTo = 0;
      return;
    }
    chunk.events.splice(lowerBound(chunk.events, event), 0, event);
    this.#touch(chunk, at);
    if (chunk.events.length > 2 * CHUNK) this.#chunks.splice(at + 1, 0, newChunk(chunk.events.splice(CHUNK)));
  }

  #takeOut(event: number): void {
    let at = Math.max(0, this.#chunkOf(event) - 1);
    // Equal events may go on into the next chunk.
    while ((this.#chunks[at]?.events.at(-1) ?? event) < event) at += 1;
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const index = lowerBound(chunk.events, event);
    if (chunk.events[index] !== event) return;
    chunk.events.splice(index, 1);
    this.#size -= 1;
    this.#touch(chunk, at);
    if (chunk.events.length === 0) this.#chunks.splice(at, 1);
  }

  #touch(chunk: Chunk, at: number): void {
    chunk.sums = undefined;
    this.#end = undefined;
    this.#summedTo = Math.min(this.#summedTo, at);
  }

  /** How many chunks begin before `event`. */
  #chunkOf(event: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.events[0] ?? 0) < event) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function newChunk(events: number[]): Chunk {
  return { events, openBefore: 0, freeBefore: 0, sums: undefined };
}

function startMs({ events }: Chunk): number {
  return Math.floor((events[0] ?? 0) / 2);
}

function endMs({ events }: Chunk): number {
  return Math.floor((events.at(-1) ?? 0) / 2);
}

/** Nothing is open only where the count of all spans is lowest, so the free time there is all that can be free. */
function sumsOf(chunk: Chunk): NonNullable<Chunk['sums']> {
  if (chunk.sums !== undefined) return chunk.sums;
  let open = 0;
  let lowest = 0;
  let freeAtLowest = 0;
  let lastMs = startMs(chunk);
  for (const event of chunk.events) {
    const atMs = Math.floor(event / 2);
    if (open === lowest) freeAtLowest += atMs - lastMs;
    open += event % 2 === 0 ? 1 : -1;
    lastMs = atMs;
    if (open < lowest) {
      lowest = open;
      freeAtLowest = 0;
    }
  }
  chunk.sums = { delta: open, lowest, freeAtLowest };
  return chunk.sums;
}
