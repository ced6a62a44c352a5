import type { SimulatedIncident } from '../world.ts';
import { type Entry, firstAtOrAfter, type Ledger } from './ledger.ts';
import { stateAt, triggerShownAtMs } from './life.ts';
import { errorAnswer, Refusal } from './rules.ts';

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
