import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The services that have a place of their own among the labels. */
export class Admitted {
  readonly #database: DatabaseSync;
  readonly #names = new Set<string>();
  readonly #admit: StatementSync;
  readonly #dismiss: StatementSync;
  /** False for a store that is only read: who has a place is then decided in memory. */
  readonly #isWritten: boolean;

  constructor(database: DatabaseSync, isWritten: boolean) {
    this.#database = database;
    this.#isWritten = isWritten;
    this.#admit = database.prepare('INSERT OR IGNORE INTO admitted (name) VALUES (?)');
    this.#dismiss = database.prepare('DELETE FROM admitted WHERE name = ?');
    this.reload();
  }

  reload(): void {
    this.#names.clear();
    for (const row of this.#database.prepare('SELECT name FROM admitted').iterate()) {
      this.#names.add(String(row['name']));
    }
  }

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  names(): string[] {
    return [...this.#names];
  }

  add(name: string): void {
    this.#names.add(name);
    if (this.#isWritten) this.#admit.run(name);
  }

  delete(name: string): void {
    this.#names.delete(name);
    if (this.#isWritten) this.#dismiss.run(name);
  }
}
