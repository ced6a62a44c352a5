import { type Entry, ledgerOf, type ReopenEntry } from './pagerduty/ledger.ts';
import {
  envelope,
  errorAnswer,
  isThere,
  listEntries,
  listEntriesOf,
  listIncidents,
  listKey,
  listPriorities,
  listServices,
  type Moment,
  Refusal,
  rangeOf,
} from './pagerduty/lists.ts';
import {
  inAccountZone,
  inUtc,
  type Stamp,
  wireEntry,
  wireIncident,
  wirePriority,
  wireService,
} from './pagerduty/wire.ts';
import { type Fake, type FakeAnswer, type FakeOptions, type SeenRequest, startFake } from './platform.ts';
import type { SimulatedIncident, World } from './world.ts';

/** The only key that the fake takes unless told another. */
export const PAGERDUTY_FAKE_KEY = 'pagerduty-demo-key';

export interface PagerdutyFakeOptions extends FakeOptions {
  readonly apiKey?: string;
  /** How a reopening shows in the log; `assign_log_entry` by default. */
  readonly reopenAs?: ReopenEntry;
  /** Lists that the key may not read. */
  readonly refused?: readonly ('incidents' | 'log_entries' | 'services' | 'priorities')[];
  /** Log entries never hold whole incidents, whatever is asked to be included. */
  readonly referencesOnly?: boolean;
}

/**
 * A PagerDuty account on loopback that keeps the platform's rules of paging, ranges, order and limits. It shows of `world`
 * what has happened by its own now. Changes of the world show at once: give an incident a new `events` array, never push
 * into the old one (with more than 10,000 incidents changes in place show within a second). Fast with 100,000 incidents:
 * the world is sorted when it changed, not per request.
 */
export async function startPagerdutyFake(world: World, options: PagerdutyFakeOptions = {}): Promise<Fake> {
  const nowMs = options.nowMs ?? Date.now;
  const ledger = ledgerOf(world, options.reopenAs ?? 'assign_log_entry');
  const recent = { incidents: recentLists<SimulatedIncident>(), entries: recentLists<Entry>() };
  const rules = {
    answer: (request: SeenRequest) => {
      if (request.headers.authorization !== `Token token=${options.apiKey ?? PAGERDUTY_FAKE_KEY}`) return UNAUTHORISED;
      try {
        return doubled(route({ request, moment: { ledger: ledger(), nowMs: nowMs() }, recent, options }), options);
      } catch (error) {
        if (error instanceof Refusal) return error.answer;
        throw error;
      }
    },
    throttled: (resetSeconds: number) => throttling(resetSeconds, options),
    allowance: (left: number, resetSeconds: number) => limitHeaders(left, resetSeconds, options),
  };
  return startFake(rules, options);
}

/** What a wrong key gets. */
export const UNAUTHORISED = errorAnswer({ status: 401, code: 2006, message: 'Authentication Failed' });
const NOT_FOUND = errorAnswer({ status: 404, code: 2100, message: 'Not Found' });
const INCIDENT_NOT_FOUND = errorAnswer({ status: 404, code: 5001, message: 'Incident Not Found' });
const DENIED = errorAnswer({ status: 403, code: 2010, message: 'Access Denied' });
const FORBIDDEN = errorAnswer({
  status: 403,
  code: 2018,
  message: 'Access Denied',
  errors: ['You may have lost access to this incident if it has been resolved.'],
});

interface Visit {
  readonly request: SeenRequest;
  readonly moment: Moment;
  readonly recent: { readonly incidents: Recent<SimulatedIncident>; readonly entries: Recent<Entry> };
  readonly options: PagerdutyFakeOptions;
}

function route(visit: Visit): FakeAnswer {
  const { request, moment } = visit;
  if (request.method !== 'GET') return NOT_FOUND;
  const [, first, id, second, ...more] = request.path.split('/');
  if (more.length > 0) return NOT_FOUND;
  if (visit.options.refused?.some((list) => list === (second ?? first)) === true) return DENIED;
  if (id === undefined && first === 'incidents') return incidentList(visit);
  if (id === undefined && first === 'log_entries') return entryList(visit);
  if (id === undefined && first === 'abilities') return { status: 200, body: { abilities: ['teams', 'urgencies'] } };
  if (id === undefined && first === 'services') {
    return envelope(listServices(moment), request.query, { key: 'services', render: wireService });
  }
  if (id === undefined && first === 'priorities') {
    return envelope(listPriorities(moment), request.query, { key: 'priorities', render: wirePriority });
  }
  if (id !== undefined && first === 'incidents') return oneIncident(visit, decodeURIComponent(id), second);
  return NOT_FOUND;
}

function incidentList({ request, moment, recent }: Visit): FakeAnswer {
  const range = rangeOf(request.query, moment.nowMs);
  const list = recent.incidents.get(listKey(moment, request.query, range), () =>
    listIncidents(moment, request.query, range),
  );
  return envelope(list, request.query, { key: 'incidents', render: (one) => rendered(one, moment, inUtc) });
}

function entryList(visit: Visit): FakeAnswer {
  const { request, moment, recent } = visit;
  const range = rangeOf(request.query, moment.nowMs);
  const list = recent.entries.get(listKey(moment, request.query, range), () =>
    listEntries(moment, request.query, range),
  );
  return envelope(list, request.query, { key: 'log_entries', render: entryRenderer(visit) });
}

function oneIncident(visit: Visit, id: string, part: string | undefined): FakeAnswer {
  const { request, moment } = visit;
  const incident = moment.ledger.byId.get(id);
  if (incident === undefined || !isThere(incident, moment.nowMs)) return INCIDENT_NOT_FOUND;
  if (incident.forbidden === true) return FORBIDDEN;
  if (part === undefined) return { status: 200, body: { incident: rendered(incident, moment, inUtc) } };
  if (part !== 'log_entries') return NOT_FOUND;
  return envelope(listEntriesOf(moment, incident, request.query), request.query, {
    key: 'log_entries',
    render: entryRenderer(visit),
  });
}

/** Unlike incidents, log entries are written in the account's zone unless another is asked for. */
function entryRenderer({ request, moment, options }: Visit): (entry: Entry) => unknown {
  const stamp: Stamp = request.query.get('time_zone') === 'UTC' ? inUtc : inAccountZone;
  const embeds = options.referencesOnly !== true && request.query.getAll('include[]').includes('incidents');
  return (entry) => {
    const number = moment.ledger.numbers.get(entry.incident) ?? 0;
    return wireEntry(entry, number, {
      stamp,
      ...(embeds ? { embedded: rendered(entry.incident, moment, stamp) } : {}),
    });
  };
}

function rendered(incident: SimulatedIncident, { ledger, nowMs }: Moment, stamp: Stamp): unknown {
  return wireIncident(incident, ledger.numbers.get(incident) ?? 0, { nowMs, stamp });
}

/** Lists that were asked for lately, so that the next page of one costs no new search. */
const LISTS_KEPT = 12;

interface Recent<Item> {
  get(key: string, list: () => readonly Item[]): readonly Item[];
}

function recentLists<Item>(): Recent<Item> {
  const lists = new Map<string, readonly Item[]>();
  return {
    get: (key, list) => {
      const found = lists.get(key) ?? list();
      // Put in anew, so that the first of the map is the one not asked for the longest.
      lists.delete(key);
      lists.set(key, found);
      for (const oldest of lists.keys()) {
        if (lists.size <= LISTS_KEPT) break;
        lists.delete(oldest);
      }
      return found;
    },
  };
}

/** Every tenth record of a list is there twice where that is asked for. */
function doubled(answer: FakeAnswer, { duplicates }: PagerdutyFakeOptions): FakeAnswer {
  const { body } = answer;
  if (duplicates !== true || typeof body !== 'object' || body === null) return answer;
  const twice = (list: readonly unknown[]) => list.flatMap((one, index) => (index % 10 === 0 ? [one, one] : [one]));
  const fields = Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? twice(value) : value]);
  return { ...answer, body: Object.fromEntries(fields) };
}

function throttling(resetSeconds: number, options: PagerdutyFakeOptions): FakeAnswer {
  if (options.bareThrottling === true) return { status: 429, body: '' };
  return {
    ...errorAnswer({ status: 429, code: 2020, message: 'Rate Limit Exceeded' }),
    headers: limitHeaders(0, resetSeconds, options),
  };
}

function limitHeaders(left: number, resetSeconds: number, { perMinute }: PagerdutyFakeOptions): Record<string, string> {
  return {
    'ratelimit-limit': String(perMinute ?? ''),
    'ratelimit-remaining': String(left),
    'ratelimit-reset': String(resetSeconds),
  };
}
