import type { ProviderConfig } from '../../config/types.ts';
import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import { titleFingerprint } from '../../model/fingerprint.ts';
import type { Incident, Interval, Rejection, SeveritySources } from '../../model/incident.ts';
import { type Source, type Surroundings, tagValue } from './source.ts';
import { openSpans, readTimeline } from './timeline.ts';
import { IncidentRecord } from './wire.ts';

/** Timelines that may be asked for at once (DESIGN: 4 requests in flight per provider). */
const TIMELINES_AHEAD = 4;

/** Opsgenie's incidents: the list does not say when one ended, its timeline does. */
export function incidentsSource({ severity }: ProviderConfig): Source<IncidentRecord> {
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
    toSample: (wire, serviceName) => ({
      serviceId: wire.serviceId,
      serviceName: serviceName(wire.serviceId) ?? '',
      team: wire.teamId,
      severity: severityOf(wire, severity.tag),
      triggeredAtMs: wire.createdAtMs,
    }),
    async prepare({ teams, services, request }) {
      await teams.ensure([], request.nowMs, request.signal);
      await services.ensure([], request.nowMs, request.signal);
    },
    async assemble(wires, { retriedIds }, surroundings) {
      const incidents: Incident[] = [];
      const rejected: Rejection[] = [];
      await ensureNames(wires, surroundings);
      const stored = await surroundings.request.stored.incidents(wires.map(({ id }) => id));
      const read = async (wire: IncidentRecord) => ({
        wire,
        open: await openIntervals(wire, stored.get(wire.id), surroundings),
      });
      const isWaiting = ({ id, isOpen }: IncidentRecord) => !isOpen && retriedIds.has(id);
      const told = wires.filter((wire) => !isWaiting(wire));
      for await (const { wire, open } of mapConcurrent(told, TIMELINES_AHEAD, read)) {
        if ('reason' in open) rejected.push(open);
        else incidents.push(toIncident(wire, open, namesOf(wire, severity.tag, surroundings)));
      }
      return { incidents, rejected, askAgainIds: wires.filter(isWaiting).map(({ id }) => id) };
    },
  };
}

async function ensureNames(
  wires: readonly IncidentRecord[],
  { teams, services, request }: Surroundings,
): Promise<void> {
  const teamIds = wires.map(({ teamId }) => teamId).filter((id) => id !== undefined);
  const serviceIds = wires.map(({ serviceId }) => serviceId).filter((id) => id !== '');
  await teams.ensure(teamIds, request.nowMs, request.signal);
  await services.ensure(serviceIds, request.nowMs, request.signal);
}

/** The spans in which it was open, from the store where that is sure, else from its timeline; or why they are not known. */
async function openIntervals(
  wire: IncidentRecord,
  stored: Incident | undefined,
  { httpClient, request }: Surroundings,
): Promise<readonly Interval[] | Rejection> {
  const wasOpen = stored === undefined || stored.status !== 'resolved';
  if (wire.isOpen && wasOpen) return stored?.intervals ?? [{ openedAtMs: wire.createdAtMs }];
  if (!wire.isOpen && !wasOpen && stored.updatedAtMs === wire.updatedAtMs) return stored.intervals;
  try {
    const entries = await readTimeline(httpClient, wire.id, request.signal);
    if (entries === undefined) return refused(wire.id, 'end_unknown', 'timeline: expected at most 1000 entries');
    return agreeing(wire, openSpans(wire.createdAtMs, entries));
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status === 403) return refused(wire.id, 'forbidden', 'the key may not read the timeline of the incident');
    if (error.status === 404) return refused(wire.id, 'end_unknown', 'the incident has no timeline');
    throw error;
  }
}

/** The record says whether it is open now; a timeline that says otherwise lacks its last entry. */
function agreeing(wire: IncidentRecord, intervals: readonly Interval[]): readonly Interval[] | Rejection {
  const endedAtMs = intervals.at(-1)?.closedAtMs;
  if (!wire.isOpen && endedAtMs === undefined) {
    return refused(wire.id, 'end_unknown', 'timeline: expected an entry that resolved or closed the incident');
  }
  if (!wire.isOpen || endedAtMs === undefined) return intervals;
  return [...intervals, { openedAtMs: Math.max(wire.updatedAtMs, endedAtMs) }];
}

function refused(id: string, reason: 'forbidden' | 'end_unknown', detail: string): Rejection {
  return { id, key: id, reason, detail };
}

interface NamesOfIncident {
  readonly service: string;
  readonly team: string | undefined;
  readonly severity: SeveritySources;
}

function namesOf(wire: IncidentRecord, severityTag: string | undefined, around: Surroundings): NamesOfIncident {
  return {
    service: around.services.of(wire.serviceId) ?? '',
    team: around.teams.of(wire.teamId),
    severity: severityOf(wire, severityTag),
  };
}

function severityOf(wire: IncidentRecord, tagName: string | undefined): SeveritySources {
  const tag = tagValue(wire.tags, tagName);
  return tag === undefined ? { priority: wire.priority } : { tag };
}

function toIncident(wire: IncidentRecord, intervals: readonly Interval[], names: NamesOfIncident): Incident {
  const resolvedAtMs = wire.isOpen ? undefined : intervals.at(-1)?.closedAtMs;
  return {
    id: wire.id,
    url: wire.url,
    title: wire.title,
    serviceId: wire.serviceId,
    serviceName: names.service,
    team: names.team,
    severity: names.severity,
    status: wire.isOpen ? 'triggered' : 'resolved',
    triggeredAtMs: wire.createdAtMs,
    resolvedAtMs,
    endKnownFrom: resolvedAtMs === undefined ? undefined : 'resolve_event',
    intervals,
    merged: false,
    fingerprint: titleFingerprint(wire.serviceId, wire.title),
    updatedAtMs: wire.updatedAtMs,
  };
}
