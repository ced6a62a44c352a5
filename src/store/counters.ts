import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoredCounter } from './store.ts';

type Key = Omit<StoredCounter, 'value'>;

/** Small counts that survive restarts; changes of a transaction show only after its commit. */
export class Counters {
  readonly #published = new Map<string, StoredCounter>();
  readonly #drafts = new Map<string, StoredCounter>();
  readonly #put: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare(
      `INSERT INTO counters (provider, name, label, value) VALUES (?, ?, ?, ?)
       ON CONFLICT (provider, name, label) DO UPDATE SET value = excluded.value`,
    );
    for (const row of database.prepare('SELECT * FROM counters').iterate()) {
      const key: Key = { provider: String(row['provider']), name: readName(row['name']), label: String(row['label']) };
      this.#published.set(textOf(key), { ...key, value: Number(row['value']) });
    }
  }

  add(key: Key, by = 1): void {
    const text = textOf(key);
    const before = this.#drafts.get(text) ?? this.#published.get(text);
    this.#drafts.set(text, { ...key, value: (before?.value ?? 0) + by });
  }

  all(): StoredCounter[] {
    return [...this.#published.values()];
  }

  write(): void {
    for (const { provider, name, label, value } of this.#drafts.values()) this.#put.run(provider, name, label, value);
  }

  publish(): void {
    for (const [key, counter] of this.#drafts) this.#published.set(key, counter);
    this.#drafts.clear();
  }

  discard(): void {
    this.#drafts.clear();
  }
}

function textOf({ provider, name, label }: Key): string {
  return JSON.stringify([provider, name, label]);
}

function readName(value: unknown): StoredCounter['name'] {
  if (value === 'revisions' || value === 'rejected') return value;
  return 'unmapped';
}
