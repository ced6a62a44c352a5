import type { HttpClient } from '../../http/client.ts';
import { DAY_MS } from '../../model/time.ts';
import { parseResponse } from '../answers.ts';
import { type ListPage, type RangePage, readRanges, type TimeRange } from '../time-ranges.ts';
import { CountResponse, ListResponse } from './schema.ts';

/** The most that a list gives at once; without `limit` it would be 20. */
export const PAGE_SIZE = 100;
/** Highest `offset + limit` that Opsgenie answers. */
export const LIST_CAP = 20_000;

export interface ListQuery {
  readonly path: string;
  readonly query?: string | undefined;
  readonly sort: 'createdAt' | 'updatedAt';
  readonly order: 'asc' | 'desc';
  readonly offset: number;
  readonly limit?: number;
}

/** One page of a list; the offset is ours, links in the answer are not followed. */
export async function readList(
  httpClient: HttpClient,
  question: ListQuery,
  signal: AbortSignal,
): Promise<ListPage<unknown>> {
  const { path, query, sort, order, offset, limit = PAGE_SIZE } = question;
  const { body } = await httpClient.get(path, { query, sort, order, offset, limit }, signal);
  const { data, paging } = parseResponse(ListResponse, body, `GET ${path}`);
  return { records: data, total: undefined, more: paging?.next !== undefined };
}

/** How the records of a query are counted: only alerts have an endpoint for it. */
export type CountStrategy = 'count' | 'probe';

export interface RangeReading {
  readonly httpClient: HttpClient;
  readonly signal: AbortSignal;
  readonly path: string;
  readonly countStrategy: CountStrategy;
  /** Asked as it is for the ranges given, and joined with a window by AND for their halves. */
  readonly filter?: string | undefined;
  readonly ranges: readonly TimeRange[];
}

/**
 * Every record created in the ranges, in order of creation. A range that has more than one page is counted (incidents:
 * probed at the cap) before more of it is read, so an account that fits one page costs one request, and one over the
 * cap is halved at the price of two.
 */
export function readCreationRanges(reading: RangeReading): AsyncGenerator<RangePage<unknown>> {
  const { httpClient, signal, path, ranges } = reading;
  const counted = new Set<TimeRange>();
  return readRanges({
    ranges,
    pageSize: PAGE_SIZE,
    cap: LIST_CAP,
    read: async (range, from) => {
      const query = queryFor(reading, range);
      const page = await readList(httpClient, { path, query, sort: 'createdAt', order: 'asc', offset: from }, signal);
      // The end of the list shows its length: shorter than counted means that a record slipped over a page's edge.
      if (!page.more) return { ...page, total: from + page.records.length };
      if (counted.has(range)) return page;
      counted.add(range);
      return { ...page, total: await countTotal(reading, query) };
    },
  });
}

/** All time, for a filter: one list without a window, read again in windows of creation only where the cap is met. */
export function allTime(nowMs: number): TimeRange {
  return { fromMs: 0, toMs: nowMs + DAY_MS };
}

function queryFor({ filter, ranges }: RangeReading, range: TimeRange): string {
  const window = `createdAt >= ${range.fromMs} AND createdAt < ${range.toMs}`;
  if (filter === undefined) return window;
  return ranges.includes(range) ? filter : `${filter} AND ${window}`;
}

/** How many records a query finds; only alerts can be counted. */
export async function countRecords(
  { httpClient, signal, path }: Pick<RangeReading, 'httpClient' | 'signal' | 'path'>,
  query: string,
): Promise<number> {
  const { body } = await httpClient.get(`${path}/count`, { query }, signal);
  return parseResponse(CountResponse, body, `GET ${path}/count`).data.count;
}

async function countTotal(reading: RangeReading, query: string): Promise<number | undefined> {
  const { httpClient, signal, path, countStrategy } = reading;
  if (countStrategy === 'count') return countRecords(reading, query);
  const last = { path, query, sort: 'createdAt', order: 'asc', offset: LIST_CAP - 1, limit: 1 } as const;
  const { records } = await readList(httpClient, last, signal);
  return records.length === 0 ? undefined : LIST_CAP + 1;
}
