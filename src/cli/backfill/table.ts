import { type LabelPairs, labelText } from '../../metrics/exposition.ts';
import { stateFamilies } from '../../metrics/families.ts';
import type { AnyFamily, FamilySettings, PageSource, SampleGroup } from '../../metrics/family.ts';
import { windowedFamilies } from '../../metrics/windowed.ts';

/** Gauges that say how it was at an instant, beside the windowed ones; with them the bundled recording rules have all that they read. */
const STATES_OF_THE_PAST = new Set([
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

/** What is told of the past: gauges alone. Counters and histograms begin at zero when the exporter does; history is not in them. */
export const backfillFamilies: readonly AnyFamily[] = [
  ...windowedFamilies,
  ...stateFamilies.filter(({ name }) => STATES_OF_THE_PAST.has(name)),
];

/** One series over the instants of a table. */
export interface PastSeries {
  /** Its own labels, then those that were added. */
  readonly labels: LabelPairs;
  /** By instant; NaN where there is no sample. */
  readonly values: Float64Array;
}

/** One family with its series. */
export interface PastFamily {
  readonly family: Pick<AnyFamily, 'name' | 'type' | 'help'>;
  readonly series: readonly PastSeries[];
}

export interface BackfillInput {
  readonly settings: FamilySettings;
  /** Put behind the labels of each series: those that a scrape adds. */
  readonly added: LabelPairs;
  /** Before this instant (milliseconds) the series with these labels is not told; asked once for each. */
  readonly fromMs: (labels: LabelPairs) => number;
}

/** Samples of a run of instants, put together by series: the same names, labels and values as `/metrics` has. */
export interface BackfillTable {
  /** Empties the table for these instants (milliseconds, ascending). */
  begin(instantsMs: readonly number[]): void;
  /** Takes what is to be seen at the instant at this place. */
  put(place: number, source: PageSource): void;
  /** Families and series that have a sample. */
  read(): readonly PastFamily[];
}

export function createBackfillTable(input: BackfillInput): BackfillTable {
  const tables = backfillFamilies.map((family) => new FamilyTable(family, input));
  let instantsMs: readonly number[] = [];
  return {
    begin: (next) => {
      instantsMs = next;
      for (const table of tables) table.begin(next.length);
    },
    put: (place, source) => {
      const atMs = instantsMs[place] ?? 0;
      for (const table of tables) table.put({ place, atMs }, source);
    },
    read: () => tables.map((table) => table.read()).filter(({ series }) => series.length > 0),
  };
}

/** How many samples there are in these families. */
export function countSamples(families: readonly PastFamily[]): number {
  let count = 0;
  for (const { values } of families.flatMap(({ series }) => series)) {
    for (const value of values) count += Number(!Number.isNaN(value));
  }
  return count;
}

interface KeptSeries extends PastSeries {
  readonly fromMs: number;
  values: Float64Array;
}

/** What one thing said when it was asked last; asked again when its version is another one. */
interface Told {
  readonly version: number;
  readonly entries: readonly { readonly series: KeptSeries; readonly value: number }[];
}

/** One family with all series that it had so far. */
class FamilyTable {
  readonly #family: AnyFamily;
  readonly #input: BackfillInput;
  readonly #byLabels = new Map<string, KeptSeries>();
  readonly #told = new WeakMap<object, Told>();
  #instants = 0;

  constructor(family: AnyFamily, input: BackfillInput) {
    this.#family = family;
    this.#input = input;
  }

  begin(instants: number): void {
    this.#instants = instants;
    for (const series of this.#byLabels.values()) series.values = this.#empty();
  }

  put({ place, atMs }: { readonly place: number; readonly atMs: number }, source: PageSource): void {
    for (const piece of this.#family.sampleGroups(source, this.#input.settings)) {
      for (const { series, value } of this.#tell(piece).entries) {
        if (atMs >= series.fromMs) series.values[place] = value;
      }
    }
  }

  read(): PastFamily {
    const series = [...this.#byLabels.values()].filter(({ values }) => values.some((value) => !Number.isNaN(value)));
    return { family: this.#family, series };
  }

  #empty(): Float64Array {
    return new Float64Array(this.#instants).fill(Number.NaN);
  }

  #tell({ key, version, samples }: SampleGroup): Told {
    const known = this.#told.get(key);
    if (known?.version === version) return known;
    const entries = samples().map(({ labels, value }) => ({ series: this.#seriesOf(labels), value }));
    const told = { version, entries };
    this.#told.set(key, told);
    return told;
  }

  #seriesOf(labels: LabelPairs): KeptSeries {
    const key = labelText(labels);
    const { added, fromMs } = this.#input;
    const known = this.#byLabels.get(key);
    if (known !== undefined) return known;
    const series = { labels: [...labels, ...added], fromMs: fromMs(labels), values: this.#empty() };
    this.#byLabels.set(key, series);
    return series;
  }
}
