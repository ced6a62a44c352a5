import { z } from 'zod';
import { webLink } from '../../model/incident.ts';
import { timestamp } from '../answers.ts';

/** Blank and null are the same as absent. */
const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);
const tags = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);
const duration = z
  .int()
  .nullish()
  .transform((value) => value ?? undefined);

/** Ids of the teams among the responders, in their order; other kinds of responders are not read. */
const teamIds = z
  .array(z.object({ type: z.string(), id: z.string().nullish() }))
  .nullish()
  .transform((responders) =>
    (responders ?? []).flatMap(({ type, id }) => (type === 'team' && typeof id === 'string' && id !== '' ? [id] : [])),
  );

const linkOfRecord = z
  .object({ web: z.string().nullish() })
  .nullish()
  .transform((links) => webLink(links?.web));

/** What every record of a list has. */
export interface ListedRecord {
  readonly id: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** `GET /v2/alerts`, one record. `report` holds durations from the creation, in milliseconds. */
export const AlertRecord = z
  .object({
    id: z.string().min(1),
    alias: text,
    message: text,
    status: z.enum(['open', 'closed']),
    acknowledged: z.boolean().nullish(),
    tags,
    createdAt: timestamp,
    updatedAt: timestamp.nullish(),
    priority: text,
    responders: teamIds,
    ownerTeamId: text,
    report: z.object({ ackTime: duration, closeTime: duration }).nullish(),
  })
  .transform((record) => ({
    id: record.id,
    alias: record.alias,
    title: record.message ?? '',
    isOpen: record.status === 'open',
    isAcknowledged: record.acknowledged === true,
    tags: record.tags,
    createdAtMs: record.createdAt,
    updatedAtMs: record.updatedAt ?? record.createdAt,
    priority: record.priority,
    teamId: record.responders[0] ?? record.ownerTeamId,
    acknowledgedAfterMs: record.report?.ackTime,
    closedAfterMs: record.report?.closeTime,
  }));
export type AlertRecord = z.output<typeof AlertRecord>;

/** `GET /v1/incidents`, one record: it does not say when it ended. */
export const IncidentRecord = z
  .object({
    id: z.string().min(1),
    message: text,
    status: z.enum(['open', 'resolved', 'closed']),
    tags,
    createdAt: timestamp,
    updatedAt: timestamp.nullish(),
    priority: text,
    responders: teamIds,
    ownerTeam: text,
    impactedServices: z.array(z.string()).nullish(),
    links: linkOfRecord,
  })
  .transform((record) => ({
    id: record.id,
    title: record.message ?? '',
    isOpen: record.status === 'open',
    tags: record.tags,
    createdAtMs: record.createdAt,
    updatedAtMs: record.updatedAt ?? record.createdAt,
    priority: record.priority,
    teamId: record.responders[0] ?? record.ownerTeam,
    serviceId: record.impactedServices?.[0] ?? '',
    url: record.links,
  }));
export type IncidentRecord = z.output<typeof IncidentRecord>;

/** An entry of `GET /v2/incident-timelines/{id}/entries`. */
export const TimelineEntry = z
  .object({ type: z.string(), eventTime: timestamp })
  .transform(({ type, eventTime }) => ({ type, atMs: eventTime }));
export type TimelineEntry = z.output<typeof TimelineEntry>;

/** The envelope of a timeline. */
export const TimelineResponse = z.object({ data: z.object({ entries: z.array(z.unknown()), nextOffset: text }) });

/** The envelope of a list; `paging.next` only says that there is more, it is never followed. */
export const ListResponse = z.object({
  data: z.array(z.unknown()),
  paging: z.object({ next: text }).nullish(),
});

/** The envelope of one record. */
export const SingleResponse = z.object({ data: z.record(z.string(), z.unknown()) });

/** `GET /v2/alerts/count`. */
export const CountResponse = z.object({ data: z.object({ count: z.int().nonnegative() }) });

/** A team or a service: its id and its name. */
export const NamedRecord = z.object({ id: z.string().min(1), name: z.string() });
