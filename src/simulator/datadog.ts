import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake } from './table-fake.ts';
import type { World } from './world.ts';

export const DATADOG_FAKE_KEY = 'datadog-demo-key';
export const DATADOG_FAKE_APPLICATION_KEY = 'datadog-demo-application-key';

const error = (status: number, message: string): FakeAnswer => ({ status, body: { errors: [message] } });
const refuse = (reason: string) => new Refusal(error(400, reason));

export const DATADOG_UNAUTHORISED: FakeAnswer = error(401, 'Unauthorized');

/** A Datadog organisation on loopback. A title that begins with `[test]` makes a test. */
export function startDatadogFake(world: World, options: FakeOptions = {}): Promise<Fake> {
  return startTableFake(datadog, world, options);
}

const stamp = (ms: number) => new Date(ms).toISOString().replace('Z', '+00:00');
const MINUTE_MS = 60_000;
const STATES = ['active', 'stable', 'resolved', 'completed'];

const datadog: TableFake = {
  isAuthorized: ({ headers }) =>
    headers['dd-api-key'] === DATADOG_FAKE_KEY && headers['dd-application-key'] === DATADOG_FAKE_APPLICATION_KEY,
  unauthorized: DATADOG_UNAUTHORISED,
  notFound: error(404, 'Not found'),
  forbidden: error(403, 'Forbidden'),
  throttled: (resetSeconds) => ({
    ...error(429, 'Rate limit of 60 requests in 60 seconds reached'),
    headers: {
      'x-ratelimit-limit': '60',
      'x-ratelimit-period': '60',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(resetSeconds),
    },
  }),
  list: {
    path: '/api/v2/incidents/search',
    filter: (query) => {
      const states = /^state:\(([a-z]+(?: OR [a-z]+)*)\)$/.exec(query.get('query') ?? '')?.[1]?.split(' OR ');
      if (states === undefined || states.some((one) => !STATES.includes(one))) throw refuse('Invalid query');
      return (state) => states.includes(stateOf(state));
    },
    sort: (query) => {
      const sort = query.get('sort') ?? 'created';
      if (sort !== 'created' && sort !== '-created') throw refuse('Invalid sort');
      return { by: ({ incident }) => incident.triggeredAtMs, isDescending: sort === '-created' };
    },
    page: (query) => ({
      size: numberParam(query, 'page[size]', { min: 1, max: 100, default: 10 }, refuse),
      offset: numberParam(query, 'page[offset]', { min: 0, max: 1_000_000, default: 0 }, refuse),
    }),
    record: (state) => ({ data: toIncident(state) }),
    body: ({ records, total, offset }) => ({
      data: { type: 'incidents_search_results', attributes: { facets: {}, incidents: records, total } },
      included: [],
      // The next offset is there on the last page as well.
      meta: { pagination: { offset, next_offset: offset + records.length, size: records.length } },
    }),
  },
  one: { path: /^\/api\/v2\/incidents\/([^/]+)$/, body: (state) => ({ data: toIncident(state) }) },
};

function stateOf({ isOpen }: IncidentState): string {
  return isOpen ? 'active' : 'resolved';
}

function toIncident(state: IncidentState) {
  const { incident, number, endedAtMs, updatedAtMs } = state;
  const { id, title, service, team, priority, triggeredAtMs } = incident;
  const { name, email } = PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
  const list = (value: string | undefined) => ({ type: 'autocomplete', value: value === undefined ? null : [value] });
  return {
    id,
    type: 'incidents',
    attributes: {
      public_id: number + 1,
      title,
      state: stateOf(state),
      severity: priority?.replace('P', 'SEV-') ?? 'UNKNOWN',
      created: stamp(triggeredAtMs),
      detected: stamp(triggeredAtMs),
      modified: stamp(updatedAtMs),
      resolved: endedAtMs === undefined ? null : stamp(endedAtMs),
      customer_impacted: true,
      customer_impact_start: stamp(triggeredAtMs - 5 * MINUTE_MS),
      customer_impact_end: endedAtMs === undefined ? null : stamp(endedAtMs - 1000),
      time_to_resolve: endedAtMs === undefined ? 0 : (endedAtMs - triggeredAtMs) / 1000,
      is_test: title.startsWith('[test]'),
      archived: null,
      notification_handles: [{ display_name: name, handle: `@${email}` }],
      fields: {
        services: list(service.name === '' ? undefined : service.name),
        teams: list(team?.name),
        summary: { type: 'textbox', value: 'more of it' },
      },
    },
    relationships: { commander_user: { data: { id: '7', type: 'users' } } },
  };
}
