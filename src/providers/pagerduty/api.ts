import type { z } from 'zod';
import type { HttpClient, Query } from '../../http/client.ts';
import { RequestError } from '../../http/errors.ts';
import type { Service } from '../../model/incident.ts';
import { SECOND_MS } from '../../model/time.ts';
import { parseRecords, parseResponse } from '../answers.ts';
import { type SourceConfig, sourcesKey, withSources } from '../sources.ts';
import type { ListPage, TimeRange } from '../time-ranges.ts';
import {
  CatalogueService,
  Incident,
  IncidentPage,
  type IncidentRecord,
  LogPage,
  OneIncident,
  ServicePage,
} from './schema.ts';

/** The platform's largest page; without it lists hold 25 records. */
export const PAGE_SIZE = 100;
/** The platform refuses offset + limit beyond this (HTTP 400, code 2002). */
export const LIST_CAP = 10_000;

/** The requests that we make, every one with its limits spelt out. Records come unread, envelopes are checked. */
export interface Api {
  /** Reads an incident. */
  readonly record: z.ZodType<IncidentRecord>;
  /** What stored incidents were read with besides the platform's own values. */
  readonly readWith: readonly string[];
  services(): Promise<readonly Service[] | undefined>;
  /** Incidents that were created in the range, oldest first. */
  incidents(range: TimeRange, offset: number): Promise<ListPage<unknown>>;
  /** Incidents that are open now, oldest first: of a range of creation, or however old they are. */
  openIncidents(range: TimeRange | 'all', offset: number): Promise<ListPage<unknown>>;
  /** What changed in the range, newest first; with `embed` each entry carries its incident. */
  logEntries(range: TimeRange, offset: number, options: { embed: boolean }): Promise<ListPage<unknown>>;
  incident(id: string): Promise<{ readonly incident: unknown } | 'deleted' | 'forbidden'>;
  /** The whole log of one incident; empty when the platform does not give it. */
  incidentLog(id: string): Promise<unknown[]>;
}

/** Binds the requests to an HTTP client and a signal that ends them. */
export function createApi(httpClient: HttpClient, signal: AbortSignal, config: SourceConfig): Api {
  const get = async (path: string, query: Query) => {
    const endpoint = `/${path.replace(/^incidents\/[^/]+/, 'incidents/{id}')}`;
    return (await httpClient.get({ path, endpoint }, query, signal)).body;
  };
  const incidents = async (query: Query, offset: number): Promise<ListPage<unknown>> => {
    const body = await get('incidents', { ...listQuery(offset), sort_by: 'created_at:asc', ...query });
    const { incidents: records, total, more } = parseResponse(IncidentPage, body, 'GET /incidents');
    return { records, total: total ?? undefined, more };
  };
  const log = async (path: string, query: Query): Promise<ListPage<unknown>> => {
    const { log_entries: records, total, more } = parseResponse(LogPage, await get(path, query), `GET /${path}`);
    return { records, total: total ?? undefined, more };
  };
  return {
    record: withSources(Incident, config),
    readWith: sourcesKey(config),
    services: () => allServices(get),
    incidents: (range, offset) => incidents(bounds(range), offset),
    openIncidents: (range, offset) =>
      incidents({ 'statuses[]': OPEN_STATUSES, ...(range === 'all' ? { date_range: 'all' } : bounds(range)) }, offset),
    logEntries: (range, offset, { embed }) =>
      log('log_entries', {
        ...listQuery(offset),
        ...bounds(range),
        is_overview: true,
        'include[]': embed ? ['incidents'] : undefined,
      }),
    async incident(id) {
      const path = `incidents/${encodeURIComponent(id)}`;
      const body = await orRefusal(get(path, { time_zone: 'UTC' }));
      if (body === 'deleted' || body === 'forbidden') return body;
      return { incident: parseResponse(OneIncident, body, 'GET /incidents/{id}').incident };
    },
    incidentLog: (id) => wholeLog(id, log),
  };
}

/** Statuses of incidents that are not over. */
export const OPEN_STATUSES = ['triggered', 'acknowledged'];

function listQuery(offset: number): Query {
  return { limit: PAGE_SIZE, offset, total: true, time_zone: 'UTC' };
}

/**
 * Always both bounds and always with a zone: one alone means one month, and without a zone the account's own is meant.
 * Whether bounds are inclusive is not documented: a second more at the end, so that nothing falls between two ranges.
 */
export function bounds({ fromMs, toMs }: TimeRange): Query {
  return { since: new Date(fromMs).toISOString(), until: new Date(toMs + SECOND_MS).toISOString() };
}

/** Undefined where the key may not list services: incidents name theirs all the same. */
async function allServices(
  get: (path: string, query: Query) => Promise<unknown>,
): Promise<readonly Service[] | undefined> {
  const services: Service[] = [];
  for (let offset = 0; offset + PAGE_SIZE <= LIST_CAP; offset += PAGE_SIZE) {
    const body = await orRefusal(get('services', { limit: PAGE_SIZE, offset }));
    if (body === 'deleted' || body === 'forbidden') return undefined;
    const page = parseResponse(ServicePage, body, 'GET /services');
    services.push(...parseRecords(CatalogueService, page.services, 'GET /services').records);
    if (!page.more) return services;
  }
  throw new Error(`GET /services: more than the ${LIST_CAP} services that the platform lets anyone list`);
}

async function wholeLog(
  id: string,
  log: (path: string, query: Query) => Promise<ListPage<unknown>>,
): Promise<unknown[]> {
  const path = `incidents/${encodeURIComponent(id)}/log_entries`;
  const records: unknown[] = [];
  for (let offset = 0; offset + PAGE_SIZE <= LIST_CAP; offset += PAGE_SIZE) {
    const page = await orRefusal(log(path, { ...listQuery(offset), is_overview: true }));
    if (page === 'deleted' || page === 'forbidden') return [];
    records.push(...page.records);
    if (!page.more) return records;
  }
  throw new Error(
    `GET /incidents/{id}/log_entries: more than the ${LIST_CAP} entries that the platform lets anyone list`,
  );
}

/** 404 and 403 about one incident are answers, not failures: it is gone, or this key may no longer see it. */
async function orRefusal<Body>(answer: Promise<Body>): Promise<Body | 'deleted' | 'forbidden'> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return 'deleted';
    if (error instanceof RequestError && error.status === 403) return 'forbidden';
    throw error;
  }
}
