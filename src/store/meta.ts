import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Facts about the store as a whole. */
export class Meta {
  readonly #get: StatementSync;
  readonly #put: StatementSync;

  constructor(database: DatabaseSync) {
    this.#get = database.prepare('SELECT value FROM meta WHERE name = ?');
    this.#put = database.prepare(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
  }

  /** The shape of the cumulative families, as JSON. */
  shape(): string | undefined {
    return this.#read('shape');
  }

  writeShape(json: string): void {
    this.#put.run('shape', json);
  }

  /** What ended before this may have been deleted with the row that says it was counted; 0 at first. */
  forgottenBeforeMs(): number {
    return Number(this.#read('forgotten_before_ms') ?? 0);
  }

  /** Never moves back, so a longer retention does not bring deleted incidents back into the totals. */
  forgetBefore(ms: number): void {
    if (ms > this.forgottenBeforeMs()) this.#put.run('forgotten_before_ms', String(ms));
  }

  /** Where the imported history of a provider begins. */
  importedFromMs(provider: string): number | undefined {
    const value = this.#read(`imported_from_ms:${provider}`);
    return value === undefined ? undefined : Number(value);
  }

  writeImportedFrom(provider: string, ms: number): void {
    this.#put.run(`imported_from_ms:${provider}`, String(ms));
  }

  #read(name: string): string | undefined {
    const value = this.#get.get(name)?.['value'];
    return typeof value === 'string' ? value : undefined;
  }
}
