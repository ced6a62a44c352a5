import type { ProviderConfig } from '../../config/types.ts';
import { type Incident, type Rejection, type Status, titleFingerprint } from '../../model/incident.ts';
import { sourcesKey } from '../sources.ts';
import { type Labelled, withLabels } from './labels.ts';
import type { RecordKind } from './record-kind.ts';
import { AlertRecord } from './schema.ts';

/** Alerts as incidents: they carry their own history as durations, so pages of them are enough. */
export function alertsSource(config: ProviderConfig): RecordKind<Labelled<AlertRecord>> {
  const { services, severity } = config;
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
    schema: withLabels(AlertRecord, config),
    tags: [services.tag ?? '', severity.tag ?? '', ...sourcesKey(config)],
    toSample: ({ labels, createdAtMs }) => ({
      serviceId: labels.serviceId ?? '',
      serviceName: labels.serviceName ?? '',
      severity: labels.severity,
      team: labels.team ?? labels.teamId,
      triggeredAtMs: createdAtMs,
    }),
    prepare: ({ teams, request }) => teams.ensure([], request.nowMs, request.signal),
    async buildIncidents(records, { isWhole }, { teams, request }) {
      const teamIds = records.map(({ teamId }) => teamId).filter((id) => id !== undefined);
      await teams.ensure(teamIds, request.nowMs, request.signal);
      const incidents: Incident[] = [];
      const rejected: Rejection[] = [];
      const requestAgainIds: string[] = [];
      for (const record of records) {
        if (record.isOpen || record.closedAfterMs !== undefined)
          incidents.push(toIncident(record, record.labels.team ?? teams.of(record.labels.teamId)));
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

function toIncident(record: Labelled<AlertRecord>, team: string | undefined): Incident {
  const { serviceId = '', serviceName = '', severity } = record.labels;
  const after = (durationMs: number | undefined) =>
    durationMs === undefined ? undefined : record.createdAtMs + durationMs;
  const resolvedAtMs = record.isOpen ? undefined : after(record.closedAfterMs);
  return {
    id: record.id,
    title: record.title,
    serviceId,
    serviceName,
    severity,
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
        ? titleFingerprint(serviceName, record.title)
        : record.alias,
    updatedAtMs: record.updatedAtMs,
  };
}

function toStatus({ isOpen, isAcknowledged }: AlertRecord): Status {
  if (!isOpen) return 'resolved';
  return isAcknowledged ? 'acknowledged' : 'triggered';
}
