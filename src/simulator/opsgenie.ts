import { isThere, type Life, ledgerOf, type Records } from './opsgenie/ledger.ts';
import {
  errorAnswer,
  footer,
  type Moment,
  matching,
  pageOf,
  Refusal,
  search,
  unprocessable,
  wantedOf,
} from './opsgenie/lists.ts';
import { personOf, wireAlert, wireIncident, wireLog, wireTimeline, wireWholeAlert } from './opsgenie/wire.ts';
import { type Fake, type FakeAnswer, type FakeOptions, type SeenRequest, startFake } from './platform.ts';
import type { World } from './world.ts';

/** The only key that the fake takes unless told another. */
export const OPSGENIE_FAKE_KEY = 'opsgenie-demo-key';

/** What a wrong key gets. */
export const OPSGENIE_UNAUTHORISED = errorAnswer({ status: 401, message: 'Could not authenticate' });

export interface OpsgenieFakeOptions extends FakeOptions {
  readonly apiKey?: string;
  /** Lists that the key may not read. */
  readonly refused?: readonly ('/v2/alerts' | '/v2/alerts/count' | '/v1/incidents' | '/v2/teams' | '/v1/services')[];
  /** Lists show closed alerts without their report; the alert by its id has it. */
  readonly reportsMissing?: boolean;
}

/**
 * An Opsgenie account on loopback that keeps the platform's rules of paging, search and limits, and serves the incidents
 * of `world` both as alerts and as incidents. It shows what has happened by its own now; changes of the world show at
 * once. A reopened incident is a new alert with the same alias, as an alert never opens again. Fast with 100,000
 * incidents: the world is sorted when it changed, not per request.
 */
export async function startOpsgenieFake(world: World, options: OpsgenieFakeOptions = {}): Promise<Fake> {
  const nowMs = options.nowMs ?? Date.now;
  const ledger = ledgerOf(world);
  const recent = new Map<string, readonly Life[]>();
  const rules = {
    answer: (request: SeenRequest) => {
      if (request.headers.authorization !== `GenieKey ${options.apiKey ?? OPSGENIE_FAKE_KEY}`) {
        return OPSGENIE_UNAUTHORISED;
      }
      try {
        return route({ request, moment: { ledger: ledger(), nowMs: nowMs() }, world, recent, options });
      } catch (error) {
        if (error instanceof Refusal) return error.answer;
        throw error;
      }
    },
    throttled: (resetSeconds: number) => throttling(resetSeconds, options),
    allowance: () => limitHeaders('OK', 60),
  };
  return startFake(rules, options);
}

const NOT_FOUND = errorAnswer({ status: 404, message: 'No resource exists with given identifier' });
const FORBIDDEN = errorAnswer({ status: 403, code: 40301, message: 'You are not authorized to read this resource' });

interface Visit {
  readonly request: SeenRequest;
  readonly moment: Moment;
  readonly world: World;
  readonly recent: Map<string, readonly Life[]>;
  readonly options: OpsgenieFakeOptions;
}

function route(visit: Visit): FakeAnswer {
  const { request, moment, options } = visit;
  const path = request.path.replace(/\/$/, '');
  if (request.method !== 'GET') return NOT_FOUND;
  if (options.refused?.some((refused) => refused === path) === true) return FORBIDDEN;
  if (path === '/v2/teams') return { status: 200, body: { data: teamsOf(visit), ...footer(), expandable: ['member'] } };
  if (path === '/v1/services') return pageAnswer(visit, servicesOf(visit), (service) => service);
  if (path === '/v2/alerts/count') return count(visit, moment.ledger.alerts);
  if (path === '/v2/alerts') return list(visit, moment.ledger.alerts);
  if (path === '/v1/incidents') {
    if ((request.query.get('query') ?? '') === '') throw unprocessable('query', 'May not be empty.');
    return list(visit, moment.ledger.incidents);
  }
  return single(visit, path);
}

const ONE = /^\/(?:(v2\/alerts)|(v1\/incidents)|(v2\/incident-timelines))\/([^/]+)(?:\/(logs|entries))?$/;

function single(visit: Visit, path: string): FakeAnswer {
  const [, alerts, incidents, timelines, id = '', part] = ONE.exec(path) ?? [];
  const { nowMs, ledger } = visit.moment;
  const life = (alerts === undefined ? ledger.incidents : ledger.alerts).byId.get(decodeURIComponent(id));
  if (life === undefined || !isThere(life, nowMs)) return NOT_FOUND;
  if (life.incident.forbidden === true) return FORBIDDEN;
  if (timelines !== undefined) return part === 'entries' ? timeline(visit, life) : NOT_FOUND;
  if (part === 'logs') return { status: 200, body: { data: wireLog(life, nowMs), paging: {}, ...footer() } };
  if (part !== undefined) return NOT_FOUND;
  const data = incidents === undefined ? wireWholeAlert(life, nowMs) : wireIncident(life, nowMs);
  return { status: 200, body: { data, ...footer() } };
}

function list(visit: Visit, records: Records): FakeAnswer {
  const { moment, request, options } = visit;
  pageOf(request.query);
  const found = recently(visit, records, () => search(moment, records, request.query));
  return pageAnswer(visit, found, (life) => {
    if (records.kind === 'incidents') return wireIncident(life, moment.nowMs);
    const alert = wireAlert(life, moment.nowMs);
    return options.reportsMissing === true ? { ...alert, report: undefined } : alert;
  });
}

function count({ moment, request }: Visit, records: Records): FakeAnswer {
  const found = matching(moment, records, wantedOf(request.query.get('query')));
  return { status: 200, body: { data: { count: found.length }, ...footer() } };
}

/** Lists that were asked for lately, so that the next page of one costs no new search. */
const LISTS_KEPT = 12;

function recently({ recent, moment, request }: Visit, records: Records, find: () => readonly Life[]): readonly Life[] {
  const { ledger, nowMs } = moment;
  const asked = ['query', 'sort', 'order'].map((name) => request.query.get(name));
  const key = JSON.stringify([records.kind, ledger.version, ledger.shownBy(nowMs), ...asked]);
  const found = recent.get(key) ?? find();
  recent.delete(key);
  recent.set(key, found);
  for (const oldest of recent.keys()) {
    if (recent.size <= LISTS_KEPT) break;
    recent.delete(oldest);
  }
  return found;
}

function pageAnswer<Item>(visit: Visit, items: readonly Item[], render: (item: Item) => unknown): FakeAnswer {
  const { request, options } = visit;
  const { limit, offset } = pageOf(request.query);
  const shown = items.slice(offset, offset + limit).map(render);
  // Every tenth record of a list is there twice where that is asked for.
  const data = shown.flatMap((one, index) => (options.duplicates === true && index % 10 === 0 ? [one, one] : [one]));
  const link = (to: number) => {
    const query = new URLSearchParams(request.query);
    query.set('offset', String(to));
    query.set('limit', String(limit));
    return `https://api.opsgenie.com${request.path}?${query.toString()}`;
  };
  const lastOffset = Math.max(0, Math.ceil(items.length / limit) - 1) * limit;
  const next = offset + limit < items.length ? { next: link(offset + limit) } : {};
  const headers: Record<string, string> = next.next === undefined ? {} : { 'X-Paging-Next': next.next };
  const paging = { ...next, first: link(0), last: link(lastOffset) };
  return { status: 200, headers, body: { data, paging, ...footer() } };
}

function timeline({ moment, request }: Visit, life: Life): FakeAnswer {
  const groups = request.query.get('group')?.split(',');
  const { limit, offset } = pageOf(request.query);
  const entries = wireTimeline(life, moment.nowMs).filter(({ group }) => groups?.includes(group) ?? true);
  const nextOffset = offset + limit < entries.length ? { nextOffset: String(offset + limit) } : {};
  return {
    status: 200,
    body: { data: { entries: entries.slice(offset, offset + limit), ...nextOffset }, ...footer() },
  };
}

function teamsOf({ world }: Visit) {
  const teams = new Map(world.incidents.flatMap(({ team }) => (team === undefined ? [] : [[team.id, team] as const])));
  return [...teams.values()].map(({ id, name }, index) => {
    const { id: memberId, email } = personOf(index);
    return { id, name, description: '', members: [{ user: { id: memberId, username: email }, role: 'admin' }] };
  });
}

function servicesOf({ world }: Visit) {
  const services = new Map(world.incidents.map(({ service }) => [service.id, service]));
  services.delete('');
  return [...services.values()].map(({ id, name }, index) => {
    return { id, name, description: `Ask ${personOf(index).name}`, visibility: 'OPSGENIE_USERS', tags: [] };
  });
}

function throttling(resetSeconds: number, { bareThrottling }: OpsgenieFakeOptions): FakeAnswer {
  const { status, body } = errorAnswer({ status: 429, message: 'You are making too many requests!' });
  return { status, body, headers: bareThrottling === true ? {} : limitHeaders('THROTTLED', resetSeconds) };
}

function limitHeaders(state: 'OK' | 'THROTTLED', seconds: number): Record<string, string> {
  return {
    'X-RateLimit-State': state,
    ...(state === 'THROTTLED' ? { 'X-RateLimit-Reason': 'ACCOUNT' } : {}),
    'X-RateLimit-Period-In-Sec': String(seconds),
  };
}
