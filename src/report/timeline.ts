import type { LabelMapper } from '../config/label-mapper.ts';
import { formatList, formatTime } from '../model/format.ts';
import { InputError } from '../model/input-error.ts';
import type { IncidentLabels } from '../model/stored.ts';
import type { ActiveProvider } from '../stats/group-index.ts';
import type { Row, StatisticsSettings } from '../stats/rows.ts';
import { createStatistics } from '../stats/statistics.ts';
import type { StoreSnapshot } from '../store/snapshot.ts';
import type { ProviderState } from '../store/store.ts';

/** What a provider's platform reports, and whether it counts in every grouping. */
export type ReportedProvider = Omit<ActiveProvider, 'historyStartMs' | 'endMs' | 'readUntilMs'>;

/** Everything that statistics of the past are computed from. */
export interface HistoryInput {
  readonly history: StoreSnapshot;
  readonly providers: readonly ReportedProvider[];
  readonly labelMapper: (provider: string) => LabelMapper | undefined;
  readonly settings: StatisticsSettings;
}

export interface TimelineInput extends HistoryInput {
  /** Lets in only these incidents; all without it. */
  readonly isWanted?: (labels: IncidentLabels) => boolean;
}

/** Where windows end: a time, or relative to how far each provider was read; `read` is where live windows end. */
export type WindowEnd = number | 'read' | { readonly msBeforeRead: number };

/** Where live windows ended at a time: there, or for a provider that was not read so far, where its reading ended. */
export interface LiveEnd {
  readonly liveAtMs: number;
}

/** Windowed statistics as they stood at times of the past, by what is known today. */
export interface Timeline {
  /** The rows of all groups with windows that end there; the same objects each time, so read them before the next call. Times must not descend. */
  at(end: WindowEnd | LiveEnd): readonly Row[];
}

/** Reads all incidents of a history once; each further time costs what entered and left the windows since the one before. */
export function createTimeline(input: TimelineInput): Timeline {
  const { history, settings, isWanted } = input;
  const statistics = createStatistics({
    settings,
    labelMapper: input.labelMapper,
    labels: (dimensionsRow) => {
      const labels = history.labels(dimensionsRow);
      if (labels === undefined || isWanted === undefined || isWanted(labels)) return labels;
      return { ...labels, excluded: true };
    },
  });
  history.each((incident) => statistics.put(incident));
  let isBuilt = false;
  return {
    at: (end) => {
      for (const provider of findActiveProviders(input, end)) statistics.advance(provider);
      if (!isBuilt) statistics.rebuild();
      isBuilt = true;
      statistics.refresh();
      return statistics.rows();
    },
  };
}

function findActiveProviders(input: TimelineInput, end: WindowEnd | LiveEnd): ActiveProvider[] {
  return findSyncedProviders(input).map(({ provider, historyStartMs, readUntilMs }) => {
    return { ...provider, historyStartMs, endMs: findEndMs(end, readUntilMs), readUntilMs };
  });
}

/** Where a window of a provider ends that was read until there. */
export function findEndMs(end: WindowEnd | LiveEnd, readUntilMs: number): number {
  if (typeof end === 'object' && 'liveAtMs' in end) return Math.min(end.liveAtMs, readUntilMs);
  if (end === 'read') return readUntilMs;
  return typeof end === 'number' ? end : readUntilMs - end.msBeforeRead;
}

/** From when to when a provider's incidents were read. */
export interface HistoryCoverage {
  readonly historyStartMs: number;
  readonly readUntilMs: number;
}

/** Undefined before the provider's first sync is complete. */
export function findCoverage(state: ProviderState): HistoryCoverage | undefined {
  const { isSynced, polledUntilMs: readUntilMs, historyStartMs } = state;
  if (!isSynced || readUntilMs === undefined || historyStartMs === undefined) return undefined;
  return { historyStartMs, readUntilMs };
}

type ProviderHistory = Pick<HistoryInput, 'history' | 'providers'>;

/** The configured providers whose first sync is complete. */
export function findSyncedProviders({ history, providers }: ProviderHistory) {
  return history.providers.flatMap((state) => {
    const provider = providers.find(({ name }) => name === state.name);
    const coverage = findCoverage(state);
    return provider === undefined || coverage === undefined ? [] : [{ provider, ...coverage }];
  });
}

/** The window (fromMs, toMs] of one provider, and what is known of it. */
export interface ProviderWindow extends HistoryCoverage {
  readonly provider: ReportedProvider;
  readonly fromMs: number;
  readonly toMs: number;
  /** Where what is kept begins: its history, less what is older than the retention. */
  readonly knownFromMs: number;
}

/** The windows of the providers whose first sync is complete. */
export function findProviderWindows(
  input: ProviderHistory & { readonly retentionMs: number },
  { end, spanMs }: { readonly end: WindowEnd; readonly spanMs: number },
): ProviderWindow[] {
  return findSyncedProviders(input).map(({ provider, historyStartMs, readUntilMs }) => {
    const toMs = findEndMs(end, readUntilMs);
    const knownFromMs = Math.max(historyStartMs, readUntilMs - input.retentionMs);
    return { provider, fromMs: toMs - spanMs, toMs, historyStartMs, readUntilMs, knownFromMs };
  });
}

/** Throws an InputError when the windows end before anything is known. */
export function validateWindows(windows: readonly ProviderWindow[], timezone?: string): void {
  if (windows.length === 0 || windows.some(({ knownFromMs, toMs }) => knownFromMs < toMs)) return;
  const starts = windows.map(({ provider, knownFromMs }) => `${provider.name}: ${formatTime(knownFromMs, timezone)}`);
  const endMs = Math.max(...windows.map(({ toMs }) => toMs));
  throw new InputError({
    problem: `the period ends at ${formatTime(endMs, timezone)}, before the history begins (${formatList(starts)})`,
    expected: 'a later period, or a longer history in the configuration',
  });
}
