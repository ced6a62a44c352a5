import type { HttpClient } from '../../http/client.ts';
import type { Interval } from '../../model/incident.ts';
import { parseRecords, parseResponse } from '../answers.ts';
import { TimelineEntry, TimelineResponse } from './schema.ts';

/** Entries per page: the only number that published programs use; the endpoint's own limit is not documented. */
const ENTRIES_PER_PAGE = 20;
/** Pages of one timeline: 1 000 changes of one incident are a loop of somebody's automation, not its story. */
const TIMELINE_PAGES_MAX = 50;

const CLOSING = new Set(['IncidentResolved', 'IncidentClosed']);
/** The second is inferred from the names of the others; both spellings of it are understood. */
const OPENING = /^Incident(?:Opened|Reopened|ReOpened)$/;

/** Every entry of an incident's timeline that opened or ended it; undefined when it is longer than anyone may read. */
export async function readTimeline(
  httpClient: HttpClient,
  id: string,
  signal: AbortSignal,
): Promise<readonly TimelineEntry[] | undefined> {
  const path = `/v2/incident-timelines/${encodeURIComponent(id)}/entries`;
  const endpoint = '/v2/incident-timelines/{id}/entries';
  const what = `GET ${endpoint}`;
  const found: TimelineEntry[] = [];
  let offset: string | undefined;
  for (let page = 0; page < TIMELINE_PAGES_MAX; page += 1) {
    const { body } = await httpClient.get(
      { path, endpoint },
      { group: 'incident', limit: ENTRIES_PER_PAGE, offset },
      signal,
    );
    const { data } = parseResponse(TimelineResponse, body, what);
    found.push(...parseRecords(TimelineEntry, data.entries, what).records.filter(({ type }) => isEvent(type)));
    if (data.nextOffset === undefined || data.nextOffset === offset || data.entries.length === 0) return found;
    offset = data.nextOffset;
  }
  return undefined;
}

/**
 * The spans in which an incident was open, from its creation: each ends with the first resolve or close, and the next
 * begins with the reopening after that. Order and repetition of the entries change nothing.
 */
export function toOpenIntervals(createdAtMs: number, entries: readonly TimelineEntry[]): Interval[] {
  const intervals: Interval[] = [];
  let openedAtMs: number | undefined = createdAtMs;
  const ordered = entries.toSorted(
    (a, b) => a.atMs - b.atMs || Number(CLOSING.has(b.type)) - Number(CLOSING.has(a.type)),
  );
  for (const { type, atMs } of ordered) {
    if (CLOSING.has(type) && openedAtMs !== undefined) {
      intervals.push({ openedAtMs, closedAtMs: atMs });
      openedAtMs = undefined;
    } else if (OPENING.test(type) && openedAtMs === undefined && atMs > createdAtMs) {
      // The entry of the creation itself opens nothing again, not even what ended in the same millisecond.
      openedAtMs = atMs;
    }
  }
  if (openedAtMs !== undefined) intervals.push({ openedAtMs });
  return intervals;
}

function isEvent(type: string): boolean {
  return CLOSING.has(type) || OPENING.test(type);
}
