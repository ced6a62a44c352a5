import type { Page } from '../../model/poll.ts';
import { HOUR_MS } from '../../model/time.ts';
import type { PollRequest } from '../provider.ts';
import type { Api } from './api.ts';
import { type Cursor, type FirstSyncCursor, isReadWith, readWithOf, writeCursor } from './cursor.ts';
import { mergeStored } from './merge-stored.ts';
import { incidentPages, logPages, readOpenIncidents, toRequestRanges } from './queries.ts';

export interface PollContext {
  readonly api: Api;
  readonly request: PollRequest;
}

/** Incidents of one page of the open set's last part; a page must stay small enough for one transaction. */
export const INCIDENTS_PER_PAGE = 1000;

/**
 * Reads the whole history: services, incidents by creation, the account's log over the same time, then everything that is
 * open, however old. Goes on from the cursor of the page that was committed last; no request is made per incident.
 */
export async function* firstSync(context: PollContext, resumed: FirstSyncCursor | undefined): AsyncGenerator<Page> {
  const { nowMs, historyStartMs } = context.request;
  // What lies ahead was written by a clock that was ahead.
  let at = resumed && { ...resumed, askedUntilMs: Math.min(resumed.askedUntilMs, nowMs) };
  if (at === undefined) {
    const times = { askedUntilMs: nowMs, historyStartMs, catalogueAtMs: nowMs };
    at = { phase: 'incidents', ...times, ...readWithOf(context.api), spansLeft: historySpans(times) };
    yield page(at, { catalogue: await context.api.services() });
  }
  // What began with another configuration begins anew, up to the same time.
  if (!isReadWith(at, context.api.readWith)) {
    const { askedUntilMs, historyStartMs: fromMs, catalogueAtMs } = at;
    const times = { askedUntilMs, historyStartMs: fromMs, catalogueAtMs };
    at = { phase: 'incidents', ...times, ...readWithOf(context.api), spansLeft: historySpans(times) };
  }
  if (at.phase === 'incidents') {
    yield* readIncidents(context, at);
    at = { ...at, phase: 'log', spansLeft: historySpans(at) };
  }
  const opening = at.phase === 'open' ? at : yield* readLog(context, at);
  yield* readOpen(context, opening);
}

type ReadRecords = Extract<FirstSyncCursor, { spansLeft: unknown }>;
type Opening = Extract<FirstSyncCursor, { phase: 'open' }>;

function historySpans({ historyStartMs, askedUntilMs }: { historyStartMs: number; askedUntilMs: number }) {
  return toRequestRanges({ fromMs: historyStartMs, toMs: askedUntilMs });
}

async function* readIncidents({ api, request }: PollContext, at: ReadRecords): AsyncGenerator<Page> {
  for await (const part of incidentPages(api, at.spansLeft)) {
    const records = new Map(part.records.map((one) => [one.id, one]));
    const merged = await mergeStored(request.stored, { records, stateChanges: [], isLogWhole: false });
    yield page({ ...at, spansLeft: part.spansLeft }, { ...merged, rejected: [...part.rejected, ...merged.rejected] });
  }
}

async function* readLog({ api, request }: PollContext, at: ReadRecords): AsyncGenerator<Page, Opening> {
  let { newestMs } = at;
  for await (const part of logPages(api, at.spansLeft, { embed: false })) {
    for (const { atMs } of part.lines) newestMs = Math.max(newestMs ?? atMs, atMs);
    const merged = await mergeStored(request.stored, {
      records: new Map(),
      stateChanges: part.stateChanges,
      isLogWhole: false,
    });
    yield page(
      { ...at, newestMs, spansLeft: part.spansLeft },
      { ...merged, rejected: [...part.rejected, ...merged.rejected] },
    );
  }
  const { askedUntilMs, historyStartMs, catalogueAtMs } = at;
  return { phase: 'open', askedUntilMs, historyStartMs, catalogueAtMs, newestMs, ...readWithOf(api) };
}

async function* readOpen({ api, request }: PollContext, at: Opening): AsyncGenerator<Page> {
  const { askedUntilMs, historyStartMs, newestMs, catalogueAtMs } = at;
  const open = await readOpenIncidents(api, request.nowMs);
  const records = [...new Map(open.records.map((one) => [one.id, one])).entries()];
  for (let from = 0; from < records.length; from += INCIDENTS_PER_PAGE) {
    const part = new Map(records.slice(from, from + INCIDENTS_PER_PAGE));
    yield page(at, await mergeStored(request.stored, { records: part, stateChanges: [], isLogWhole: true }));
  }
  const changesUntilMs = Math.min(newestMs ?? askedUntilMs - HOUR_MS, askedUntilMs);
  yield page(
    { phase: 'polling', historyStartMs, changesUntilMs, catalogueAtMs, ...readWithOf(api) },
    { rejected: open.rejected, complete: { polledUntilMs: askedUntilMs, historyStartMs } },
  );
}

/** A page of a poll; what is not given is empty. */
export function page(cursor: Cursor, content: Partial<Omit<Page, 'cursor'>>): Page {
  return {
    incidents: [],
    stateChanges: [],
    rejected: [],
    deletedIds: [],
    replacedSubjects: [],
    ...content,
    cursor: writeCursor(cursor),
  };
}
