import type { Config } from '../config/types.ts';
import { families } from '../metrics/families.ts';
import type { LabelSetSource, PageProvider, PageSource } from '../metrics/family.ts';
import { Page, type RenderedPage } from '../metrics/page.ts';
import type { DoraRow } from '../stats/dora/rows.ts';
import type { DoraStatistics } from '../stats/dora/statistics.ts';
import type { Row } from '../stats/rows.ts';
import type { Statistics } from '../stats/statistics.ts';
import type { LabelSet } from '../store/label-sets.ts';
import type { Store } from '../store/store.ts';
import { familySettings } from './settings.ts';

/** What the newest page shows; it never changes; the next page replaces it. */
export interface PageSnapshot {
  readonly rows: readonly Row[];
  /** Of deployments; none where none are read. */
  readonly doraRows: readonly DoraRow[];
  /** Where the windows of the rows end, by provider. */
  readonly windowEnds: ReadonlyMap<string, number>;
  /** Incidents open now at providers that count in every grouping, by the value of the label. */
  readonly openNow: { readonly service: ReadonlyMap<string, number>; readonly severity: ReadonlyMap<string, number> };
}

/** Nothing is shown before the first page. */
export const EMPTY_SNAPSHOT: PageSnapshot = {
  rows: [],
  doraRows: [],
  windowEnds: new Map(),
  openNow: { service: new Map(), severity: new Map() },
};

export interface PageRendererInput {
  readonly config: Config;
  readonly store: Store;
  readonly statistics: Statistics;
  /** Undefined where no deployments are read. */
  readonly dora: DoraStatistics | undefined;
  readonly providers: readonly PageProvider[];
}

/** A page with what it was rendered from. */
export interface PageRendering {
  readonly page: RenderedPage;
  readonly source: PageSource;
  readonly snapshot: PageSnapshot;
}

/** Renders the page from the store and the statistics. */
export function createPageRenderer(input: PageRendererInput): () => PageRendering {
  const { config, statistics, dora } = input;
  const page = new Page(families, familySettings(config));
  const toSource = createPageSource(input);
  return () => {
    statistics.refresh();
    dora?.refresh();
    const source = toSource();
    const { rows, doraRows, openRows } = source;
    const openNow = { service: countOpen(openRows, 'service'), severity: countOpen(openRows, 'severity') };
    return {
      page: page.render(source),
      source,
      snapshot: { rows, doraRows, windowEnds: statistics.windowEnds(), openNow },
    };
  };
}

/** The same lists each time, so that nothing is rendered again. */
const NO_ROWS: PageSource['doraRows'] = [];
const NO_STATES: PageSource['deploymentStates'] = [];

/** Collects what a page is rendered from; the same set gives the same object, so that its text is reused. */
export function createPageSource({
  store,
  statistics,
  dora,
  providers,
}: Omit<PageRendererInput, 'config'>): () => PageSource {
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  const sources = new WeakMap<LabelSet, LabelSetSource>();
  const toSource = (set: LabelSet): LabelSetSource | undefined => {
    const provider = byName.get(set.provider);
    if (provider === undefined) return undefined;
    const known = sources.get(set) ?? { set, provider, exemplars: [...store.exemplars(set.row)] };
    sources.set(set, known);
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
      doraRows: dora?.rows() ?? NO_ROWS,
      deploymentStates: dora?.states() ?? NO_STATES,
      sets: store
        .labelSets()
        .map(toSource)
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

function countOpen(openRows: PageSource['openRows'], label: 'service' | 'severity'): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { row, provider } of openRows) {
    if (!provider.isOverall) continue;
    const open = row.open.reduce((sum, one) => sum + one, 0);
    counts.set(row[label], (counts.get(row[label]) ?? 0) + open);
  }
  return counts;
}
