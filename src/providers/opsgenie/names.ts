import type { HttpClient } from '../../http/client.ts';
import { RequestError } from '../../http/errors.ts';
import type { Service } from '../../model/incident.ts';
import { parseRecords, parseResponse } from '../answers.ts';
import { LIST_CAP, PAGE_SIZE } from './lists.ts';
import { ListResponse, NamedRecord } from './schema.ts';

/** `GET /v2/teams`: one answer holds all. Undefined where the key has no right to it. */
export function readTeams(httpClient: HttpClient, signal: AbortSignal): Promise<readonly Service[] | undefined> {
  return whereAllowed(() => readTeamNames(httpClient, signal));
}

/** The same, but a refusal is thrown. */
export async function readTeamNames(httpClient: HttpClient, signal: AbortSignal): Promise<readonly Service[]> {
  const { body } = await httpClient.get('/v2/teams', {}, signal);
  return namedIn(parseResponse(ListResponse, body, 'GET /v2/teams').data, 'GET /v2/teams');
}

/** `GET /v1/services`, all pages. Undefined where the key has no right to it; more than the cap is an error. */
export function readServices(httpClient: HttpClient, signal: AbortSignal): Promise<readonly Service[] | undefined> {
  return whereAllowed(async () => {
    const services: Service[] = [];
    for (let offset = 0; offset + PAGE_SIZE <= LIST_CAP; offset += PAGE_SIZE) {
      const { names, more } = await readServicePage(httpClient, offset, signal);
      services.push(...names);
      if (!more) return services;
    }
    throw new Error(`GET /v1/services: more than the ${LIST_CAP} services that Opsgenie lists`);
  });
}

/** One page of `GET /v1/services`; a refusal is thrown. */
export async function readServicePage(httpClient: HttpClient, offset: number, signal: AbortSignal) {
  const { body } = await httpClient.get('/v1/services', { offset, limit: PAGE_SIZE, order: 'asc' }, signal);
  const { data, paging } = parseResponse(ListResponse, body, 'GET /v1/services');
  return { names: namedIn(data, 'GET /v1/services'), more: paging?.next !== undefined };
}

/** A name that cannot be read is a missing name, not a rejected record. */
function namedIn(listed: readonly unknown[], what: string): readonly Service[] {
  return parseRecords(NamedRecord, listed, what).records;
}

/** 402 (not in the plan), 403 (not the key's right) and 404 (not offered) are answers too: the names are then not known. */
const REFUSALS: readonly unknown[] = [402, 403, 404];

async function whereAllowed<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RequestError && REFUSALS.includes(error.status)) return undefined;
    throw error;
  }
}
