import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake } from './table-fake.ts';
import type { World } from './world.ts';

export const BETTERSTACK_FAKE_KEY = 'betterstack-demo-key';

const error = (status: number, errors: string): FakeAnswer => ({ status, body: { errors } });
const refuse = (reason: string) => new Refusal(error(400, reason));

export const BETTERSTACK_UNAUTHORISED: FakeAnswer = error(401, 'Invalid Team API token.');

/** A Better Stack team on loopback; its links name the real host. */
export function startBetterstackFake(world: World, options: FakeOptions = {}): Promise<Fake> {
  return startTableFake(betterstack, world, options);
}

const ORIGIN = 'https://uptime.betterstack.com';
const DAY_MS = 86_400_000;
const stamp = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

const betterstack: TableFake = {
  isAuthorized: ({ headers }) => headers.authorization === `Bearer ${BETTERSTACK_FAKE_KEY}`,
  unauthorized: BETTERSTACK_UNAUTHORISED,
  notFound: error(404, 'Resource with provided ID was not found'),
  forbidden: error(403, 'Forbidden'),
  throttled: (resetSeconds) => ({
    ...error(429, 'Too many requests'),
    headers: { 'retry-after': String(resetSeconds) },
  }),
  list: {
    path: '/api/v3/incidents',
    filter: (query) => {
      const fromMs = dateParam(query, 'from') ?? Number.NEGATIVE_INFINITY;
      const toMs = (dateParam(query, 'to') ?? Number.POSITIVE_INFINITY) + DAY_MS;
      const resolved = query.get('resolved');
      return ({ incident, isOpen }) =>
        incident.triggeredAtMs >= fromMs &&
        incident.triggeredAtMs < toMs &&
        (resolved === null || isOpen === (resolved === 'false'));
    },
    sort: () => ({ by: ({ incident }) => incident.triggeredAtMs, isDescending: true }),
    page: (query) => {
      const size = numberParam(query, 'per_page', { min: 1, max: 50, default: 10 }, refuse);
      const page = numberParam(query, 'page', { min: 1, max: 1_000_000, default: 1 }, refuse);
      return { size, offset: (page - 1) * size };
    },
    record: toIncident,
    body: ({ records, total, offset, size }, { path, query }) => {
      const linkTo = (page: number) =>
        `${ORIGIN}${path}?${new URLSearchParams({ ...Object.fromEntries(query), page: String(page) }).toString()}`;
      const [page, last] = [offset / size + 1, Math.max(1, Math.ceil(total / size))];
      const prev = page === 1 ? null : linkTo(page - 1);
      const next = page < last ? linkTo(page + 1) : null;
      return { data: records, pagination: { first: linkTo(1), last: linkTo(last), prev, next } };
    },
  },
  one: { path: /^\/api\/v3\/incidents\/([^/]+)$/, body: (state) => ({ data: toIncident(state) }) },
};

/** Days of UTC. */
function dateParam(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return Date.parse(`${value}T00:00:00Z`);
  throw refuse(`${name} must be a date`);
}

function statusOf({ isOpen, isAcknowledged }: IncidentState): string {
  if (!isOpen) return 'Resolved';
  return isAcknowledged ? 'Acknowledged' : 'Started';
}

function toIncident(state: IncidentState) {
  const { incident, number, acknowledgedAtMs, endedAtMs } = state;
  const { name, email } = PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
  return {
    id: incident.id,
    type: 'incident',
    attributes: {
      name: incident.service.name,
      cause: incident.title,
      url: 'https://shop.example/health',
      started_at: stamp(incident.triggeredAtMs),
      acknowledged_at: stamp(acknowledgedAtMs),
      acknowledged_by: acknowledgedAtMs === undefined ? null : name,
      resolved_at: stamp(endedAtMs),
      resolved_by: endedAtMs === undefined ? null : email,
      status: statusOf(state),
      team_name: incident.team?.name ?? null,
      metadata: { region: [{ type: 'String', value: 'eu' }] },
    },
    relationships: { monitor: { data: { id: incident.service.id, type: 'monitor' } } },
  };
}
