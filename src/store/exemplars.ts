import type { ExemplarNote } from './count.ts';
import type { RecentRecovery } from './engine.ts';
import type { Exemplar } from './store.ts';

/** The last recovery of each bucket of each label set; not part of the totals, so memory and the recent ledger suffice. */
export interface Exemplars {
  of(set: number): readonly (Exemplar | undefined)[];
  note(notes: readonly ExemplarNote[]): void;
  /** Forgets label sets that are gone. */
  keepOnly(sets: ReadonlySet<number>): void;
  /** Starts anew from the newest ledger rows, by today's buckets; `createdAtMs` says since when a set has its histogram. */
  restore(recent: readonly RecentRecovery[], layout: ExemplarLayout): void;
}

interface ExemplarLayout {
  readonly bucketOf: (ms: number) => number;
  readonly createdAtMs: ReadonlyMap<number, number | undefined>;
}

export function createExemplars(): Exemplars {
  const bySet = new Map<number, (Exemplar | undefined)[]>();
  const note = (set: number, bucket: number, exemplar: Exemplar) => {
    const exemplars = bySet.get(set) ?? [];
    const known = exemplars[bucket];
    // An exemplar older than the last one would be refused by Prometheus as out of order.
    if (known === undefined || known.resolvedAtMs <= exemplar.resolvedAtMs) exemplars[bucket] = exemplar;
    bySet.set(set, exemplars);
  };
  return {
    of: (set) => bySet.get(set) ?? [],
    note: (notes) => {
      for (const { set, bucket, exemplar } of notes) note(set, bucket, exemplar);
    },
    keepOnly: (sets) => {
      for (const set of bySet.keys()) if (!sets.has(set)) bySet.delete(set);
    },
    restore: (recent, { bucketOf, createdAtMs }) => {
      bySet.clear();
      for (const { set, ms, resolvedAtMs, countedAtMs, incidentId } of recent) {
        if (countedAtMs < (createdAtMs.get(set) ?? Number.POSITIVE_INFINITY)) continue;
        note(set, bucketOf(ms), { incidentId, ms, resolvedAtMs });
      }
    },
  };
}
