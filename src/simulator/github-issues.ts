import { GITHUB_FAKE_TOKEN } from './github.ts';
import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake } from './table-fake.ts';
import type { World } from './world.ts';

const error = (status: number, message: string): FakeAnswer => ({ status, body: { message } });
const refuse = (reason: string) => new Refusal(error(422, reason));

export const GITHUB_UNAUTHORISED: FakeAnswer = error(401, 'Bad credentials');

/** The issues of one repository of GitHub on loopback; ids in the world are numbers. */
export function startGithubIssuesFake(world: World, options: FakeOptions = {}): Promise<Fake> {
  return startTableFake(github, world, options);
}

const personOf = (number: number) => PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
/** Whole seconds. */
const stamp = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

const github: TableFake = {
  isAuthorized: ({ headers }) => headers.authorization === `Bearer ${GITHUB_FAKE_TOKEN}`,
  unauthorized: GITHUB_UNAUTHORISED,
  notFound: error(404, 'Not Found'),
  forbidden: error(403, 'Resource not accessible by personal access token'),
  throttled: (resetSeconds) => ({
    ...error(429, 'You have exceeded a secondary rate limit.'),
    headers: { 'retry-after': String(resetSeconds) },
  }),
  list: {
    path: '/repos/acme/incidents/issues',
    filter: (query) => {
      // Without it the platform shows open issues only.
      const state = query.get('state') ?? 'open';
      const sinceMs = Date.parse(query.get('since') ?? '1970-01-01T00:00:00Z');
      const isLabelled = query.get('labels') === 'incident';
      return (one) =>
        isLabelled &&
        (state === 'all' || (state === 'open') === one.isOpen) &&
        Math.floor(one.updatedAtMs / 1000) >= Math.floor(sinceMs / 1000);
    },
    sort: (query) => ({
      by: ({ incident, updatedAtMs }) => (query.get('sort') === 'updated' ? updatedAtMs : incident.triggeredAtMs),
      isDescending: query.get('direction') !== 'asc',
    }),
    page: (query) => {
      const size = numberParam(query, 'per_page', { min: 1, max: 100, default: 30 }, refuse);
      const page = numberParam(query, 'page', { min: 1, max: 1_000_000, default: 1 }, refuse);
      return { size, offset: (page - 1) * size };
    },
    record: toIssue,
    body: ({ records }) => records,
    headers: ({ total, offset, size }, { path, query }) => {
      if (offset + size >= total) return {};
      const next = new URLSearchParams({ ...Object.fromEntries(query), page: String(offset / size + 2) });
      return { link: `<https://api.github.com${path}?${next.toString()}>; rel="next", <https://x/>; rel="last"` };
    },
  },
  one: { path: /^\/repos\/acme\/incidents\/issues\/(\d+)$/, body: toIssue },
  details: { path: /^\/repos\/acme\/incidents\/issues\/(\d+)\/events$/, body: toEvents },
};

function toIssue({ incident, number, isOpen, endedAtMs, updatedAtMs }: IncidentState) {
  const { login, email } = personOf(number);
  const reason = incident.title.startsWith('[not planned]') ? 'not_planned' : 'completed';
  return {
    id: 9_000_000 + number,
    number: Number(incident.id),
    title: incident.title,
    html_url: `https://github.com/acme/incidents/issues/${incident.id}`,
    user: { login, id: number },
    assignees: [{ login, email }],
    labels: ['incident', ...(incident.priority === undefined ? [] : [`sev${incident.priority.slice(1)}`])].map(
      (name) => ({
        id: 1,
        name,
      }),
    ),
    state: isOpen ? 'open' : 'closed',
    state_reason: isOpen ? null : reason,
    created_at: stamp(incident.triggeredAtMs),
    updated_at: stamp(updatedAtMs),
    closed_at: endedAtMs === undefined ? null : stamp(endedAtMs),
    ...(incident.title.startsWith('[pull request]') ? { pull_request: { url: 'https://api.github.com/pulls/1' } } : {}),
  };
}

function toEvents({ number, events }: IncidentState) {
  const actor = { login: personOf(number).login };
  const words = new Map(Object.entries({ resolve: 'closed', merge: 'closed', reopen: 'reopened' }));
  return events.map(({ kind, atMs }, index) => ({
    id: index,
    actor,
    event: words.get(kind) ?? 'labeled',
    created_at: stamp(atMs),
  }));
}
