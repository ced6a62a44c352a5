import { z } from 'zod';
import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Incident, Rejection } from '../../model/incident.ts';
import { type FindId, parseRecord, parseRecords, parseResponse } from '../answers.ts';
import type { PollRequest } from '../provider.ts';
import { buildIncidents, type PollContext, REQUESTS_CONCURRENT } from './build-incidents.ts';
import type { IncidentLists, PlatformRecord } from './definition.ts';
import { type ListClient, openRequests, toLabel, toListRange } from './list-reader.ts';
import { valueAt } from './paging.ts';

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
  isSeen: (id: string) => boolean;
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
  const { lists, request } = context;
  const history = lists.changed ?? lists.created;
  const [list = history?.(toListRange({ fromMs: 0, toMs: request.nowMs }))] = openRequests(lists);
  const what = list === undefined ? 'GET' : toLabel(list);
  /** Newest change of each record that this poll has read; rejected ones have none. */
  const seen = new Map<string, number>();
  const changedMs = (record: Item) => (lists.changed === undefined ? record.createdAtMs : record.updatedAtMs);
  const isNewer = (record: Item) => record.updatedAtMs > (seen.get(record.id) ?? Number.NEGATIVE_INFINITY);

  async function readSingles(ids: readonly string[]): Promise<ReadRecords> {
    const incidents: Incident[] = [];
    const rejected: Rejection[] = [];
    const deletedIds: string[] = [];
    for await (const { id, single } of mapConcurrent(ids, REQUESTS_CONCURRENT, (id) => readSingle(context, id))) {
      if (!seen.has(id)) seen.set(id, Number.NEGATIVE_INFINITY);
      if (single === 'deleted') deletedIds.push(id);
      else if ('reason' in single) rejected.push(single);
      else {
        const made = await buildIncidents(context, [single], () => true);
        incidents.push(...made.incidents);
        rejected.push(...made.rejected);
      }
    }
    return { ...NOTHING, incidents, rejected, deletedIds };
  }

  return {
    isSeen: (id) => seen.has(id),
    readSingles,
    async readList(records, { changedAfterMs, createdFromMs, unknownBefore } = {}) {
      const parsed = parseRecords(lists.record, records, what, rawIdOf(lists));
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
      const built = await buildIncidents(context, ready, (id) => retriedIds.has(id));
      const isTurnWanted = isOpenEnded(retriedIds);
      for (const { id = '' } of built.rejected.filter(isTurnWanted)) seen.delete(id);
      const again = await readSingles(built.againIds);
      return {
        incidents: [...built.incidents, ...again.incidents],
        rejected: [...rejected, ...built.rejected.filter((one) => !isTurnWanted(one)), ...again.rejected],
        deletedIds: again.deletedIds,
        newestMs: latest(changed.map(changedMs)),
        createdMs: parsed.records.map(({ createdAtMs }) => createdAtMs),
        hasReachedOlder: changed.length < listed.length,
      };
    },
  };
}

/** Whether a list did not tell the end of a record that was rejected before: it is requested by its id when it is its turn. */
function isOpenEnded(retriedIds: ReadonlySet<string>): (rejection: Rejection) => boolean {
  return ({ id = '', reason }) => reason === 'end_unknown' && retriedIds.has(id);
}

/** The record by its id, or by another id that the platform may know it by. */
async function readSingle<Item extends PlatformRecord>(
  { client, lists }: PollContext<Item>,
  id: string,
): Promise<{ readonly id: string; readonly single: Item | Rejection | 'deleted' }> {
  for (const platformId of [id, ...(lists.platformIds?.(id) ?? [])]) {
    const single = await requestSingle(client, lists, platformId);
    // Under the id that the store has, so that it is found again.
    if (single !== 'deleted')
      return { id, single: 'reason' in single ? { ...single, id, key: id } : { ...single, id, platformId } };
  }
  return { id, single: 'deleted' };
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
    const found = recordIn(body, lists, toLabel(lists.one('{id}')));
    return found === 'deleted' ? found : parseRecord(lists.record, found.record, rawIdOf(lists));
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status === 404) return 'deleted';
    if (error.status !== 403) throw error;
    const detail = `${toLabel(lists.one('{id}'))}: 403, these credentials may not read this record`;
    return { id, key: id, reason: 'forbidden', detail };
  }
}

/** Finds the id in a record as the platform sends it. */
function recordIn<Item extends PlatformRecord>(
  body: unknown,
  { oneAt, oneIn }: IncidentLists<Item>,
  what: string,
): { readonly record: unknown } | 'deleted' {
  if (oneIn === undefined) return { record: oneAt === undefined ? body : valueAt(body, oneAt) };
  const records = parseResponse(z.array(z.unknown()), valueAt(body, oneIn), what);
  return records.length === 0 ? 'deleted' : { record: records[0] };
}

function rawIdOf<Item extends PlatformRecord>({ idAt = 'id' }: IncidentLists<Item>): FindId {
  return typeof idAt === 'string' ? (record) => valueAt(record, idAt) : idAt;
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
    return id === undefined || id === record.id ? record : { ...record, id, platformId: record.id };
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

/** The latest of some times; undefined of none. */
export function latest(timesMs: readonly (number | undefined)[]): number | undefined {
  return timesMs.reduce<number | undefined>(
    (newest, ms) => (newest === undefined || (ms !== undefined && ms > newest) ? ms : newest),
    undefined,
  );
}
