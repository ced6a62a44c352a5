import type { Page } from '../../model/poll.ts';
import { DAY_MS } from '../../model/time.ts';
import { changesFromMs, nextCursorMs } from '../change-cursor.ts';
import type { Span } from '../spans.ts';
import { encodeCursor, type Synced } from './cursor.ts';
import { pageOf, type SyncTools } from './first-sync.ts';
import { alwaysSpan, LIST_CAP, PAGE_SIZE, readList, readWindows } from './lists.ts';
import { latest, NOTHING_TAKEN, type Taken } from './reader.ts';
import type { Stamped } from './wire.ts';

/** A wanted history counts as longer when it begins so much earlier than the recorded one: `now - history` moves on. */
const LONGER_HISTORY_MS = DAY_MS;
/** Rejected records fetched again in one poll, in turn: they cost one request each, of 130 a minute. */
const RETRIES_PER_POLL = 20;

/** All that is new since the last poll. Pages carry the old cursor but for the last one: they count as a whole. */
export async function* laterPoll<Wire extends Stamped>(tools: SyncTools<Wire>, state: Synced): AsyncGenerator<Page> {
  const { request, services } = tools.surroundings;
  const seen = new Set<string>();
  let newestMs: number | undefined;
  for await (const taken of listedNews(tools, state)) {
    for (const id of taken.ids) seen.add(id);
    newestMs = latest([newestMs, taken.newestMs]);
    yield pageOf(taken, encodeCursor(state));
  }
  const { ids, retried } = await idsToAsk(tools, state, seen);
  yield pageOf(await tools.reader.takeSingles(ids), encodeCursor(state));
  const historyStartMs = isLonger(request.historyStartMs, state) ? request.historyStartMs : state.historyStartMs;
  const next: Synced = {
    ...state,
    tags: [...tools.source.tags],
    historyStartMs,
    newestMs: nextCursorMs(state.newestMs, newestMs, request.nowMs),
    retried,
  };
  yield {
    ...pageOf(NOTHING_TAKEN, encodeCursor(next)),
    catalogue: services.takeNews(),
    complete: { askedUntilMs: request.nowMs, historyStartMs },
  };
}

/** What the lists tell: changes, what history still lacks, and everything open. */
async function* listedNews<Wire extends Stamped>(tools: SyncTools<Wire>, state: Synced): AsyncGenerator<Taken> {
  const { request } = tools.surroundings;
  const recorded: Span = { fromMs: state.historyStartMs, toMs: request.nowMs };
  const missing: Span[] = [];
  const fromMs = changesFromMs(state.newestMs, request.nowMs);
  if (isLonger(request.historyStartMs, state)) {
    missing.push({ fromMs: request.historyStartMs, toMs: state.historyStartMs });
  }
  // Stored records lack the value of a tag that was not named when they were read.
  if (state.tags.join('\n') !== tools.source.tags.join('\n')) missing.push(recorded);
  else if (tools.source.changesBy === 'createdAt') {
    missing.push({ fromMs, toMs: request.nowMs });
  } else if (!(yield* changed(tools, fromMs))) missing.push(recorded);
  yield* windows(tools, { spans: missing });
  yield* windows(tools, { spans: [alwaysSpan(request.nowMs)], filter: 'status:open' });
}

/** Walks back from the newest change to `sinceMs`; false when the cap is met before, so that some may be missing. */
async function* changed<Wire extends Stamped>(
  { source, surroundings, reader }: SyncTools<Wire>,
  sinceMs: number,
): AsyncGenerator<Taken, boolean> {
  const { door, request } = surroundings;
  for (let offset = 0; offset + PAGE_SIZE <= LIST_CAP; offset += PAGE_SIZE) {
    const question = { path: source.path, sort: 'updatedAt', order: 'desc', offset } as const;
    const { records, more } = await readList(door, question, request.signal);
    const taken = await reader.take(records, sinceMs);
    yield taken;
    if (taken.reachedKnown || !more) return true;
  }
  return false;
}

async function* windows<Wire extends Stamped>(
  { source, surroundings, reader }: SyncTools<Wire>,
  { spans, filter }: { spans: readonly Span[]; filter?: string },
): AsyncGenerator<Taken> {
  const { door, request } = surroundings;
  const list = { door, signal: request.signal, path: source.path, census: source.census };
  for await (const { records } of readWindows({ ...list, spans, filter })) yield await reader.take(records);
}

/** What was open and is in no list any more, and some of the records that were rejected before. */
async function idsToAsk<Wire extends Stamped>(
  { surroundings }: SyncTools<Wire>,
  { retried }: Synced,
  seen: ReadonlySet<string>,
): Promise<{ ids: readonly string[]; retried: number }> {
  const { known } = surroundings.request;
  const rejectedIds = (await known.rejectedIds()).filter((id) => !seen.has(id));
  const isRejected = new Set(rejectedIds);
  const leftOpen = (await known.openIds()).filter((id) => !seen.has(id) && !isRejected.has(id));
  const from = rejectedIds.length === 0 ? 0 : retried % rejectedIds.length;
  const turn = [...rejectedIds.slice(from), ...rejectedIds.slice(0, from)].slice(0, RETRIES_PER_POLL);
  return { ids: [...leftOpen, ...turn], retried: from + turn.length };
}

function isLonger(wantedStartMs: number, { historyStartMs }: Synced): boolean {
  return wantedStartMs < historyStartMs - LONGER_HISTORY_MS;
}
