import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake } from './table-fake.ts';
import type { World } from './world.ts';

export const INCIDENTIO_FAKE_KEY = 'incidentio-demo-key';

const error = (status: number, code: string, message: string): FakeAnswer => ({
  status,
  body: { type: code, status, request_id: '01FDAG4SAP5TYPT98WGR2N7W91', errors: [{ code, message }] },
});
const refuse = (reason: string) => new Refusal(error(422, 'validation_error', reason));

export const INCIDENTIO_UNAUTHORISED: FakeAnswer = error(401, 'authentication_error', 'invalid API key');

export interface IncidentioFakeOptions extends FakeOptions {
  /** No incident has a value for "Resolved at": only its updates say when it ended. */
  readonly hasNoResolvedAt?: boolean;
}

/** An incident.io account on loopback. */
export function startIncidentioFake(world: World, options: IncidentioFakeOptions = {}): Promise<Fake> {
  return startTableFake(toTable(options), world, options);
}

const personOf = (number: number) => PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
const stamp = (ms: number) => new Date(ms).toISOString();
const MINUTE_MS = 60_000;
const CATEGORIES = new Map(Object.entries({ resolve: 'closed', merge: 'merged' }));

function toTable({ hasNoResolvedAt = false }: IncidentioFakeOptions): TableFake {
  const record = (state: IncidentState) => toIncident(state, hasNoResolvedAt);
  return {
    isAuthorized: ({ headers }) => headers.authorization === `Bearer ${INCIDENTIO_FAKE_KEY}`,
    unauthorized: INCIDENTIO_UNAUTHORISED,
    notFound: error(404, 'not_found', 'Not found'),
    forbidden: error(403, 'forbidden', 'Forbidden'),
    // When to come back stands in the body, not in a header.
    throttled: () => error(429, 'too_many_requests', 'Too many requests'),
    list: {
      path: '/v2/incidents',
      filter: (query) => {
        const categories = query.getAll('status_category[one_of]');
        const createdFromMs = dateParam(query, 'created_at[gte]');
        const updatedFromMs = dateParam(query, 'updated_at[gte]');
        return (state) =>
          state.incident.triggeredAtMs >= createdFromMs &&
          state.updatedAtMs >= updatedFromMs &&
          (categories.length === 0 || categories.includes(categoryOf(state)));
      },
      sort: (query) => ({
        by: ({ incident }) => incident.triggeredAtMs,
        isDescending: query.get('sort_by') !== 'created_at_oldest_first',
      }),
      page: (query) => ({
        size: numberParam(query, 'page_size', { min: 1, max: 250, default: 25 }, refuse),
        afterId: query.get('after') ?? undefined,
      }),
      record,
      body: ({ records, size, lastId, total }) => ({
        incidents: records,
        pagination_meta: {
          page_size: size,
          total_record_count: total,
          ...(lastId === undefined ? {} : { after: lastId }),
        },
      }),
    },
    one: { path: /^\/v2\/incidents\/([^/]+)$/, body: (state) => ({ incident: record(state) }) },
    details: {
      path: /^\/v2\/incident_updates$/,
      id: ({ query }) => query.get('incident_id') ?? '',
      body: (state) => ({ incident_updates: toUpdates(state), pagination_meta: { page_size: 250 } }),
    },
  };
}

/** Dates only, as the platform documents; the day begins at midnight UTC. */
function dateParam(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null) return Number.NEGATIVE_INFINITY;
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return Date.parse(`${text}T00:00:00Z`);
  throw refuse(`${name} must be a date`);
}

function categoryOf({ incident, isOpen, isMerged }: IncidentState): string {
  if (incident.title.startsWith('[declined]')) return 'declined';
  if (isMerged) return 'merged';
  return isOpen ? 'live' : 'closed';
}

function toIncident(state: IncidentState, hasNoResolvedAt: boolean) {
  const { incident, number, endedAtMs, acknowledgedAtMs, updatedAtMs } = state;
  const { id, title, priority, triggeredAtMs } = incident;
  const timestamp = (name: string, ms: number | undefined) => ({
    incident_timestamp: { id: `01T${name}`, name, rank: 1 },
    value: ms === undefined ? null : { value: stamp(ms) },
  });
  const { name, email } = personOf(number);
  return {
    id,
    reference: `INC-${number + 1}`,
    name: title,
    created_at: stamp(triggeredAtMs),
    updated_at: stamp(updatedAtMs),
    mode: title.startsWith('[drill]') ? 'test' : 'standard',
    creator: { user: { id: `01U${number}`, name, email } },
    incident_status: { id: '01A', name: 'Any', category: categoryOf(state), rank: 1 },
    severity: priority === undefined ? null : { id: '01S', name: priority, rank: 1 },
    incident_timestamp_values: [
      timestamp('Impact started', triggeredAtMs - 5 * MINUTE_MS),
      timestamp('Reported at', triggeredAtMs),
      timestamp('Identified at', acknowledgedAtMs),
      timestamp('Fixed at', endedAtMs === undefined ? undefined : endedAtMs - 1000),
      timestamp('Resolved at', hasNoResolvedAt ? undefined : endedAtMs),
    ],
    incident_role_assignments: [{ role: { name: 'Lead' }, assignee: { name, email } }],
    permalink: `https://app.incident.io/incidents/${number + 1}`,
  };
}

function toUpdates({ incident, number, events }: IncidentState) {
  const { name, email } = personOf(number);
  return [{ kind: 'create', atMs: incident.triggeredAtMs }, ...events].map(({ kind, atMs }, index) => ({
    id: `${incident.id}-${index}`,
    incident_id: incident.id,
    created_at: stamp(atMs),
    message: `Update by ${name}`,
    updater: { user: { name, email } },
    new_incident_status: { id: '01A', category: CATEGORIES.get(kind) ?? 'live' },
  }));
}
