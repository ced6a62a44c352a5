/** The time in which at least one of a group's incidents was open: a union of closed spans. */
export class BusyTime {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** Busy time before each block; right up to `#summedTo` blocks. */
  readonly #before: number[] = [];
  #summedTo = 0;

  /** Adds a closed span; touching and overlapping spans become one block. */
  add(fromMs: number, toMs: number): void {
    if (toMs <= fromMs) return;
    const first = firstAtOrAbove(this.#ends, fromMs);
    let last = first;
    let start = fromMs;
    let end = toMs;
    for (; (this.#starts[last] ?? Number.POSITIVE_INFINITY) <= toMs; last += 1) {
      start = Math.min(start, this.#starts[last] ?? start);
      end = Math.max(end, this.#ends[last] ?? end);
    }
    if (last === first + 1) {
      this.#starts[first] = start;
      this.#ends[first] = end;
    } else {
      this.#starts.splice(first, last - first, start);
      this.#ends.splice(first, last - first, end);
    }
    this.#summedTo = Math.min(this.#summedTo, first);
  }

  /** Takes out the blocks that touch this span and returns what they covered: what belongs there must be added again. */
  clear(fromMs: number, toMs: number): { fromMs: number; toMs: number } {
    const first = firstAtOrAbove(this.#ends, fromMs);
    let last = first;
    while ((this.#starts[last] ?? Number.POSITIVE_INFINITY) <= toMs) last += 1;
    const covered = {
      fromMs: Math.min(fromMs, this.#starts[first] ?? fromMs),
      toMs: Math.max(toMs, this.#ends[last - 1] ?? toMs),
    };
    this.#starts.splice(first, last - first);
    this.#ends.splice(first, last - first);
    this.#summedTo = Math.min(this.#summedTo, first);
    return covered;
  }

  /** Busy milliseconds between two instants. */
  within(fromMs: number, toMs: number): number {
    return toMs <= fromMs ? 0 : this.#until(toMs) - this.#until(fromMs);
  }

  #until(ms: number): number {
    const block = firstAtOrAbove(this.#ends, ms);
    this.#sum();
    const before = this.#before[block] ?? 0;
    const start = this.#starts[block];
    return start === undefined || start >= ms ? before : before + ms - start;
  }

  #sum(): void {
    for (let at = this.#summedTo; at <= this.#starts.length; at += 1) {
      const length = at === 0 ? 0 : (this.#ends[at - 1] ?? 0) - (this.#starts[at - 1] ?? 0);
      this.#before[at] = at === 0 ? 0 : (this.#before[at - 1] ?? 0) + length;
    }
    this.#summedTo = this.#starts.length + 1;
  }
}

function firstAtOrAbove(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  // Newcomers are mostly the latest: look at the end first.
  if (high > 0 && (sorted[high - 1] ?? 0) < value) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
