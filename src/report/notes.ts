import { InputError } from '../model/input-error.ts';
import { MINUTE_MS } from '../model/time.ts';
import { BASELINE_REACH_MS } from '../stats/evaluate.ts';
import type { History } from '../store/history.ts';
import type { ReportConfig } from './groups.ts';
import { localTime, type Period } from './period.ts';
import { endMsOf, keptFromMs, type ReportedProvider, reachOf } from './timeline.ts';

/** What a reader must know to judge the numbers. */
export interface Note {
  readonly kind: 'unsynced' | 'lagging' | 'before_history' | 'kept_out' | 'minimum_sample' | 'no_comparison';
  /** The provider that it is about, where it is about one. */
  readonly provider?: string;
  readonly text: string;
}

/** From when to when one provider's incidents are known, and where its window ends. */
export interface StoredState {
  readonly name: string;
  readonly isOverall: boolean;
  readonly knownFromMs: number;
  readonly readUntilMs: number;
  readonly endMs: number;
}

export interface KnownInput {
  readonly history: History;
  readonly providers: readonly ReportedProvider[];
  readonly period: Period;
  /** How long closed incidents were kept. */
  readonly retentionMs: number;
}

/** The providers whose first sync is complete; older closed incidents than the retention are gone. */
export function knownProviders({ history, providers, period, retentionMs }: KnownInput): StoredState[] {
  return history.providers.flatMap((state) => {
    const reach = reachOf(state);
    const provider = providers.find(({ name }) => name === state.name);
    if (reach === undefined || provider === undefined) return [];
    const { readUntilMs } = reach;
    const knownFromMs = keptFromMs(reach, retentionMs);
    return [{ ...provider, knownFromMs, readUntilMs, endMs: endMsOf(period.end, readUntilMs) }];
  });
}

/** Throws an InputError when the whole period is older than everything that is known. */
export function refuseUnknown(known: readonly StoredState[], { toMs, timezone }: Period): void {
  if (known.length === 0 || known.some(({ knownFromMs, endMs }) => knownFromMs < endMs)) return;
  const begins = known.map(({ name, knownFromMs }) => `${name}: ${localTime(knownFromMs, timezone)}`);
  throw new InputError(
    undefined,
    `the period ends ${localTime(toMs, timezone)}, before the history begins (${begins.join(', ')}); expected a later period, or a longer history in the configuration`,
  );
}

/** True where the period before is known as well as the baselines of metrics demand (DESIGN §5). */
export function isComparable(known: readonly StoredState[], spanMs: number): boolean {
  const overall = known.filter(({ isOverall }) => isOverall);
  return (
    overall.length > 0 &&
    overall.every(({ knownFromMs, endMs }) => knownFromMs + BASELINE_REACH_MS <= endMs - 2 * spanMs)
  );
}

export interface NotesInput {
  readonly known: readonly StoredState[];
  readonly providers: readonly ReportedProvider[];
  readonly config: ReportConfig;
  readonly period: Period;
  /** A comparison was asked for. */
  readonly isCompared: boolean;
}

/** Everything that makes the numbers less than they seem. */
export function notesOf(input: NotesInput): Note[] {
  const { known, config, period, isCompared } = input;
  const { minimumSample } = config.metrics;
  const few: Note = {
    kind: 'minimum_sample',
    text: `means and quantiles of fewer than ${minimumSample} incidents are not shown (metrics.minimum_sample)`,
  };
  const unlike: Note = {
    kind: 'no_comparison',
    text: 'no comparison: the history does not begin 30 days or more before the period before, so its longest recoveries may be missing',
  };
  return [
    ...unsynced(input),
    ...known.flatMap((provider) => lagging(provider, input)),
    ...known.flatMap((provider) => beforeHistory(provider, period)),
    ...keptOut(known),
    ...(minimumSample > 1 ? [few] : []),
    ...(isCompared && known.length > 0 && !isComparable(known, period.spanMs) ? [unlike] : []),
  ];
}

function unsynced({ known, providers }: NotesInput): Note[] {
  return providers
    .filter(({ name }) => known.every((one) => one.name !== name))
    .map(({ name }) => ({
      kind: 'unsynced',
      provider: name,
      text: `${name}: was not read to its end yet, so none of its incidents are here`,
    }));
}

/** A provider lags when three polls were missed, or five minutes where polls are more frequent. */
function lagging({ name, readUntilMs }: StoredState, { config, period }: NotesInput): Note[] {
  const pollMs = config.providers.find((one) => one.name === name)?.pollIntervalMs ?? 0;
  if (period.toMs - readUntilMs <= Math.max(3 * pollMs, 5 * MINUTE_MS)) return [];
  const until = localTime(readUntilMs, period.timezone);
  const meaning = period.end === 'read' ? 'its windows end there' : 'what happened later is not here';
  return [{ kind: 'lagging', provider: name, text: `${name}: was last read until ${until}; ${meaning}` }];
}

function beforeHistory({ name, knownFromMs, endMs }: StoredState, { spanMs, timezone }: Period): Note[] {
  if (knownFromMs <= endMs - spanMs) return [];
  const text = `${name}: its history begins ${localTime(knownFromMs, timezone)}, after the period does; what was opened before is missing`;
  return [{ kind: 'before_history', provider: name, text }];
}

function keptOut(known: readonly StoredState[]): Note[] {
  const names = known.filter(({ isOverall }) => !isOverall).map(({ name }) => name);
  if (names.length === 0) return [];
  const verb = names.length === 1 ? 'is' : 'are';
  return [
    {
      kind: 'kept_out',
      text: `${names.join(', ')} ${verb} in no number but those by provider, as configured (overall: false)`,
    },
  ];
}
