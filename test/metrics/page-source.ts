import type { Grouping } from '../../src/config/types.ts';
import type { Format } from '../../src/metrics/exposition.ts';
import { families } from '../../src/metrics/families.ts';
import type { FamilySettings, LabelSetSource, PageProvider, PageSource } from '../../src/metrics/family.ts';
import { Page, type RenderedPage } from '../../src/metrics/page.ts';
import { type OpenRow, type Row, STATISTICS, type Statistic, statisticsOf } from '../../src/stats/rows.ts';
import type { LabelSet } from '../../src/store/label-sets.ts';
import type { ProviderState } from '../../src/store/store.ts';
import { everyChoice, severities } from '../settings.ts';

export const MINUTE_MS = 60_000;
export const CREATED_AT_MS = 1_790_000_000_000;

/** Two buckets and one window are enough to see how families are written. */
export const SETTINGS: FamilySettings = {
  severities,
  windows: [{ name: '30d', ms: 30 * 24 * 60 * MINUTE_MS }],
  levels: { eliteMs: 60 * MINUTE_MS, highMs: 24 * 60 * MINUTE_MS, mediumMs: 7 * 24 * 60 * MINUTE_MS },
  availability: undefined,
  bucketsMs: [0.5 * MINUTE_MS, 60 * MINUTE_MS],
};

export function provider(change: Partial<PageProvider> = {}): PageProvider {
  return {
    name: 'pd',
    isOverall: true,
    statuses: ['triggered', 'acknowledged'],
    timings: { acknowledgement: true, detection: true, identification: true, mitigation: true },
    hasEscalations: true,
    hasReopens: true,
    ...change,
  };
}

export function source(change: Partial<PageSource> = {}): PageSource {
  return {
    rows: [],
    openRows: [],
    doraRows: [],
    deploymentStates: [],
    sets: [],
    providers: [],
    counters: [],
    servicesOverflowed: 0,
    storeBytes: 4096,
    ...change,
  };
}

const histogram = (sumMs: number, counts: number[]) => ({ sumMs, counts });

/** A label set of both kinds with everything in it. */
export function set(
  change: { kind?: LabelSet['kind']; released?: boolean; labels?: Partial<LabelSet> } = {},
): LabelSet {
  const { kind = 'service', released = true, labels } = change;
  const life = { createdAtMs: CREATED_AT_MS, released };
  const timings = {
    ...life,
    acknowledgement: histogram(MINUTE_MS, [0, 1, 0]),
    detection: histogram(2 * MINUTE_MS, [0, 1, 0]),
    identification: histogram(3 * MINUTE_MS, [0, 1, 0]),
    mitigation: histogram(4 * MINUTE_MS, [0, 1, 0]),
  };
  const changes = { ...life, escalations: 5, reopened: 6, unacknowledged: 7, unacknowledgedAuto: 8 };
  const base = {
    row: 1,
    kind,
    provider: 'pd',
    service: kind === 'service' ? 'checkout' : '',
    severity: 'P1',
    team: '',
    ...labels,
  };
  if (kind === 'severity') return { ...base, groups: { timings, changes } };
  const recovery = { ...life, recovery: histogram(131.5 * MINUTE_MS, [1, 1, 2]), withinTarget: 3 };
  return { ...base, groups: { recovery, counts: { ...life, opened: 9 } } };
}

export function shown(given: LabelSet, change: Partial<LabelSetSource> = {}): LabelSetSource {
  return { set: given, provider: provider(), exemplars: [], ...change };
}

export interface RowChange {
  readonly grouping?: Grouping;
  readonly labels?: Row['labels'];
  readonly detail?: 'standard' | 'full';
}

/** A row with these values; what is not given is absent. */
export function row(values: Partial<Record<Statistic, number>>, change: RowChange = {}): Row {
  const { grouping = 'all', labels = [], detail = 'standard' } = change;
  const statistics = statisticsOf(grouping, { ...everyChoice, detail });
  const valueOf = (statistic: Statistic) => (statistics.has(statistic) ? values[statistic] : undefined) ?? Number.NaN;
  return {
    grouping,
    labels,
    statistics,
    values: [Float64Array.from(STATISTICS, valueOf)],
    versions: new Uint32Array(STATISTICS.length),
  };
}

export function openRow(change: Partial<OpenRow> = {}): PageSource['openRows'][number] {
  const row: OpenRow = {
    provider: 'pd',
    service: 'checkout',
    severity: 'P1',
    team: '',
    open: [2, 1, 0, 0, 0],
    oldestAtMs: undefined,
    lastResolvedAtMs: undefined,
    version: 0,
    ...change,
  };
  return { row, provider: provider() };
}

export function providerState(change: Partial<ProviderState> = {}): PageSource['providers'][number] {
  const state: ProviderState = {
    name: 'pd',
    countingSinceMs: undefined,
    cursor: undefined,
    isSynced: false,
    polledUntilMs: undefined,
    historyStartMs: undefined,
    ...change,
  };
  return { provider: provider(), state, counts: undefined };
}

/** The page of the store's families. */
export async function rendered(given: PageSource, format: Format, settings = SETTINGS): Promise<string> {
  return textOf(new Page(families, settings).render(given), format);
}

export function textOf({ blocks }: RenderedPage, format: Format): string {
  return Buffer.concat(blocks.map(({ bytes }) => bytes[format])).toString('utf8');
}

/** The sample lines of one family. */
export function samplesOf(text: string, name: string): string[] {
  const own = new RegExp(`^${name}(_bucket|_sum|_count|_created)?[{ ]`);
  return text.split('\n').filter((line) => own.test(line));
}
