import { type Incident, type Rejection, type Status, titleFingerprint } from '../../model/incident.ts';
import type { PlatformRecord } from './definition.ts';

/** What a record names by id, by its newest name. */
export interface RecordNames {
  readonly service: string | undefined;
  readonly team: string | undefined;
}

/** The incident that a record stands for; a resolved one without an end is rejected, as an end is never guessed. */
export function toIncident(record: PlatformRecord, names: RecordNames): Incident | Rejection {
  const { id, status, merged = false, isExcluded = false, intervals } = record;
  const isResolved = status === 'resolved';
  if (isResolved && record.resolvedAtMs === undefined && !merged && !isExcluded) {
    return { id, key: id, reason: 'end_unknown', detail: 'resolved, but with no time of it' };
  }
  const triggeredAtMs = record.triggeredAtMs ?? record.createdAtMs;
  const resolvedAtMs = isResolved ? record.resolvedAtMs : undefined;
  const serviceName = record.serviceName ?? names.service ?? '';
  const serviceId = record.serviceId ?? serviceName;
  return {
    id,
    url: record.url,
    title: record.title,
    serviceId,
    serviceName,
    team: record.team ?? names.team,
    severity: record.severity,
    status,
    startedAtMs: record.startedAtMs,
    triggeredAtMs,
    identifiedAtMs: record.identifiedAtMs,
    acknowledgedAtMs: record.acknowledgedAtMs,
    mitigatedAtMs: record.mitigatedAtMs,
    resolvedAtMs,
    endKnownFrom: resolvedAtMs === undefined ? undefined : (record.endKnownFrom ?? 'resolve_event'),
    ...(record.reopenedAtMs === undefined ? {} : { reopenedAtMs: record.reopenedAtMs }),
    intervals: intervals ?? [{ openedAtMs: triggeredAtMs, closedAtMs: resolvedAtMs }],
    merged,
    exclusion: isExcluded ? 'flagged' : undefined,
    fingerprint: record.fingerprint ?? titleFingerprint(serviceId, record.title),
    updatedAtMs: record.updatedAtMs,
  };
}

/** The furthest status of an open record, for platforms that have its times and no such statuses. */
export function toOpenStatus({
  acknowledgedAtMs,
  identifiedAtMs,
  mitigatedAtMs,
}: Pick<PlatformRecord, 'acknowledgedAtMs' | 'identifiedAtMs' | 'mitigatedAtMs'>): Exclude<Status, 'resolved'> {
  if (mitigatedAtMs !== undefined) return 'mitigated';
  if (identifiedAtMs !== undefined) return 'identified';
  return acknowledgedAtMs === undefined ? 'triggered' : 'acknowledged';
}
