import { z } from 'zod';
import { ENDS_KNOWN_FROM } from '../model/incident.ts';
import { type FacetLabels, STATUSES } from '../model/stored.ts';
import type { Recorded } from '../store/history.ts';

/** An instant as programs are told it. */
export const instant = z.iso.datetime().describe('ISO 8601, UTC');

/** What is said of an incident wherever programs are told of one; what is not known is absent. */
export const statedFields = {
  provider: z.string(),
  id: z.string(),
  url: z.string().optional(),
  service: z.string(),
  severity: z.string(),
  team: z.string(),
  status: z.enum(STATUSES),
  started_at: instant.optional(),
  triggered_at: instant,
  identified_at: instant.optional(),
  acknowledged_at: instant.optional(),
  mitigated_at: instant.optional(),
  resolved_at: instant.optional(),
  end_known_from: z.enum(ENDS_KNOWN_FROM).optional(),
};

/** The values of these fields and what has no shape of its own, under today's labels; without its title, which may hold anything. */
export function statedIncident(
  { provider, incident }: Recorded,
  { service, severity, team }: Pick<FacetLabels, 'service' | 'severity' | 'team'>,
) {
  return {
    provider,
    id: incident.id,
    url: incident.url,
    service,
    severity,
    team,
    status: incident.status,
    started_at: optionalTime(incident.startedAtMs),
    triggered_at: timeOf(incident.triggeredAtMs),
    identified_at: optionalTime(incident.identifiedAtMs),
    acknowledged_at: optionalTime(incident.acknowledgedAtMs),
    mitigated_at: optionalTime(incident.mitigatedAtMs),
    resolved_at: optionalTime(incident.resolvedAtMs),
    end_known_from: incident.endKnownFrom,
    auto_resolved: incident.autoResolved,
    escalations: incident.escalatedAtMs?.length,
    reopenings: incident.reopenedAtMs?.length,
    intervals: incident.intervals.map(({ openedAtMs, closedAtMs }) => ({
      opened_at: timeOf(openedAtMs),
      closed_at: optionalTime(closedAtMs),
    })),
  };
}

/** An instant as ISO 8601 in UTC. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** The same; nothing for nothing. */
export function optionalTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : timeOf(ms);
}
