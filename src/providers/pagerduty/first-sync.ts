import type { Page } from '../../model/poll.ts';
import { HOUR_MS } from '../../model/time.ts';
import type { PollRequest } from '../provider.ts';
import type { Api } from './api.ts';
import { combine } from './combine.ts';
import { type Cursor, type FirstSyncCursor, writeCursor } from './cursor.ts';
import { askableSpans, incidentPages, logPages, readOpenSet } from './reading.ts';

export interface Session {
  readonly api: Api;
  readonly request: PollRequest;
}

/** Incidents of one page of the open set's last part; a page must stay small enough for one transaction. */
export const INCIDENTS_PER_PAGE = 1000;

/**
 * Reads the whole history: services, incidents by creation, the account's log over the same time, then everything that is
 * open, however old. Goes on from the cursor of the page that was committed last; no request is made per incident.
 */
export async function* firstSync(session: Session, resumed: FirstSyncCursor | undefined): AsyncGenerator<Page> {
  const { nowMs, historyStartMs } = session.request;
  // What lies ahead was written by a clock that was ahead.
  let at = resumed && { ...resumed, askedUntilMs: Math.min(resumed.askedUntilMs, nowMs) };
  if (at === undefined) {
    const times = { askedUntilMs: nowMs, historyStartMs, catalogueAtMs: nowMs };
    at = { phase: 'incidents', ...times, spansLeft: historySpans(times) };
    yield page(at, { catalogue: await session.api.services() });
  }
  if (at.phase === 'incidents') {
    yield* readIncidents(session, at);
    at = { ...at, phase: 'log', spansLeft: historySpans(at) };
  }
  const opening = at.phase === 'open' ? at : yield* readLog(session, at);
  yield* readOpen(session, opening);
}

type Reading = Extract<FirstSyncCursor, { spansLeft: unknown }>;
type Opening = Extract<FirstSyncCursor, { phase: 'open' }>;

function historySpans({ historyStartMs, askedUntilMs }: { historyStartMs: number; askedUntilMs: number }) {
  return askableSpans({ fromMs: historyStartMs, toMs: askedUntilMs });
}

async function* readIncidents({ api, request }: Session, at: Reading): AsyncGenerator<Page> {
  for await (const part of incidentPages(api, at.spansLeft)) {
    const facts = new Map(part.wires.map((one) => [one.id, one]));
    const combined = await combine(request.stored, { facts, stateChanges: [], isLogWhole: false });
    yield page(
      { ...at, spansLeft: part.spansLeft },
      { ...combined, rejected: [...part.rejected, ...combined.rejected] },
    );
  }
}

async function* readLog({ api, request }: Session, at: Reading): AsyncGenerator<Page, Opening> {
  let { newestMs } = at;
  for await (const part of logPages(api, at.spansLeft, { embed: false })) {
    for (const { atMs } of part.lines) newestMs = Math.max(newestMs ?? atMs, atMs);
    const combined = await combine(request.stored, {
      facts: new Map(),
      stateChanges: part.stateChanges,
      isLogWhole: false,
    });
    yield page(
      { ...at, newestMs, spansLeft: part.spansLeft },
      { ...combined, rejected: [...part.rejected, ...combined.rejected] },
    );
  }
  const { askedUntilMs, historyStartMs, catalogueAtMs } = at;
  return { phase: 'open', askedUntilMs, historyStartMs, catalogueAtMs, newestMs };
}

async function* readOpen({ api, request }: Session, at: Opening): AsyncGenerator<Page> {
  const { askedUntilMs, historyStartMs, newestMs, catalogueAtMs } = at;
  const open = await readOpenSet(api, request.nowMs);
  const facts = [...new Map(open.wires.map((one) => [one.id, one])).entries()];
  for (let from = 0; from < facts.length; from += INCIDENTS_PER_PAGE) {
    const part = new Map(facts.slice(from, from + INCIDENTS_PER_PAGE));
    yield page(at, await combine(request.stored, { facts: part, stateChanges: [], isLogWhole: true }));
  }
  const changesUntilMs = Math.min(newestMs ?? askedUntilMs - HOUR_MS, askedUntilMs);
  yield page(
    { phase: 'polling', historyStartMs, changesUntilMs, catalogueAtMs },
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
