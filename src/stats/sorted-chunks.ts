/** From this share of newcomers on, sorting everything anew is cheaper than placing them one by one. */
const RESORT_SHARE = 1 / 16;
/** A handful is always placed. */
const PLACED_ALWAYS = 8;

export function isWorthResorting(newcomers: number, size: number): boolean {
  return newcomers > PLACED_ALWAYS && newcomers > size * RESORT_SHARE;
}

/** All numbers of these lists in order, in lists of `length`. */
export function sortedChunks(lists: readonly (readonly number[])[], length: number): number[][] {
  const all = joined(lists);
  if (!isAscending(all)) all.sort();
  const chunks: number[][] = [];
  for (let from = 0; from < all.length; from += length) chunks.push(listOf(all.subarray(from, from + length)));
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
