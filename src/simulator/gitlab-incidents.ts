import { GITLAB_FAKE_TOKEN } from './gitlab.ts';
import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake } from './table-fake.ts';
import type { World } from './world.ts';

const error = (status: number, message: string): FakeAnswer => ({ status, body: { message } });
const refuse = (reason: string) => new Refusal(error(400, reason));

export const GITLAB_UNAUTHORISED: FakeAnswer = error(401, '401 Unauthorized');

/** The incidents of one project of GitLab on loopback; ids in the world are numbers. */
export function startGitlabIncidentsFake(world: World, options: FakeOptions = {}): Promise<Fake> {
  return startTableFake(gitlab, world, options);
}

const personOf = (number: number) => PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
const stamp = (ms: number) => new Date(ms).toISOString();
const ISSUES = '/api/v4/projects/acme%2Fops%2Fincidents/issues';

const gitlab: TableFake = {
  isAuthorized: ({ headers }) => headers['private-token'] === GITLAB_FAKE_TOKEN,
  unauthorized: GITLAB_UNAUTHORISED,
  notFound: error(404, '404 Not found'),
  forbidden: error(403, '403 Forbidden'),
  throttled: (resetSeconds) => ({
    status: 429,
    headers: { 'retry-after': String(resetSeconds), 'content-type': 'text/plain' },
    body: 'Retry later\n',
  }),
  list: {
    path: ISSUES,
    filter: (query) => {
      const at = (name: string, otherwise: number) => Date.parse(query.get(name) ?? '') || otherwise;
      const [fromMs, toMs] = [at('created_after', 0), at('created_before', Number.POSITIVE_INFINITY)];
      const updatedMs = at('updated_after', 0);
      const state = query.get('state') ?? 'all';
      const isIncident = query.get('issue_type') === 'incident';
      return ({ incident, isOpen, updatedAtMs }) =>
        isIncident &&
        (state === 'all' || (state === 'opened') === isOpen) &&
        incident.triggeredAtMs >= fromMs &&
        incident.triggeredAtMs <= toMs &&
        updatedAtMs >= updatedMs;
    },
    sort: (query) => ({
      by: ({ incident, updatedAtMs }) =>
        query.get('order_by') === 'updated_at' ? updatedAtMs : incident.triggeredAtMs,
      isDescending: query.get('sort') !== 'asc',
    }),
    page: (query) => {
      const size = numberParam(query, 'per_page', { min: 1, max: 100, default: 20 }, refuse);
      const page = numberParam(query, 'page', { min: 1, max: 1_000_000, default: 1 }, refuse);
      return { size, offset: (page - 1) * size };
    },
    record: toIssue,
    body: ({ records }) => records,
    headers: ({ total, offset, size }, { path, query }) => {
      // The platform leaves the total out over 10,000.
      const sum: Record<string, string> = total > 10_000 ? {} : { 'x-total': String(total) };
      if (offset + size >= total) return sum;
      const next = new URLSearchParams({ ...Object.fromEntries(query), page: String(offset / size + 2) });
      return { ...sum, link: `<https://gitlab.com${path}?${next.toString()}>; rel="next"` };
    },
  },
  one: { path: new RegExp(`^${ISSUES}/(\\d+)$`), body: toIssue },
  details: { path: new RegExp(`^${ISSUES}/(\\d+)/resource_state_events$`), body: toEvents },
};

const LEVELS = new Map(Object.entries({ P1: 'CRITICAL', P2: 'HIGH', P3: 'MEDIUM', P4: 'LOW' }));

function toIssue({ incident, number, isOpen, endedAtMs, updatedAtMs }: IncidentState) {
  const { name, login } = personOf(number);
  return {
    id: 9_000_000 + number,
    iid: Number(incident.id),
    title: incident.title,
    state: isOpen ? 'opened' : 'closed',
    issue_type: 'incident',
    severity: LEVELS.get(incident.priority ?? '') ?? 'UNKNOWN',
    labels: ['incident', `service::${incident.service.name}`],
    created_at: stamp(incident.triggeredAtMs),
    updated_at: stamp(updatedAtMs),
    closed_at: endedAtMs === undefined ? null : stamp(endedAtMs),
    closed_by: isOpen ? null : { name, username: login },
    author: { name, username: login },
    moved_to_id: null,
    duplicated_to_id: incident.title.startsWith('[duplicate]') ? 12 : null,
    web_url: `https://gitlab.com/acme/ops/incidents/-/issues/${incident.id}`,
  };
}

function toEvents({ number, events }: IncidentState) {
  const { name, login } = personOf(number);
  const words = new Map(Object.entries({ resolve: 'closed', merge: 'closed', reopen: 'reopened' }));
  return events.flatMap(({ kind, atMs }, id) => {
    const state = words.get(kind);
    return state === undefined ? [] : [{ id, user: { name, username: login }, state, created_at: stamp(atMs) }];
  });
}
