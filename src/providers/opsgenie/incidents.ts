import type { ProviderConfig } from '../../config/types.ts';
import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import { type Incident, type Interval, type Rejection, titleFingerprint } from '../../model/incident.ts';
import { sourcesKey } from '../sources.ts';
import { type Labelled, withLabels } from './labels.ts';
import type { PollContext, RecordKind } from './record-kind.ts';
import { IncidentRecord } from './schema.ts';
import { readTimeline, toOpenIntervals } from './timeline.ts';

/** Timelines that may be asked for at once (DESIGN: 4 requests in flight per provider). */
const TIMELINES_AHEAD = 4;

/** Opsgenie's incidents: the list does not say when one ended, its timeline does. */
export function incidentsSource(config: ProviderConfig): RecordKind<Labelled<IncidentRecord>> {
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
    schema: withLabels(IncidentRecord, config),
    tags: [config.severity.tag ?? '', ...sourcesKey(config)],
    toSample: ({ labels, createdAtMs }, serviceName) => ({
      serviceId: labels.serviceId ?? '',
      serviceName: labels.serviceName ?? serviceName(labels.serviceId ?? '') ?? '',
      team: labels.team ?? labels.teamId,
      severity: labels.severity,
      triggeredAtMs: createdAtMs,
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
      const read = async (record: Labelled<IncidentRecord>) => ({
        record,
        open: await openIntervals(record, stored.get(record.id), context),
      });
      const isWaiting = ({ id, isOpen }: IncidentRecord) => !isOpen && retriedIds.has(id);
      const complete = records.filter((record) => !isWaiting(record));
      for await (const { record, open } of mapConcurrent(complete, TIMELINES_AHEAD, read)) {
        if ('reason' in open) rejected.push(open);
        else incidents.push(toIncident(record, open, findNames(record, context)));
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
}

function findNames({ labels }: Labelled<IncidentRecord>, { services, teams }: PollContext): NamesOfIncident {
  return {
    service: labels.serviceName ?? services.of(labels.serviceId) ?? '',
    team: labels.team ?? teams.of(labels.teamId),
  };
}

function toIncident(
  record: Labelled<IncidentRecord>,
  intervals: readonly Interval[],
  names: NamesOfIncident,
): Incident {
  const { serviceId = '', severity } = record.labels;
  const resolvedAtMs = record.isOpen ? undefined : intervals.at(-1)?.closedAtMs;
  return {
    id: record.id,
    url: record.url,
    title: record.title,
    serviceId,
    serviceName: names.service,
    team: names.team,
    severity,
    status: record.isOpen ? 'triggered' : 'resolved',
    triggeredAtMs: record.createdAtMs,
    resolvedAtMs,
    endKnownFrom: resolvedAtMs === undefined ? undefined : 'resolve_event',
    intervals,
    merged: false,
    fingerprint: titleFingerprint(serviceId, record.title),
    updatedAtMs: record.updatedAtMs,
  };
}
