import { mapConcurrent } from '../http/map-concurrent.ts';
import { SECOND_MS } from '../model/time.ts';

/** A half-open time range: from ≤ t < to. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Concurrent requests of one list (DESIGN: 4 per provider). */
const PAGES_CONCURRENT = 4;

/** One page of a list. `total` counts the whole range, where the platform reports it. */
export interface ListPage<Item> {
  readonly records: readonly Item[];
  readonly total: number | undefined;
  readonly more: boolean;
}

export interface RangeQuery<Item> {
  /** The ranges to read, in this order. */
  readonly ranges: readonly TimeRange[];
  readonly pageSize: number;
  /** Highest `offset + limit` that the platform accepts. */
  readonly cap: number;
  read(range: TimeRange, offset: number): Promise<ListPage<Item>>;
}

/** One page with the ranges left to read after it. */
export interface RangePage<Item> {
  readonly records: readonly Item[];
  /** The first range has been read in part when `isWithin`. */
  readonly rangesLeft: readonly TimeRange[];
  readonly isWithin: boolean;
}

/**
 * The ranges left after a page whose records have these times, in list order: enough to resume here after a crash. It uses
 * times and not offsets: a record that leaves the list shifts the others, so one could be skipped at the edge of a page.
 * `marginMs` is read again, as times may be equal. A list that is not ordered by time is read again from the start of its range.
 */
export function rangesAfter(page: RangePage<unknown>, timesMs: readonly number[], marginMs: number): TimeRange[] {
  const [range, ...later] = page.rangesLeft;
  const [firstMs, lastMs] = [timesMs[0], timesMs.at(-1)];
  if (!page.isWithin || range === undefined || firstMs === undefined || lastMs === undefined)
    return [...page.rangesLeft];
  const isOrdered = timesMs.every((ms, index) => {
    const beforeMs = timesMs[index - 1] ?? ms;
    return firstMs < lastMs ? beforeMs <= ms : beforeMs >= ms;
  });
  if (!isOrdered || firstMs === lastMs) return [range, ...later];
  const rest =
    firstMs < lastMs
      ? { fromMs: Math.max(range.fromMs, lastMs - marginMs), toMs: range.toMs }
      : { fromMs: range.fromMs, toMs: Math.min(range.toMs, lastMs + marginMs) };
  return [rest, ...later];
}

/** Splits a range into parts of at most `longestMs`, ordered by time. */
export function splitRange(range: TimeRange, longestMs: number): TimeRange[] {
  const parts: TimeRange[] = [];
  for (let fromMs = range.fromMs; fromMs < range.toMs; fromMs += longestMs) {
    parts.push({ fromMs, toMs: Math.min(fromMs + longestMs, range.toMs) });
  }
  return parts;
}

/** Both halves, split at a whole second; throws for a range of one second, so that nothing is dropped silently. */
export function bisectRange(range: TimeRange): [TimeRange, TimeRange] {
  const seconds = Math.floor((range.toMs - range.fromMs) / SECOND_MS / 2);
  if (seconds < 1) {
    const at = new Date(range.fromMs).toISOString();
    throw new Error(`more records within one second (${at}) than the platform lets anyone list`);
  }
  const middleMs = range.fromMs + seconds * SECOND_MS;
  return [
    { fromMs: range.fromMs, toMs: middleMs },
    { fromMs: middleMs, toMs: range.toMs },
  ];
}

/** Reads every page of every range; a range with more than `cap` records is halved until it fits. */
export async function* readRanges<Item>(query: RangeQuery<Item>): AsyncGenerator<RangePage<Item>> {
  const left = [...query.ranges];
  const prefetched: Prefetched<Item> = new Map();
  for (let range = left.shift(); range !== undefined; range = left.shift()) {
    const isComplete = yield* readRange(query, { range, rangesLeft: [...left], prefetched });
    if (!isComplete) left.unshift(...bisectRange(range));
  }
}

/** First pages of later ranges, requested concurrently with the pages before them. */
type Prefetched<Item> = Map<TimeRange, ListPage<Item>>;

interface RangePosition<Item> {
  readonly range: TimeRange;
  readonly rangesLeft: readonly TimeRange[];
  readonly prefetched: Prefetched<Item>;
}

/** Returns false when the range exceeds the cap, so the yielded pages are incomplete. */
async function* readRange<Item>(
  query: RangeQuery<Item>,
  position: RangePosition<Item>,
): AsyncGenerator<RangePage<Item>, boolean> {
  const { range, rangesLeft, prefetched } = position;
  const { pageSize, cap } = query;
  const first = prefetched.get(range) ?? (await query.read(range, 0));
  prefetched.delete(range);
  if (first.total !== undefined && Math.ceil(first.total / pageSize) * pageSize > cap) return false;
  let next = pageSize;
  let page = first;
  const state = () => ({ rangesLeft: page.more ? [range, ...rangesLeft] : rangesLeft, isWithin: page.more });
  yield { records: page.records, ...state() };
  const knownOffsets = listOffsets({ fromOffset: next, total: page.more ? (first.total ?? 0) : 0, pageSize });
  const requests = [...knownOffsets.map((offset) => ({ range, offset })), ...findFirstPages(rangesLeft, prefetched)];
  const read = async (one: { range: TimeRange; offset: number }) => ({
    ...one,
    page: await query.read(one.range, one.offset),
  });
  for await (const further of mapConcurrent(requests, PAGES_CONCURRENT, read)) {
    if (further.range !== range) {
      prefetched.set(further.range, further.page);
      continue;
    }
    if (hasShrunk(first, further.page)) return false;
    page = further.page;
    next += pageSize;
    yield { records: page.records, ...state() };
  }
  while (page.more) {
    if (next + pageSize > cap) return false;
    page = await query.read(range, next);
    next += pageSize;
    yield { records: page.records, ...state() };
  }
  return true;
}

/** The first page of the next range, unless it is prefetched: waiting for it alone would leave the rate limit unused. */
function findFirstPages<Item>(
  [next]: readonly TimeRange[],
  prefetched: Prefetched<Item>,
): { range: TimeRange; offset: number }[] {
  return next === undefined || prefetched.has(next) ? [] : [{ range: next, offset: 0 }];
}

/** True when a record left the list while it was read, so another may have been skipped: the range is read again in halves. */
function hasShrunk(first: ListPage<unknown>, further: ListPage<unknown>): boolean {
  return first.total !== undefined && further.total !== undefined && further.total < first.total;
}

function listOffsets({ fromOffset, total, pageSize }: { fromOffset: number; total: number; pageSize: number }) {
  const offsets: number[] = [];
  for (let offset = fromOffset; offset < total; offset += pageSize) offsets.push(offset);
  return offsets;
}
