import type { ProviderConfig } from '../../config/types.ts';
import { type Incident, type Rejection, type Status, titleFingerprint } from '../../model/incident.ts';
import { tagValue } from '../tags.ts';
import type { RecordKind } from './record-kind.ts';
import { AlertRecord } from './schema.ts';

/** Alerts as incidents: they carry their own history as durations, so pages of them are enough. */
export function alertsSource({ services, severity }: ProviderConfig): RecordKind<AlertRecord> {
  const tags = { service: services.tag, severity: severity.tag };
  return {
    name: 'alerts',
    capabilities: {
      statuses: ['triggered', 'acknowledged'],
      started: false,
      identified: false,
      acknowledged: true,
      mitigated: false,
      escalations: false,
      reopens: false,
    },
    path: '/v2/alerts',
    countStrategy: 'count',
    changesBy: 'updatedAt',
    schema: AlertRecord,
    tags: [services.tag ?? '', severity.tag ?? ''],
    toSample: (record) => ({ ...toLabels(record, tags), team: record.teamId, triggeredAtMs: record.createdAtMs }),
    prepare: ({ teams, request }) => teams.ensure([], request.nowMs, request.signal),
    async buildIncidents(records, { isWhole }, { teams, request }) {
      const teamIds = records.map(({ teamId }) => teamId).filter((id) => id !== undefined);
      await teams.ensure(teamIds, request.nowMs, request.signal);
      const incidents: Incident[] = [];
      const rejected: Rejection[] = [];
      const requestAgainIds: string[] = [];
      for (const record of records) {
        if (record.isOpen || record.closedAfterMs !== undefined)
          incidents.push(toIncident(record, tags, teams.of(record.teamId)));
        else if (isWhole) rejected.push(withoutEnd(record.id));
        else requestAgainIds.push(record.id);
      }
      return { incidents, rejected, requestAgainIds };
    },
  };
}

/** A list may lack the report of an alert that was closed a moment ago; asked for by its id it has to have it. */
function withoutEnd(id: string): Rejection {
  return { id, key: id, reason: 'end_unknown', detail: 'report.closeTime: expected in a closed alert' };
}

interface TagNames {
  readonly service: string | undefined;
  readonly severity: string | undefined;
}

function toLabels(record: AlertRecord, tags: TagNames): Pick<Incident, 'serviceId' | 'serviceName' | 'severity'> {
  const service = tagValue(record.tags, tags.service) ?? '';
  const severity = tagValue(record.tags, tags.severity);
  return {
    serviceId: service,
    serviceName: service,
    severity: severity === undefined ? { priority: record.priority } : { tag: severity },
  };
}

function toIncident(record: AlertRecord, tags: TagNames, team: string | undefined): Incident {
  const labels = toLabels(record, tags);
  const after = (durationMs: number | undefined) =>
    durationMs === undefined ? undefined : record.createdAtMs + durationMs;
  const resolvedAtMs = record.isOpen ? undefined : after(record.closedAfterMs);
  return {
    id: record.id,
    title: record.title,
    ...labels,
    team,
    status: toStatus(record),
    triggeredAtMs: record.createdAtMs,
    acknowledgedAtMs: after(record.acknowledgedAfterMs),
    resolvedAtMs,
    endKnownFrom: resolvedAtMs === undefined ? undefined : 'report_duration',
    intervals: [{ openedAtMs: record.createdAtMs, closedAtMs: resolvedAtMs }],
    merged: false,
    // An alert that came without an alias has its own id for one, which no other alert ever has.
    fingerprint:
      record.alias === undefined || record.alias === record.id
        ? titleFingerprint(labels.serviceName, record.title)
        : record.alias,
    updatedAtMs: record.updatedAtMs,
  };
}

function toStatus({ isOpen, isAcknowledged }: AlertRecord): Status {
  if (!isOpen) return 'resolved';
  return isAcknowledged ? 'acknowledged' : 'triggered';
}
