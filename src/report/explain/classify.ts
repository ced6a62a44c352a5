import type { Reader } from '../../config/reading.ts';
import { type FacetLabels, MARKS, recoveryMs, type StoredIncident } from '../../model/stored.ts';
import type { Statistic } from '../../stats/rows.ts';
import type { History } from '../../store/history.ts';
import { findFilterExclusion, findIncidentExclusion, findUnfilteredLabels } from '../exclusion.ts';
import { type Basis, DESCRIBED } from '../statistic-info.ts';
import { type End, endMsOf, keptFromMs, type ReportedProvider, reachOf } from '../timeline.ts';
import { REASONS, type Reason } from './explanation.ts';
import { isWanted, LABELS, type Label, type WantedLabels } from './question.ts';

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

/** What all incidents of a facet share, as far as the question goes. */
export interface FacetView {
  readonly labels: FacetLabels;
  readonly reader: Reader;
  readonly span: ProviderSpan;
  /** Why none of them is in the number; absent when that is up to the incident. */
  readonly reason: Reason | undefined;
  readonly targetMs: number | undefined;
}

export interface FacetsInput {
  readonly history: History;
  readonly reader: (provider: string) => Reader | undefined;
  readonly spans: readonly ProviderSpan[];
  readonly wanted: WantedLabels;
  /** The row is one of those by provider, where every provider counts. */
  readonly isByProvider: boolean;
  readonly targetMs: (severity: string) => number | undefined;
}

/** What incidents are called, and which are asked for; each facet is looked at once. */
export class FacetViews {
  readonly #input: FacetsInput;
  readonly #views = new Map<number, FacetView | null>();
  /** Names that incidents have, asked for or not. */
  readonly names: Readonly<Record<Label, Set<string>>> = {
    service: new Set(),
    severity: new Set(),
    team: new Set(),
    provider: new Set(),
  };

  constructor(input: FacetsInput) {
    this.#input = input;
  }

  /** Undefined for facets that are not asked for, or not read yet. */
  get(facet: number): FacetView | undefined {
    const known = this.#views.get(facet);
    if (known !== undefined) return known ?? undefined;
    const view = this.#read(facet);
    this.#views.set(facet, view ?? null);
    return view;
  }

  #read(facet: number): FacetView | undefined {
    const { history, reader: readerOf, spans, wanted, isByProvider, targetMs } = this.#input;
    const shown = history.labels(facet);
    const reader = shown === undefined ? undefined : readerOf(shown.provider);
    const span = spans.find(({ provider }) => provider.name === shown?.provider);
    if (shown === undefined || reader === undefined || span === undefined) return undefined;
    const labels = findUnfilteredLabels(facet, { history, reader }) ?? shown;
    for (const label of LABELS) this.names[label].add(labels[label]);
    if (!isWanted(wanted, labels)) return undefined;
    const isOutside = !isByProvider && !span.provider.isOverall;
    const reason = isOutside ? 'not_overall' : findFilterExclusion(labels, reader);
    return { labels, reader, span, reason, targetMs: targetMs(labels.severity) };
  }
}

/** Near misses are at most this share of the window outside of it. */
const NEAR_SHARE = 0.1;

/** An incident in the number, with what it adds: milliseconds, or 1 or 0. */
export interface In {
  readonly value: number;
}

/** One that is not, and how far it is from being in. */
export interface Out {
  readonly reason: Reason;
  /** Milliseconds outside the window. */
  readonly outsideMs?: number;
}

export interface Judging {
  readonly statistic: Statistic;
  readonly reopened: 'last' | 'first' | 'sum';
}

/** Whether an incident is in the number, or why not; undefined when it has nothing to do with the window. */
export function judge(incident: StoredIncident, view: FacetView, judging: Judging): In | Out | undefined {
  const { basis } = DESCRIBED[judging.statistic];
  const recovery = recoveryMs(incident, judging.reopened);
  const { marks, title } = incident;
  const hidden = view.reason ?? findIncidentExclusion({ marks, title, recoveryMs: recovery }, view.reader);
  const place = placeOf(incident, view, basis);
  if (hidden !== undefined) return place === 'inside' ? { reason: hidden } : undefined;
  if (place !== 'inside') return place;
  if (basis === 'opened' || basis === 'running') return { value: 1 };
  if ((marks & MARKS.merged) !== 0) return { reason: 'merged' };
  if (recovery === undefined) return { reason: 'still_open' };
  return contribution({ incident, view, recovery }, judging.statistic);
}

/** Whether an incident takes part in statistics at all, as the row's existence depends on it. */
export function isSeen(incident: StoredIncident, view: FacetView, { reopened }: Judging): boolean {
  const { marks, title } = incident;
  const subject = { marks, title, recoveryMs: recoveryMs(incident, reopened) };
  return view.reason === undefined && findIncidentExclusion(subject, view.reader) === undefined;
}

type Place = 'inside' | Out | undefined;

function placeOf(incident: StoredIncident, view: FacetView, basis: Basis): Place {
  const { fromMs, toMs } = spanOf(view.span, basis);
  const nearMs = (toMs - fromMs) * NEAR_SHARE;
  const { triggeredAtMs, resolvedAtMs } = incident;
  if (basis === 'running') {
    const isOpenThen = openTimes(incident).some((time) => time.fromMs <= toMs && (time.toMs ?? toMs) > fromMs);
    return isOpenThen ? 'inside' : undefined;
  }
  if (basis === 'opened') {
    const outsideMs = outside(triggeredAtMs, fromMs, toMs);
    if (outsideMs === 0) return 'inside';
    if (outsideMs > nearMs) return undefined;
    return { reason: triggeredAtMs > toMs ? 'opened_after' : 'opened_before', outsideMs };
  }
  // What has no end yet, or a merge for an end, belongs to the time in which it was open.
  if (resolvedAtMs === undefined) return triggeredAtMs <= toMs ? unresolvedPlace(incident, fromMs) : undefined;
  const outsideMs = outside(resolvedAtMs, fromMs, toMs);
  if (outsideMs === 0) return 'inside';
  if (resolvedAtMs > toMs) return triggeredAtMs <= toMs ? { reason: 'ended_after', outsideMs } : undefined;
  return outsideMs <= nearMs ? { reason: 'ended_before', outsideMs } : undefined;
}

function unresolvedPlace({ marks, triggeredAtMs }: StoredIncident, fromMs: number): Place {
  const isOver = (marks & (MARKS.merged | MARKS.deleted | MARKS.expired | MARKS.flaky)) !== 0;
  return isOver && triggeredAtMs <= fromMs ? undefined : 'inside';
}

/** Milliseconds outside of (fromMs, toMs]; 0 inside. */
function outside(ms: number, fromMs: number, toMs: number): number {
  if (ms > toMs) return ms - toMs;
  // The beginning itself is outside: a window holds what came after it.
  return ms <= fromMs ? Math.max(1, fromMs - ms) : 0;
}

interface Resolved {
  readonly incident: StoredIncident;
  readonly view: FacetView;
  readonly recovery: number;
}

function contribution(resolved: Resolved, statistic: Statistic): In | Out {
  const { incident, view, recovery } = resolved;
  const { provider } = view.span;
  switch (statistic) {
    case 'resolved':
    case 'baselineResolved':
      return { value: 1 };
    case 'mtta':
    case 'mttd':
    case 'mtti':
    case 'mttm':
      return stampOf(incident, statistic);
    case 'withinTarget':
      return view.targetMs === undefined ? { reason: 'no_target' } : { value: Number(recovery <= view.targetMs) };
    case 'escalated':
      return markOf(provider.tellsEscalations, incident.marks & MARKS.escalated);
    case 'reopened':
      return markOf(provider.tellsReopens, incident.marks & MARKS.reopened);
    default:
      return { value: recovery };
  }
}

function markOf(isTold: boolean, mark: number): In | Out {
  return isTold ? { value: Number(mark !== 0) } : { reason: 'not_told' };
}

function stampOf(incident: StoredIncident, statistic: 'mtta' | 'mttd' | 'mtti' | 'mttm'): In | Out {
  const { triggeredAtMs, startedAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs } = incident;
  if (statistic === 'mttd') {
    return startedAtMs === undefined ? { reason: 'no_stamp' } : { value: triggeredAtMs - startedAtMs };
  }
  const stampMs = { mtta: acknowledgedAtMs, mtti: identifiedAtMs, mttm: mitigatedAtMs }[statistic];
  return stampMs === undefined ? { reason: 'no_stamp' } : { value: stampMs - triggeredAtMs };
}

/** Incidents that are named for each reason. */
export const EXAMPLES_MAX = 5;

/** An incident in the number: where it is kept, and what it adds (milliseconds, or 1 or 0). */
export interface Member {
  readonly row: number;
  readonly value: number;
  readonly triggeredAtMs: number;
  readonly fingerprint: number;
  /** Only where the statistic is about time. */
  readonly times: readonly OpenTime[];
}

export interface Example {
  readonly row: number;
  readonly triggeredAtMs: number;
  readonly outsideMs: number | undefined;
}

/** All with one reason; a few of them by name, the most telling first. */
export interface Omitted {
  readonly reason: Reason;
  readonly count: number;
  readonly examples: readonly Example[];
}

export interface Collected {
  readonly members: readonly Member[];
  /** In the order of REASONS; only those that occur. */
  readonly omitted: readonly Omitted[];
  /** Providers that have an incident in the row, at any time. */
  readonly providersInRow: ReadonlySet<string>;
}

/** Goes once over the whole history and judges every incident that has the labels. */
export function collect(history: History, views: FacetViews, judging: Judging): Collected {
  const { basis } = DESCRIBED[judging.statistic];
  const members: Member[] = [];
  const omitted = new Map<Reason, { count: number; examples: Example[] }>();
  const providersInRow = new Set<string>();
  history.each((incident) => {
    const view = views.get(incident.facet);
    if (view === undefined) return;
    const { name } = view.span.provider;
    if (!providersInRow.has(name) && isSeen(incident, view, judging)) providersInRow.add(name);
    const judged = judge(incident, view, judging);
    if (judged === undefined) return;
    if (isIn(judged)) members.push(memberOf(incident, judged, basis));
    else omit(omitted, incident, judged);
  });
  const found = REASONS.flatMap((reason) => {
    const one = omitted.get(reason);
    return one === undefined ? [] : [{ reason, ...one }];
  });
  return { members, omitted: found, providersInRow };
}

function isIn(judged: In | Out): judged is In {
  return 'value' in judged;
}

function memberOf(incident: StoredIncident, { value }: In, basis: Basis): Member {
  const { row, triggeredAtMs, fingerprint } = incident;
  return { row, value, triggeredAtMs, fingerprint, times: basis === 'running' ? openTimes(incident) : [] };
}

function omit(
  omitted: Map<Reason, { count: number; examples: Example[] }>,
  { row, triggeredAtMs }: StoredIncident,
  { reason, outsideMs }: Out,
): void {
  const one = omitted.get(reason) ?? { count: 0, examples: [] };
  omitted.set(reason, one);
  one.count += 1;
  const example = { row, triggeredAtMs, outsideMs };
  const last = one.examples[EXAMPLES_MAX - 1];
  if (last !== undefined && byTelling(example, last) >= 0) return;
  one.examples.push(example);
  one.examples.sort(byTelling);
  one.examples.length = Math.min(one.examples.length, EXAMPLES_MAX);
}

/** The nearest to the window first, then the newest. */
function byTelling(a: Example, b: Example): number {
  return (a.outsideMs ?? 0) - (b.outsideMs ?? 0) || b.triggeredAtMs - a.triggeredAtMs || a.row - b.row;
}
