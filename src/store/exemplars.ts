import type { DatabaseSync } from 'node:sqlite';
import type { Exemplar } from './store.ts';

/** Ledger rows that are looked through for exemplars at start: enough for every busy bucket, quick to read. */
const RECENT_ROWS = 10_000;

/** The last recovery of each bucket of each label set; not part of the totals, so memory and the recent ledger suffice. */
export class Exemplars {
  readonly #database: DatabaseSync;
  readonly #published = new Map<number, (Exemplar | undefined)[]>();
  #drafts: { readonly set: number; readonly bucket: number; readonly exemplar: Exemplar }[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  of(set: number): readonly (Exemplar | undefined)[] {
    return this.#published.get(set) ?? [];
  }

  note(set: number, bucket: number, exemplar: Exemplar): void {
    this.#drafts.push({ set, bucket, exemplar });
  }

  publish(): void {
    for (const { set, bucket, exemplar } of this.#drafts) {
      const ofSet = this.#published.get(set) ?? [];
      const known = ofSet[bucket];
      // An exemplar older than the last one would be refused by Prometheus as out of order.
      if (known === undefined || known.resolvedAtMs <= exemplar.resolvedAtMs) ofSet[bucket] = exemplar;
      this.#published.set(set, ofSet);
    }
    this.#drafts = [];
  }

  discard(): void {
    this.#drafts = [];
  }

  /** Begins anew from the newest ledger rows, by today's buckets; `bornMs` tells since when a set has its histogram. */
  restore(bucketOf: (ms: number) => number, bornMs: (set: number) => number | undefined): void {
    this.#published.clear();
    const rows = this.#database.prepare(
      `SELECT l.label_set, l.ms, l.resolved_ms, l.counted_at_ms, i.id FROM ledger l JOIN incidents i ON i.row = l.incident
       ORDER BY l.incident DESC LIMIT ${RECENT_ROWS}`,
    );
    for (const row of rows.iterate()) {
      const set = Number(row['label_set']);
      if (Number(row['counted_at_ms']) < (bornMs(set) ?? Number.POSITIVE_INFINITY)) continue;
      const exemplar = {
        incidentId: String(row['id']),
        ms: Number(row['ms']),
        resolvedAtMs: Number(row['resolved_ms']),
      };
      this.note(set, bucketOf(exemplar.ms), exemplar);
    }
    this.publish();
  }
}
