import { firstIndex } from './sorted-numbers.ts';

/** Values of one digit of the radix sort: a table of 4,096 counts stays in a fast cache, and three digits are two years. */
const DIGITS = 4096;

/** Slots in ascending order of a key (a time in milliseconds); slots without one (NaN) are never in it. */
export class SortedIndex {
  #slots = new Int32Array(1024);
  #length = 0;
  readonly #key: (slot: number) => number;

  constructor(key: (slot: number) => number) {
    this.#key = key;
  }

  get length(): number {
    return this.#length;
  }

  /** The slot at a position; positions are found with `upperBound`. */
  at(position: number): number {
    return this.#slots[position] ?? -1;
  }

  /** First position whose key is above `ms`. */
  upperBound(ms: number): number {
    return firstIndex(this.#length, (position) => this.#key(this.at(position)) > ms);
  }

  add(slot: number): void {
    const position = this.upperBound(this.#key(slot));
    this.append(slot);
    this.#slots.copyWithin(position + 1, position, this.#length - 1);
    this.#slots[position] = slot;
  }

  /** Removes a slot; its key must still be the one it was added with. */
  remove(slot: number): void {
    let position = this.upperBound(this.#key(slot)) - 1;
    while (position >= 0 && this.at(position) !== slot) position -= 1;
    if (position < 0) return;
    this.#slots.copyWithin(position, position + 1, this.#length);
    this.#length -= 1;
  }

  /** Adds a slot at the end without sorting: `sort` must follow. */
  append(slot: number): void {
    if (this.#length === this.#slots.length) {
      const larger = new Int32Array(Math.max(1024, this.#length * 2));
      larger.set(this.#slots);
      this.#slots = larger;
    }
    this.#slots[this.#length] = slot;
    this.#length += 1;
  }

  /** Puts what was appended in order. */
  sort(): void {
    this.#slots = sorted(this.#slots.subarray(0, this.#length), this.#key);
  }
}

/** Radix sort over whole milliseconds: a million slots in a twentieth of the time that a comparator takes. */
function sorted(slots: Int32Array<ArrayBuffer>, key: (slot: number) => number): Int32Array<ArrayBuffer> {
  const keys = new Float64Array(slots.length);
  let isSorted = true;
  let smallest = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < slots.length; at += 1) {
    const one = key(slots[at] ?? 0);
    isSorted &&= largest <= one;
    smallest = Math.min(smallest, one);
    largest = Math.max(largest, one);
    keys[at] = one;
  }
  // Platforms list incidents in order of their triggers, so the store mostly holds them like that.
  if (isSorted) return slots;
  const span = largest - smallest;
  for (let at = 0; at < keys.length; at += 1) keys[at] = (keys[at] ?? 0) - smallest;
  let order = { slots, keys };
  for (let unit = 1; unit <= span; unit *= DIGITS) order = sortedByDigit(order, unit);
  return order.slots;
}

/** Slots with what they are sorted by: milliseconds from the first one on. */
interface Keyed {
  readonly slots: Int32Array<ArrayBuffer>;
  readonly keys: Float64Array<ArrayBuffer>;
}

/** One stable pass. */
function sortedByDigit({ slots, keys }: Keyed, unit: number): Keyed {
  const { length } = slots;
  const digits = new Uint16Array(length);
  const offsets = new Uint32Array(DIGITS + 1);
  for (let at = 0; at < length; at += 1) {
    const rest = Math.floor((keys[at] ?? 0) / unit);
    // Several times as fast as %, which takes such large numbers apart bit by bit.
    const digit = rest - Math.floor(rest / DIGITS) * DIGITS;
    digits[at] = digit;
    offsets[digit + 1] = (offsets[digit + 1] ?? 0) + 1;
  }
  for (let at = 1; at < offsets.length; at += 1) offsets[at] = (offsets[at] ?? 0) + (offsets[at - 1] ?? 0);
  const next = { slots: new Int32Array(length), keys: new Float64Array(length) };
  for (let at = 0; at < length; at += 1) {
    const digit = digits[at] ?? 0;
    const position = offsets[digit] ?? 0;
    offsets[digit] = position + 1;
    next.slots[position] = slots[at] ?? 0;
    next.keys[position] = keys[at] ?? 0;
  }
  return next;
}
