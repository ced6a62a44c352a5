import type { Grouping } from '../../config/types.ts';
import type { FacetLabels } from '../../model/stored.ts';

/** A provider that was read, and from when on its incidents are known. */
export interface ReadProvider {
  readonly name: string;
  readonly isOverall: boolean;
  readonly historyStartMs: number;
}

/** From when on what a row rests on is known. */
export interface Coverage {
  /** Takes the labels of incidents. */
  put(labels: FacetLabels): void;
  /** The latest beginning of history among the providers of a row; `values` are its labels, in the order of the grouping. */
  startMs(grouping: Grouping, values: readonly string[]): number;
}

/** Rows over everything stand on all overall providers, others on those that have incidents of theirs (as windowed statistics do). */
export function createCoverage(providers: readonly ReadProvider[]): Coverage {
  const starts = new Map(providers.map(({ name, historyStartMs }) => [name, historyStartMs]));
  const overall = new Set(providers.filter(({ isOverall }) => isOverall).map(({ name }) => name));
  const byGroup = new Map<string, Set<string>>();
  const add = (provider: string, key: string) => {
    byGroup.set(key, (byGroup.get(key) ?? new Set()).add(provider));
  };
  return {
    put: ({ provider, service, severity, team }) => {
      if (!overall.has(provider)) return;
      add(provider, keyOf('service', [service]));
      add(provider, keyOf('service,severity', [service, severity]));
      add(provider, keyOf('team', [team]));
    },
    startMs: (grouping, values) => {
      const [value = ''] = values;
      if (grouping === 'provider') return starts.get(value) ?? Number.NEGATIVE_INFINITY;
      const isOfAll = grouping === 'all' || grouping === 'severity';
      const names = isOfAll ? overall : (byGroup.get(keyOf(grouping, values)) ?? new Set());
      return Math.max(...[...names].map((name) => starts.get(name) ?? Number.NEGATIVE_INFINITY));
    },
  };
}

function keyOf(grouping: Grouping, values: readonly string[]): string {
  return JSON.stringify([grouping, ...values]);
}
