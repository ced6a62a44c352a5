import { MARKS, recoveryMs, type StoredIncident } from '../../model/stored.ts';
import type { Statistic } from '../../stats/rows.ts';
import { findIncidentExclusion } from '../exclusion.ts';
import type { Reason } from './explanation.ts';
import type { FacetView } from './facets.ts';
import { openTimes, spanOf } from './spans.ts';
import { type Basis, DESCRIBED } from './statistics.ts';

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
      return markOf(provider.hasEscalations, incident.marks & MARKS.escalated);
    case 'reopened':
      return markOf(provider.hasReopens, incident.marks & MARKS.reopened);
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
