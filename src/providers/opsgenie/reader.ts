import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Incident, Rejection } from '../../model/incident.ts';
import { parseRecords, parseResponse } from '../answers.ts';
import type { PollContext, RecordKind } from './record-kind.ts';
import { type ListedRecord, SingleResponse } from './schema.ts';

/** Records that may be asked for by their ids at once (DESIGN: 4 requests in flight per provider). */
const SINGLES_AHEAD = 4;

/** What the records of some answers amount to. */
export interface ReadResult {
  readonly incidents: readonly Incident[];
  readonly rejected: readonly Rejection[];
  /** Ids that the platform no longer has. */
  readonly deletedIds: readonly string[];
  /** Every id that was reported, rejected and deleted ones too. */
  readonly ids: readonly string[];
  /** Newest stamp of the kind that later polls go on from. */
  readonly newestMs: number | undefined;
  /** When the listed records were created, in the order of the list. */
  readonly createdMs: readonly number[];
  /** A record was not newer than asked for: in a list with the newest change first, all that follow are older too. */
  readonly reachedKnown: boolean;
}

/** Reads the records of one source in one poll. */
export interface Reader {
  /**
   * The records of one list page as incidents, but for those that did not change after `newerThanMs`; what the list
   * does not tell of a record is asked for by its id, unless that is among `retriedIds`.
   */
  take(listed: readonly unknown[], choice?: TakeChoice): Promise<ReadResult>;
  /** The same of records that are asked for one by one: 404 is a deleted one, 403 a rejected one. */
  takeSingles(ids: readonly string[]): Promise<ReadResult>;
}

export interface TakeChoice {
  readonly newerThanMs?: number;
  /** Records whose turn to be asked for comes elsewhere; such a one then counts as not seen. */
  readonly retriedIds?: ReadonlySet<string>;
}

const NO_IDS: ReadonlySet<string> = new Set();

/** A reader of `source` for one poll. */
export function createReader<Item extends ListedRecord>(source: RecordKind<Item>, context: PollContext): Reader {
  const toListTime = (record: Item) => (source.changesBy === 'updatedAt' ? record.updatedAtMs : record.createdAtMs);
  const takeSingles = async (ids: readonly string[]): Promise<ReadResult> => {
    const singles = await readSingles(source, context, ids);
    const { incidents, rejected } = await source.buildIncidents(
      singles.records,
      { isWhole: true, retriedIds: NO_IDS },
      context,
    );
    return {
      ...NOTHING_READ,
      incidents,
      rejected: [...singles.rejected, ...rejected],
      deletedIds: singles.deletedIds,
      ids,
    };
  };
  return {
    takeSingles,
    async take(listed, { newerThanMs = Number.NEGATIVE_INFINITY, retriedIds = NO_IDS } = {}) {
      const parsed = parseRecords(source.schema, listed, `GET ${source.path}`);
      const records = [...new Map(parsed.records.map((record) => [record.id, record])).values()];
      const newer = records.filter((record) => toListTime(record) > newerThanMs);
      const { incidents, rejected, requestAgainIds } = await source.buildIncidents(
        newer,
        { isWhole: false, retriedIds },
        context,
      );
      const waitingIds = new Set(requestAgainIds.filter((id) => retriedIds.has(id)));
      const again = await takeSingles(requestAgainIds.filter((id) => !waitingIds.has(id)));
      const seen = newer.filter(({ id }) => !waitingIds.has(id));
      return {
        incidents: [...incidents, ...again.incidents],
        rejected: [...parsed.rejected, ...rejected, ...again.rejected],
        deletedIds: again.deletedIds,
        ids: [...seen.map(({ id }) => id), ...parsed.rejected.flatMap(({ id }) => id ?? [])],
        newestMs: latest(newer.map(toListTime)),
        createdMs: parsed.records.map(({ createdAtMs }) => createdAtMs),
        reachedKnown: newer.length < records.length,
      };
    },
  };
}

/** No answers. */
export const NOTHING_READ: ReadResult = {
  incidents: [],
  rejected: [],
  deletedIds: [],
  ids: [],
  newestMs: undefined,
  createdMs: [],
  reachedKnown: false,
};

interface Singles<Item> {
  readonly records: Item[];
  readonly rejected: Rejection[];
  readonly deletedIds: string[];
}

async function readSingles<Item extends ListedRecord>(
  source: RecordKind<Item>,
  { httpClient, request }: PollContext,
  ids: readonly string[],
): Promise<Singles<Item>> {
  const endpoint = `${source.path}/{id}`;
  const what = `GET ${endpoint}`;
  const read = async (id: string): Promise<Singles<Item>> => {
    const path = `${source.path}/${encodeURIComponent(id)}`;
    try {
      const { body } = await httpClient.get({ path, endpoint }, { identifierType: 'id' }, request.signal);
      const { records, rejected } = parseRecords(source.schema, [parseResponse(SingleResponse, body, what).data], what);
      return { records: [...records], rejected: [...rejected], deletedIds: [] };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.status === 404) return { records: [], rejected: [], deletedIds: [id] };
      if (error.status === 403) return { records: [], rejected: [forbidden(id, what)], deletedIds: [] };
      throw error;
    }
  };
  const all: Singles<Item> = { records: [], rejected: [], deletedIds: [] };
  for await (const one of mapConcurrent(ids, SINGLES_AHEAD, read)) {
    all.records.push(...one.records);
    all.rejected.push(...one.rejected);
    all.deletedIds.push(...one.deletedIds);
  }
  return all;
}

function forbidden(id: string, what: string): Rejection {
  return { id, key: id, reason: 'forbidden', detail: `${what}: the key may not read this record` };
}

/** The latest of some instants; undefined of none. */
export function latest(instantsMs: readonly (number | undefined)[]): number | undefined {
  return instantsMs.reduce<number | undefined>(
    (newest, ms) => (newest === undefined || (ms !== undefined && ms > newest) ? ms : newest),
    undefined,
  );
}
