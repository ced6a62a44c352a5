import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Incident, Rejection } from '../../model/incident.ts';
import type { IncidentSample } from '../probes.ts';
import type { PollRequest } from '../provider.ts';
import type { IncidentLists, PlatformRecord, RecordDetails } from './definition.ts';
import { type ListClient, readPages, toLabel } from './list-reader.ts';
import type { NameCache } from './name-cache.ts';
import type { ListRequest } from './paging.ts';
import { toIncident } from './to-incident.ts';

/** Requests by id at once (DESIGN: 4 per provider). */
export const REQUESTS_CONCURRENT = 4;
/** Pages of one record's details: more are the loop of somebody's automation. */
const DETAIL_PAGES_MAX = 50;

/** What one poll works with. */
export interface PollContext<Item extends PlatformRecord> {
  readonly client: ListClient;
  readonly lists: IncidentLists<Item>;
  readonly request: PollRequest;
  readonly teams: NameCache;
  readonly services: NameCache;
  readonly statuses: NameCache;
  /** Asked before anything else in a poll. */
  readonly session?: ListRequest | undefined;
}

/** Incidents of records with all that is needed; `againIds` are those that a request by id may tell more about. */
export async function buildIncidents<Item extends PlatformRecord>(
  context: PollContext<Item>,
  records: readonly Item[],
  isWhole: (id: string) => boolean,
): Promise<{ incidents: readonly Incident[]; rejected: readonly Rejection[]; againIds: readonly string[] }> {
  const { client, lists, request } = context;
  await ensureNames(records, context);
  const stored = await request.stored.incidents(records.map(({ id }) => id));
  const incidents: Incident[] = [];
  const rejected: Rejection[] = [];
  const againIds: string[] = [];
  const isOld = (record: Item) =>
    lists.hasNoChangeTimes !== true && isStale(record, stored.get(record.id), request.nowMs);
  const current = records.filter((record) => !isOld(record));
  const detailed = (record: Item) => addDetails(client, lists.details, record, stored.get(record.id));
  const whole: Item[] = [];
  for await (const record of mapConcurrent(current, REQUESTS_CONCURRENT, detailed)) {
    if ('reason' in record) rejected.push(record);
    else whole.push(record);
  }
  for (const record of await addStatuses(whole, context)) {
    const { teamId, serviceId } = record;
    const made = toIncident(record, { team: context.teams.of(teamId), service: context.services.of(serviceId) });
    if (!('reason' in made)) incidents.push(made);
    else if (isWhole(record.id)) rejected.push(made);
    else againIds.push(record.id);
  }
  return { incidents, rejected, againIds };
}

async function addStatuses<Item extends PlatformRecord>(
  records: readonly Item[],
  { lists: { withStatuses }, statuses, request }: PollContext<Item>,
): Promise<readonly Item[]> {
  if (withStatuses === undefined) return records;
  const ids = new Set(records.flatMap(({ statusIds = [] }) => statusIds));
  await statuses.ensure([...ids], request.nowMs, request.signal);
  return records.map((record) => withStatuses(record, (id) => statuses.of(id)));
}

async function ensureNames<Item extends PlatformRecord>(records: readonly Item[], context: PollContext<Item>) {
  const { teams, services, request } = context;
  const ids = (of: (record: Item) => string | undefined) => [
    ...new Set(records.map(of).flatMap((id) => (id === undefined || id === '' ? [] : [id]))),
  ];
  await teams.ensure(
    ids(({ teamId, team }) => (team === undefined ? teamId : undefined)),
    request.nowMs,
    request.signal,
  );
  await services.ensure(
    ids(({ serviceId, serviceName }) => (serviceName === undefined ? serviceId : undefined)),
    request.nowMs,
    request.signal,
  );
}

/**
 * Lists may lag behind one another: what is stored may be newer. What was stored from the future was stamped by a clock that
 * was ahead, and what came from a file gives way.
 */
function isStale(record: PlatformRecord, stored: Incident | undefined, nowMs: number): boolean {
  if (stored === undefined || stored.imported === true || stored.updatedAtMs > nowMs) return false;
  return stored.updatedAtMs > record.updatedAtMs;
}

async function addDetails<Item extends PlatformRecord>(
  client: ListClient,
  details: RecordDetails<Item> | undefined,
  record: Item,
  stored: Incident | undefined,
): Promise<Item | Rejection> {
  if (details === undefined) return record;
  // What came from a file may lack what details tell.
  const isPolled = stored !== undefined && stored.imported !== true;
  const isUnchanged = isPolled && stored.updatedAtMs === record.updatedAtMs && stored.status === record.status;
  const kept = stored === undefined ? record : details.keep(record, stored, isUnchanged);
  if (isUnchanged || !details.isNeeded(kept)) return kept;
  const list = details.request({ id: record.platformId ?? record.id });
  const entries: unknown[] = [];
  try {
    let pages = 0;
    for await (const page of readPages(client, details.paging, list)) {
      entries.push(...page.records);
      pages += 1;
      if (pages === DETAIL_PAGES_MAX) break;
    }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status !== 403 && error.status !== 404) throw error;
    if (error.status === 403 || details.isRequired) {
      const detail = `${detailsLabel(details)}: ${error.status}, these credentials may not read it`;
      return { id: record.id, key: record.id, reason: 'forbidden', detail };
    }
  }
  return details.apply(kept, entries, detailsLabel(details));
}

/** The name of the request for details in messages and in `doctor`. */
export function detailsLabel<Item extends PlatformRecord>(details: RecordDetails<Item>): string {
  return toLabel(details.request({ id: '{id}' }));
}

/** What labels are made of, of one record; names as far as they are given. */
export function toSample(record: PlatformRecord, names: { teams: NameOf; services: NameOf }): IncidentSample {
  const serviceName = record.serviceName ?? names.services(record.serviceId) ?? '';
  return {
    serviceId: record.serviceId ?? serviceName,
    serviceName,
    team: record.team ?? names.teams(record.teamId),
    severity: record.severity,
    triggeredAtMs: record.triggeredAtMs ?? record.createdAtMs,
  };
}

export type NameOf = (id: string | undefined) => string | undefined;
