import { z } from 'zod';
import { formatIsoTime } from '../model/format.ts';
import { ENDS_KNOWN_FROM } from '../model/incident.ts';
import { type IncidentLabels, STATUSES } from '../model/stored.ts';
import type { IncidentDetails } from '../store/snapshot.ts';

/** A time for programs. */
export const isoTime = z.iso.datetime().describe('ISO 8601, UTC');

/** The fields of an incident wherever programs read one; what is not known is absent. */
export const incidentFields = {
  provider: z.string(),
  id: z.string(),
  url: z.string().optional(),
  service: z.string(),
  severity: z.string(),
  team: z.string(),
  status: z.enum(STATUSES),
  started_at: isoTime.optional(),
  triggered_at: isoTime,
  identified_at: isoTime.optional(),
  acknowledged_at: isoTime.optional(),
  mitigated_at: isoTime.optional(),
  resolved_at: isoTime.optional(),
  end_known_from: z.enum(ENDS_KNOWN_FROM).optional(),
};

/** The values of these fields and what has no schema of its own, under today's labels; without its title, which may hold anything. */
export function toIncidentJson(
  { provider, incident }: Pick<IncidentDetails, 'provider' | 'incident'>,
  { service, severity, team }: Pick<IncidentLabels, 'service' | 'severity' | 'team'>,
) {
  return {
    provider,
    id: incident.id,
    url: incident.url,
    service,
    severity,
    team,
    status: incident.status,
    started_at: toOptionalTime(incident.startedAtMs),
    triggered_at: formatIsoTime(incident.triggeredAtMs),
    identified_at: toOptionalTime(incident.identifiedAtMs),
    acknowledged_at: toOptionalTime(incident.acknowledgedAtMs),
    mitigated_at: toOptionalTime(incident.mitigatedAtMs),
    resolved_at: toOptionalTime(incident.resolvedAtMs),
    end_known_from: incident.endKnownFrom,
    auto_resolved: incident.autoResolved,
    escalations: incident.escalatedAtMs?.length,
    reopenings: incident.reopenedAtMs?.length,
    intervals: incident.intervals.map(({ openedAtMs, closedAtMs }) => ({
      opened_at: formatIsoTime(openedAtMs),
      closed_at: toOptionalTime(closedAtMs),
    })),
  };
}

/** ISO 8601 in UTC; nothing for nothing. */
export function toOptionalTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatIsoTime(ms);
}
