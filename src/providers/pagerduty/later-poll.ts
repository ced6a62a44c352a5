import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Incident, Rejection, Service } from '../../model/incident.ts';
import type { Page } from '../../model/poll.ts';
import { DAY_MS, HOUR_MS } from '../../model/time.ts';
import { changesFromMs, nextCursorMs } from '../change-cursor.ts';
import { chooseLookups, type LookupPosition } from '../lookups.ts';
import type { Api } from './api.ts';
import { isReadWith, type PollingCursor, readWithOf } from './cursor.ts';
import { INCIDENTS_PER_PAGE, type PollContext, page } from './first-sync.ts';
import { type MergeResult, mergeStored } from './merge-stored.ts';
import {
  addChanges,
  addFetched,
  addIncidents,
  addLog,
  createPollBuffer,
  hasSeen,
  type PollBuffer,
} from './poll-buffer.ts';
import {
  fetchIncidents,
  incidentPages,
  logPages,
  logPart,
  REQUESTS_AHEAD,
  readOpenIncidents,
  toRequestRanges,
} from './queries.ts';
import { isResolve } from './state-changes.ts';

/** Names of services change seldom. */
const CATALOGUE_EVERY_MS = HOUR_MS;
/** A configured history that begins earlier by less than this is the one that was read: it moves on with time. */
const HISTORY_GREW_MS = DAY_MS;
/** Rejected records that are asked for again in one poll, at one request each, of 900 a minute. */
const RETRIES_PER_POLL = 50;

/** Everything that changed since the cursor, whole or not at all. */
export async function* laterPoll(context: PollContext, cursor: PollingCursor): AsyncGenerator<Page> {
  const { api, request } = context;
  const { nowMs, stored } = request;
  const isCatalogueDue = nowMs < cursor.catalogueAtMs || nowMs - cursor.catalogueAtMs >= CATALOGUE_EVERY_MS;
  const catalogue = isCatalogueDue ? await api.services() : undefined;
  const buffer = createPollBuffer();
  addIncidents(buffer, await readOpenIncidents(api, nowMs));
  await readChanges(context, cursor, buffer);
  const position = await readOneByOne(context, cursor, buffer);
  await dropUnwanted(context, cursor, buffer);
  const historyStartMs = findHistoryStart(context, cursor);
  await fetchIncidentLogs(context, historyStartMs, buffer);
  // Last, so that the one request per incident of the step before is never made for history.
  if (historyStartMs < cursor.historyStartMs)
    await readOlder(api, { fromMs: historyStartMs, toMs: cursor.historyStartMs }, buffer);
  if (!isReadWith(cursor, api.readWith))
    await readIncidents(api, { fromMs: cursor.historyStartMs, toMs: nowMs }, buffer);
  const { records, stateChanges } = buffer;
  const merged = await mergeStored(stored, { records, stateChanges: [...stateChanges.values()], isLogWhole: true });
  const next: PollingCursor = {
    phase: 'polling',
    historyStartMs,
    changesUntilMs: nextCursorMs(cursor.changesUntilMs, buffer.newestMs, nowMs),
    catalogueAtMs: isCatalogueDue ? nowMs : cursor.catalogueAtMs,
    ...readWithOf(api),
    ...position,
  };
  yield* toPages({ merged, buffer, next, catalogue, askedUntilMs: nowMs });
}

function findHistoryStart({ request }: PollContext, { historyStartMs }: PollingCursor): number {
  return request.historyStartMs < historyStartMs - HISTORY_GREW_MS ? request.historyStartMs : historyStartMs;
}

async function readChanges({ api, request }: PollContext, cursor: PollingCursor, buffer: PollBuffer): Promise<void> {
  const ranges = toRequestRanges({ fromMs: changesFromMs(cursor.changesUntilMs, request.nowMs), toMs: request.nowMs });
  for await (const part of logPages(api, ranges, { embed: true })) addChanges(buffer, part, api.record);
}

/** Asks for incidents that no list showed whole; gives where the turns stand. */
async function readOneByOne(
  { api, request }: PollContext,
  cursor: PollingCursor,
  buffer: PollBuffer,
): Promise<LookupPosition> {
  const isSeen = (id: string) => hasSeen(buffer, id);
  // News of which the log had no more than a reference: bounded by what happened, and never asked for again.
  const referred = [...buffer.referredIds].filter((id) => !isSeen(id));
  const storedChanges = await request.stored.stateChanges(referred);
  const lines = Map.groupBy(buffer.stateChanges.values(), ({ subject }) => subject);
  const isNews = (id: string) => {
    const toldIds = new Set(storedChanges.get(id)?.map((stateChange) => stateChange.id));
    return lines.get(id)?.some((line) => !toldIds.has(line.id)) ?? true;
  };
  addFetched(buffer, await fetchIncidents(api, referred.filter(isNews)));
  const { ids, ...position } = await chooseLookups({
    request,
    isSeen,
    position: cursor,
    retriesMax: RETRIES_PER_POLL,
  });
  addFetched(buffer, await fetchIncidents(api, ids));
  return position;
}

/** An old incident of which we know nothing and that was over before this poll's time (a late note on it, say) stays out. */
async function dropUnwanted({ request }: PollContext, cursor: PollingCursor, buffer: PollBuffer): Promise<void> {
  const ids = [...buffer.records.keys()];
  const stored = await request.stored.incidents(ids);
  const rejectedIds = new Set(await request.stored.rejectedIds());
  const fromMs = changesFromMs(cursor.changesUntilMs, request.nowMs);
  for (const { id, status, triggeredAtMs, resolvedAtMs = 0 } of buffer.records.values()) {
    const isOld = triggeredAtMs < cursor.historyStartMs && resolvedAtMs < fromMs;
    if (status === 'resolved' && isOld && !stored.has(id) && !rejectedIds.has(id)) buffer.records.delete(id);
  }
}

/** Who ended without a resolve in the log, or began before the log that was read, has a log of its own. */
async function fetchIncidentLogs({ api, request }: PollContext, logFromMs: number, buffer: PollBuffer): Promise<void> {
  const ids = [...buffer.records.keys()];
  const [stored, storedChanges] = await Promise.all([request.stored.incidents(ids), request.stored.stateChanges(ids)]);
  const resolvedIds = new Set([...buffer.stateChanges.values()].filter(isResolve).map(({ subject }) => subject));
  const isResolveStored = (id: string) => resolvedIds.has(id) || (storedChanges.get(id) ?? []).some(isResolve);
  const wanted = [...buffer.records.values()].filter(
    ({ id, status, triggeredAtMs }) =>
      status === 'resolved' && !wasResolved(stored.get(id)) && (triggeredAtMs < logFromMs || !isResolveStored(id)),
  );
  for await (const records of mapConcurrent(wanted, REQUESTS_AHEAD, ({ id }) => api.incidentLog(id))) {
    addLog(buffer, logPart(records, 'GET /incidents/{id}/log_entries'));
  }
}

function wasResolved(stored: Incident | undefined): boolean {
  return stored?.status === 'resolved';
}

/** A configured history that grew: what was created and what happened before the recorded one. */
async function readOlder(api: Api, range: { fromMs: number; toMs: number }, buffer: PollBuffer): Promise<void> {
  await readIncidents(api, range, buffer);
  for await (const part of logPages(api, toRequestRanges(range), { embed: false })) addLog(buffer, part);
}

async function readIncidents(api: Api, range: { fromMs: number; toMs: number }, buffer: PollBuffer): Promise<void> {
  for await (const part of incidentPages(api, toRequestRanges(range))) addIncidents(buffer, part);
}

/** Records that could not be read in one list, and not in another one either. */
function unreadable({ rejected, records }: PollBuffer): Rejection[] {
  return [...rejected.values()].filter(({ id }) => id === undefined || !records.has(id));
}

interface Outcome {
  readonly merged: MergeResult;
  readonly buffer: PollBuffer;
  readonly next: PollingCursor;
  readonly catalogue: readonly Service[] | undefined;
  readonly askedUntilMs: number;
}

function* toPages({ merged, buffer, next, catalogue, askedUntilMs }: Outcome): Generator<Page> {
  const { incidents, stateChanges } = merged;
  const longest = Math.max(incidents.length, stateChanges.length);
  for (let from = 0; from === 0 || from < longest; from += INCIDENTS_PER_PAGE) {
    const to = from + INCIDENTS_PER_PAGE;
    const part = { incidents: incidents.slice(from, to), stateChanges: stateChanges.slice(from, to) };
    if (to < longest) {
      yield page(next, part);
      continue;
    }
    yield page(next, {
      ...part,
      rejected: [...unreadable(buffer), ...merged.rejected],
      deletedIds: [...buffer.deletedIds],
      ...(catalogue === undefined ? {} : { catalogue }),
      complete: { polledUntilMs: askedUntilMs, historyStartMs: next.historyStartMs },
    });
  }
}
