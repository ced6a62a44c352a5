import type { Page } from '../../model/poll.ts';
import { DAY_MS } from '../../model/time.ts';
import { changesFromMs, nextCursorMs } from '../change-cursor.ts';
import { chooseLookups } from '../lookups.ts';
import type { TimeRange } from '../time-ranges.ts';
import { encodeCursor, type Synced } from './cursor.ts';
import { type SyncTools, toPage } from './first-sync.ts';
import { allTime, LIST_CAP, PAGE_SIZE, readCreationRanges, readList } from './lists.ts';
import { latest, NOTHING_READ, type ReadResult } from './reader.ts';
import type { ListedRecord } from './schema.ts';

/** A wanted history counts as longer when it begins so much earlier than the recorded one: `now - history` moves on. */
const LONGER_HISTORY_MS = DAY_MS;
/** Rejected records that are asked for again in one poll: incidents cost two requests each, of 130 a minute. */
const RETRIES_PER_POLL = 20;

/** All that is new since the last poll. Pages carry the old cursor but for the last one: they count as a whole. */
export async function* laterPoll<Item extends ListedRecord>(
  tools: SyncTools<Item>,
  state: Synced,
): AsyncGenerator<Page> {
  const { request, services } = tools.context;
  const seen = new Set<string>();
  const retriedIds = new Set(await request.stored.rejectedIds());
  let newestMs: number | undefined;
  for await (const taken of listedNews({ ...tools, retriedIds }, state)) {
    for (const id of taken.ids) seen.add(id);
    newestMs = latest([newestMs, taken.newestMs]);
    yield toPage(taken, encodeCursor(state));
  }
  const { ids, ...position } = await chooseLookups({
    request,
    isSeen: (id) => seen.has(id),
    position: state,
    retriesMax: RETRIES_PER_POLL,
  });
  yield toPage(await tools.reader.takeSingles(ids), encodeCursor(state));
  const historyStartMs = isLonger(request.historyStartMs, state) ? request.historyStartMs : state.historyStartMs;
  const next: Synced = {
    ...state,
    tags: [...tools.source.tags],
    historyStartMs,
    newestMs: nextCursorMs(state.newestMs, newestMs, request.nowMs),
    ...position,
  };
  yield {
    ...toPage(NOTHING_READ, encodeCursor(next)),
    catalogue: services.takeUpdates(),
    complete: { polledUntilMs: request.nowMs, historyStartMs },
  };
}

interface PollTools<Item extends ListedRecord> extends SyncTools<Item> {
  /** Rejected before: they are asked for again in turn, not whenever a list shows them. */
  readonly retriedIds: ReadonlySet<string>;
}

/** What the lists tell: changes, what history still lacks, and everything open. */
async function* listedNews<Item extends ListedRecord>(
  tools: PollTools<Item>,
  state: Synced,
): AsyncGenerator<ReadResult> {
  const { request } = tools.context;
  const recorded: TimeRange = { fromMs: state.historyStartMs, toMs: request.nowMs };
  const missing: TimeRange[] = [];
  const fromMs = changesFromMs(state.newestMs, request.nowMs);
  if (isLonger(request.historyStartMs, state)) {
    missing.push({ fromMs: request.historyStartMs, toMs: state.historyStartMs });
  }
  // Stored records lack the value of a tag that was not named when they were read.
  if (state.tags.join('\n') !== tools.source.tags.join('\n')) missing.push(recorded);
  else if (tools.source.changesBy === 'createdAt') {
    missing.push({ fromMs, toMs: request.nowMs });
  } else if (!(yield* changed(tools, fromMs))) missing.push(recorded);
  yield* windows(tools, { ranges: missing });
  yield* windows(tools, { ranges: [allTime(request.nowMs)], filter: 'status:open' });
}

/** Walks back from the newest change to `sinceMs`; false when the cap is met before, so that some may be missing. */
async function* changed<Item extends ListedRecord>(
  { source, context, reader, retriedIds }: PollTools<Item>,
  sinceMs: number,
): AsyncGenerator<ReadResult, boolean> {
  const { httpClient, request } = context;
  for (let offset = 0; offset + PAGE_SIZE <= LIST_CAP; offset += PAGE_SIZE) {
    const question = { path: source.path, sort: 'updatedAt', order: 'desc', offset } as const;
    const { records, more } = await readList(httpClient, question, request.signal);
    const taken = await reader.take(records, { newerThanMs: sinceMs, retriedIds });
    yield taken;
    if (taken.reachedKnown || !more) return true;
  }
  return false;
}

async function* windows<Item extends ListedRecord>(
  { source, context, reader, retriedIds }: PollTools<Item>,
  { ranges, filter }: { ranges: readonly TimeRange[]; filter?: string },
): AsyncGenerator<ReadResult> {
  const { httpClient, request } = context;
  const list = { httpClient, signal: request.signal, path: source.path, countStrategy: source.countStrategy };
  for await (const { records } of readCreationRanges({ ...list, ranges, filter })) {
    yield await reader.take(records, { retriedIds });
  }
}

function isLonger(wantedStartMs: number, { historyStartMs }: Synced): boolean {
  return wantedStartMs < historyStartMs - LONGER_HISTORY_MS;
}
