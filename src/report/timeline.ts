import type { LabelMapper } from '../config/label-mapper.ts';
import type { FacetLabels } from '../model/stored.ts';
import type { ActiveProvider } from '../stats/group-index.ts';
import type { Row, StatisticsSettings } from '../stats/rows.ts';
import { createStatistics } from '../stats/statistics.ts';
import type { History } from '../store/history.ts';
import type { ProviderState } from '../store/store.ts';

/** What a provider's platform can tell, and whether it stands in overall groupings. */
export interface ReportedProvider {
  readonly name: string;
  readonly isOverall: boolean;
  readonly hasEscalations: boolean;
  readonly hasReopens: boolean;
}

export interface TimelineInput {
  readonly history: History;
  /** The windows are the spans that are looked at. */
  readonly settings: StatisticsSettings;
  readonly providers: readonly ReportedProvider[];
  readonly reader: (provider: string) => LabelMapper | undefined;
  /** Lets in only these incidents; all without it. */
  readonly isWanted?: (labels: FacetLabels) => boolean;
}

/** An instant in milliseconds, or relative to how far each provider has been read: `read` is where live windows end. */
export type End = number | 'read' | { readonly msBeforeRead: number };

/** Where live windows ended at an instant: there, or for a provider that was not read so far, where its reading ended. */
export interface LiveEnd {
  readonly liveAtMs: number;
}

/** Windowed statistics as they stood at instants of the past, by what is known today. */
export interface Timeline {
  /** The rows of all groups with windows that end there; the same objects each time, so read them before the next call. Instants must not descend. */
  at(end: End | LiveEnd): readonly Row[];
}

/** Reads all incidents of a history once; each further instant costs what entered and left the windows since the one before. */
export function openTimeline(input: TimelineInput): Timeline {
  const { history, settings, isWanted } = input;
  const statistics = createStatistics({
    settings,
    reader: input.reader,
    labels: (facet) => {
      const labels = history.labels(facet);
      if (labels === undefined || isWanted === undefined || isWanted(labels)) return labels;
      return { ...labels, excluded: true };
    },
  });
  history.each((incident) => statistics.put(incident));
  let isBuilt = false;
  return {
    at: (end) => {
      for (const provider of activeProviders(input, end)) statistics.advance(provider);
      if (!isBuilt) statistics.rebuild();
      isBuilt = true;
      statistics.refresh();
      return statistics.rows();
    },
  };
}

function activeProviders({ history, providers }: TimelineInput, end: End | LiveEnd): ActiveProvider[] {
  return history.providers.flatMap((state) => {
    const provider = providers.find(({ name }) => name === state.name);
    const reach = reachOf(state);
    if (provider === undefined || reach === undefined) return [];
    const { historyStartMs, readUntilMs } = reach;
    const isLive = typeof end === 'object' && 'liveAtMs' in end;
    const endMs = isLive ? Math.min(end.liveAtMs, readUntilMs) : endMsOf(end, readUntilMs);
    return [{ ...provider, historyStartMs, endMs, readUntilMs }];
  });
}

/** Where a window of a provider ends that has been read until there. */
export function endMsOf(end: End, readUntilMs: number): number {
  if (end === 'read') return readUntilMs;
  return typeof end === 'number' ? end : readUntilMs - end.msBeforeRead;
}

/** From when to when a provider's incidents were read. */
export interface Reach {
  readonly historyStartMs: number;
  readonly readUntilMs: number;
}

/** Where what is still kept begins: closed incidents that are older than the retention are gone. */
export function keptFromMs({ historyStartMs, readUntilMs }: Reach, retentionMs: number): number {
  return Math.max(historyStartMs, readUntilMs - retentionMs);
}

/** From when to when a provider's incidents are known; undefined before its first sync is complete. */
export function reachOf(state: ProviderState): Reach | undefined {
  const { isSynced, polledUntilMs: readUntilMs, historyStartMs } = state;
  if (!isSynced || readUntilMs === undefined || historyStartMs === undefined) return undefined;
  return { historyStartMs, readUntilMs };
}
