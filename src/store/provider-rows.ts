import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ProviderState } from './store.ts';

/** `providers.synced`: 0 before the first sync is whole, 1 when it is, then this. */
const COUNTED = 2;

/** A provider's state with its key in the store. */
export interface StoredProvider extends ProviderState {
  readonly row: number;
  /** What the first sync found is counted: the next poll does it, as acknowledgements may be read later than their incidents. */
  readonly isCounted: boolean;
  /** The filter by which it was counted last; a changed one moves `countingSinceMs`. */
  readonly filter: string | undefined;
}

/** Providers that the store has ever seen; a draft shows only after its commit. */
export class ProviderRows {
  readonly #published = new Map<string, StoredProvider>();
  readonly #drafts = new Map<string, StoredProvider>();
  readonly #put: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare(
      `INSERT INTO providers (row, name, counting_since_ms, cursor, synced, asked_until_ms, history_start_ms, filter)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (row) DO UPDATE SET counting_since_ms = excluded.counting_since_ms, cursor = excluded.cursor,
         synced = excluded.synced, asked_until_ms = excluded.asked_until_ms,
         history_start_ms = excluded.history_start_ms, filter = excluded.filter`,
    );
    for (const row of database.prepare('SELECT * FROM providers').iterate()) {
      const provider = readProvider(row);
      this.#published.set(provider.name, provider);
    }
  }

  /** As published; a provider that was never seen has nothing but its name. */
  get(name: string): StoredProvider {
    return this.#published.get(name) ?? this.#unseen(name);
  }

  /** As the running transaction leaves it. */
  drafted(name: string): StoredProvider {
    return this.#drafts.get(name) ?? this.get(name);
  }

  /** Writes a changed state in the running transaction. */
  write(provider: StoredProvider): void {
    this.#drafts.set(provider.name, provider);
    this.#put.run(
      provider.row,
      provider.name,
      provider.countingSinceMs ?? null,
      provider.cursor ?? null,
      Number(provider.isSynced) + Number(provider.isCounted),
      provider.askedUntilMs ?? null,
      provider.historyStartMs ?? null,
      provider.filter ?? null,
    );
  }

  publish(): void {
    for (const [name, provider] of this.#drafts) this.#published.set(name, provider);
    this.#drafts.clear();
  }

  discard(): void {
    this.#drafts.clear();
  }

  #unseen(name: string): StoredProvider {
    const rows = [...this.#published.values(), ...this.#drafts.values()].map(({ row }) => row);
    return {
      row: Math.max(0, ...rows) + 1,
      name,
      countingSinceMs: undefined,
      cursor: undefined,
      isSynced: false,
      isCounted: false,
      askedUntilMs: undefined,
      historyStartMs: undefined,
      filter: undefined,
    };
  }
}

function readProvider(row: Record<string, unknown>): StoredProvider {
  const optional = (column: string) => (typeof row[column] === 'number' ? row[column] : undefined);
  return {
    row: Number(row['row']),
    name: String(row['name']),
    countingSinceMs: optional('counting_since_ms'),
    cursor: typeof row['cursor'] === 'string' ? row['cursor'] : undefined,
    isSynced: Number(row['synced']) > 0,
    isCounted: row['synced'] === COUNTED,
    askedUntilMs: optional('asked_until_ms'),
    historyStartMs: optional('history_start_ms'),
    filter: typeof row['filter'] === 'string' ? row['filter'] : undefined,
  };
}
