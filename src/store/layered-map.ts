/**
 * A map on top of another one: reading falls through to the base, changes stay in the layer until `apply` hands them
 * down. A decision works on a layer, so a decision that is thrown away has changed nothing.
 */
export class LayeredMap<Key, Value> {
  readonly #base: LayeredMap<Key, Value> | undefined;
  /** In a layer, undefined says that the key is deleted. */
  readonly #own = new Map<Key, Value | undefined>();

  constructor(base?: LayeredMap<Key, Value>) {
    this.#base = base;
  }

  get(key: Key): Value | undefined {
    const own = this.#own.get(key);
    if (own !== undefined || this.#base === undefined || this.#own.has(key)) return own;
    return this.#base.get(key);
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  /** The value that was set in this very layer. */
  getOwn(key: Key): Value | undefined {
    return this.#own.get(key);
  }

  /** The value below this layer. */
  getBase(key: Key): Value | undefined {
    return this.#base?.get(key);
  }

  set(key: Key, value: Value): void {
    this.#own.set(key, value);
  }

  delete(key: Key): void {
    if (this.#base === undefined) this.#own.delete(key);
    else this.#own.set(key, undefined);
  }

  /** The keys come in no particular order once a layer was applied. */
  *entries(): Generator<[Key, Value]> {
    if (this.#base !== undefined) {
      for (const entry of this.#base.entries()) if (!this.#own.has(entry[0])) yield entry;
    }
    for (const [key, value] of this.#own) if (value !== undefined) yield [key, value];
  }

  *values(): Generator<Value> {
    for (const [, value] of this.entries()) yield value;
  }

  get size(): number {
    if (this.#base === undefined) return this.#own.size;
    let { size } = this.#base;
    for (const [key, value] of this.#own) {
      if (this.#base.has(key)) size -= Number(value === undefined);
      else size += Number(value !== undefined);
    }
    return size;
  }

  /** What this layer changes; undefined for what it deletes. */
  changes(): IterableIterator<[Key, Value | undefined]> {
    return this.#own.entries();
  }

  /** Takes over what a layer on top of this map changed. */
  apply(layer: LayeredMap<Key, Value>): void {
    for (const [key, value] of layer.#own) {
      if (value === undefined) this.delete(key);
      else this.set(key, value);
    }
  }
}
