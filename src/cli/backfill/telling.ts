import { type Config, GROUPINGS } from '../../config/types.ts';
import { familySettings, statisticsSettings } from '../../core/settings.ts';
import type { LabelPairs } from '../../metrics/exposition.ts';
import type { PageSource } from '../../metrics/family.ts';
import { type HistoryReplay, replayHistory, type Snapshot } from '../../report/history-replay.ts';
import { findCoverage } from '../../report/timeline.ts';
import type { HistorySource } from '../history-source.ts';
import { createBackfillTable, type PastFamily } from './table.ts';

export interface TellingInput {
  readonly source: HistorySource;
  /** Only its windows and groupings are told. */
  readonly config: Config;
  readonly added: LabelPairs;
  /** Windows that history covers in part, too. */
  readonly isPartial: boolean;
}

/** Tells what the gauges said, run of instants by run of instants. */
export interface Telling {
  /** What there is to tell at these instants; they must not descend, from one call to the next either. */
  tell(instantsMs: readonly number[]): readonly PastFamily[];
  /** From when on a window of so many milliseconds is told in the rows over everything. */
  wholeFromMs(windowMs: number): number;
}

/** Reads the whole history. */
export function openTelling(input: TellingInput): Telling {
  const { source, config, added, isPartial } = input;
  const settings = statisticsSettings(config);
  const past = replayHistory({ ...source, settings });
  const fromMs = (labels: LabelPairs) => (isPartial ? Number.NEGATIVE_INFINITY : wholeRowFromMs(labels, past, config));
  const table = createBackfillTable({ settings: familySettings(config), added, fromMs });
  return {
    tell: (instantsMs) => {
      table.begin(instantsMs);
      for (const [place, ms] of instantsMs.entries()) table.put(place, pageOf(past.at(ms), source, ms));
      return table.read();
    },
    wholeFromMs: (windowMs) => (isPartial ? Number.NEGATIVE_INFINITY : past.findStartMs('all', []) + windowMs),
  };
}

/** From when on history covers the window of a series; series without a window are always told. */
function wholeRowFromMs(labels: LabelPairs, past: HistoryReplay, { windows }: Config): number {
  const valueOf = (wanted: string) => labels.find(([name]) => name === wanted)?.[1] ?? '';
  const window = windows.find(({ name }) => name === valueOf('window'));
  const grouping = GROUPINGS.find((one) => one === valueOf('by'));
  if (window === undefined || grouping === undefined) return Number.NEGATIVE_INFINITY;
  return past.findStartMs(grouping, grouping.split(',').map(valueOf)) + window.ms;
}

/** What the page would have been made of, as far as gauges of the past go. */
function pageOf({ rows, openRows }: Snapshot, { history, providers }: HistorySource, atMs: number): PageSource {
  const read = history.providers.flatMap((state) => {
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
  return { rows, openRows: open, providers: read, sets: [], counters: [], servicesOverflowed: 0, storeBytes: 0 };
}
