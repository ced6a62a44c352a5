import type { Config } from '../config/types.ts';
import type { Status } from '../model/incident.ts';
import type { OpenRow, ProviderCounts, Row } from '../stats/rows.ts';
import type { LabelSet } from '../store/label-sets.ts';
import type { Exemplar, ProviderState, StoredCounter } from '../store/store.ts';
import { type Fragment, type MetricType, renderFragment, type Sample } from './exposition.ts';

/** What metrics need to know of a provider besides its numbers. */
export interface ShownProvider {
  readonly name: string;
  readonly isOverall: boolean;
  readonly statuses: readonly Status[];
  readonly stamps: Readonly<Record<Timing, boolean>>;
  readonly hasEscalations: boolean;
  readonly hasReopens: boolean;
}
export type Timing = 'acknowledgement' | 'detection' | 'identification' | 'mitigation';

/** One label set with what its samples are made of. A change of any of it makes a new object. */
export interface ShownSet {
  readonly set: LabelSet;
  readonly provider: ShownProvider;
  readonly exemplars: readonly (Exemplar | undefined)[];
}

/** What a page is rendered from. */
export interface PageSource {
  readonly rows: readonly Row[];
  readonly openRows: readonly { readonly row: OpenRow; readonly provider: ShownProvider }[];
  readonly sets: readonly ShownSet[];
  readonly providers: readonly {
    readonly provider: ShownProvider;
    readonly state: ProviderState;
    readonly counts: ProviderCounts | undefined;
  }[];
  readonly counters: readonly StoredCounter[];
  readonly servicesOverflowed: number;
  readonly storeBytes: number;
}

/** The part of the configuration that families show or depend on. */
export type FamilySettings = Pick<Config, 'severities' | 'windows' | 'levels' | 'availability'> & {
  readonly bucketsMs: readonly number[];
};

/**
 * A family declared as data: its metadata, the things it has samples of, and a pure function from one of these to
 * samples. `version` says when a thing's samples may have changed; the same object with the same version is not rendered again.
 */
export interface Family<Item extends object = object> {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  readonly items: (source: PageSource) => readonly Item[];
  /** What the fragment of an item is kept by; the item itself unless told otherwise. */
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
  /** Brings `kept` up to date; what is kept with its newest version is not rendered again. */
  readonly render: (source: PageSource, settings: FamilySettings, kept: RenderCache) => void;
  /** The same as samples, for who writes them elsewhere than on the page. */
  readonly sampleGroups: (source: PageSource, settings: FamilySettings) => Iterable<SampleGroup>;
}

/** One thing that a family has to show; the same key with the same version has the same samples. */
export interface SampleGroup {
  readonly key: object;
  readonly version: number;
  readonly samples: () => readonly Sample[];
}

/** A family as it was rendered last. */
export interface RenderCache {
  /** By what they are of. */
  readonly fragments: WeakMap<object, Fragment>;
  /** The list that was gone through, with the fragment of each of its items: the same list is not looked up again. */
  items: readonly object[];
  shown: readonly Fragment[];
}

export function family<Item extends object>(declared: Family<Item>): AnyFamily {
  const { name, type, help, labels } = declared;
  const keyOf = (item: Item) => declared.key?.(item) ?? item;
  return {
    name,
    type,
    help,
    labels,
    render: (source, settings, kept) => {
      const items = declared.items(source);
      const before = kept.items === items ? kept.shown : undefined;
      const isCurrent = (item: Item, at: number) => before?.[at]?.version === declared.version(item);
      if (before !== undefined && items.every(isCurrent)) return;
      const shown = items.map((item, at) => {
        const version = declared.version(item);
        const known = before === undefined ? kept.fragments.get(keyOf(item)) : before[at];
        if (known?.version === version) return known;
        const fragment = renderFragment(name, version, declared.samples(item, settings));
        kept.fragments.set(keyOf(item), fragment);
        return fragment;
      });
      kept.items = items;
      kept.shown = shown;
    },
    *sampleGroups(source, settings) {
      for (const item of declared.items(source)) {
        yield { key: keyOf(item), version: declared.version(item), samples: () => declared.samples(item, settings) };
      }
    },
  };
}
