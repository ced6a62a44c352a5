import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Incident, Rejection } from '../../model/incident.ts';
import { parseRecord, parseRecords } from '../answers.ts';
import type { IncidentSample } from '../probes.ts';
import type { PollRequest } from '../provider.ts';
import type { IncidentLists, PlatformRecord, RecordDetails } from './definition.ts';
import { type ListClient, readPages, toLabel } from './list-reader.ts';
import type { NameCache } from './name-cache.ts';
import { valueAt } from './paging.ts';
import { toIncident } from './to-incident.ts';

/** Requests by id at once (DESIGN: 4 per provider). */
const REQUESTS_CONCURRENT = 4;
/** Pages of one record's details: more are the loop of somebody's automation. */
const DETAIL_PAGES_MAX = 50;

/** What one poll works with. */
export interface PollContext<Item extends PlatformRecord> {
  readonly client: ListClient;
  readonly lists: IncidentLists<Item>;
  readonly request: PollRequest;
  readonly teams: NameCache;
  readonly services: NameCache;
}

/** What some records amount to. */
export interface ReadRecords {
  readonly incidents: readonly Incident[];
  readonly rejected: readonly Rejection[];
  /** Ids that the platform no longer has. */
  readonly deletedIds: readonly string[];
  /** Newest time that later polls continue from. */
  readonly newestMs: number | undefined;
  /** Creation of the records, in the order of the list. */
  readonly createdMs: readonly number[];
  /** A record had not changed since the requested time: in a list with the newest change first, the others are older. */
  readonly hasReachedOlder: boolean;
}

export interface ReadOptions {
  /** Records that did not change after this are left out. */
  readonly changedAfterMs?: number | undefined;
  /** Records that were created before this are left out. */
  readonly createdFromMs?: number | undefined;
  /** Unknown records that were created before the first and ended before the second are left out. */
  readonly unknownBefore?: { readonly createdMs: number; readonly resolvedMs: number } | undefined;
}

/** Makes incidents of the records of one poll. */
export interface RecordReader {
  readList(records: readonly unknown[], options?: ReadOptions): Promise<ReadRecords>;
  /** Requests each of these by its id: 404 is a deleted record, 403 a rejected one. */
  readSingles(ids: readonly string[]): Promise<ReadRecords>;
  /** True when this poll has read the record, or will not. */
  isSeen(id: string): boolean;
}

/** Nothing read. */
export const NOTHING: ReadRecords = {
  incidents: [],
  rejected: [],
  deletedIds: [],
  newestMs: undefined,
  createdMs: [],
  hasReachedOlder: false,
};

/** A reader for one poll. Records of `retriedIds` were rejected before: no list makes a request for them, each waits for its turn. */
export function createRecordReader<Item extends PlatformRecord>(
  context: PollContext<Item>,
  retriedIds: ReadonlySet<string>,
): RecordReader {
  const { client, lists, request } = context;
  const what = toLabel(lists.open());
  /** Newest change of each record that this poll has read; rejected ones have none. */
  const seen = new Map<string, number>();
  const changedMs = (record: Item) => (lists.changed === undefined ? record.createdAtMs : record.updatedAtMs);
  const isNewer = (record: Item) => record.updatedAtMs > (seen.get(record.id) ?? Number.NEGATIVE_INFINITY);

  async function readSingles(ids: readonly string[]): Promise<ReadRecords> {
    const incidents: Incident[] = [];
    const rejected: Rejection[] = [];
    const deletedIds: string[] = [];
    for await (const { id, single } of mapConcurrent(ids, REQUESTS_CONCURRENT, readSingle)) {
      if (!seen.has(id)) seen.set(id, Number.NEGATIVE_INFINITY);
      if (single === 'deleted') deletedIds.push(id);
      else if ('reason' in single) rejected.push(single);
      else {
        const made = await build([single], { isWhole: true });
        incidents.push(...made.incidents);
        rejected.push(...made.rejected);
      }
    }
    return { ...NOTHING, incidents, rejected, deletedIds };
  }

  /** The record by its id, or by another id that the platform may know it by. */
  async function readSingle(id: string): Promise<{ id: string; single: Item | Rejection | 'deleted' }> {
    for (const platformId of [id, ...(lists.platformIds?.(id) ?? [])]) {
      const single = await requestSingle(client, lists, platformId);
      // Under the id that the store has, so that it is found again.
      if (single !== 'deleted')
        return { id, single: 'reason' in single ? { ...single, id, key: id } : { ...single, id } };
    }
    return { id, single: 'deleted' };
  }

  /** Incidents of records with all that is needed; `againIds` are those that a request by id may tell more about. */
  async function build(records: readonly Item[], { isWhole }: { readonly isWhole: boolean }) {
    const stored = await request.stored.incidents(records.map(({ id }) => id));
    const incidents: Incident[] = [];
    const rejected: Rejection[] = [];
    const againIds: string[] = [];
    const current = records.filter((record) => !isStale(record, stored.get(record.id), request.nowMs));
    const detailed = (record: Item) => addDetails(client, lists.details, record, stored.get(record.id));
    for await (const record of mapConcurrent(current, REQUESTS_CONCURRENT, detailed)) {
      if ('reason' in record) {
        rejected.push(record);
        continue;
      }
      const { teamId, serviceId } = record;
      const made = toIncident(record, { team: context.teams.of(teamId), service: context.services.of(serviceId) });
      if (!('reason' in made)) incidents.push(made);
      else if (isWhole || retriedIds.has(record.id)) rejected.push(made);
      else againIds.push(record.id);
    }
    return { incidents, rejected, againIds };
  }

  return {
    isSeen: (id) => seen.has(id),
    readSingles,
    async readList(records, { changedAfterMs, createdFromMs, unknownBefore } = {}) {
      const parsed = parseRecords(lists.record, records, what);
      const listed = await underStoredIds(newestOfEach(parsed.records), lists, request);
      const isChanged = (record: Item) => changedAfterMs === undefined || changedMs(record) > changedAfterMs;
      const changed = listed.filter(isChanged);
      const created = changed.filter(({ createdAtMs }) => createdFromMs === undefined || createdAtMs >= createdFromMs);
      const wanted = await withoutUnknown(created.filter(isNewer), unknownBefore, request, retriedIds);
      const isWaiting = (record: Item) => retriedIds.has(record.id) && lists.details?.isNeeded(record) === true;
      const ready = wanted.filter((record) => !isWaiting(record));
      const rejected = parsed.rejected.filter(({ id }) => id === undefined || !seen.has(id));
      for (const { id, updatedAtMs } of ready) seen.set(id, updatedAtMs);
      for (const { id } of rejected) if (id !== undefined) seen.set(id, Number.NEGATIVE_INFINITY);
      await ensureNames(ready, context);
      const built = await build(ready, { isWhole: false });
      const again = await readSingles(built.againIds);
      return {
        incidents: [...built.incidents, ...again.incidents],
        rejected: [...rejected, ...built.rejected, ...again.rejected],
        deletedIds: again.deletedIds,
        newestMs: latest(changed.map(changedMs)),
        createdMs: parsed.records.map(({ createdAtMs }) => createdAtMs),
        hasReachedOlder: changed.length < listed.length,
      };
    },
  };
}

/** One record: 404 means deleted, 403 is a rejection that keeps what is stored. */
async function requestSingle<Item extends PlatformRecord>(
  client: ListClient,
  lists: IncidentLists<Item>,
  id: string,
): Promise<Item | Rejection | 'deleted'> {
  const { path, query = {} } = lists.one(id);
  try {
    const { body } = await client.httpClient.get(path, query, client.signal);
    return parseRecord(lists.record, lists.oneAt === undefined ? body : valueAt(body, lists.oneAt));
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status === 404) return 'deleted';
    if (error.status !== 403) throw error;
    const detail = `${toLabel(lists.one('{id}'))}: 403, these credentials may not read this record`;
    return { id, key: id, reason: 'forbidden', detail };
  }
}

/** A list may show a record twice. */
function newestOfEach<Item extends PlatformRecord>(records: readonly Item[]): Item[] {
  const byId = new Map<string, Item>();
  for (const record of records) {
    const before = byId.get(record.id);
    if (before === undefined || record.updatedAtMs >= before.updatedAtMs) byId.set(record.id, record);
  }
  return [...byId.values()];
}

/**
 * Lists may lag behind one another: what is stored may be newer. What was stored from the future was stamped by a clock that
 * was ahead, and what came from a file gives way.
 */
function isStale(record: PlatformRecord, stored: Incident | undefined, nowMs: number): boolean {
  if (stored === undefined || stored.imported === true || stored.updatedAtMs > nowMs) return false;
  return stored.updatedAtMs > record.updatedAtMs;
}

/** Each record under the id that the store has it under. */
async function underStoredIds<Item extends PlatformRecord>(
  records: readonly Item[],
  { storedIds }: IncidentLists<Item>,
  { stored }: PollRequest,
): Promise<readonly Item[]> {
  if (storedIds === undefined) return records;
  const others = new Map(records.map((record) => [record.id, storedIds(record)]));
  const found = await stored.incidents([...others].flat(2));
  return records.map((record) => {
    const id = [record.id, ...(others.get(record.id) ?? [])].find((one) => found.has(one));
    return id === undefined ? record : { ...record, id };
  });
}

/** Without old incidents that nobody knows and that were over before this poll's time: a late edit does not bring them in. */
async function withoutUnknown<Item extends PlatformRecord>(
  records: readonly Item[],
  before: ReadOptions['unknownBefore'],
  { stored }: PollRequest,
  retriedIds: ReadonlySet<string>,
): Promise<readonly Item[]> {
  if (before === undefined) return records;
  const isOld = ({ createdAtMs, status, resolvedAtMs = createdAtMs }: Item) =>
    createdAtMs < before.createdMs && status === 'resolved' && resolvedAtMs < before.resolvedMs;
  const old = records.filter(isOld);
  if (old.length === 0) return records;
  const known = await stored.incidents(old.map(({ id }) => id));
  return records.filter((record) => !isOld(record) || known.has(record.id) || retriedIds.has(record.id));
}

async function addDetails<Item extends PlatformRecord>(
  client: ListClient,
  details: RecordDetails<Item> | undefined,
  record: Item,
  stored: Incident | undefined,
): Promise<Item | Rejection> {
  if (details === undefined) return record;
  const isUnchanged = stored?.updatedAtMs === record.updatedAtMs && stored.status === record.status;
  const kept = stored === undefined ? record : details.keep(record, stored, isUnchanged);
  if (isUnchanged || !details.isNeeded(kept)) return kept;
  const list = details.request(record);
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
    if (error.status === 403) {
      const detail = `${detailsLabel(details)}: 403, these credentials may not read it`;
      return { id: record.id, key: record.id, reason: 'forbidden', detail };
    }
    if (error.status !== 404) throw error;
  }
  return details.apply(kept, entries, detailsLabel(details));
}

/** The name of the request for details in messages and in `doctor`. */
export function detailsLabel<Item extends PlatformRecord>(details: RecordDetails<Item>): string {
  return toLabel(details.request({ id: '{id}' }));
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

/** The latest of some times; undefined of none. */
export function latest(timesMs: readonly (number | undefined)[]): number | undefined {
  return timesMs.reduce<number | undefined>(
    (newest, ms) => (newest === undefined || (ms !== undefined && ms > newest) ? ms : newest),
    undefined,
  );
}
