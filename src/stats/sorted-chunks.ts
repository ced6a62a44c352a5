/** From this share of newcomers on, sorting everything anew is cheaper than placing them one by one. */
const RESORT_SHARE = 1 / 16;
/** A handful is always placed. */
const PLACED_ALWAYS = 8;

export function isWorthResorting(newcomers: number, size: number): boolean {
  return newcomers > PLACED_ALWAYS && newcomers > size * RESORT_SHARE;
}

/** Numbers that are sorted, merged or copied in one step: less than 5 ms. */
const STEP = 1 << 15;

/** All numbers of these lists in order, in lists of `length`. */
export function sortedChunks(lists: readonly (readonly number[])[], length: number): number[][] {
  const all = joined(lists);
  if (!isAscending(all)) all.sort();
  const chunks: number[][] = [];
  for (let from = 0; from < all.length; from += length) chunks.push(listOf(all.subarray(from, from + length)));
  return chunks;
}

/** The same in steps that take no longer however many numbers there are. */
export function* chunkedInSteps(lists: readonly (readonly number[])[], length: number): Generator<void, number[][]> {
  const all = joined(lists);
  yield;
  const ordered = isAscending(all) ? all : yield* sorted(all);
  const chunks: number[][] = [];
  for (let from = 0; from < ordered.length; from += length) {
    chunks.push(listOf(ordered.subarray(from, from + length)));
    if (chunks.length % (STEP / length) === 0) yield;
  }
  return chunks;
}

function joined(lists: readonly (readonly number[])[]): Float64Array<ArrayBuffer> {
  const all = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}

/** Sorts runs, then merges each two neighbours until there is one. */
function* sorted(numbers: Float64Array<ArrayBuffer>): Generator<void, Float64Array<ArrayBuffer>> {
  for (let from = 0; from < numbers.length; from += STEP) {
    numbers.subarray(from, from + STEP).sort();
    yield;
  }
  let runs = numbers;
  for (let run = STEP; run < numbers.length; run *= 2) {
    const merged = new Float64Array(numbers.length);
    for (let from = 0; from < numbers.length; from += 2 * run) yield* merge(runs, merged, { from, run });
    runs = merged;
  }
  return runs;
}

/** Merges two runs of `runs`, the first of which begins at `from`, into the same places of `merged`. */
function* merge(
  runs: Float64Array,
  merged: Float64Array,
  { from, run }: { readonly from: number; readonly run: number },
): Generator<void> {
  const middle = Math.min(from + run, runs.length);
  const end = Math.min(from + 2 * run, runs.length);
  const firsts = runs.subarray(from, middle);
  const seconds = runs.subarray(middle, end);
  let left = 0;
  for (let at = from; at < end; at += STEP) {
    left = mergeSome(firsts, seconds, { into: merged.subarray(at, Math.min(at + STEP, end)), at: at - from, left });
    yield;
  }
}

interface Merging {
  readonly into: Float64Array;
  /** How many numbers were merged before, and how many of these were from the first run. */
  readonly at: number;
  readonly left: number;
}

/** Fills `into` with the next numbers of two runs; returns how many of the first run are merged now. A function of its own: a loop in a generator is slow. */
function mergeSome(firsts: Float64Array, seconds: Float64Array, { into, at, left: from }: Merging): number {
  let left = from;
  let right = at - from;
  for (let place = 0; place < into.length; place += 1) {
    const one = firsts[left] ?? Number.POSITIVE_INFINITY;
    const other = seconds[right] ?? Number.POSITIVE_INFINITY;
    if (one <= other) {
      into[place] = one;
      left += 1;
    } else {
      into[place] = other;
      right += 1;
    }
  }
  return left;
}

/** Openings come in their order when everything is put together anew. */
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

/** Index of the first number at or above `value` in an ascending list; above it with `after`. */
export function lowerBound(sorted: readonly number[], value: number, after = false): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = sorted[middle] ?? 0;
    if (one < value || (after && one === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
