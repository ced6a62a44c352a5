import { RequestError } from '../../http/errors.ts';
import type { Page } from '../../model/poll.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../model/time.ts';
import { changesFromMs, nextCursorMs } from '../change-cursor.ts';
import { chooseLookups } from '../lookups.ts';
import { rangesAfter, type TimeRange } from '../time-ranges.ts';
import type { PollContext } from './build-incidents.ts';
import {
  type Cursor,
  decodeCursor,
  encodeCursor,
  type FirstSyncCursor,
  type PollingCursor,
  parseCursor,
} from './cursor.ts';
import type { IncidentLists, PlatformRecord } from './definition.ts';
import { listsStartMs, readOpenLists, readPages, readRangedList, toListRange } from './list-reader.ts';
import {
  createRecordReader,
  latest,
  NOTHING,
  type ReadOptions,
  type ReadRecords,
  type RecordReader,
} from './record-reader.ts';

/** A wanted history counts as longer when it begins so much earlier than the recorded one: `now - history` moves on. */
const LONGER_HISTORY_MS = DAY_MS;
/** Rejected records that one poll requests again: each may cost two requests. */
const RETRIES_PER_POLL = 20;
/** Lists may go by whole seconds: so much is read again where a list is continued in the middle. */
const LIST_PRECISION_MS = SECOND_MS;

/** One poll of a declared platform: the first sync, or what is new since the cursor. */
export async function* poll<Item extends PlatformRecord>(context: PollContext<Item>): AsyncGenerator<Page> {
  const { request, lists, teams, services } = context;
  request.signal.throwIfAborted();
  const cursor = request.cursor === undefined ? undefined : readCursor(request.cursor, lists);
  await checkSession(context);
  await teams.ensure([], request.nowMs, request.signal);
  await services.ensure([], request.nowMs, request.signal);
  if (cursor?.phase === 'polling') yield* pollChanges(context, cursor);
  else yield* firstSync(context, resumeCursor(context, cursor));
}

function readCursor<Item extends PlatformRecord>(text: string, lists: IncidentLists<Item>): Cursor | undefined {
  const { readWith = [], adoptCursor: adopt = () => undefined, cursorFormat } = lists;
  return cursorFormat === undefined ? decodeCursor(text, readWith, adopt) : cursorFormat.read(parseCursor(text));
}

/** Throws where the credentials are refused: an empty list would be taken for an empty platform. */
async function checkSession<Item extends PlatformRecord>({ client, session }: PollContext<Item>): Promise<void> {
  if (session === undefined) return;
  try {
    await client.httpClient.get(session.path, session.query ?? {}, client.signal);
  } catch (error) {
    if (!(error instanceof RequestError) || error.status !== 404) throw error;
  }
}

/** A first sync continues where it was; one that began with other settings begins anew, up to the same time. */
function resumeCursor<Item extends PlatformRecord>(
  { request, lists }: PollContext<Item>,
  stored: FirstSyncCursor | undefined,
): FirstSyncCursor {
  const { nowMs } = request;
  const { readWith = [] } = lists;
  // What lies ahead was written by a clock that was ahead.
  const polledUntilMs = Math.min(stored?.polledUntilMs ?? nowMs, nowMs);
  if (stored !== undefined && isSame(stored.readWith, readWith)) return { ...stored, polledUntilMs };
  const historyStartMs = stored?.historyStartMs ?? request.historyStartMs;
  const ranges = [{ fromMs: listsStartMs(lists, historyStartMs), toMs: polledUntilMs }];
  return { phase: 'history', historyStartMs, polledUntilMs, readWith: [...readWith], ranges };
}

/** The history, then everything open however old; each page's cursor continues after that page. */
async function* firstSync<Item extends PlatformRecord>(
  context: PollContext<Item>,
  begun: FirstSyncCursor,
): AsyncGenerator<Page> {
  const { client, lists, request } = context;
  const reader = createRecordReader(context, new Set());
  const list = { ...lists, request: historyList(context) };
  let state = begun;
  const beganMs = begun.historyStartMs;
  const fromMs = listsStartMs(lists, beganMs);
  // What ended before the history, or in it after an earlier creation, is no part of it.
  const options: ReadOptions =
    lists.open === undefined
      ? { unknownBefore: { createdMs: beganMs, resolvedMs: Number.POSITIVE_INFINITY } }
      : { createdFromMs: beganMs };
  for await (const page of readRangedList(client, list, state.ranges)) {
    const read = await reader.readList(page.records, options);
    const newestMs = latest([state.newestMs, read.newestMs]);
    const ranges = lists.created === undefined ? page.rangesLeft : rangesAfter(page, read.createdMs, LIST_PRECISION_MS);
    state = { ...state, ranges: [...ranges], ...(newestMs === undefined ? {} : { newestMs }) };
    yield toPage(read, encodeCursor(state, lists.cursorFormat));
    if (isUnlimited(lists) && read.createdMs.some((ms) => ms < fromMs)) break;
  }
  state = { ...state, phase: 'open', ranges: [] };
  for await (const { records } of readOpenLists(client, lists, request.nowMs)) {
    yield toPage(await reader.readList(records), encodeCursor(state, lists.cursorFormat));
  }
  const { polledUntilMs, historyStartMs, readWith } = state;
  // Later polls continue from before the sync began: what changed while it ran was perhaps read before it changed.
  const newestMs = Math.max(Math.min(state.newestMs ?? 0, polledUntilMs), polledUntilMs - HOUR_MS);
  yield {
    ...toPage(NOTHING, encodeCursor({ phase: 'polling', historyStartMs, newestMs, readWith }, lists.cursorFormat)),
    catalogue: context.services.takeUpdates(),
    complete: { polledUntilMs, historyStartMs },
  };
}

/** All that is new since the cursor. Pages carry the old cursor but for the last one: they count as a whole. */
async function* pollChanges<Item extends PlatformRecord>(
  context: PollContext<Item>,
  state: PollingCursor,
): AsyncGenerator<Page> {
  const { request, services, lists } = context;
  const reader = createRecordReader(context, new Set(await request.stored.rejectedIds()));
  let newestMs: number | undefined;
  for await (const read of readNews(context, state, reader)) {
    newestMs = latest([newestMs, read.newestMs]);
    yield toPage(read, encodeCursor(state, lists.cursorFormat));
  }
  const { ids, ...position } = await chooseLookups({
    request,
    isSeen: reader.isSeen,
    position: state,
    retriesMax: RETRIES_PER_POLL,
  });
  yield toPage(await reader.readSingles(ids), encodeCursor(state, lists.cursorFormat));
  const historyStartMs = isLonger(request.historyStartMs, state) ? request.historyStartMs : state.historyStartMs;
  const next: PollingCursor = {
    phase: 'polling',
    historyStartMs,
    newestMs: nextCursorMs(state.newestMs, newestMs, request.nowMs),
    readWith: [...(lists.readWith ?? [])],
    ...(state.adoptedMs === undefined ? {} : { adoptedMs: state.adoptedMs }),
    ...position,
  };
  yield {
    ...toPage(NOTHING, encodeCursor(next, lists.cursorFormat)),
    catalogue: services.takeUpdates(),
    complete: { polledUntilMs: request.nowMs, historyStartMs },
  };
}

/** What the lists tell: what history still lacks, changes, and everything open. */
async function* readNews<Item extends PlatformRecord>(
  context: PollContext<Item>,
  state: PollingCursor,
  reader: RecordReader,
): AsyncGenerator<ReadRecords> {
  const { client, lists, request } = context;
  const sinceMs = changesFromMs(state.newestMs, request.nowMs) - (lists.lagMs ?? 0);
  const since = { fromMs: sinceMs, toMs: request.nowMs };
  const recorded = { fromMs: state.historyStartMs, toMs: request.nowMs };
  const missing: TimeRange[] = [];
  if (isLonger(request.historyStartMs, state)) {
    // A list by change has what was created then and changed since among the later changes.
    const toMs = lists.created === undefined ? request.nowMs : state.historyStartMs;
    missing.push({ fromMs: request.historyStartMs, toMs });
  }
  const { adoptedMs = 0 } = state;
  const unknownBefore = { createdMs: Math.max(state.historyStartMs, adoptedMs), resolvedMs: sinceMs };
  if (!isSame(state.readWith, lists.readWith ?? [])) missing.push(recorded);
  else if (lists.changed === undefined) missing.push(since);
  else if (lists.isNewestFirst !== true) {
    yield* readRanges(context, reader, { request: lists.changed, ranges: [since], options: { unknownBefore } });
  } else if (
    !(yield* walkBack(context, lists.changed(toListRange(since, 'desc')), reader, {
      changedAfterMs: sinceMs,
      unknownBefore,
    }))
  ) {
    missing.push(recorded);
  }
  const createdFromMs = Math.min(request.historyStartMs, state.historyStartMs);
  const options = { createdFromMs, unknownBefore: { createdMs: adoptedMs, resolvedMs: adoptedMs } };
  yield* readRanges(context, reader, { request: historyList(context), ranges: missing, options });
  for await (const { records } of readOpenLists(client, lists, request.nowMs)) yield await reader.readList(records);
}

interface RangesToRead extends Pick<Parameters<typeof readRangedList>[1], 'request'> {
  readonly ranges: readonly TimeRange[];
  readonly options: ReadOptions;
}

async function* readRanges<Item extends PlatformRecord>(
  { client, lists }: PollContext<Item>,
  reader: RecordReader,
  { request, ranges, options }: RangesToRead,
): AsyncGenerator<ReadRecords> {
  const fromMs = Math.min(...ranges.map((range) => range.fromMs));
  const wanted = isUnlimited(lists) ? ranges.slice(0, 1) : ranges;
  for await (const { records } of readRangedList(client, { ...lists, request }, wanted)) {
    const read = await reader.readList(records, options);
    yield read;
    if (isUnlimited(lists) && read.createdMs.some((ms) => ms < fromMs)) return;
  }
}

/** The list by creation takes no range and has the newest first: where a record is older than the range, all others are. */
function isUnlimited<Item extends PlatformRecord>({ changed, isNewestFirst }: IncidentLists<Item>): boolean {
  return changed === undefined && isNewestFirst === true;
}

/** Reads from the newest change back to the first older one; false when the cap is met before, so that some may be missing. */
async function* walkBack<Item extends PlatformRecord>(
  { client, lists }: PollContext<Item>,
  list: ReturnType<IncidentListRequest<Item>>,
  reader: RecordReader,
  options: ReadOptions,
): AsyncGenerator<ReadRecords, boolean> {
  for await (const { records, next } of readPages(client, lists.paging, list)) {
    const read = await reader.readList(records, options);
    yield read;
    if (read.hasReachedOlder || next === undefined) return true;
    if (next.offset + lists.paging.size > lists.paging.cap) return false;
  }
  return true;
}

type IncidentListRequest<Item extends PlatformRecord> = NonNullable<PollContext<Item>['lists']['changed']>;

/** The list that history is read from. */
function historyList<Item extends PlatformRecord>({ lists }: PollContext<Item>): IncidentListRequest<Item> {
  const request = lists.created ?? lists.changed;
  if (request === undefined)
    throw new TypeError('expected a platform that lists its incidents by creation or by change');
  return request;
}

function toPage({ incidents, rejected, deletedIds }: ReadRecords, cursor: string): Page {
  return { incidents, rejected, deletedIds, cursor, stateChanges: [], replacedSubjects: [] };
}

function isLonger(wantedStartMs: number, { historyStartMs }: PollingCursor): boolean {
  return wantedStartMs < historyStartMs - LONGER_HISTORY_MS;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.join('\n') === other.join('\n');
}
