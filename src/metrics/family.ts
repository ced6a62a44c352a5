import type { Config } from '../config/types.ts';
import type { Status } from '../model/incident.ts';
import type { DeploymentState, DoraRow } from '../stats/dora/rows.ts';
import type { OpenRow, ProviderCounts, Row } from '../stats/rows.ts';
import type { LabelSet } from '../store/label-sets.ts';
import type { Exemplar, ProviderState, StoredCounter } from '../store/store.ts';
import { type Fragment, type MetricType, renderFragment, type Sample } from './exposition.ts';

/** A provider on the page: what its platform reports decides which families it has. */
export interface PageProvider {
  readonly name: string;
  readonly isOverall: boolean;
  readonly statuses: readonly Status[];
  /** The timings that the platform reports. */
  readonly timings: Readonly<Record<Timing, boolean>>;
  readonly hasEscalations: boolean;
  readonly hasReopens: boolean;
  /** Its deployments have changes. */
  readonly hasLeadTimes?: boolean | undefined;
}
export type Timing = 'acknowledgement' | 'detection' | 'identification' | 'mitigation';

/** One label set with everything that its samples are computed from; a new object whenever any of it changes. */
export interface LabelSetSource {
  readonly set: LabelSet;
  readonly provider: PageProvider;
  readonly exemplars: readonly (Exemplar | undefined)[];
}

/** What a page is rendered from. */
export interface PageSource {
  readonly rows: readonly Row[];
  readonly openRows: readonly { readonly row: OpenRow; readonly provider: PageProvider }[];
  readonly doraRows: readonly DoraRow[];
  readonly deploymentStates: readonly DeploymentState[];
  readonly sets: readonly LabelSetSource[];
  readonly providers: readonly {
    readonly provider: PageProvider;
    readonly state: ProviderState;
    readonly counts: ProviderCounts | undefined;
  }[];
  readonly counters: readonly StoredCounter[];
  readonly servicesOverflowed: number;
  readonly storeBytes: number;
}

/** The part of the configuration that families show or depend on. */
export type FamilySettings = Pick<Config, 'severities' | 'windows' | 'levels' | 'availability'> & {
  /** Recovery targets by severity of each service that has its own; absent: none has. */
  readonly serviceTargetsMs?: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly bucketsMs: readonly number[];
};

/**
 * A family declared as data: its metadata, the items it has samples of, and a pure function from an item to its
 * samples. A higher `version` says that the samples of an item may have changed; the same item with the same version is not
 * rendered again.
 */
export interface Family<Item extends object = object> {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  readonly items: (source: PageSource) => readonly Item[];
  /** The key under which the fragment of an item is cached; without it the item itself. */
  readonly key?: (item: Item) => object;
  readonly version: (item: Item) => number;
  readonly samples: (item: Item, settings: FamilySettings) => readonly Sample[];
}

/** The whole page as one item, for families that are rendered each time. */
export interface MetricSource {
  readonly source: PageSource;
}

/** A family with its item type hidden, so that different ones share a list. */
export interface AnyFamily extends Pick<Family, 'name' | 'type' | 'help' | 'labels'> {
  /** Brings the cache up to date; items whose version is the cached one are not rendered again. */
  readonly render: (source: PageSource, settings: FamilySettings, cache: RenderCache) => void;
  /** The same as samples, for output other than the page. */
  readonly sampleGroups: (source: PageSource, settings: FamilySettings) => Iterable<SampleGroup>;
}

/** The samples of one item; the same key with the same version has the same samples. */
export interface SampleGroup {
  readonly key: object;
  readonly version: number;
  readonly samples: () => readonly Sample[];
}

/** A family as it was rendered last. */
export interface RenderCache {
  /** By the key of their item. */
  readonly fragmentsByKey: WeakMap<object, Fragment>;
  /** The items of the last rendering, and the fragment of each: for the same list nothing is looked up by key. */
  items: readonly object[];
  fragments: readonly Fragment[];
}

export function family<Item extends object>(declared: Family<Item>): AnyFamily {
  const { name, type, help, labels } = declared;
  const keyOf = (item: Item) => declared.key?.(item) ?? item;
  return {
    name,
    type,
    help,
    labels,
    render: (source, settings, cache) => {
      const items = declared.items(source);
      const before = cache.items === items ? cache.fragments : undefined;
      const isCurrent = (item: Item, at: number) => before?.[at]?.version === declared.version(item);
      if (before !== undefined && items.every(isCurrent)) return;
      const fragments = items.map((item, at) => {
        const version = declared.version(item);
        const known = before === undefined ? cache.fragmentsByKey.get(keyOf(item)) : before[at];
        if (known?.version === version) return known;
        const fragment = renderFragment(name, version, declared.samples(item, settings));
        cache.fragmentsByKey.set(keyOf(item), fragment);
        return fragment;
      });
      cache.items = items;
      cache.fragments = fragments;
    },
    *sampleGroups(source, settings) {
      for (const item of declared.items(source)) {
        yield { key: keyOf(item), version: declared.version(item), samples: () => declared.samples(item, settings) };
      }
    },
  };
}
