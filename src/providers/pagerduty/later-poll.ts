import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Incident, Rejection, Service } from '../../model/incident.ts';
import type { Page } from '../../model/poll.ts';
import { DAY_MS, HOUR_MS } from '../../model/time.ts';
import { changesFromMs, nextCursorMs } from '../change-cursor.ts';
import { chooseLookups, type LookupPosition } from '../lookups.ts';
import type { Api } from './api.ts';
import { type Combined, combine } from './combine.ts';
import type { PollingCursor } from './cursor.ts';
import { addChanges, addFetched, addIncidents, addLog, type Findings, hasSeen, noFindings } from './findings.ts';
import { INCIDENTS_PER_PAGE, page, type Session } from './first-sync.ts';
import {
  askableSpans,
  fetchIncidents,
  incidentPages,
  logPages,
  logPart,
  REQUESTS_AHEAD,
  readOpenSet,
} from './reading.ts';
import { isResolve } from './state-changes.ts';

/** Names of services change seldom. */
const CATALOGUE_EVERY_MS = HOUR_MS;
/** A configured history that begins earlier by less than this is the one that was read: it moves on with time. */
const HISTORY_GREW_MS = DAY_MS;
/** Rejected records that are asked for again in one poll, at one request each, of 900 a minute. */
const RETRIES_PER_POLL = 50;

/** Everything that changed since the cursor, whole or not at all. */
export async function* laterPoll(session: Session, cursor: PollingCursor): AsyncGenerator<Page> {
  const { api, request } = session;
  const { nowMs, stored } = request;
  const isCatalogueDue = nowMs < cursor.catalogueAtMs || nowMs - cursor.catalogueAtMs >= CATALOGUE_EVERY_MS;
  const catalogue = isCatalogueDue ? await api.services() : undefined;
  const findings = noFindings();
  addIncidents(findings, await readOpenSet(api, nowMs));
  await readChanges(session, cursor, findings);
  const position = await readOneByOne(session, cursor, findings);
  await dropUnwanted(session, cursor, findings);
  const historyStartMs = historyStartOf(session, cursor);
  await readOwnLogs(session, historyStartMs, findings);
  // Last, so that the one request per incident of the step before is never made for history.
  if (historyStartMs < cursor.historyStartMs)
    await readOlder(api, { fromMs: historyStartMs, toMs: cursor.historyStartMs }, findings);
  const { facts, stateChanges } = findings;
  const combined = await combine(stored, { facts, stateChanges: [...stateChanges.values()], isLogWhole: true });
  const next: PollingCursor = {
    phase: 'polling',
    historyStartMs,
    changesUntilMs: nextCursorMs(cursor.changesUntilMs, findings.newestMs, nowMs),
    catalogueAtMs: isCatalogueDue ? nowMs : cursor.catalogueAtMs,
    ...position,
  };
  yield* pagesOf({ combined, findings, next, catalogue, askedUntilMs: nowMs });
}

function historyStartOf({ request }: Session, { historyStartMs }: PollingCursor): number {
  return request.historyStartMs < historyStartMs - HISTORY_GREW_MS ? request.historyStartMs : historyStartMs;
}

async function readChanges({ api, request }: Session, cursor: PollingCursor, findings: Findings): Promise<void> {
  const spans = askableSpans({ fromMs: changesFromMs(cursor.changesUntilMs, request.nowMs), toMs: request.nowMs });
  for await (const part of logPages(api, spans, { embed: true })) addChanges(findings, part);
}

/** Asks for incidents that no list showed whole; gives where the turns stand. */
async function readOneByOne(
  { api, request }: Session,
  cursor: PollingCursor,
  findings: Findings,
): Promise<LookupPosition> {
  const isSeen = (id: string) => hasSeen(findings, id);
  // News of which the log had no more than a reference: bounded by what happened, and never asked for again.
  const referred = [...findings.referredIds].filter((id) => !isSeen(id));
  const told = await request.stored.stateChanges(referred);
  const lines = Map.groupBy(findings.stateChanges.values(), ({ subject }) => subject);
  const isNews = (id: string) => {
    const toldIds = new Set(told.get(id)?.map((signal) => signal.id));
    return lines.get(id)?.some((line) => !toldIds.has(line.id)) ?? true;
  };
  addFetched(findings, await fetchIncidents(api, referred.filter(isNews)));
  const { ids, ...position } = await chooseLookups({
    request,
    isSeen,
    position: cursor,
    retriesMax: RETRIES_PER_POLL,
  });
  addFetched(findings, await fetchIncidents(api, ids));
  return position;
}

/** An old incident of which we know nothing and that was over before this poll's time (a late note on it, say) stays out. */
async function dropUnwanted({ request }: Session, cursor: PollingCursor, findings: Findings): Promise<void> {
  const ids = [...findings.facts.keys()];
  const stored = await request.stored.incidents(ids);
  const rejectedIds = new Set(await request.stored.rejectedIds());
  const fromMs = changesFromMs(cursor.changesUntilMs, request.nowMs);
  for (const { id, status, triggeredAtMs, resolvedAtMs = 0 } of findings.facts.values()) {
    const isOld = triggeredAtMs < cursor.historyStartMs && resolvedAtMs < fromMs;
    if (status === 'resolved' && isOld && !stored.has(id) && !rejectedIds.has(id)) findings.facts.delete(id);
  }
}

/** Who ended without a resolve in the log, or began before the log that was read, has a log of its own. */
async function readOwnLogs({ api, request }: Session, logFromMs: number, findings: Findings): Promise<void> {
  const ids = [...findings.facts.keys()];
  const [stored, told] = await Promise.all([request.stored.incidents(ids), request.stored.stateChanges(ids)]);
  const resolvedIds = new Set([...findings.stateChanges.values()].filter(isResolve).map(({ subject }) => subject));
  const isTold = (id: string) => resolvedIds.has(id) || (told.get(id) ?? []).some(isResolve);
  const wanted = [...findings.facts.values()].filter(
    ({ id, status, triggeredAtMs }) =>
      status === 'resolved' && !wasResolved(stored.get(id)) && (triggeredAtMs < logFromMs || !isTold(id)),
  );
  for await (const records of mapConcurrent(wanted, REQUESTS_AHEAD, ({ id }) => api.logOf(id))) {
    addLog(findings, logPart(records, 'GET /incidents/{id}/log_entries'));
  }
}

function wasResolved(stored: Incident | undefined): boolean {
  return stored?.status === 'resolved';
}

/** A configured history that grew: what was created and what happened before the recorded one. */
async function readOlder(api: Api, span: { fromMs: number; toMs: number }, findings: Findings): Promise<void> {
  const spans = askableSpans(span);
  for await (const part of incidentPages(api, spans)) addIncidents(findings, part);
  for await (const part of logPages(api, spans, { embed: false })) addLog(findings, part);
}

/** Records that could not be read in one list, and not in another one either. */
function unreadable({ rejected, facts }: Findings): Rejection[] {
  return [...rejected.values()].filter(({ id }) => id === undefined || !facts.has(id));
}

interface Outcome {
  readonly combined: Combined;
  readonly findings: Findings;
  readonly next: PollingCursor;
  readonly catalogue: readonly Service[] | undefined;
  readonly askedUntilMs: number;
}

function* pagesOf({ combined, findings, next, catalogue, askedUntilMs }: Outcome): Generator<Page> {
  const { incidents, stateChanges } = combined;
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
      rejected: [...unreadable(findings), ...combined.rejected],
      deletedIds: [...findings.deletedIds],
      ...(catalogue === undefined ? {} : { catalogue }),
      complete: { polledUntilMs: askedUntilMs, historyStartMs: next.historyStartMs },
    });
  }
}
