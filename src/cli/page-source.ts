import type { PageSource, ShownProvider, ShownSet } from '../metrics/family.ts';
import type { Statistics } from '../stats/statistics.ts';
import type { LabelSet } from '../store/label-set.ts';
import type { Store } from '../store/store.ts';

export interface PageSourceInput {
  readonly store: Store;
  readonly statistics: Statistics;
  readonly providers: readonly ShownProvider[];
}

/** Gathers what a page is rendered from; the same set gives the same object, so that its text is kept. */
export function createPageSource({ store, statistics, providers }: PageSourceInput): () => PageSource {
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  const shown = new WeakMap<LabelSet, ShownSet>();
  const show = (set: LabelSet): ShownSet | undefined => {
    const provider = byName.get(set.provider);
    if (provider === undefined) return undefined;
    const known = shown.get(set) ?? { set, provider, exemplars: [...store.exemplars(set.row)] };
    shown.set(set, known);
    return known;
  };
  return () => {
    const counts = statistics.counts();
    return {
      rows: statistics.rows(),
      openRows: statistics.openRows().flatMap((row) => {
        const provider = byName.get(row.provider);
        return provider === undefined ? [] : [{ row, provider }];
      }),
      sets: store
        .labelSets()
        .map(show)
        .filter((set) => set !== undefined),
      providers: providers.map((provider) => ({
        provider,
        state: store.provider(provider.name),
        counts: counts.get(provider.name),
      })),
      counters: store.counters(),
      servicesOverflowed: store.servicesOverflowed(),
      storeBytes: store.sizeBytes(),
    };
  };
}
