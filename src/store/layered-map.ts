/**
 * A map on top of another one: reading falls through to the base, changes stay in the layer until `apply` hands them
 * down. A decision works on a layer, so a decision that fails has changed nothing.
 */
export class LayeredMap<Key, Value> {
  readonly #base: LayeredMap<Key, Value> | undefined;
  /** In a layer, undefined means that the key is deleted. */
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

  /** In no particular order once a layer was applied; the map may be changed meanwhile. */
  entries(): [Key, Value][] {
    const entries = (this.#base?.entries() ?? []).filter(([key]) => !this.#own.has(key));
    for (const [key, value] of this.#own) if (value !== undefined) entries.push([key, value]);
    return entries;
  }

  values(): Value[] {
    return this.entries().map(([, value]) => value);
  }

  get size(): number {
    let size = this.#base?.size ?? 0;
    for (const [key, value] of this.#own) {
      size += Number(value !== undefined) - Number(this.#base?.has(key) ?? false);
    }
    return size;
  }

  /** What this layer changes; undefined for what it deletes. */
  changes(): IterableIterator<[Key, Value | undefined]> {
    return this.#own.entries();
  }

  /** Hands what this layer changes down to the map below it; the layer is at its end. */
  apply(): void {
    for (const [key, value] of this.#own) {
      if (value === undefined) this.#base?.delete(key);
      else this.#base?.set(key, value);
    }
  }
}
