import { type Config, GROUPINGS } from '../../config/types.ts';
import { familySettings, statisticsSettings } from '../../core/settings.ts';
import { doraFamilies } from '../../metrics/dora.ts';
import { type LabelPairs, labelText } from '../../metrics/exposition.ts';
import { stateFamilies } from '../../metrics/families.ts';
import type { AnyFamily, FamilySettings, PageSource, SampleGroup } from '../../metrics/family.ts';
import { windowedFamilies } from '../../metrics/windowed.ts';
import { hasDeployments, toDoraSettings } from '../../report/dora/dora-input.ts';
import { createDoraTimeline, findDoraProviders } from '../../report/dora/dora-timeline.ts';
import { type HistoryReplay, replayHistory, type Snapshot } from '../../report/history-replay.ts';
import { findCoverage } from '../../report/timeline.ts';
import type { HistorySource } from '../open-history.ts';

/** Gauges of a state at a time, besides the windowed ones; with them the bundled recording rules have all that they read. */
const STATE_GAUGES = new Set([
  'incident_open',
  'incident_open_oldest_timestamp_seconds',
  'incident_last_resolved_timestamp_seconds',
  'incident_target_minutes',
  'incident_acknowledgement_target_minutes',
  'incident_target_objective_ratio',
  'mttr_exporter_provider_synced',
  'mttr_exporter_provider_overall',
  'mttr_exporter_last_success_timestamp_seconds',
]);

/** Only gauges: counters and histograms begin at zero when the exporter does, history is not in them. */
export const backfillFamilies: readonly AnyFamily[] = [
  ...windowedFamilies,
  ...doraFamilies,
  ...stateFamilies.filter(({ name }) => STATE_GAUGES.has(name)),
];

/** One series over a run of times. */
export interface ReplayedSeries {
  /** Its own labels, then the external ones. */
  readonly labels: LabelPairs;
  /** By time; NaN where there is no sample. */
  readonly values: Float64Array;
}

/** One family with its series. */
export interface ReplayedFamily {
  readonly family: Pick<AnyFamily, 'name' | 'type' | 'help'>;
  readonly series: readonly ReplayedSeries[];
}

export interface GaugeReplayInput {
  readonly source: HistorySource;
  /** Only its windows and groupings are replayed. */
  readonly config: Config;
  /** Labels that a scrape adds to each series. */
  readonly labels: LabelPairs;
  /** Includes windows that history covers only in part. */
  readonly isPartial: boolean;
}

/** Replays the gauges over history, one run of times after another. */
export interface GaugeReplay {
  /** The samples at these times, which must not descend, from one call to the next either. */
  replay(timesMs: readonly number[]): readonly ReplayedFamily[];
  /** From when on a window of so many milliseconds is covered by the history of all providers. */
  coveredFromMs(windowMs: number): number;
}

/** Reads the whole history. */
export function openGaugeReplay({ source, config, labels, isPartial }: GaugeReplayInput): GaugeReplay {
  const past = replayHistory({ ...source, settings: statisticsSettings(config) });
  const deployed = hasDeployments(config) ? openDoraReplay(source, config) : undefined;
  const table = createSampleTable({
    settings: familySettings(config),
    labels,
    fromMs: (own, family) => {
      if (isPartial) return Number.NEGATIVE_INFINITY;
      const isOfDeployments = doraFamilies.some(({ name }) => name === family);
      return isOfDeployments ? (deployed?.findCoveredFromMs(own) ?? 0) : findCoveredFromMs(own, past, config);
    },
  });
  return {
    replay: (timesMs) =>
      table(timesMs, (ms) => ({ ...toPageSource(past.at(ms), source, ms), doraRows: deployed?.at(ms) ?? [] })),
    coveredFromMs: (windowMs) => (isPartial ? Number.NEGATIVE_INFINITY : past.findStartMs('all', []) + windowMs),
  };
}

/** The gauges of deployments at times of the past. */
function openDoraReplay({ history, labelMapper }: HistorySource, config: Config) {
  const timeline = createDoraTimeline({ history, config, labelMapper, settings: toDoraSettings(config) });
  const providers = findDoraProviders({ history, config }).filter(({ policy }) => policy !== undefined);
  return {
    at: (ms: number) =>
      providers.some(({ historyStartMs }) => historyStartMs <= ms) ? timeline.at({ liveAtMs: ms }) : [],
    /** Rows of one provider stand on its history, all others on that of every provider of deployments. */
    findCoveredFromMs: (labels: LabelPairs) => {
      const findValue = (wanted: string) => labels.find(([name]) => name === wanted)?.[1];
      const provider = findValue('provider');
      const starts = providers.filter(({ name }) => provider === undefined || name === provider);
      const windowMs = config.windows.find(({ name }) => name === findValue('window'))?.ms ?? 0;
      return Math.max(...starts.map(({ historyStartMs }) => historyStartMs)) + windowMs;
    },
  };
}

/** From when on history covers the window of a series; a series without a window is always covered. */
function findCoveredFromMs(labels: LabelPairs, past: HistoryReplay, { windows }: Config): number {
  const findValue = (wanted: string) => labels.find(([name]) => name === wanted)?.[1] ?? '';
  const window = windows.find(({ name }) => name === findValue('window'));
  const grouping = GROUPINGS.find((one) => one === findValue('by'));
  if (window === undefined || grouping === undefined) return Number.NEGATIVE_INFINITY;
  return past.findStartMs(grouping, grouping.split(',').map(findValue)) + window.ms;
}

/** What the page of that time would have been made of, as far as gauges go. */
function toPageSource({ rows, openRows }: Snapshot, { history, providers }: HistorySource, atMs: number): PageSource {
  const polled = history.providers.flatMap((state) => {
    const provider = providers.find(({ name }) => name === state.name);
    const reach = findCoverage(state);
    if (provider === undefined || reach === undefined || atMs < reach.historyStartMs) return [];
    const polledUntilMs = Math.min(atMs, reach.readUntilMs);
    return [{ provider, state: { ...state, polledUntilMs }, counts: undefined }];
  });
  const open = openRows.flatMap((row) => {
    const provider = providers.find(({ name }) => name === row.provider);
    return provider === undefined ? [] : [{ row, provider }];
  });
  const none = { doraRows: [], deploymentStates: [], sets: [], counters: [], servicesOverflowed: 0, storeBytes: 0 };
  return { ...none, rows, openRows: open, providers: polled };
}

export interface SampleTableInput {
  readonly settings: FamilySettings;
  /** Appended to the labels of each series. */
  readonly labels: LabelPairs;
  /** The series of this family with these labels has no sample before this time (milliseconds); called once for each. */
  readonly fromMs: (labels: LabelPairs, family: string) => number;
}

/** Returns the families and series of a run of ascending times, with the names, labels and values of `/metrics`. */
export type SampleTable = (
  timesMs: readonly number[],
  pageAt: (timeMs: number) => PageSource,
) => readonly ReplayedFamily[];

/** Series are the same objects from one run to the next; their values are those of the last run. */
export function createSampleTable(input: SampleTableInput): SampleTable {
  const tables = backfillFamilies.map((family) => new FamilyTable(family, input));
  return (timesMs, pageAt) => {
    for (const table of tables) table.clear(timesMs.length);
    for (const [index, atMs] of timesMs.entries()) {
      const page = pageAt(atMs);
      for (const table of tables) table.add({ index, atMs }, page);
    }
    return tables.map((table) => table.read()).filter(({ series }) => series.length > 0);
  };
}

/** How many samples these families have. */
export function countSamples(families: readonly ReplayedFamily[]): number {
  let count = 0;
  for (const { values } of families.flatMap(({ series }) => series)) {
    for (const value of values) count += Number(!Number.isNaN(value));
  }
  return count;
}

interface TableSeries extends ReplayedSeries {
  readonly fromMs: number;
  values: Float64Array;
}

/** The samples of a piece of the page, valid as long as its version stays the same. */
interface CachedPiece {
  readonly version: number;
  readonly entries: readonly { readonly series: TableSeries; readonly value: number }[];
}

/** One family with all series that it had so far. */
class FamilyTable {
  readonly #family: AnyFamily;
  readonly #input: SampleTableInput;
  readonly #byLabels = new Map<string, TableSeries>();
  readonly #cache = new WeakMap<object, CachedPiece>();
  #length = 0;

  constructor(family: AnyFamily, input: SampleTableInput) {
    this.#family = family;
    this.#input = input;
  }

  clear(length: number): void {
    this.#length = length;
    for (const series of this.#byLabels.values()) series.values = this.#createValues();
  }

  add({ index, atMs }: { readonly index: number; readonly atMs: number }, page: PageSource): void {
    for (const piece of this.#family.sampleGroups(page, this.#input.settings)) {
      for (const { series, value } of this.#readPiece(piece).entries) {
        if (atMs >= series.fromMs) series.values[index] = value;
      }
    }
  }

  read(): ReplayedFamily {
    const series = [...this.#byLabels.values()].filter(({ values }) => values.some((value) => !Number.isNaN(value)));
    return { family: this.#family, series };
  }

  #createValues(): Float64Array {
    return new Float64Array(this.#length).fill(Number.NaN);
  }

  #readPiece({ key, version, samples }: SampleGroup): CachedPiece {
    const cached = this.#cache.get(key);
    if (cached?.version === version) return cached;
    const entries = samples().map(({ labels, value }) => ({ series: this.#findSeries(labels), value }));
    const piece = { version, entries };
    this.#cache.set(key, piece);
    return piece;
  }

  #findSeries(labels: LabelPairs): TableSeries {
    const key = labelText(labels);
    const existing = this.#byLabels.get(key);
    if (existing !== undefined) return existing;
    const { labels: external, fromMs } = this.#input;
    const series = {
      labels: [...labels, ...external],
      fromMs: fromMs(labels, this.#family.name),
      values: this.#createValues(),
    };
    this.#byLabels.set(key, series);
    return series;
  }
}
