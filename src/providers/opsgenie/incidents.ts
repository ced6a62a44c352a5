import type { ProviderConfig } from '../../config/types.ts';
import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import {
  type Incident,
  type Interval,
  type Rejection,
  type SeveritySources,
  titleFingerprint,
} from '../../model/incident.ts';
import { tagValue } from '../tags.ts';
import type { PollContext, RecordKind } from './record-kind.ts';
import { IncidentRecord } from './schema.ts';
import { readTimeline, toOpenIntervals } from './timeline.ts';

/** Timelines that may be asked for at once (DESIGN: 4 requests in flight per provider). */
const TIMELINES_AHEAD = 4;

/** Opsgenie's incidents: the list does not say when one ended, its timeline does. */
export function incidentsSource({ severity }: ProviderConfig): RecordKind<IncidentRecord> {
  return {
    name: 'incidents',
    capabilities: {
      statuses: ['triggered'],
      started: false,
      identified: false,
      acknowledged: false,
      mitigated: false,
      escalations: false,
      reopens: false,
    },
    path: '/v1/incidents',
    countStrategy: 'probe',
    changesBy: 'createdAt',
    schema: IncidentRecord,
    tags: [severity.tag ?? ''],
    toSample: (record, serviceName) => ({
      serviceId: record.serviceId,
      serviceName: serviceName(record.serviceId) ?? '',
      team: record.teamId,
      severity: toSeverity(record, severity.tag),
      triggeredAtMs: record.createdAtMs,
    }),
    async prepare({ teams, services, request }) {
      await teams.ensure([], request.nowMs, request.signal);
      await services.ensure([], request.nowMs, request.signal);
    },
    async buildIncidents(records, { retriedIds }, context) {
      const incidents: Incident[] = [];
      const rejected: Rejection[] = [];
      await ensureNames(records, context);
      const stored = await context.request.stored.incidents(records.map(({ id }) => id));
      const read = async (record: IncidentRecord) => ({
        record,
        open: await openIntervals(record, stored.get(record.id), context),
      });
      const isWaiting = ({ id, isOpen }: IncidentRecord) => !isOpen && retriedIds.has(id);
      const complete = records.filter((record) => !isWaiting(record));
      for await (const { record, open } of mapConcurrent(complete, TIMELINES_AHEAD, read)) {
        if ('reason' in open) rejected.push(open);
        else incidents.push(toIncident(record, open, findNames(record, severity.tag, context)));
      }
      return { incidents, rejected, requestAgainIds: records.filter(isWaiting).map(({ id }) => id) };
    },
  };
}

async function ensureNames(
  records: readonly IncidentRecord[],
  { teams, services, request }: PollContext,
): Promise<void> {
  const teamIds = records.map(({ teamId }) => teamId).filter((id) => id !== undefined);
  const serviceIds = records.map(({ serviceId }) => serviceId).filter((id) => id !== '');
  await teams.ensure(teamIds, request.nowMs, request.signal);
  await services.ensure(serviceIds, request.nowMs, request.signal);
}

/** The spans in which it was open, from the store where that is sure, else from its timeline; or why they are not known. */
async function openIntervals(
  record: IncidentRecord,
  stored: Incident | undefined,
  { httpClient, request }: PollContext,
): Promise<readonly Interval[] | Rejection> {
  const wasOpen = stored === undefined || stored.status !== 'resolved';
  if (record.isOpen && wasOpen) return stored?.intervals ?? [{ openedAtMs: record.createdAtMs }];
  if (!record.isOpen && !wasOpen && stored.updatedAtMs === record.updatedAtMs) return stored.intervals;
  try {
    const entries = await readTimeline(httpClient, record.id, request.signal);
    if (entries === undefined) return refused(record.id, 'end_unknown', 'timeline: expected at most 1000 entries');
    return agreeing(record, toOpenIntervals(record.createdAtMs, entries));
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status === 403)
      return refused(record.id, 'forbidden', 'the key may not read the timeline of the incident');
    if (error.status === 404) return refused(record.id, 'end_unknown', 'the incident has no timeline');
    throw error;
  }
}

/** The record says whether it is open now; a timeline that says otherwise lacks its last entry. */
function agreeing(record: IncidentRecord, intervals: readonly Interval[]): readonly Interval[] | Rejection {
  const endedAtMs = intervals.at(-1)?.closedAtMs;
  if (!record.isOpen && endedAtMs === undefined) {
    return refused(record.id, 'end_unknown', 'timeline: expected an entry that resolved or closed the incident');
  }
  if (!record.isOpen || endedAtMs === undefined) return intervals;
  return [...intervals, { openedAtMs: Math.max(record.updatedAtMs, endedAtMs) }];
}

function refused(id: string, reason: 'forbidden' | 'end_unknown', detail: string): Rejection {
  return { id, key: id, reason, detail };
}

interface NamesOfIncident {
  readonly service: string;
  readonly team: string | undefined;
  readonly severity: SeveritySources;
}

function findNames(record: IncidentRecord, severityTag: string | undefined, context: PollContext): NamesOfIncident {
  return {
    service: context.services.of(record.serviceId) ?? '',
    team: context.teams.of(record.teamId),
    severity: toSeverity(record, severityTag),
  };
}

function toSeverity(record: IncidentRecord, tagName: string | undefined): SeveritySources {
  const tag = tagValue(record.tags, tagName);
  return tag === undefined ? { priority: record.priority } : { tag };
}

function toIncident(record: IncidentRecord, intervals: readonly Interval[], names: NamesOfIncident): Incident {
  const resolvedAtMs = record.isOpen ? undefined : intervals.at(-1)?.closedAtMs;
  return {
    id: record.id,
    url: record.url,
    title: record.title,
    serviceId: record.serviceId,
    serviceName: names.service,
    team: names.team,
    severity: names.severity,
    status: record.isOpen ? 'triggered' : 'resolved',
    triggeredAtMs: record.createdAtMs,
    resolvedAtMs,
    endKnownFrom: resolvedAtMs === undefined ? undefined : 'resolve_event',
    intervals,
    merged: false,
    fingerprint: titleFingerprint(record.serviceId, record.title),
    updatedAtMs: record.updatedAtMs,
  };
}
