import { MARKS, type StoredIncident } from '../../model/stored.ts';
import type { History } from '../../store/history.ts';
import { type End, endMsOf, keptFromMs, type ReportedProvider, reachOf } from '../timeline.ts';
import type { Basis } from './statistics.ts';

/** Where the window of one provider lies: (fromMs, toMs]. */
export interface ProviderSpan {
  readonly provider: ReportedProvider;
  readonly fromMs: number;
  readonly toMs: number;
  readonly historyStartMs: number;
  readonly readUntilMs: number;
  /** Where what is held begins: history, less what is no longer kept. */
  readonly knownFromMs: number;
}

interface SpansInput {
  readonly history: History;
  readonly providers: readonly ReportedProvider[];
  readonly window: { readonly ms: number };
  readonly end: End;
  readonly retentionMs: number;
}

/** Windows of the providers whose first sync is complete. */
export function spansOf({ history, providers, window, end, retentionMs }: SpansInput): readonly ProviderSpan[] {
  return history.providers.flatMap((state) => {
    const provider = providers.find(({ name }) => name === state.name);
    const reach = reachOf(state);
    if (provider === undefined || reach === undefined) return [];
    const toMs = endMsOf(end, reach.readUntilMs);
    return [{ provider, fromMs: toMs - window.ms, toMs, ...reach, knownFromMs: keptFromMs(reach, retentionMs) }];
  });
}

/** Moves it to the window whose incidents a statistic is made of: baselines look at the one before. */
export function spanOf(span: ProviderSpan, basis: Basis): ProviderSpan {
  if (basis !== 'resolved_before') return span;
  return { ...span, fromMs: 2 * span.fromMs - span.toMs, toMs: span.fromMs };
}

/** A time in which an incident was open; it still is without an end. */
export interface OpenTime {
  readonly fromMs: number;
  readonly toMs: number | undefined;
}

/** When it was open; a merged one is over, whether or not the platform says since when. */
export function openTimes({ spans, triggeredAtMs, resolvedAtMs, marks }: StoredIncident): OpenTime[] {
  const isMerged = (marks & MARKS.merged) !== 0;
  if (spans === undefined)
    return [{ fromMs: triggeredAtMs, toMs: resolvedAtMs ?? (isMerged ? triggeredAtMs : undefined) }];
  const times: OpenTime[] = [];
  for (let at = 0; at < spans.length; at += 2) {
    const fromMs = spans[at] ?? triggeredAtMs;
    times.push({ fromMs, toMs: spans[at + 1] ?? (isMerged ? (resolvedAtMs ?? fromMs) : undefined) });
  }
  return times;
}

/** Milliseconds of (fromMs, toMs] in which at least one of these ran; overlaps count once. Sorts the list. */
export function busyMs(times: OpenTime[], fromMs: number, toMs: number): number {
  times.sort((a, b) => a.fromMs - b.fromMs);
  let busy = 0;
  let untilMs = fromMs;
  for (const time of times) {
    const beginMs = Math.max(time.fromMs, untilMs);
    const endMs = Math.min(time.toMs ?? toMs, toMs);
    if (endMs <= beginMs) continue;
    busy += endMs - beginMs;
    untilMs = endMs;
  }
  return busy;
}
