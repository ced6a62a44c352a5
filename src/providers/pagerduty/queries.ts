import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Rejection, StateChange } from '../../model/incident.ts';
import { DAY_MS, SECOND_MS } from '../../model/time.ts';
import { type Parsed, parseRecord, parseRecords } from '../answers.ts';
import { type ListPage, rangesAfter, readRanges, splitRange, type TimeRange } from '../time-ranges.ts';
import { type Api, LIST_CAP, PAGE_SIZE } from './api.ts';
import { type IncidentRecord, LogEntry, type LogLine } from './schema.ts';
import { toStateChange } from './state-changes.ts';

/** The platform refuses ranges over six months; a quarter leaves room for its long months. */
const LONGEST_SPAN_MS = 90 * DAY_MS;
/** Requests under way at once (DESIGN: 4 per provider). */
export const REQUESTS_AHEAD = 4;

/** A stretch of time as ranges that the platform answers, on whole seconds as its stamps are. */
export function toRequestRanges({ fromMs, toMs }: TimeRange): TimeRange[] {
  // One second earlier than asked: whether the platform's `since` is inclusive is not documented.
  const wholeMs = Math.floor(fromMs / SECOND_MS) * SECOND_MS - SECOND_MS;
  return splitRange({ fromMs: wholeMs, toMs }, LONGEST_SPAN_MS);
}

/** Pages of incidents by creation, with what is left to read after each. */
export async function* incidentPages(api: Api, ranges: readonly TimeRange[]) {
  const read = (range: TimeRange, from: number) => api.incidents(range, from);
  for await (const page of readRanges({ ranges, read, pageSize: PAGE_SIZE, cap: LIST_CAP })) {
    const { records, rejected } = parseRecords(api.record, page.records, 'GET /incidents');
    const timesMs = records.map(({ triggeredAtMs }) => triggeredAtMs);
    yield { records, rejected, spansLeft: rangesAfter(page, timesMs, SECOND_MS) };
  }
}

/** One page of the log: its lines, and those among them that are state changes. */
export interface LogPart {
  readonly lines: readonly LogLine[];
  readonly stateChanges: readonly StateChange[];
  readonly rejected: readonly Rejection[];
}

/** Pages of the account's log, with what is left to read after each. */
export async function* logPages(api: Api, ranges: readonly TimeRange[], options: { embed: boolean }) {
  const read = (range: TimeRange, from: number) => api.logEntries(range, from, options);
  for await (const page of readRanges({ ranges, read, pageSize: PAGE_SIZE, cap: LIST_CAP })) {
    const part = logPart(page.records, 'GET /log_entries');
    const timesMs = part.lines.map(({ atMs }) => atMs);
    yield { ...part, spansLeft: rangesAfter(page, timesMs, SECOND_MS) };
  }
}

/** Reads log entries. A malformed one is known by a key of its own: its id is no incident's, nothing can be fetched by it. */
export function logPart(entries: readonly unknown[], what: string): LogPart {
  const { records: lines, rejected } = parseRecords(LogEntry, entries, what);
  return {
    lines,
    stateChanges: lines.map(toStateChange).filter((stateChange) => stateChange !== undefined),
    rejected: rejected.map(({ key, reason, detail }) => ({ key: `log entry ${key}`, reason, detail })),
  };
}

/** Everything that is open now, however old. A set beyond the platform's cap is read again in windows of creation. */
export async function readOpenIncidents(api: Api, untilMs: number): Promise<Parsed<IncidentRecord>> {
  const what = 'GET /incidents (open)';
  const first = await api.openIncidents('all', 0);
  const firstPart = parseRecords(api.record, first.records, what);
  const parts = await restOfOpenSet(api, first);
  if (parts !== undefined) return joined([firstPart, ...parts]);
  const oldestMs = Math.min(untilMs, ...firstPart.records.map(({ triggeredAtMs }) => triggeredAtMs));
  const windows = [firstPart];
  const read = (range: TimeRange, offset: number) => api.openIncidents(range, offset);
  const ranges = toRequestRanges({ fromMs: oldestMs, toMs: untilMs });
  for await (const page of readRanges({ ranges, read, pageSize: PAGE_SIZE, cap: LIST_CAP })) {
    windows.push(parseRecords(api.record, page.records, what));
  }
  return joined(windows);
}

/**
 * The pages after the first; undefined when the set is beyond the cap, or shrank meanwhile, so that a record may have
 * slipped over an edge. Whether there is more is storedChanges by `more`: the total only lets pages be asked for ahead.
 */
async function restOfOpenSet(api: Api, first: ListPage<unknown>): Promise<Parsed<IncidentRecord>[] | undefined> {
  const total = first.more ? (first.total ?? 0) : 0;
  if (total > LIST_CAP) return undefined;
  const offsets: number[] = [];
  for (let offset = PAGE_SIZE; offset < total; offset += PAGE_SIZE) offsets.push(offset);
  const parts: Parsed<IncidentRecord>[] = [];
  let last = first;
  const take = (page: ListPage<unknown>) => {
    last = page;
    parts.push(parseRecords(api.record, page.records, 'GET /incidents (open)'));
  };
  for await (const page of mapConcurrent(offsets, REQUESTS_AHEAD, (offset) => api.openIncidents('all', offset))) {
    if (page.total !== undefined && page.total < total) return undefined;
    take(page);
  }
  for (let offset = (parts.length + 1) * PAGE_SIZE; last.more; offset += PAGE_SIZE) {
    if (offset + PAGE_SIZE > LIST_CAP) return undefined;
    take(await api.openIncidents('all', offset));
  }
  return parts;
}

function joined(parts: readonly Parsed<IncidentRecord>[]): Parsed<IncidentRecord> {
  return { records: parts.flatMap(({ records }) => records), rejected: parts.flatMap(({ rejected }) => rejected) };
}

/** What came of asking for incidents one by one. */
export interface Fetched {
  readonly records: readonly IncidentRecord[];
  readonly rejected: readonly Rejection[];
  readonly deletedIds: readonly string[];
}

/** Asks for each of these incidents: 404 means deleted, 403 is a rejection that keeps what is stored. */
export async function fetchIncidents(api: Api, ids: readonly string[]): Promise<Fetched> {
  const records: IncidentRecord[] = [];
  const rejected: Rejection[] = [];
  const deletedIds: string[] = [];
  const answers = mapConcurrent(ids, REQUESTS_AHEAD, async (id) => ({ id, answer: await api.incident(id) }));
  for await (const { id, answer } of answers) {
    if (answer === 'deleted') deletedIds.push(id);
    else if (answer === 'forbidden') rejected.push(forbidden(id));
    else {
      const read = parseRecord(api.record, answer.incident);
      if ('reason' in read) rejected.push({ ...read, id, key: id });
      else records.push(read);
    }
  }
  return { records, rejected, deletedIds };
}

function forbidden(id: string): Rejection {
  return { id, key: id, reason: 'forbidden', detail: 'GET /incidents/{id}: 403, this key may no longer see it' };
}
