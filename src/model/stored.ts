import type { SeveritySources, Status } from './incident.ts';

/**
 * The platform's own values of an incident from which its labels are made. Many incidents share the same dimensions, so
 * the mappings of the configuration are applied to dimensions, not to incidents.
 */
export interface Dimensions {
  /** Key in the store; small and dense. */
  readonly row: number;
  readonly provider: string;
  readonly serviceId: string;
  /** The service's newest name. */
  readonly serviceName: string;
  /** Empty when there is none. */
  readonly team: string;
  readonly severity: SeveritySources;
}

/** Bits of `IncidentSummary.flags`. */
export const FLAGS = {
  merged: 1,
  expired: 2,
  flaky: 4,
  /** Expired and flaky at once, which no incident is: the platform's own flag excludes it. So no stored query changes. */
  flagged: 6,
  /** The platform answers 404 for it. */
  deleted: 8,
  escalated: 16,
  reopened: 32,
  autoResolved: 64,
  /** It has a ledger row. */
  counted: 128,
  openingCounted: 256,
  unmappedCounted: 512,
  /** It came from a file, and no poll has reported it since. */
  imported: 1024,
  /** Something of it may still have to be counted: the first sync is not complete, or its recovery has not settled. */
  pending: 2048,
  /** Its recovery was still to be counted when a changed filter moved the start of counting beyond it. */
  endedInTime: 4096,
  /** It was counted that its recovery takes a default timestamp. */
  fallbackCounted: 8192,
  /** It follows from a failed deployment. */
  ofDeployment: 16_384,
} as const;

/** Statuses in the order of their numbers in the store. */
export const STATUSES: readonly Status[] = ['triggered', 'acknowledged', 'identified', 'mitigated', 'resolved'];

/** An incident as statistics need it: numbers, no texts (a million of them are kept in memory). */
export interface IncidentSummary {
  /** Key in the store; ascending in order of arrival. */
  readonly row: number;
  /** `row` of its Dimensions. */
  readonly dimensionsRow: number;
  /** Bits of FLAGS. */
  readonly flags: number;
  /** Index into STATUSES. */
  readonly status: number;
  readonly triggeredAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly identifiedAtMs: number | undefined;
  readonly acknowledgedAtMs: number | undefined;
  readonly mitigatedAtMs: number | undefined;
  readonly resolvedAtMs: number | undefined;
  /** 52 bits of a digest of the fingerprint. */
  readonly fingerprint: number;
  /** Open and close times in turn when there is more than one interval (an open last one has no close time); else absent. */
  readonly spans: readonly number[] | undefined;
  /** Present only where the configuration filters by title. */
  readonly title: string | undefined;
}

/** True when none of these flags is set: the incident may be in statistics. */
export function isCountable(flags: number): boolean {
  return (flags & (FLAGS.expired | FLAGS.flaky | FLAGS.deleted)) === 0;
}

/** How a recovery time is measured: `recovery` of the configuration. */
export interface RecoveryRules {
  readonly reopened: 'last' | 'first' | 'sum';
  /** Begins with the trigger (default), or with the impact where its start is known. */
  readonly clock?: 'trigger' | 'impact' | undefined;
  /** Ends with the resolve (default), or with the mitigation where it is known. */
  readonly until?: 'resolved' | 'mitigated' | undefined;
}

/** The times of an incident that its recovery is measured by. */
export type RecoveryTimes = Pick<
  IncidentSummary,
  'resolvedAtMs' | 'triggeredAtMs' | 'startedAtMs' | 'mitigatedAtMs' | 'spans' | 'flags'
>;

/**
 * What `recovery` makes of an incident: milliseconds, or undefined when it has no recovery. `measure` says how much
 * of each of its times counts: all of it, unless only business hours do.
 */
export function recoveryMs(
  incident: RecoveryTimes,
  rules: RecoveryRules,
  measure: (fromMs: number, toMs: number) => number = (fromMs, toMs) => toMs - fromMs,
): number | undefined {
  const { resolvedAtMs, spans, flags } = incident;
  if (resolvedAtMs === undefined || (flags & FLAGS.merged) !== 0) return undefined;
  const startMs = clockStartMs(incident, rules);
  const endMs = (index: number, closedAtMs: number) => mitigatedMs(incident, rules, index) ?? closedAtMs;
  if (spans === undefined || rules.reopened === 'last') return measure(startMs, endMs(lastSpan(spans), resolvedAtMs));
  if (rules.reopened === 'first') return measure(startMs, endMs(0, spans[1] ?? resolvedAtMs));
  let sumMs = 0;
  for (let at = 0; at + 1 < spans.length; at += 2) {
    sumMs += measure(at === 0 ? startMs : (spans[at] ?? 0), endMs(at, spans[at + 1] ?? 0));
  }
  return sumMs;
}

/** When the recovery clock of an incident starts. */
export function clockStartMs(
  { triggeredAtMs, startedAtMs }: Pick<RecoveryTimes, 'triggeredAtMs' | 'startedAtMs'>,
  { clock }: Pick<RecoveryRules, 'clock'>,
): number {
  return clock === 'impact' ? (startedAtMs ?? triggeredAtMs) : triggeredAtMs;
}

/** True when the recovery of an incident takes a default timestamp because the one that `rules` want is missing. */
export function isClockFallback(incident: RecoveryTimes, rules: RecoveryRules): boolean {
  if (rules.clock === 'impact' && incident.startedAtMs === undefined) return true;
  if (rules.until !== 'mitigated') return false;
  if (incident.mitigatedAtMs === undefined) return true;
  if (rules.reopened === 'sum') return false;
  const index = rules.reopened === 'first' ? 0 : lastSpan(incident.spans);
  return mitigatedMs(incident, rules, index) === undefined;
}

function lastSpan(spans: readonly number[] | undefined): number {
  return spans === undefined ? 0 : Math.floor((spans.length - 1) / 2) * 2;
}

/** The mitigation, if it is wanted and ended the span that begins at this index: it did so for the last span that it is not before. */
function mitigatedMs({ mitigatedAtMs, spans = [] }: RecoveryTimes, { until }: RecoveryRules, index: number) {
  if (until !== 'mitigated' || mitigatedAtMs === undefined) return undefined;
  const isBefore = index > 0 && mitigatedAtMs < (spans[index] ?? 0);
  const isAfter = index + 2 < spans.length && mitigatedAtMs >= (spans[index + 2] ?? 0);
  return isBefore || isAfter ? undefined : mitigatedAtMs;
}

/** The labels of incidents after mapping, renaming and the limit on services. */
export interface IncidentLabels {
  readonly provider: string;
  readonly service: string;
  readonly severity: string;
  readonly team: string;
  /** Outside the provider's filter. */
  readonly excluded: boolean;
  /** Recovery target of its service and severity; absent without one. */
  readonly targetMs?: number | undefined;
}
