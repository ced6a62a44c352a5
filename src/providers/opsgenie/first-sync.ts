import type { Page } from '../../model/poll.ts';
import { HOUR_MS } from '../../model/time.ts';
import { rangesAfter } from '../time-ranges.ts';
import { encodeCursor, type FirstSync } from './cursor.ts';
import { allTime, readCreationRanges } from './lists.ts';
import { latest, NOTHING_READ, type Reader, type ReadResult } from './reader.ts';
import type { PollContext, RecordKind } from './record-kind.ts';
import type { ListedRecord } from './schema.ts';

/** What one sync works with. */
export interface SyncTools<Item extends ListedRecord> {
  readonly source: RecordKind<Item>;
  readonly context: PollContext;
  readonly reader: Reader;
}

/** Where a first sync begins: all of the wanted history by creation. */
export function beginFirstSync<Item extends ListedRecord>({ source, context }: SyncTools<Item>): FirstSync {
  const { historyStartMs, nowMs } = context.request;
  return {
    phase: 'history',
    source: source.name,
    tags: [...source.tags],
    historyStartMs,
    askedUntilMs: nowMs,
    spans: [{ fromMs: historyStartMs, toMs: nowMs }],
  };
}

/** The history in order of creation, then everything open however old; each page's cursor goes on after that page. */
export async function* firstSync<Item extends ListedRecord>(
  tools: SyncTools<Item>,
  begun: FirstSync,
): AsyncGenerator<Page> {
  const { source, reader } = tools;
  const { httpClient, request } = tools.context;
  const list = { httpClient, signal: request.signal, path: source.path, countStrategy: source.countStrategy };
  let state = begun;
  for await (const read of readCreationRanges({ ...list, ranges: state.spans })) {
    const taken = await reader.take(read.records);
    state = {
      ...state,
      spans: rangesAfter(read, taken.createdMs, 0),
      newestMs: latest([state.newestMs, taken.newestMs]),
    };
    yield toPage(taken, encodeCursor(state));
  }
  state = { ...state, phase: 'open', spans: [] };
  const open = { filter: 'status:open', ranges: [allTime(request.nowMs)] };
  for await (const read of readCreationRanges({ ...list, ...open })) {
    yield toPage(await reader.take(read.records), encodeCursor(state));
  }
  yield lastPage(tools, state);
}

/** A page of a poll; Opsgenie has no state changes and no subjects. */
export function toPage({ incidents, rejected, deletedIds }: ReadResult, cursor: string): Page {
  return { incidents, rejected, deletedIds, cursor, stateChanges: [], replacedSubjects: [] };
}

/** Later polls go on from before the sync began: what changed while it ran was perhaps read before it changed. */
function lastPage<Item extends ListedRecord>({ context }: SyncTools<Item>, state: FirstSync): Page {
  const { source, tags, historyStartMs, askedUntilMs } = state;
  const newestMs = Math.min(state.newestMs ?? 0, askedUntilMs);
  const cursor = encodeCursor({
    phase: 'synced',
    source,
    tags,
    historyStartMs,
    newestMs: Math.max(newestMs, askedUntilMs - HOUR_MS),
  });
  return {
    ...toPage(NOTHING_READ, cursor),
    catalogue: context.services.takeUpdates(),
    complete: { polledUntilMs: askedUntilMs, historyStartMs },
  };
}
