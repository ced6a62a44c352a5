import type { LabelMapper } from '../../config/label-mapper.ts';
import type { SeverityConfig } from '../../config/types.ts';
import { FLAGS, type IncidentLabels, type IncidentSummary, recoveryMs } from '../../model/stored.ts';
import { createBusinessTime } from '../../stats/business-hours.ts';
import type { Statistic } from '../../stats/rows.ts';
import { findFilterExclusion, findIncidentExclusion, findUnfilteredLabels } from '../exclusion.ts';
import { LABELS, type Label, type LabelQuery, matchesLabels } from '../filter.ts';
import { type Basis, STATISTIC_INFO } from '../statistic-info.ts';
import type { HistoryInput, ProviderWindow } from '../timeline.ts';
import { type ContributionInput, type Counted, findContribution, type NotCounted } from './contribution.ts';
import { REASONS, type Reason } from './explanation.ts';

/** Incidents that are named for each reason. */
export const EXAMPLES_MAX = 5;
/** Near misses are at most this share of the window outside of it. */
const NEAR_SHARE = 0.1;

export interface ClassifyInput extends HistoryInput {
  readonly statistic: Statistic;
  readonly labels: LabelQuery;
  readonly windows: readonly ProviderWindow[];
  /** The row is one of those by provider, where every provider counts. */
  readonly isByProvider: boolean;
  /** Only incidents of these severities are in the number; of all without it. */
  readonly outageSeverities?: readonly string[] | undefined;
}

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
export interface Omission {
  readonly reason: Reason;
  readonly count: number;
  readonly examples: readonly Example[];
}

export interface Classification {
  readonly members: readonly Member[];
  /** In the order of REASONS; only those that occur. */
  readonly omissions: readonly Omission[];
  /** Providers that have an incident in the row, at any time. */
  readonly providersInRow: ReadonlySet<string>;
  /** Values of each label that incidents have, asked for or not. */
  readonly names: Readonly<Record<Label, ReadonlySet<string>>>;
  /** The labels of incidents with these dimensions, if the question is about them; else undefined. */
  readonly findLabels: (dimensionsRow: number) => IncidentLabels | undefined;
}

/** Goes once over the whole history and classifies every incident that has the labels. */
export function classifyIncidents(input: ClassifyInput): Classification {
  const { history, statistic, settings } = input;
  const { basis } = STATISTIC_INFO[statistic];
  const index = createDimensionsIndex(input);
  const members: Member[] = [];
  const omitted = new Map<Reason, { count: number; examples: Example[] }>();
  const providersInRow = new Set<string>();
  const { businessHours } = settings;
  const shared = { statistic, rules: settings, businessTime: businessHours && createBusinessTime(businessHours) };
  history.each((incident) => {
    const dimensions = index.find(incident.dimensionsRow);
    if (dimensions === undefined) return;
    const { flags, title, row, triggeredAtMs, fingerprint } = incident;
    const recovery = recoveryMs(incident, settings);
    const exclusion =
      dimensions.reason ?? findIncidentExclusion({ flags, title, recoveryMs: recovery }, dimensions.labelMapper);
    if (exclusion === undefined) providersInRow.add(dimensions.window.provider.name);
    const result = classifyIncident({ ...shared, incident, dimensions, recovery, exclusion });
    if (result === undefined) return;
    if ('reason' in result) return addOmission(omitted, incident, result);
    const times = basis === 'open_time' ? findOpenTimes(incident) : [];
    members.push({ row, value: result.value, triggeredAtMs, fingerprint, times });
  });
  const omissions = REASONS.flatMap((reason) => {
    const found = omitted.get(reason);
    return found === undefined ? [] : [{ reason, ...found }];
  });
  const findLabels = (dimensionsRow: number) => index.find(dimensionsRow)?.labels;
  return { members, omissions, providersInRow, names: index.names, findLabels };
}

/** What all incidents of a set of dimensions share, as far as the question goes. */
interface DimensionsInfo {
  readonly labels: IncidentLabels;
  readonly labelMapper: LabelMapper;
  readonly window: ProviderWindow;
  /** Why none of them is in the number; absent when that is up to the incident. */
  readonly reason: Reason | undefined;
  /** Undefined for one that is configured no more. */
  readonly severity: SeverityConfig | undefined;
  /** Its severity is one of those that the number is about. */
  readonly isAsked: boolean;
}

/** Looks at each set of dimensions once; finds nothing for dimensions that the question is not about, or that are not synced yet. */
function createDimensionsIndex({
  history,
  labelMapper: findLabelMapper,
  settings,
  windows,
  labels: wanted,
  isByProvider,
  outageSeverities,
}: ClassifyInput) {
  const names: Record<Label, Set<string>> = {
    service: new Set(),
    severity: new Set(),
    team: new Set(),
    provider: new Set(),
  };
  const known = new Map<number, DimensionsInfo | undefined>();
  const read = (dimensionsRow: number): DimensionsInfo | undefined => {
    const stored = history.labels(dimensionsRow);
    const labelMapper = stored === undefined ? undefined : findLabelMapper(stored.provider);
    const window = windows.find(({ provider }) => provider.name === stored?.provider);
    if (stored === undefined || labelMapper === undefined || window === undefined) return undefined;
    const labels = findUnfilteredLabels(dimensionsRow, { history, labelMapper }) ?? stored;
    for (const label of LABELS) names[label].add(labels[label]);
    if (!matchesLabels(wanted, labels)) return undefined;
    const isOutside = !isByProvider && !window.provider.isOverall;
    const reason = isOutside ? 'not_overall' : findFilterExclusion(labels, labelMapper);
    const severity = settings.severities.find(({ name }) => name === labels.severity);
    const isAsked = outageSeverities === undefined || outageSeverities.includes(labels.severity);
    return { labels, labelMapper, window, reason, severity, isAsked };
  };
  const find = (dimensionsRow: number): DimensionsInfo | undefined => {
    if (!known.has(dimensionsRow)) known.set(dimensionsRow, read(dimensionsRow));
    return known.get(dimensionsRow);
  };
  return { names, find };
}

interface Candidate extends Pick<ContributionInput, 'incident' | 'rules' | 'businessTime'> {
  readonly dimensions: DimensionsInfo;
  readonly statistic: Statistic;
  readonly recovery: number | undefined;
  readonly exclusion: Reason | undefined;
}

/** Whether an incident is in the number, or why not; undefined when it has nothing to do with the window. */
function classifyIncident(candidate: Candidate): Counted | NotCounted | undefined {
  const { incident, dimensions, statistic, recovery, exclusion } = candidate;
  const { basis } = STATISTIC_INFO[statistic];
  const position = findWindowPosition(incident, moveWindow(dimensions.window, basis), basis);
  if (position !== 'inside') return exclusion === undefined ? position : undefined;
  if (exclusion !== undefined) return { reason: exclusion };
  if (!dimensions.isAsked) return { reason: 'other_severity' };
  if (basis === 'opened' || basis === 'open_time') return { value: 1 };
  if ((incident.flags & FLAGS.merged) !== 0) return { reason: 'merged' };
  if (recovery === undefined) return { reason: 'still_open' };
  const { window, severity, labels } = dimensions;
  const { targetMs } = labels;
  return findContribution(statistic, { ...candidate, recovery, provider: window.provider, severity, targetMs });
}

/** The window whose incidents a statistic is made of: baselines look at the one before. */
export function moveWindow(window: ProviderWindow, basis: Basis): ProviderWindow {
  if (basis !== 'resolved_before') return window;
  return { ...window, fromMs: 2 * window.fromMs - window.toMs, toMs: window.fromMs };
}

type WindowPosition = 'inside' | NotCounted | undefined;

function findWindowPosition(incident: IncidentSummary, window: ProviderWindow, basis: Basis): WindowPosition {
  const { fromMs, toMs } = window;
  const nearMs = (toMs - fromMs) * NEAR_SHARE;
  const { triggeredAtMs, resolvedAtMs } = incident;
  if (basis === 'open_time') {
    const isOpenThen = findOpenTimes(incident).some((time) => time.fromMs <= toMs && (time.toMs ?? toMs) > fromMs);
    return isOpenThen ? 'inside' : undefined;
  }
  if (basis === 'opened') {
    const outsideMs = measureOutside(triggeredAtMs, fromMs, toMs);
    if (outsideMs === 0) return 'inside';
    if (outsideMs > nearMs) return undefined;
    return { reason: triggeredAtMs > toMs ? 'opened_after' : 'opened_before', outsideMs };
  }
  // What has no end yet, or a merge for an end, belongs to the time in which it was open.
  if (resolvedAtMs === undefined) return triggeredAtMs <= toMs ? findUnresolvedPosition(incident, fromMs) : undefined;
  const outsideMs = measureOutside(resolvedAtMs, fromMs, toMs);
  if (outsideMs === 0) return 'inside';
  if (resolvedAtMs > toMs) return triggeredAtMs <= toMs ? { reason: 'ended_after', outsideMs } : undefined;
  return outsideMs <= nearMs ? { reason: 'ended_before', outsideMs } : undefined;
}

function findUnresolvedPosition({ flags, triggeredAtMs }: IncidentSummary, fromMs: number): WindowPosition {
  const isOver = (flags & (FLAGS.merged | FLAGS.deleted | FLAGS.expired | FLAGS.flaky)) !== 0;
  return isOver && triggeredAtMs <= fromMs ? undefined : 'inside';
}

/** Milliseconds outside of (fromMs, toMs]; 0 inside. */
function measureOutside(ms: number, fromMs: number, toMs: number): number {
  if (ms > toMs) return ms - toMs;
  // The beginning itself is outside: a window holds what came after it.
  return ms <= fromMs ? Math.max(1, fromMs - ms) : 0;
}

function addOmission(
  omitted: Map<Reason, { count: number; examples: Example[] }>,
  { row, triggeredAtMs }: IncidentSummary,
  { reason, outsideMs }: NotCounted,
): void {
  const found = omitted.get(reason) ?? { count: 0, examples: [] };
  omitted.set(reason, found);
  found.count += 1;
  const example = { row, triggeredAtMs, outsideMs };
  const last = found.examples[EXAMPLES_MAX - 1];
  if (last !== undefined && compareExamples(example, last) >= 0) return;
  found.examples.push(example);
  found.examples.sort(compareExamples);
  found.examples.length = Math.min(found.examples.length, EXAMPLES_MAX);
}

/** The nearest to the window first, then the newest. */
function compareExamples(a: Example, b: Example): number {
  return (a.outsideMs ?? 0) - (b.outsideMs ?? 0) || b.triggeredAtMs - a.triggeredAtMs || a.row - b.row;
}

/** A time in which an incident was open; it still is without an end. */
export interface OpenTime {
  readonly fromMs: number;
  readonly toMs: number | undefined;
}

/** When it was open; a merged one is over, whether or not the platform says since when. */
function findOpenTimes({ spans, triggeredAtMs, resolvedAtMs, flags }: IncidentSummary): OpenTime[] {
  const isMerged = (flags & FLAGS.merged) !== 0;
  if (spans === undefined)
    return [{ fromMs: triggeredAtMs, toMs: resolvedAtMs ?? (isMerged ? triggeredAtMs : undefined) }];
  const times: OpenTime[] = [];
  for (let index = 0; index < spans.length; index += 2) {
    const fromMs = spans[index] ?? triggeredAtMs;
    times.push({ fromMs, toMs: spans[index + 1] ?? (isMerged ? (resolvedAtMs ?? fromMs) : undefined) });
  }
  return times;
}
