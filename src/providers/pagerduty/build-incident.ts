import {
  type EndKnownFrom,
  type Incident,
  type Interval,
  type Rejection,
  type StateChange,
  titleFingerprint,
} from '../../model/incident.ts';
import type { IncidentRecord } from './schema.ts';
import { isResolve, sortByTime } from './state-changes.ts';

/** An incident from what the platform says of it and from its log. Order and repetition of the state changes change nothing. */
export function buildIncident(record: IncidentRecord, stateChanges: readonly StateChange[]): Incident | Rejection {
  const { triggeredAtMs, status } = record;
  const log = sortByTime(stateChanges).filter(({ atMs }) => atMs >= triggeredAtMs);
  const end = findEnd(record, log);
  if (end === undefined && status === 'resolved') {
    const detail = 'resolved, but with neither resolved_at, nor a resolve in its log, nor last_status_change_at';
    return { id: record.id, key: record.id, reason: 'end_unknown', detail };
  }
  const intervals = end === undefined ? openIntervals(record, log) : closedIntervals(record, log, end.atMs);
  const whileOpen = end === undefined ? log : log.filter(({ atMs }) => atMs <= end.atMs);
  const { resolvedAtMs: _field, statusChangedAtMs: _change, ...rest } = record;
  return {
    ...rest,
    acknowledgedAtMs: whileOpen.find(({ kind }) => kind === 'acknowledge')?.atMs,
    resolvedAtMs: end?.atMs,
    endKnownFrom: end?.from,
    autoResolved: end === undefined ? undefined : endedByItself(log, end.atMs),
    escalatedAtMs: whileOpen.filter(({ kind }) => kind === 'escalate').map(({ atMs }) => atMs),
    reopenedAtMs: intervals.slice(1).map(({ openedAtMs }) => openedAtMs),
    intervals,
    fingerprint: titleFingerprint(record.serviceId, record.title),
  };
}

/** What the platform had said of a stored incident, as far as it was kept. */
export function toRecord(stored: Incident): IncidentRecord | undefined {
  const { status, resolvedAtMs, endKnownFrom } = stored;
  if (status === 'identified' || status === 'mitigated') return undefined;
  const isGuess = endKnownFrom === 'state_change';
  return {
    id: stored.id,
    url: stored.url,
    title: stored.title,
    serviceId: stored.serviceId,
    serviceName: stored.serviceName,
    team: stored.team,
    severity: stored.severity,
    status,
    triggeredAtMs: stored.triggeredAtMs,
    resolvedAtMs: isGuess ? undefined : resolvedAtMs,
    statusChangedAtMs: isGuess ? resolvedAtMs : undefined,
    merged: stored.merged,
    updatedAtMs: stored.updatedAtMs,
  };
}

/** When the log closes the incident and is silent about the reopening that the platform's status shows. */
export function unloggedReopenMs(
  record: IncidentRecord,
  stateChanges: readonly StateChange[],
  storedEndMs?: number,
): number | undefined {
  if (record.status === 'resolved') return undefined;
  const log = sortByTime(stateChanges).filter(({ atMs }) => atMs >= record.triggeredAtMs);
  const closedAtMs = Math.max(log.findLast(isResolve)?.atMs ?? 0, storedEndMs ?? 0);
  if (closedAtMs === 0 || log.some((one) => !isResolve(one) && one.atMs > closedAtMs)) return undefined;
  return Math.max(record.updatedAtMs, closedAtMs + 1);
}

interface End {
  readonly atMs: number;
  readonly from: EndKnownFrom;
}

function findEnd(
  { status, resolvedAtMs, statusChangedAtMs }: IncidentRecord,
  log: readonly StateChange[],
): End | undefined {
  if (status !== 'resolved') return undefined;
  const eventMs = resolvedAtMs ?? log.findLast(isResolve)?.atMs;
  if (eventMs !== undefined) return { atMs: eventMs, from: 'resolve_event' };
  return statusChangedAtMs === undefined ? undefined : { atMs: statusChangedAtMs, from: 'state_change' };
}

/** By a time-out or by a machine; undefined when the log does not tell. */
function endedByItself(log: readonly StateChange[], endMs: number): boolean | undefined {
  const last = log.findLast((one) => isResolve(one) && one.atMs <= endMs) ?? log.findLast(isResolve);
  return last === undefined ? undefined : last.kind === 'resolve_auto';
}

/** The intervals that the log gives: closed by a resolve, opened again by the first change of state after it. */
function toIntervals(triggeredAtMs: number, log: readonly StateChange[]): Interval[] {
  const closed: Interval[] = [];
  let openedAtMs: number | undefined = triggeredAtMs;
  for (const stateChange of log) {
    if (!isResolve(stateChange)) openedAtMs ??= stateChange.atMs;
    else if (openedAtMs !== undefined) {
      closed.push({ openedAtMs, closedAtMs: stateChange.atMs });
      openedAtMs = undefined;
    }
  }
  return openedAtMs === undefined ? closed : [...closed, { openedAtMs }];
}

function openIntervals(record: IncidentRecord, log: readonly StateChange[]): Interval[] {
  const intervals = toIntervals(record.triggeredAtMs, log);
  const reopenedAtMs = unloggedReopenMs(record, log);
  return reopenedAtMs === undefined ? intervals : [...intervals, { openedAtMs: reopenedAtMs }];
}

/** The last span ends where the incident ended, whether the log has that end or not; nothing after it counts. */
function closedIntervals({ triggeredAtMs }: IncidentRecord, log: readonly StateChange[], endMs: number): Interval[] {
  const before = log.filter((stateChange) => stateChange.atMs < endMs);
  const intervals = toIntervals(triggeredAtMs, before);
  const last = intervals.at(-1) ?? { openedAtMs: triggeredAtMs };
  return [...intervals.slice(0, -1), { openedAtMs: last.openedAtMs, closedAtMs: endMs }];
}
