/** A map whose changes can be taken back until they are published: memory that follows a transaction. */
export class RevocableMap<Value> {
  readonly #values = new Map<number, Value>();
  /** What changed keys held before. */
  readonly #before = new Map<number, Value | undefined>();

  get(key: number): Value | undefined {
    return this.#values.get(key);
  }

  entries(): IterableIterator<[number, Value]> {
    return this.#values.entries();
  }

  set(key: number, value: Value): void {
    this.#remember(key);
    this.#values.set(key, value);
  }

  delete(key: number): void {
    this.#remember(key);
    this.#values.delete(key);
  }

  clear(): void {
    for (const key of this.#values.keys()) this.#remember(key);
    this.#values.clear();
  }

  publish(): void {
    this.#before.clear();
  }

  discard(): void {
    for (const [key, value] of this.#before) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
    this.#before.clear();
  }

  #remember(key: number): void {
    if (!this.#before.has(key)) this.#before.set(key, this.#values.get(key));
  }
}
