import { z } from 'zod';
import { type Service, type SeveritySources, webLink } from '../../model/incident.ts';
import { timestamp } from '../answers.ts';

const id = z.string().min(1);
const reference = z.object({ id, summary: z.string().nullish() });

/** What the platform itself says about an incident, without what only the log has. */
export interface IncidentRecord {
  readonly id: string;
  readonly url: string | undefined;
  readonly title: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly team: string | undefined;
  readonly severity: SeveritySources;
  readonly status: 'triggered' | 'acknowledged' | 'resolved';
  readonly triggeredAtMs: number;
  /** The platform's own field for the end. */
  readonly resolvedAtMs: number | undefined;
  /** The end of a resolved incident where nothing better is known; of an open one it says nothing. */
  readonly statusChangedAtMs: number | undefined;
  readonly merged: boolean;
  readonly updatedAtMs: number;
}

/** One incident of /incidents, of /incidents/{id}, or inside a log entry. */
export const Incident = z
  .object({
    id,
    title: z.string().nullish(),
    html_url: z.string().nullish(),
    status: z.enum(['triggered', 'acknowledged', 'resolved']),
    created_at: timestamp,
    updated_at: timestamp.nullish(),
    resolved_at: timestamp.nullish(),
    last_status_change_at: timestamp.nullish(),
    service: reference.nullish(),
    teams: z.array(reference).nullish(),
    priority: z.object({ summary: z.string().nullish(), name: z.string().nullish() }).nullish(),
    urgency: z.string().nullish(),
    resolve_reason: z.object({ type: z.string() }).nullish(),
  })
  .transform(
    (record): IncidentRecord => ({
      id: record.id,
      url: webLink(record.html_url),
      title: record.title ?? '',
      serviceId: record.service?.id ?? '',
      serviceName: record.service?.summary ?? '',
      team: record.teams?.[0]?.summary ?? undefined,
      severity: {
        priority: findName(record.priority),
        urgency: record.urgency ?? undefined,
      },
      status: record.status,
      triggeredAtMs: record.created_at,
      resolvedAtMs: record.resolved_at ?? undefined,
      statusChangedAtMs: record.last_status_change_at ?? undefined,
      merged: record.resolve_reason?.type === 'merge_resolve_reason',
      updatedAtMs: record.updated_at ?? record.last_status_change_at ?? record.created_at,
    }),
  );

function findName(
  priority: { summary?: string | null | undefined; name?: string | null | undefined } | null | undefined,
) {
  return priority?.summary ?? priority?.name ?? undefined;
}

/** One line of the log, with only so much of its maker as separates a person from a machine. */
export interface LogLine {
  readonly id: string;
  readonly type: string;
  readonly atMs: number;
  readonly incidentId: string;
  /** The incident as it was sent along: whole, or nothing but a reference. */
  readonly incident: unknown;
  readonly byPerson: boolean;
  readonly byTimeout: boolean;
}

const PERSON_TYPES = new Set(['user', 'user_reference']);

/** One entry of /log_entries. The type is an open word: the platform's own schema names some of them wrong. */
export const LogEntry = z
  .object({
    id,
    type: z.string(),
    created_at: timestamp,
    incident: z.looseObject({ id }),
    agent: z.object({ type: z.string().nullish() }).nullish(),
    channel: z.object({ type: z.string().nullish() }).nullish(),
  })
  .transform(
    (record): LogLine => ({
      id: record.id,
      type: record.type,
      atMs: record.created_at,
      incidentId: record.incident.id,
      incident: record.incident,
      byPerson: PERSON_TYPES.has(record.agent?.type ?? ''),
      byTimeout: record.channel?.type === 'timeout',
    }),
  );

/** One service of the catalogue. */
export const CatalogueService = z
  .object({ id, name: z.string().nullish(), summary: z.string().nullish() })
  .transform((record): Service => ({ id: record.id, name: record.name ?? record.summary ?? '' }));

const page = { more: z.boolean(), total: z.number().nullish() };

/** Answer of GET /incidents. */
export const IncidentPage = z.object({ incidents: z.array(z.unknown()), ...page });
/** Answer of GET /log_entries and of GET /incidents/{id}/log_entries. */
export const LogPage = z.object({ log_entries: z.array(z.unknown()), ...page });
/** Answer of GET /services. */
export const ServicePage = z.object({ services: z.array(z.unknown()), ...page });
/** Answer of GET /priorities, as the names that incidents carry. */
export const PriorityPage = z.object({
  priorities: z.array(z.object({ name: z.string().nullish(), summary: z.string().nullish() }).transform(findName)),
});
/** Answer of GET /incidents/{id}. */
export const OneIncident = z.object({ incident: z.looseObject({}) });
