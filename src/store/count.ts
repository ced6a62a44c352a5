import { isVisible } from '../config/label-mapper.ts';
import type { Incident } from '../model/incident.ts';
import { FLAGS, type IncidentLabels, isClockFallback, type RecoveryTimes, recoveryMs } from '../model/stored.ts';
import { contentFlags, type IncidentRow, list, number, spansOf, timestamp } from './incident-row.ts';
import { type LabelSet, observe } from './label-sets.ts';
import { editSeries, type IncidentSeries } from './series.ts';
import type { LedgerState } from './state.ts';
import type { Exemplar } from './store.ts';

/** What has been counted of an incident; stored beside what the platform reports of it. */
export interface CountingState {
  readonly row: number;
  flags: number;
  escalationsCounted: number;
  reopensCounted: number;
}

/** An incident as it is to be counted. */
export interface CountInput {
  readonly incident: Incident;
  readonly dimensionsRow: number;
  readonly counting: CountingState;
}

/** What counting an incident depends on besides the incident. */
export interface CountingRules {
  readonly provider: string;
  readonly countingSinceMs: number;
  /** Before any change of the filter: what was counted since may have been pruned. */
  readonly countingBeganMs: number;
  /** The time up to which the poll that is committed has read the platform. */
  readonly polledUntilMs: number;
  /** What is older may have been counted and pruned: it is never counted (again). */
  readonly prunedBeforeMs: number;
  readonly nowMs: number;
}

/** One row of the ledger: an incident whose recovery is counted. */
interface LedgerRow {
  readonly incident: number;
  readonly labelSet: number;
  readonly ms: number;
  readonly triggeredAtMs: number;
  readonly resolvedAtMs: number;
  readonly countedAtMs: number;
}

/** A counted recovery that may become the exemplar of its bucket. */
export interface ExemplarCandidate {
  readonly set: number;
  readonly bucket: number;
  readonly exemplar: Exemplar;
}

/** What counting adds besides totals. */
export interface CountResult {
  readonly ledger: LedgerRow[];
  readonly exemplars: ExemplarCandidate[];
}

/**
 * Counts what is due of this incident in the totals of `state`: each opening, escalation, reopening and recovery once.
 * True when its recovery still waits for `recovery.settle`. What ended before `countingSinceMs`, or longer ago than the
 * retention, is never counted (DESIGN §4).
 */
export function countDue(state: LedgerState, input: CountInput, rules: CountingRules, result: CountResult): boolean {
  const { incident, dimensionsRow, counting } = input;
  const { settings } = state;
  const labels = state.labels(dimensionsRow);
  const labelMapper = state.labelMapper(rules.provider);
  if (labels === undefined || labelMapper === undefined) return false;
  const ms = recoveryMs(toTimes(incident, counting), settings);
  if (!isVisible({ flags: counting.flags, title: incident.title, recoveryMs: ms }, labels, labelMapper)) {
    counting.flags &= ~FLAGS.endedInTime;
    return false;
  }
  const series = editSeries(state, labels, rules.nowMs);
  countOpening(incident, counting, series, rules);
  countChanges(incident, counting, series, rules);
  if (ms === undefined || (counting.flags & FLAGS.counted) !== 0) return false;
  const due = recoveryDue(input, rules, settings.settleMs);
  if (due === 'now') countRecovery(state, { ...input, ms, labels, series }, rules, result);
  return due === 'later';
}

/** True when anything of this incident may have to be counted, now or later. */
export function mayCount(incident: Incident, sinceMs: number): boolean {
  const times = [incident.triggeredAtMs, incident.resolvedAtMs, incident.escalatedAtMs, incident.reopenedAtMs].flat();
  return times.some((ms) => ms !== undefined && ms >= sinceMs);
}

/**
 * True for an incident that is not stored although it was opened before the time up to which closed ones were pruned: it
 * was counted and pruned, and the platform reports it again. Counting it once more would double it.
 */
export function wasCountedAndPruned(incident: Incident, rules: CountingRules, prunedBeforeMs: number | undefined) {
  if (prunedBeforeMs === undefined || prunedBeforeMs <= rules.countingBeganMs) return false;
  return incident.triggeredAtMs < prunedBeforeMs;
}

/** Counts, once, an incident that has the default severity because its own is unknown or missing; history included. */
export function countUnmapped(
  state: LedgerState,
  { dimensionsRow, counting }: Omit<CountInput, 'incident'>,
  provider: string,
) {
  const reason = state.mapped(dimensionsRow)?.severity.unmapped?.reason;
  if (reason === undefined || (counting.flags & FLAGS.unmappedCounted) !== 0) return;
  counting.flags |= FLAGS.unmappedCounted;
  state.count({ provider, name: 'unmapped', label: reason });
}

/** Counts, once, an incident whose recovery takes a default timestamp for one that is missing; history included. */
export function countFallback(state: LedgerState, { incident, dimensionsRow, counting }: CountInput, provider: string) {
  if ((counting.flags & FLAGS.fallbackCounted) !== 0) return;
  const { settings } = state;
  const labels = state.labels(dimensionsRow);
  const labelMapper = state.labelMapper(provider);
  const times = toTimes(incident, counting);
  const ms = recoveryMs(times, settings);
  if (ms === undefined || !isClockFallback(times, settings) || labels === undefined || labelMapper === undefined)
    return;
  if (!isVisible({ flags: times.flags, title: incident.title, recoveryMs: ms }, labels, labelMapper)) return;
  counting.flags |= FLAGS.fallbackCounted;
  state.count({ provider, name: 'clock_fallbacks', label: '' });
}

function recoveryDue(input: CountInput, rules: CountingRules, settleMs: number): 'now' | 'later' | 'never' {
  const { incident, counting } = input;
  const { resolvedAtMs } = incident;
  if (resolvedAtMs === undefined || resolvedAtMs < rules.prunedBeforeMs) return 'never';
  if (resolvedAtMs < rules.countingSinceMs && (counting.flags & FLAGS.endedInTime) === 0) return 'never';
  return settleMs > 0 && rules.polledUntilMs - resolvedAtMs < settleMs ? 'later' : 'now';
}

interface RecoveryInput extends CountInput {
  readonly ms: number;
  readonly labels: IncidentLabels;
  readonly series: IncidentSeries;
}

function countRecovery(state: LedgerState, input: RecoveryInput, rules: CountingRules, result: CountResult): void {
  const { incident, ms, counting, labels, series } = input;
  const { triggeredAtMs, resolvedAtMs = 0 } = incident;
  const { settings } = state;
  const { serviceSeries, severitySeries } = series;
  const countedAtMs = rules.nowMs;
  result.ledger.push({
    incident: counting.row,
    labelSet: serviceSeries.row,
    ms,
    triggeredAtMs,
    resolvedAtMs,
    countedAtMs,
  });
  counting.flags |= FLAGS.counted;
  const { recovery } = serviceSeries.groups;
  if (recovery !== undefined) {
    const bucket = observe(recovery.recovery, ms, settings.bucketsMs);
    const { targetMs } = labels;
    if (targetMs !== undefined && ms <= targetMs) recovery.withinTarget += 1;
    result.exemplars.push({ set: serviceSeries.row, bucket, exemplar: { incidentId: incident.id, ms, resolvedAtMs } });
  }
  observeTimings(incident, severitySeries, settings.bucketsMs);
  const isUnacknowledged =
    incident.acknowledgedAtMs === undefined && settings.capabilities.get(rules.provider)?.acknowledged === true;
  const { changes } = severitySeries.groups;
  if (changes === undefined || !isUnacknowledged) return;
  if (incident.autoResolved === true) changes.unacknowledgedAuto += 1;
  else changes.unacknowledged += 1;
}

function toTimes(incident: Incident, counting: Pick<CountingState, 'flags'>): RecoveryTimes {
  const { triggeredAtMs, resolvedAtMs, startedAtMs, mitigatedAtMs } = incident;
  const flags = counting.flags | contentFlags(incident);
  return { triggeredAtMs, resolvedAtMs, startedAtMs, mitigatedAtMs, flags, spans: spansOf(incident) };
}

function countOpening(
  incident: Incident,
  counting: CountingState,
  { serviceSeries }: IncidentSeries,
  rules: CountingRules,
): void {
  const sinceMs = Math.max(rules.countingSinceMs, rules.prunedBeforeMs);
  if (incident.triggeredAtMs < sinceMs || (counting.flags & FLAGS.openingCounted) !== 0) return;
  counting.flags |= FLAGS.openingCounted;
  if (serviceSeries.groups.counts !== undefined) serviceSeries.groups.counts.opened += 1;
}

/** Escalations and reopenings by their own times; a platform never withdraws one, so the counts only grow. */
function countChanges(
  incident: Incident,
  counting: CountingState,
  { severitySeries }: IncidentSeries,
  rules: CountingRules,
): void {
  const escalations = uncounted(incident.escalatedAtMs, counting.escalationsCounted, rules);
  const reopens = uncounted(incident.reopenedAtMs, counting.reopensCounted, rules);
  counting.escalationsCounted = Math.max(counting.escalationsCounted, escalations.reached);
  counting.reopensCounted = Math.max(counting.reopensCounted, reopens.reached);
  const { changes } = severitySeries.groups;
  if (changes === undefined) return;
  changes.escalations += escalations.due;
  changes.reopened += reopens.due;
}

/** How many of these times are still to be counted (`due`), and how many are done after that, pruned ones included (`reached`). */
function uncounted(times: readonly number[] | undefined, counted: number, rules: CountingRules) {
  const since = (fromMs: number) => (times ?? []).filter((ms) => ms >= fromMs).length;
  const reached = since(rules.countingSinceMs);
  const unpruned = since(Math.max(rules.countingSinceMs, rules.prunedBeforeMs));
  return { reached, due: Math.min(Math.max(0, reached - counted), unpruned) };
}

function observeTimings(incident: Incident, set: LabelSet, bucketsMs: readonly number[]): void {
  const { timings } = set.groups;
  if (timings === undefined) return;
  const { triggeredAtMs, startedAtMs } = incident;
  const sinceTrigger = (ms: number | undefined) => (ms === undefined ? undefined : ms - triggeredAtMs);
  const pairs = [
    [timings.acknowledgement, sinceTrigger(incident.acknowledgedAtMs)],
    [timings.detection, startedAtMs === undefined ? undefined : triggeredAtMs - startedAtMs],
    [timings.identification, sinceTrigger(incident.identifiedAtMs)],
    [timings.mitigation, sinceTrigger(incident.mitigatedAtMs)],
  ] as const;
  for (const [histogram, ms] of pairs) if (ms !== undefined) observe(histogram, ms, bucketsMs);
}

/** The kinds of revisions: what may change about an incident after something of it was counted. */
export const REVISION_REASONS = [
  'reopened',
  'severity',
  'service',
  'resolved_at',
  'triggered_at',
  'merged',
  'deleted',
] as const;
/** What else may change about a deployment after it was counted. */
export const DEPLOYMENT_REVISION_REASON = 'outcome';
export type RevisionReason = (typeof REVISION_REASONS)[number] | typeof DEPLOYMENT_REVISION_REASON;

/** True when anything of the stored incident was counted, its opening included. */
export function isAnythingCounted(row: IncidentRow): boolean {
  if ((number(row, 'marks') & (FLAGS.counted | FLAGS.openingCounted)) !== 0) return true;
  return number(row, 'escalations_counted') > 0 || number(row, 'reopens_counted') > 0;
}

interface RevisionInput {
  readonly before: IncidentRow;
  readonly incident: Incident;
  /** The dimensions of the incident as it is now. */
  readonly dimensionsRow: number;
  /** The resolve time with which the ledger has it. */
  readonly countedEndMs: number | undefined;
}

/** What a poll changes about an incident of which something is counted; the ledger keeps what it has. */
export function findRevisions(
  state: LedgerState,
  { before, incident, dimensionsRow, countedEndMs }: RevisionInput,
): RevisionReason[] {
  if (!isAnythingCounted(before)) return [];
  const changes: RevisionReason[] = [];
  if (isReopened(before, incident)) changes.push('reopened');
  const then = state.mapped(number(before, 'facet'));
  const now = state.mapped(dimensionsRow);
  if (then?.severity.name !== now?.severity.name) changes.push('severity');
  if (then?.service !== now?.service) changes.push('service');
  // An incident that is open again has no stored end: then the counted one is compared.
  const endBeforeMs = timestamp(before, 'resolved_ms') ?? countedEndMs;
  const { resolvedAtMs } = incident;
  if (resolvedAtMs !== undefined && endBeforeMs !== undefined && resolvedAtMs !== endBeforeMs) {
    changes.push('resolved_at');
  }
  if (number(before, 'triggered_ms') !== incident.triggeredAtMs) changes.push('triggered_at');
  if (incident.merged && (number(before, 'marks') & FLAGS.merged) === 0) changes.push('merged');
  return changes;
}

/** By the platform's list of reopenings where it has one, else by a resolve time that is gone. */
function isReopened(before: IncidentRow, now: Incident): boolean {
  const known = list(before, 'reopened');
  if (known !== undefined && now.reopenedAtMs !== undefined) return now.reopenedAtMs.length > known.length;
  return timestamp(before, 'resolved_ms') !== undefined && now.resolvedAtMs === undefined;
}
