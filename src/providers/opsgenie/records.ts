import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { type Interval, type Status, webLink } from '../../model/incident.ts';
import { timestamp } from '../answers.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { tagValue, toTagMap } from '../tags.ts';
import { type TimelineEntry, toOpenIntervals } from './timeline.ts';

/** An alert or an incident. */
export interface OpsgenieRecord extends PlatformRecord {
  /** Only the timeline of an incident says when it ended. */
  readonly needsTimeline: boolean;
}

/** Blank and null are the same as absent. */
const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);
const duration = z
  .int()
  .nullish()
  .transform((value) => value ?? undefined);
/** The first team among the responders; other kinds of responders are not read. */
const firstTeamId = z
  .array(z.object({ type: z.string(), id: z.string().nullish() }))
  .nullish()
  .transform((responders) => responders?.find(({ type, id }) => type === 'team' && (id ?? '') !== '')?.id ?? undefined);

const common = {
  id: z.string().min(1),
  message: text,
  tags: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  createdAt: timestamp,
  updatedAt: timestamp.nullish(),
  priority: text,
  responders: firstTeamId,
};
type Common = z.output<z.ZodObject<typeof common>>;

function toRecord(record: Common, severityTag: string | undefined) {
  const tag = tagValue(record.tags, severityTag);
  return {
    id: record.id,
    createdAtMs: record.createdAt,
    updatedAtMs: record.updatedAt ?? record.createdAt,
    title: record.message ?? '',
    severity: tag === undefined ? { priority: record.priority } : { tag },
    tags: toTagMap(record.tags),
  };
}

/** `GET /v2/alerts`, one record. `report` holds durations from the creation, in milliseconds. */
export function alertSchema({ services, severity }: ProviderConfig): z.ZodType<OpsgenieRecord> {
  return z
    .object({
      ...common,
      alias: text,
      status: z.enum(['open', 'closed']),
      acknowledged: z.boolean().nullish(),
      ownerTeamId: text,
      report: z.object({ ackTime: duration, closeTime: duration }).nullish(),
    })
    .transform((alert): OpsgenieRecord => {
      const after = (ms: number | undefined) => (ms === undefined ? undefined : alert.createdAt + ms);
      const isOpen = alert.status === 'open';
      const openStatus: Status = alert.acknowledged === true ? 'acknowledged' : 'triggered';
      const service = tagValue(alert.tags, services.tag) ?? '';
      return {
        ...toRecord(alert, severity.tag),
        status: isOpen ? openStatus : 'resolved',
        acknowledgedAtMs: after(alert.report?.ackTime),
        resolvedAtMs: isOpen ? undefined : after(alert.report?.closeTime),
        endKnownFrom: 'report_duration',
        serviceId: service,
        serviceName: service,
        teamId: alert.responders ?? alert.ownerTeamId,
        // An alert that came without an alias has its own id for one, which no other alert ever has.
        fingerprint: alert.alias === alert.id ? undefined : alert.alias,
        needsTimeline: false,
      };
    });
}

/** `GET /v1/incidents`, one record. */
export function incidentSchema({ severity }: ProviderConfig): z.ZodType<OpsgenieRecord> {
  return z
    .object({
      ...common,
      status: z.enum(['open', 'resolved', 'closed']),
      ownerTeam: text,
      impactedServices: z.array(z.string()).nullish(),
      links: z.object({ web: z.string().nullish() }).nullish(),
    })
    .transform((incident): OpsgenieRecord => {
      const isOpen = incident.status === 'open';
      return {
        ...toRecord(incident, severity.tag),
        url: webLink(incident.links?.web),
        status: isOpen ? 'triggered' : 'resolved',
        serviceId: incident.impactedServices?.[0] ?? '',
        teamId: incident.responders ?? incident.ownerTeam,
        needsTimeline: !isOpen,
      };
    });
}

/** A timeline with so many entries is longer than anyone reads: its end is not known. */
const TIMELINE_ENTRIES_MAX = 1000;

/** The record with the spans of its timeline. The record says whether it is open now; a timeline that says otherwise lacks its last entry. */
export function withTimeline(record: OpsgenieRecord, entries: readonly TimelineEntry[]): OpsgenieRecord {
  if (entries.length >= TIMELINE_ENTRIES_MAX) return record;
  const intervals = toOpenIntervals(record.createdAtMs, entries);
  const endedAtMs = intervals.at(-1)?.closedAtMs;
  if (record.status === 'resolved') return { ...record, intervals, resolvedAtMs: endedAtMs };
  if (endedAtMs === undefined) return { ...record, intervals };
  const reopened: Interval = { openedAtMs: Math.max(record.updatedAtMs, endedAtMs) };
  return { ...record, intervals: [...intervals, reopened] };
}
