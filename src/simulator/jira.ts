import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake } from './table-fake.ts';
import type { World } from './world.ts';

export const JIRA_FAKE_TOKEN = 'jira-demo-token';
export const JIRA_FAKE_ACCOUNT = 'exporter@example.com';
const BASIC = `Basic ${Buffer.from(`${JIRA_FAKE_ACCOUNT}:${JIRA_FAKE_TOKEN}`).toString('base64')}`;

const error = (status: number, message: string): FakeAnswer => ({
  status,
  body: { errorMessages: [message], errors: {} },
});
const refuse = (reason: string) => new Refusal(error(400, reason));

export const JIRA_UNAUTHORISED: FakeAnswer = error(401, 'Client must be authenticated to access this resource.');

export interface JiraFakeOptions extends FakeOptions {
  /** Data Center: REST API v2 with `startAt`, and a bearer token. */
  readonly isDataCenter?: boolean;
  /** Most changes that a list shows of one issue, the newest; 40 without it. */
  readonly historiesMax?: number;
}

/** A Jira site on loopback. */
export function startJiraFake(world: World, options: JiraFakeOptions = {}): Promise<Fake> {
  return startTableFake(toTable(options), world, options);
}

const personOf = (number: number) => PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
/** As Jira writes it to a user whose zone is two hours ahead: an offset without a colon. */
const stamp = (ms: number) => new Date(ms + 7_200_000).toISOString().replace('Z', '+0200');

const STATUSES = {
  new: { id: '1', name: 'Open', statusCategory: { key: 'new' } },
  acknowledge: { id: '3', name: 'In Arbeit', statusCategory: { key: 'indeterminate' } },
  resolve: { id: '5', name: 'Gelöst', statusCategory: { key: 'done' } },
  reopen: { id: '4', name: 'Reopened', statusCategory: { key: 'new' } },
};
const CHANGES = new Map(Object.entries(STATUSES));

function toTable({ isDataCenter = false, historiesMax = 40 }: JiraFakeOptions): TableFake {
  const api = `/rest/api/${isDataCenter ? 2 : 3}`;
  const record = (state: IncidentState) => toIssue(state, isDataCenter ? Number.POSITIVE_INFINITY : historiesMax);
  const size = (query: URLSearchParams) => numberParam(query, 'maxResults', { min: 1, max: 100, default: 50 }, refuse);
  return {
    isAuthorized: ({ headers }) => headers.authorization === (isDataCenter ? `Bearer ${JIRA_FAKE_TOKEN}` : BASIC),
    unauthorized: JIRA_UNAUTHORISED,
    notFound: error(404, 'Issue does not exist or you do not have permission to see it.'),
    forbidden: error(403, 'You do not have the permission to see the specified issue.'),
    throttled: (resetSeconds) => ({
      ...error(429, 'Rate limit exceeded.'),
      headers: { 'retry-after': String(resetSeconds), 'ratelimit-reason': 'jira-burst-based' },
    }),
    list: {
      path: isDataCenter ? `${api}/search` : `${api}/search/jql`,
      filter: (query) => {
        const [where = ''] = (query.get('jql') ?? '').split(' ORDER BY ');
        const clauses = where.split(' AND ').map(filterOf);
        return (state) => clauses.every((isWanted) => isWanted(state));
      },
      sort: (query) => {
        const [, field = 'created', order] = /ORDER BY (\w+) (ASC|DESC)/.exec(query.get('jql') ?? '') ?? [];
        const by = ({ incident, updatedAtMs }: IncidentState) =>
          field === 'updated' ? updatedAtMs : incident.triggeredAtMs;
        return { by, isDescending: order === 'DESC' };
      },
      page: (query) => ({
        size: size(query),
        offset: Number(query.get('startAt') ?? 0),
        afterId: isDataCenter ? undefined : (query.get('nextPageToken') ?? undefined),
      }),
      record,
      body: ({ records, total, offset, lastId }, { query }) => {
        // Without a list of fields the platform sends ids only.
        const issues = query.get('fields') === null ? records.map(() => ({ id: '1' })) : records;
        if (isDataCenter) return { startAt: offset, maxResults: size(query), total, issues };
        return { issues, isLast: lastId === undefined, ...(lastId === undefined ? {} : { nextPageToken: lastId }) };
      },
    },
    one: { path: new RegExp(`^${api}/issue/([^/]+)$`), body: record },
    details: {
      path: new RegExp(`^${api}/issue/([^/]+)/changelog$`),
      body: (state) => {
        const values = toHistories(state);
        return { startAt: 0, maxResults: 100, total: values.length, isLast: true, values };
      },
    },
    others: {
      [`${api}/myself`]: () => ({ ...personOf(1), timeZone: 'Europe/Berlin' }),
      '/rest/api/2/status': () => Object.values(STATUSES),
    },
  };
}

/** One clause of JQL, as far as the fake knows it; Jira refuses to list everything. */
function filterOf(clause: string): (state: IncidentState) => boolean {
  const [, field, operator, digits] = /^(created|updated) (>=|<) (\d{13})$/.exec(clause) ?? [];
  if (field !== undefined) {
    const timeOf = ({ incident, updatedAtMs }: IncidentState) =>
      field === 'updated' ? updatedAtMs : incident.triggeredAtMs;
    return (state) => (operator === '<' ? timeOf(state) < Number(digits) : timeOf(state) >= Number(digits));
  }
  if (clause === 'statusCategory != Done') return ({ isOpen }) => isOpen;
  if (clause === '(issuetype = Incident)') return () => true;
  throw refuse(`Error in the JQL Query near: ${clause}`);
}

/** Oldest first. */
function toHistories({ incident, number, events }: IncidentState) {
  let from = STATUSES.new;
  return events.flatMap(({ kind, atMs }, index) => {
    const to = CHANGES.get(kind === 'merge' ? 'resolve' : kind);
    if (to === undefined) return [];
    const item = {
      field: 'status',
      fieldtype: 'jira',
      from: from.id,
      fromString: from.name,
      to: to.id,
      toString: to.name,
    };
    from = to;
    return [{ id: `${incident.id}-${index}`, author: personOf(number), created: stamp(atMs), items: [item] }];
  });
}

function toIssue(state: IncidentState, historiesMax: number) {
  const { incident, number, events, isOpen, endedAtMs, updatedAtMs } = state;
  const kind = isOpen ? (events.findLast((one) => CHANGES.has(one.kind))?.kind ?? 'new') : 'resolve';
  const histories = toHistories(state).toReversed();
  return {
    id: String(10_000 + number),
    key: incident.id,
    self: `https://acme.atlassian.net/rest/api/3/issue/${10_000 + number}`,
    fields: {
      summary: incident.title,
      status: CHANGES.get(kind),
      priority: incident.priority === undefined ? null : { id: '1', name: incident.priority },
      resolution: isOpen ? null : { name: incident.title.startsWith('[duplicate]') ? 'Duplicate' : 'Done' },
      components: [{ name: incident.service.name }],
      project: { key: 'INC', name: 'Incidents' },
      labels: ['prod', `team:${incident.team?.name ?? 'none'}`],
      created: stamp(incident.triggeredAtMs),
      updated: stamp(updatedAtMs),
      resolutiondate: endedAtMs === undefined ? null : stamp(endedAtMs),
      customfield_10050: stamp(incident.triggeredAtMs - 300_000),
      assignee: personOf(number),
      reporter: personOf(number + 1),
    },
    changelog: { startAt: 0, total: histories.length, histories: histories.slice(0, historiesMax) },
  };
}
