import type { HttpClient } from '../../http/client.ts';
import { DAY_MS } from '../../model/time.ts';
import { bisectRange, type ListPage, type RangePage, readRanges, splitRange, type TimeRange } from '../time-ranges.ts';
import type { ListRange } from './definition.ts';
import { FIRST, type ListCount, type ListedPage, type ListRequest, type Paging, type Position } from './paging.ts';

/** Pages of one list: more are a loop of the platform. */
const PAGES_MAX = 10_000;

/** Where lists are read. */
export interface ListClient {
  readonly httpClient: Pick<HttpClient, 'get'>;
  readonly signal: AbortSignal;
}

/** A list that is requested by ranges. */
export interface RangedList {
  readonly paging: Paging;
  readonly longestRangeMs?: number | undefined;
  request(range: ListRange): ListRequest;
}

/** One page of a list. */
export async function readPage(
  { httpClient, signal }: ListClient,
  paging: Paging,
  list: ListRequest,
  at: Position = FIRST,
): Promise<ListedPage> {
  const { path, query = {} } = paging.request(list, at);
  return paging.parse(await httpClient.get(path, query, signal), at, toLabel(list));
}

/** All pages of a list one after the other; throws after 10,000. */
export async function* readPages(client: ListClient, paging: Paging, list: ListRequest): AsyncGenerator<ListedPage> {
  let at: Position | undefined = FIRST;
  for (let count = 0; at !== undefined; count += 1) {
    if (count === PAGES_MAX) throw new Error(`${toLabel(list)}: more than ${PAGES_MAX} pages`);
    const page: ListedPage = await readPage(client, paging, list, at);
    yield page;
    at = page.next;
  }
}

/** Every page of every range, with the ranges left after it; a range with more records than the cap is halved until it fits. */
export async function* readRangedList(
  client: ListClient,
  list: RangedList,
  ranges: readonly TimeRange[],
): AsyncGenerator<RangePage<unknown>> {
  const { paging, longestRangeMs } = list;
  const parts = longestRangeMs === undefined ? ranges : ranges.flatMap((range) => splitRange(range, longestRangeMs));
  if (paging.isRandomAccess) {
    const counted = new Set<TimeRange>();
    yield* readRanges({
      ranges: parts,
      pageSize: paging.size,
      cap: paging.cap,
      read: (range, offset) => readOfRange(client, list, counted, { range, offset }),
    });
    return;
  }
  const left = [...parts];
  for (let range = left.shift(); range !== undefined; range = left.shift()) {
    const isComplete = yield* readInOrder(client, list, range, [...left]);
    if (!isComplete) left.unshift(...bisectRange(range));
  }
}

/** One page of a range, with the total of the range: from its pages, or counted once when there is more than one page. */
async function readOfRange(
  client: ListClient,
  list: RangedList,
  counted: Set<TimeRange>,
  { range, offset }: { readonly range: TimeRange; readonly offset: number },
): Promise<ListPage<unknown>> {
  const { paging } = list;
  const listRequest = list.request(toListRange(range));
  const { records, total, next } = await readPage(client, paging, listRequest, { offset });
  const more = next !== undefined;
  if (paging.count === undefined) return { records, total, more };
  // The end of the list shows its length: shorter than counted means that a record slipped over a page's edge.
  if (!more) return { records, total: offset + records.length, more };
  if (counted.has(range)) return { records, total: undefined, more };
  counted.add(range);
  return { records, total: await readCount(client, paging.count, listRequest), more };
}

/** How many records a list has; see `ListCount`. */
export async function readCount({ httpClient, signal }: ListClient, count: ListCount, list: ListRequest) {
  const { path, query = {} } = count.request(list);
  const { body } = await httpClient.get(path, query, signal);
  try {
    return count.parse(body);
  } catch (error) {
    throw new Error(`${toLabel({ path })}: the answer has another shape: expected a number of records`, {
      cause: error,
    });
  }
}

/** Returns false when the range exceeds the cap, so the yielded pages are incomplete. */
async function* readInOrder(
  client: ListClient,
  list: RangedList,
  range: TimeRange,
  rangesLeft: readonly TimeRange[],
): AsyncGenerator<RangePage<unknown>, boolean> {
  for await (const { records, next } of readPages(client, list.paging, list.request(toListRange(range)))) {
    const isWithin = next !== undefined;
    yield { records, isWithin, rangesLeft: isWithin ? [range, ...rangesLeft] : rangesLeft };
    if (next !== undefined && next.offset + list.paging.size > list.paging.cap) return false;
  }
  return true;
}

/** What declares the lists of open records. */
interface OpenLists {
  readonly paging: Paging;
  readonly openPaging?: Paging | undefined;
  readonly open?: ((range?: ListRange) => ListRequest | readonly ListRequest[]) | undefined;
}

/** Everything open: lists of all time, each read again in ranges of creation where it exceeds the cap. */
export async function* readOpenLists(
  client: ListClient,
  lists: OpenLists,
  nowMs: number,
): AsyncGenerator<RangePage<unknown>> {
  const always = { fromMs: 0, toMs: nowMs + DAY_MS };
  const { paging, openPaging = paging } = lists;
  for (const [index, whole] of openRequests(lists).entries()) {
    const request = (range: ListRange) => {
      if (range.fromMs === always.fromMs && range.toMs === always.toMs) return whole;
      const part = openRequests(lists, range)[index];
      if (part !== undefined && JSON.stringify(part) !== JSON.stringify(whole)) return part;
      throw new Error(
        `${toLabel(whole)}: more open records than the ${openPaging.cap} that the platform lets anyone list`,
      );
    };
    yield* readRangedList(client, { paging: openPaging, request }, [always]);
  }
}

/** The requests that read everything open; none where the platform has no list of it. */
export function openRequests({ open }: Pick<OpenLists, 'open'>, range?: ListRange): readonly ListRequest[] {
  if (open === undefined) return [];
  const requests = range === undefined ? open() : open(range);
  return 'path' in requests ? [requests] : requests;
}

/** Where the first sync begins to read: without a list of what is open, that may stand anywhere in the lists. */
export function listsStartMs({ open }: Pick<OpenLists, 'open'>, historyStartMs: number): number {
  return open === undefined ? 0 : historyStartMs;
}

/** The range as declarations take it, oldest first unless declared otherwise. */
export function toListRange({ fromMs, toMs }: TimeRange, order: 'asc' | 'desc' = 'asc'): ListRange {
  return { fromMs, toMs, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), order };
}

/** The name of a request in messages: without ids and parameters. */
export function toLabel({ path }: ListRequest): string {
  const readable = path.replaceAll('%7B', '{').replaceAll('%7D', '}');
  return `GET ${readable.startsWith('/') ? '' : '/'}${readable}`;
}
