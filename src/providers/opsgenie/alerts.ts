import type { ProviderConfig } from '../../config/types.ts';
import { type Incident, type Rejection, type Status, titleFingerprint } from '../../model/incident.ts';
import { type Source, tagValue } from './source.ts';
import { AlertRecord } from './wire.ts';

/** Alerts as incidents: they carry their own history as durations, so pages of them are enough. */
export function alertsSource({ services, severity }: ProviderConfig): Source<AlertRecord> {
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
    toSample: (wire) => ({ ...labelsOf(wire, tags), team: wire.teamId, triggeredAtMs: wire.createdAtMs }),
    prepare: ({ teams, request }) => teams.ensure([], request.nowMs, request.signal),
    async assemble(wires, { isWhole }, { teams, request }) {
      const teamIds = wires.map(({ teamId }) => teamId).filter((id) => id !== undefined);
      await teams.ensure(teamIds, request.nowMs, request.signal);
      const incidents: Incident[] = [];
      const rejected: Rejection[] = [];
      const askAgainIds: string[] = [];
      for (const wire of wires) {
        if (wire.isOpen || wire.closedAfterMs !== undefined)
          incidents.push(toIncident(wire, tags, teams.of(wire.teamId)));
        else if (isWhole) rejected.push(withoutEnd(wire.id));
        else askAgainIds.push(wire.id);
      }
      return { incidents, rejected, askAgainIds };
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

function labelsOf(wire: AlertRecord, tags: TagNames): Pick<Incident, 'serviceId' | 'serviceName' | 'severity'> {
  const service = tagValue(wire.tags, tags.service) ?? '';
  const severity = tagValue(wire.tags, tags.severity);
  return {
    serviceId: service,
    serviceName: service,
    severity: severity === undefined ? { priority: wire.priority } : { tag: severity },
  };
}

function toIncident(wire: AlertRecord, tags: TagNames, team: string | undefined): Incident {
  const labels = labelsOf(wire, tags);
  const after = (durationMs: number | undefined) =>
    durationMs === undefined ? undefined : wire.createdAtMs + durationMs;
  const resolvedAtMs = wire.isOpen ? undefined : after(wire.closedAfterMs);
  return {
    id: wire.id,
    title: wire.title,
    ...labels,
    team,
    status: statusOf(wire),
    triggeredAtMs: wire.createdAtMs,
    acknowledgedAtMs: after(wire.acknowledgedAfterMs),
    resolvedAtMs,
    endKnownFrom: resolvedAtMs === undefined ? undefined : 'report_duration',
    intervals: [{ openedAtMs: wire.createdAtMs, closedAtMs: resolvedAtMs }],
    merged: false,
    // An alert that came without an alias has its own id for one, which no other alert ever has.
    fingerprint:
      wire.alias === undefined || wire.alias === wire.id
        ? titleFingerprint(labels.serviceName, wire.title)
        : wire.alias,
    updatedAtMs: wire.updatedAtMs,
  };
}

function statusOf({ isOpen, isAcknowledged }: AlertRecord): Status {
  if (!isOpen) return 'resolved';
  return isAcknowledged ? 'acknowledged' : 'triggered';
}
