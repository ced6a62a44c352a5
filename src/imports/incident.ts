import { titleFingerprint } from '../model/fingerprint.ts';
import type { EndKnownFrom, Incident, Interval, RejectionReason, Status } from '../model/incident.ts';
import { STATUSES } from '../model/stored.ts';
import { validate } from '../model/validity.ts';
import { webLink } from '../model/web-link.ts';
import { readIntervals } from './intervals.ts';
import { readFlag, readStamp, readText, type Stamp, type Surroundings, UnreadableValue, unreadable } from './values.ts';

/** A record as an incident, and whether the file itself says when it was changed last. */
export interface Taken {
  readonly incident: Incident;
  readonly hasUpdate: boolean;
}

/** Why a record was not taken, in words that name no value. */
export interface Refused {
  readonly reason: RejectionReason;
  readonly detail: string;
}

/** The incident that a record tells of, or why it may not be taken. */
export function incidentOf(record: unknown, around: Surroundings, nowMs: number): Taken | Refused {
  try {
    return assemble(record, around, nowMs);
  } catch (error) {
    if (error instanceof UnreadableValue) return { reason: 'malformed', detail: error.message };
    throw error;
  }
}

function assemble(record: unknown, around: Surroundings, nowMs: number): Taken | Refused {
  const id = readText(record, 'id', around);
  if (id === undefined) return { reason: 'missing_id', detail: unreadable('id', around, 'expected an id').message };
  const triggeredAtMs = readStamp(record, 'triggered_at', around)?.atMs;
  if (triggeredAtMs === undefined) {
    return {
      reason: 'start_unknown',
      detail: unreadable('triggered_at', around, 'expected a date with a time').message,
    };
  }
  const stamp = (field: Parameters<typeof readStamp>[1]) => readStamp(record, field, { ...around, triggeredAtMs });
  const acknowledgedAtMs = stamp('acknowledged_at')?.atMs;
  const told = toldStatus(record, around);
  const end = endOf(told, stamp('resolved_at'), stamp('status_changed_at'));
  if (end === undefined && told === 'resolved') {
    return {
      reason: 'end_unknown',
      detail: unreadable('resolved_at', around, 'expected the end of what is resolved').message,
    };
  }
  const status = statusOf(told, { isResolved: end !== undefined, isAcknowledged: acknowledgedAtMs !== undefined });
  const names = namesOf(record, around);
  const mitigatedAtMs = stamp('mitigated_at')?.atMs;
  const updatedAtMs = stamp('updated_at')?.atMs;
  const stamps = [triggeredAtMs, acknowledgedAtMs, mitigatedAtMs, end?.atMs].filter((ms) => ms !== undefined);
  const plain: Interval[] = [{ openedAtMs: triggeredAtMs, closedAtMs: end?.atMs }];
  const incident: Incident = {
    id,
    ...names,
    status,
    startedAtMs: stamp('started_at')?.atMs,
    triggeredAtMs,
    identifiedAtMs: stamp('identified_at')?.atMs,
    acknowledgedAtMs,
    mitigatedAtMs,
    resolvedAtMs: end?.atMs,
    endKnownFrom: end?.from,
    autoResolved: readFlag(record, 'auto_resolved', around),
    intervals: readIntervals(record, around, { triggeredAtMs, endMs: end?.atMs }) ?? plain,
    merged: readFlag(record, 'merged', around) ?? false,
    fingerprint: fingerprintOf(record, { ...names, id }, around),
    updatedAtMs: updatedAtMs ?? Math.max(...stamps),
    imported: true,
  };
  const valid = validate(incident, nowMs);
  return 'reason' in valid ? valid : { incident: valid, hasUpdate: updatedAtMs !== undefined };
}

type ToldStatus = Status | 'open' | undefined;

function toldStatus(record: unknown, around: Surroundings): ToldStatus {
  const word = readText(record, 'status', around)?.toLowerCase();
  if (word === undefined || word === 'open') return word;
  const status = STATUSES.find((one) => one === word);
  if (status === undefined) throw unreadable('status', around, `expected ${STATUSES.join(', ')} or open`);
  return status;
}

interface End {
  readonly atMs: number;
  readonly from: EndKnownFrom;
}

/** What is said to be open has no end; a change of state is the end of what is said to be resolved, for want of better. */
function endOf(told: ToldStatus, resolved: Stamp | undefined, changed: Stamp | undefined): End | undefined {
  if (told !== undefined && told !== 'resolved') return undefined;
  if (resolved !== undefined) {
    return { atMs: resolved.atMs, from: resolved.isFromDuration ? 'report_duration' : 'resolve_event' };
  }
  return told === 'resolved' && changed !== undefined ? { atMs: changed.atMs, from: 'state_change' } : undefined;
}

function statusOf(told: ToldStatus, is: { readonly isResolved: boolean; readonly isAcknowledged: boolean }): Status {
  if (is.isResolved) return 'resolved';
  if (told !== undefined && told !== 'open') return told;
  return is.isAcknowledged ? 'acknowledged' : 'triggered';
}

function namesOf(record: unknown, around: Surroundings) {
  const text = (field: Parameters<typeof readText>[1]) => readText(record, field, around);
  const service = text('service') ?? '';
  const tag = text('severity_tag');
  const severity = { priority: text('severity'), urgency: text('urgency') };
  return {
    url: webLink(text('url')),
    title: text('title') ?? '',
    serviceId: text('service_id') ?? service,
    serviceName: service,
    team: text('team'),
    severity: tag === undefined ? severity : { tag },
  };
}

/** A key that is the id itself is one that no other incident has. */
function fingerprintOf(
  record: unknown,
  { id, serviceId, title }: { readonly id: string; readonly serviceId: string; readonly title: string },
  around: Surroundings,
): string {
  const key = readText(record, 'fingerprint', around);
  return key === undefined || key === id ? titleFingerprint(serviceId, title) : key;
}
