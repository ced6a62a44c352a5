import { BASELINE_MARGIN_MS } from '../config/types.ts';
import { formatList, formatLocalTime } from '../model/format.ts';
import { MINUTE_MS } from '../model/time.ts';
import type { Filter } from './filter.ts';
import { findAvailability, type ReportConfig } from './groups.ts';
import type { Period } from './period.ts';
import type { ProviderWindow, ReportedProvider } from './timeline.ts';

/** What a reader must know to judge the numbers. */
export interface Note {
  readonly kind:
    | 'unsynced'
    | 'lagging'
    | 'before_history'
    | 'kept_out'
    | 'minimum_sample'
    | 'no_comparison'
    | 'no_availability';
  /** The provider that it is about, where it is about one. */
  readonly provider?: string;
  readonly text: string;
}

export interface NotesInput {
  readonly windows: readonly ProviderWindow[];
  readonly providers: readonly ReportedProvider[];
  readonly config: ReportConfig;
  readonly filter: Filter;
  readonly period: Period;
  readonly isComparisonAsked: boolean;
}

/** Everything that makes the numbers less than they seem. */
export function findNotes({ windows, providers, config, filter, period, isComparisonAsked }: NotesInput): Note[] {
  const unsynced = providers.filter(({ name }) => windows.every(({ provider }) => provider.name !== name));
  const { minimumSample } = config.metrics;
  const fewIncidents: Note = {
    kind: 'minimum_sample',
    text: `means and quantiles of fewer than ${minimumSample} incidents are not shown (metrics.minimum_sample)`,
  };
  const noComparison: Note = {
    kind: 'no_comparison',
    text: 'no comparison: the history must begin at least 30 days before the preceding period, or its longest recoveries may be missing',
  };
  return [
    ...unsynced.map(({ name }) => toUnsyncedNote(name)),
    ...windows.flatMap((window) => findLag(window, config, period)),
    ...windows.flatMap((window) => findMissingHistory(window, period.timezone)),
    ...findProvidersKeptOut(windows),
    ...(minimumSample > 1 ? [fewIncidents] : []),
    ...(isComparisonAsked && windows.length > 0 && !isComparable(windows) ? [noComparison] : []),
    ...findMissingAvailability(config, filter),
  ];
}

/** Without one of its severities availability would be too good. */
function findMissingAvailability(config: ReportConfig, filter: Filter): Note[] {
  const { availability } = config;
  if (availability === undefined || findAvailability(config, filter) !== undefined) return [];
  const text = `no availability: not all of its severities are asked for (${formatList(availability.severities)})`;
  return [{ kind: 'no_availability', text }];
}

/** True where the preceding period is known as well as the baselines of metrics demand (DESIGN §5). */
export function isComparable(windows: readonly ProviderWindow[]): boolean {
  const overall = windows.filter(({ provider }) => provider.isOverall);
  return (
    overall.length > 0 &&
    overall.every(({ fromMs, toMs, knownFromMs }) => knownFromMs + BASELINE_MARGIN_MS <= 2 * fromMs - toMs)
  );
}

function toUnsyncedNote(provider: string): Note {
  const text = `${provider}: its first sync is not complete, so none of its incidents are counted`;
  return { kind: 'unsynced', provider, text };
}

/** A provider lags when three polls were missed, or five minutes where polls are more frequent. */
function findLag({ provider: { name }, readUntilMs }: ProviderWindow, config: ReportConfig, period: Period): Note[] {
  const pollMs = config.providers.find((one) => one.name === name)?.pollIntervalMs ?? 0;
  if (period.toMs - readUntilMs <= Math.max(3 * pollMs, 5 * MINUTE_MS)) return [];
  const until = formatLocalTime(readUntilMs, period.timezone);
  const effect = period.end === 'read' ? 'its windows end there' : 'later incidents are missing';
  return [{ kind: 'lagging', provider: name, text: `${name}: was last read until ${until}; ${effect}` }];
}

function findMissingHistory({ provider: { name }, fromMs, knownFromMs }: ProviderWindow, timezone: string): Note[] {
  if (knownFromMs <= fromMs) return [];
  const begin = formatLocalTime(knownFromMs, timezone);
  const text = `${name}: its history begins at ${begin}, after the period does; older incidents are missing`;
  return [{ kind: 'before_history', provider: name, text }];
}

function findProvidersKeptOut(windows: readonly ProviderWindow[]): Note[] {
  const names = windows.filter(({ provider }) => !provider.isOverall).map(({ provider }) => provider.name);
  if (names.length === 0) return [];
  const verb = names.length === 1 ? 'counts' : 'count';
  return [{ kind: 'kept_out', text: `${formatList(names)} ${verb} only in numbers by provider (overall: false)` }];
}
