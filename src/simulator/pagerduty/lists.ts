import type { FakeAnswer } from '../platform.ts';
import type { SimulatedIncident } from '../world.ts';
import { type Entry, firstAtOrAfter, type Ledger, stateAt, triggerShownAtMs } from './ledger.ts';
import { ACCOUNT_ZONE_MS } from './wire.ts';

/** A refusal of the platform, thrown inside the fake and sent as it is. */
export class Refusal extends Error {
  readonly answer: FakeAnswer;

  constructor(answer: FakeAnswer) {
    super('refused');
    this.answer = answer;
  }
}

interface PlatformError {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly errors?: readonly string[];
}

/** The platform's error envelope. */
export function errorAnswer({ status, message, code, errors }: PlatformError): FakeAnswer {
  return { status, body: { error: { message, code, ...(errors === undefined ? {} : { errors }) } } };
}

const DEFAULT_LIMIT = 25;
const LIMIT_MAX = 100;
/** The platform answers no offset + limit beyond this. */
const OFFSET_END_MAX = 10_000;
const TOO_FAR =
  'Offset+limit exceeds maximum allowed value of 10000. Please try to refine your search to reduce the returned set of records below this number, like adding a date range.';

const DAY_MS = 86_400_000;
/** Where one bound or both are missing the list covers one month. */
const MONTH_MS = 30 * DAY_MS;
const SIX_MONTHS_MS = 184 * DAY_MS;

function refuse(code: number, message: string, errors: readonly string[]): Refusal {
  return new Refusal(errorAnswer({ status: 400, code, message, errors }));
}

/** Which part of a list is wanted, by the platform's defaults and limits. */
export function pageOf(query: URLSearchParams): { limit: number; offset: number } {
  const limit = Math.min(wholeNumber(query, 'limit') ?? DEFAULT_LIMIT, LIMIT_MAX);
  const offset = wholeNumber(query, 'offset') ?? 0;
  if (offset + limit > OFFSET_END_MAX) throw refuse(2002, 'Arguments Caused Error', [TOO_FAR]);
  return { limit, offset };
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw refuse(2001, 'Invalid Input Provided', [`${name} must be a number.`]);
  return Number(text);
}

/** The stretch of creation that a list covers. */
export function rangeOf(query: URLSearchParams, nowMs: number): { sinceMs: number; untilMs: number } {
  if (query.get('date_range') === 'all')
    return { sinceMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
  const since = instantOf(query, 'since');
  const until = instantOf(query, 'until');
  const untilMs = until ?? (since === undefined ? nowMs + 1 : since + MONTH_MS);
  const sinceMs = since ?? untilMs - MONTH_MS;
  if (untilMs < sinceMs) throw refuse(2004, 'Invalid since/until', ['Until must be after since.']);
  if (untilMs - sinceMs > SIX_MONTHS_MS) {
    throw refuse(2005, 'Invalid Query Date Range', ['The date range must not exceed 6 months.']);
  }
  return { sinceMs, untilMs };
}

function instantOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text);
  const ms = Date.parse(hasZone ? text : `${text}Z`);
  if (Number.isNaN(ms)) throw refuse(2004, 'Invalid since/until', [`${name} is not a date.`]);
  // Without a zone the account's own is meant.
  return hasZone ? ms : ms - ACCOUNT_ZONE_MS;
}

/** Cuts the wanted part out of a list and wraps it in the platform's envelope. */
export function envelope<Item>(
  list: readonly Item[],
  query: URLSearchParams,
  { key, render }: { key: string; render: (item: Item) => unknown },
): FakeAnswer {
  const { limit, offset } = pageOf(query);
  const body = {
    [key]: list.slice(offset, offset + limit).map(render),
    limit,
    offset,
    total: query.get('total') === 'true' ? list.length : null,
    more: offset + limit < list.length,
  };
  return { status: 200, body };
}

/** The world at one instant. */
export interface Moment {
  readonly ledger: Ledger;
  readonly nowMs: number;
}

/** True while a list may show the incident. */
export function isListed(incident: SimulatedIncident, nowMs: number): boolean {
  return isThere(incident, nowMs) && incident.forbidden !== true;
}

/** True while the platform has the incident at all. */
export function isThere(incident: SimulatedIncident, nowMs: number): boolean {
  return triggerShownAtMs(incident) <= nowMs && !(incident.deletedAtMs !== undefined && incident.deletedAtMs <= nowMs);
}

export interface Range {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Part of an ascending list of stamps that lies in a range. Whether the platform's bounds are inclusive is not documented,
 * so both ends are left out here: the harshest reading.
 */
function within<Item>(items: readonly Item[], stamps: readonly number[], { sinceMs, untilMs }: Range): readonly Item[] {
  return items.slice(firstAtOrAfter(stamps, sinceMs + 1), firstAtOrAfter(stamps, untilMs));
}

/** The incidents that a query wants, in the order that it wants. */
export function listIncidents({ ledger, nowMs }: Moment, query: URLSearchParams, range: Range): SimulatedIncident[] {
  const wanted = (name: string) => new Set(query.getAll(name));
  const [statuses, services, teams] = [wanted('statuses[]'), wanted('service_ids[]'), wanted('team_ids[]')];
  const urgencies = wanted('urgencies[]');
  const fits = (set: Set<string>, value: string | undefined) =>
    set.size === 0 || (value !== undefined && set.has(value));
  const found = within(ledger.incidents, ledger.createdAtMs, range).filter(
    (incident) =>
      isListed(incident, nowMs) &&
      fits(services, incident.service.id) &&
      fits(teams, incident.team?.id) &&
      fits(urgencies, incident.urgency) &&
      (statuses.size === 0 || statuses.has(stateAt(incident, nowMs).status)),
  );
  return sorted(found, query.get('sort_by') ?? 'created_at:desc', nowMs);
}

function sorted(incidents: SimulatedIncident[], sortBy: string, nowMs: number): SimulatedIncident[] {
  const [field = '', direction = 'asc'] = (sortBy.split(',')[0] ?? '').split(':');
  if (!SORT_KEYS.has(field) || sortBy.split(',').length > 2 || !['asc', 'desc'].includes(direction)) {
    const errors = ['sort_by is not one of incident_number, created_at, resolved_at, urgency.'];
    throw new Refusal(errorAnswer({ status: 400, code: 2001, message: 'Invalid Input Provided', errors }));
  }
  const key = SORT_KEYS.get(field);
  if (key !== undefined) incidents.sort((a, b) => key(a, nowMs) - key(b, nowMs));
  return direction === 'asc' ? incidents : incidents.reverse();
}

/** Incidents come in order of creation, which is the order of their numbers too: nothing to sort by for these two. */
const SORT_KEYS = new Map<string, ((incident: SimulatedIncident, nowMs: number) => number) | undefined>([
  ['created_at', undefined],
  ['incident_number', undefined],
  ['resolved_at', (incident, nowMs) => stateAt(incident, nowMs).resolvedAtMs ?? Number.MAX_SAFE_INTEGER],
  ['urgency', ({ urgency }) => (urgency === 'high' ? 0 : 1)],
]);

/** The log of the account, newest first. */
export function listEntries({ ledger, nowMs }: Moment, query: URLSearchParams, range: Range): Entry[] {
  return newestFirst(within(ledger.entries, ledger.entriesAtMs, range), query, nowMs);
}

/** The log of one incident, newest first. */
export function listEntriesOf(moment: Moment, incident: SimulatedIncident, query: URLSearchParams): Entry[] {
  return newestFirst(moment.ledger.entriesOf(incident), query, moment.nowMs);
}

function newestFirst(entries: readonly Entry[], query: URLSearchParams, nowMs: number): Entry[] {
  const isOverview = query.get('is_overview') === 'true';
  return entries
    .filter(
      ({ shownAtMs, type, incident }) =>
        shownAtMs <= nowMs && !(isOverview && type === 'notify_log_entry') && isListed(incident, nowMs),
    )
    .reverse();
}

/** The services that incidents were ever opened on, each with its newest name. */
export function listServices({ ledger }: Moment): { readonly id: string; readonly name: string }[] {
  const services = new Map<string, { readonly id: string; readonly name: string }>();
  for (const { service } of ledger.incidents) services.set(service.id, service);
  return [...services.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The priorities that incidents were ever given, the most severe first, as their names are in order. */
export function listPriorities({ ledger }: Moment): string[] {
  const given = ledger.incidents.flatMap(({ priority }) => (priority === undefined ? [] : [priority]));
  return [...new Set(given)].sort();
}

/** What a list depends on besides its query: equal keys, equal lists. */
export function listKey({ ledger, nowMs }: Moment, query: URLSearchParams, range: Range): string {
  const wanted = [...query].filter(([name]) => !PAGE_PARAMETERS.has(name));
  const hidden = ledger.hideable.filter((incident) => !isListed(incident, nowMs)).length;
  return JSON.stringify([ledger.version, ledger.shownBy(nowMs), hidden, range.sinceMs, range.untilMs, wanted]);
}

const PAGE_PARAMETERS = new Set(['limit', 'offset', 'total', 'time_zone', 'include[]']);
