/** Items in ascending order; appending at the end, where most arrive, costs nothing but the comparison. */
export class OrderedList<Item> {
  readonly #compare: (a: Item, b: Item) => number;
  #items: Item[] = [];

  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  get length(): number {
    return this.#items.length;
  }

  at(index: number): Item | undefined {
    return this.#items[index];
  }

  add(item: Item): void {
    const last = this.#items.at(-1);
    if (last === undefined || this.#compare(last, item) <= 0) this.#items.push(item);
    else this.#items.splice(this.indexOf(item), 0, item);
  }

  remove(item: Item): void {
    const index = this.indexOf(item);
    if (this.#items[index] === item) this.#items.splice(index, 1);
  }

  /** Takes the place of everything that was in it. */
  replace(items: Item[]): void {
    this.#items = items;
    const isSorted = items.every((item, at) => at === 0 || this.#compare(items[at - 1] ?? item, item) <= 0);
    if (!isSorted) items.sort(this.#compare);
  }

  /** Where an item stands, or would stand. */
  indexOf(item: Item): number {
    return this.firstIndex((one) => this.#compare(one, item) >= 0);
  }

  /** The first index from which on `isReached` holds; the length when it never does. */
  firstIndex(isReached: (item: Item) => boolean): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = this.#items[middle];
      if (item === undefined || isReached(item)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
