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
  /** It follows from a failed deployment. */
  ofDeployment: 8192,
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

/**
 * What `recovery.reopened` makes of an incident: milliseconds, or undefined when it has no recovery. `measure` says how much
 * of each of its times counts: all of it, unless only business hours do.
 */
export function recoveryMs(
  incident: Pick<IncidentSummary, 'resolvedAtMs' | 'triggeredAtMs' | 'spans' | 'flags'>,
  reopened: 'last' | 'first' | 'sum',
  measure: (fromMs: number, toMs: number) => number = (fromMs, toMs) => toMs - fromMs,
): number | undefined {
  const { resolvedAtMs, triggeredAtMs, spans, flags } = incident;
  if (resolvedAtMs === undefined || (flags & FLAGS.merged) !== 0) return undefined;
  if (spans === undefined || reopened === 'last') return measure(triggeredAtMs, resolvedAtMs);
  if (reopened === 'first') return measure(triggeredAtMs, spans[1] ?? resolvedAtMs);
  let sumMs = 0;
  for (let at = 0; at + 1 < spans.length; at += 2) sumMs += measure(spans[at] ?? 0, spans[at + 1] ?? 0);
  return sumMs;
}

/** The labels of incidents after mapping, renaming and the limit on services. */
export interface IncidentLabels {
  readonly provider: string;
  readonly service: string;
  readonly severity: string;
  readonly team: string;
  /** Outside the provider's filter. */
  readonly excluded: boolean;
}
