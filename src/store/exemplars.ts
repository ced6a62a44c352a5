import type { ExemplarNote } from './count.ts';
import type { RecentRecovery } from './engine.ts';
import { bucketOf, type LabelSet } from './label-set.ts';
import type { Exemplar } from './store.ts';

/** The last recovery of each bucket of each label set; not part of the totals, so memory and the recent ledger suffice. */
export interface Exemplars {
  of(set: number): readonly (Exemplar | undefined)[];
  note(notes: readonly ExemplarNote[]): void;
  /** Forgets all label sets but these. */
  keepOnly(sets: readonly LabelSet[]): void;
  /** Starts anew with these label sets from the newest ledger rows, by today's buckets. */
  restore(recent: readonly RecentRecovery[], sets: readonly LabelSet[], bucketsMs: readonly number[]): void;
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
      const kept = new Set(sets.map(({ row }) => row));
      for (const set of bySet.keys()) if (!kept.has(set)) bySet.delete(set);
    },
    restore: (recent, sets, bucketsMs) => {
      bySet.clear();
      const bornMs = new Map(sets.map(({ row, groups }) => [row, groups.recovery?.bornMs]));
      for (const { set, ms, resolvedAtMs, countedAtMs, incidentId } of recent) {
        // What was counted before the histogram restarted is not in it.
        if (countedAtMs < (bornMs.get(set) ?? Number.POSITIVE_INFINITY)) continue;
        note(set, bucketOf(ms, bucketsMs), { incidentId, ms, resolvedAtMs });
      }
    },
  };
}
