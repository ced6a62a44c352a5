import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake } from './table-fake.ts';
import type { World } from './world.ts';

export const JSM_FAKE_TOKEN = 'jsm-demo-token';
export const JSM_FAKE_ACCOUNT = 'exporter@example.com';
const CREDENTIALS = `Basic ${Buffer.from(`${JSM_FAKE_ACCOUNT}:${JSM_FAKE_TOKEN}`).toString('base64')}`;

const error = (status: number, message: string): FakeAnswer => ({ status, body: { code: status, message } });
const refuse = (reason: string) => new Refusal(error(422, reason));

/** What wrong credentials get. */
export const JSM_UNAUTHORISED: FakeAnswer = error(401, 'Unauthorized');

/** The sum of offset and size must be lower. */
const OFFSET_END = 20_000;

/** The Operations of a Jira site on loopback; requests go to `url` without the path of the API. */
export function startJsmFake(world: World, options: FakeOptions = {}): Promise<Fake> {
  return startTableFake(jsm, world, options);
}

const personOf = (number: number) => PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
const stamp = (ms: number) => new Date(ms).toISOString();

const jsm: TableFake = {
  isAuthorized: ({ headers }) => headers.authorization === CREDENTIALS,
  unauthorized: JSM_UNAUTHORISED,
  notFound: error(404, 'Not Found'),
  forbidden: error(403, 'Forbidden'),
  throttled: (resetSeconds) => ({
    ...error(429, 'Rate limit exceeded'),
    headers: { 'retry-after': String(resetSeconds) },
  }),
  list: {
    path: '/v1/alerts',
    filter: (query) => {
      const clauses = (query.get('query') ?? '').split(/\s+AND\s+/).filter((clause) => clause !== '');
      const filters = clauses.map(filterOf);
      return (state) => filters.every((isWanted) => isWanted(state));
    },
    sort: (query) => {
      const field = query.get('sort') ?? 'createdAt';
      if (field !== 'createdAt' && field !== 'updatedAt') throw refuse(`cannot sort by ${field}`);
      return {
        by: ({ incident, updatedAtMs }) => (field === 'createdAt' ? incident.triggeredAtMs : updatedAtMs),
        isDescending: query.get('order') !== 'asc',
      };
    },
    page: (query) => {
      const size = numberParam(query, 'size', { min: 1, max: 100, default: 20 }, refuse);
      const bounds = { min: 0, max: OFFSET_END - size - 1, default: 0 };
      return { size, offset: numberParam(query, 'offset', bounds, refuse) };
    },
    record: toAlert,
    body: ({ records, total, offset, size }, { query }) => {
      const next = new URLSearchParams({ ...Object.fromEntries(query), offset: String(offset + size) });
      return {
        values: records,
        count: total,
        links: offset + size < total ? { next: `/v1/alerts?${next.toString()}` } : {},
      };
    },
  },
  one: { path: /^\/v1\/alerts\/([^/]+)$/, body: toAlert },
  details: { path: /^\/v1\/alerts\/([^/]+)\/logs$/, body: toLog },
  others: {
    '/v1/teams': ({ incidents }) => {
      const teams = new Map(incidents.flatMap(({ team }) => (team === undefined ? [] : [[team.id, team.name]])));
      return { platformTeams: [...teams].map(([teamId, teamName]) => ({ teamId, teamName })) };
    },
  },
};

/** One clause of the query language, as far as the fake knows it. */
function filterOf(clause: string): (state: IncidentState) => boolean {
  const [, operator, digits] = /^createdAt\s*(>=|<)\s*(\d+)$/.exec(clause.trim()) ?? [];
  if (operator === '>=') return ({ incident }) => incident.triggeredAtMs >= Number(digits);
  if (operator === '<') return ({ incident }) => incident.triggeredAtMs < Number(digits);
  if (/^NOT status:\s*closed$/.test(clause.trim())) return ({ isOpen }) => isOpen;
  throw refuse(`query is not valid near: ${clause}`);
}

function toAlert({ incident, number, isOpen, isAcknowledged, endedAtMs, updatedAtMs }: IncidentState) {
  const { id, alias, title, service, team, priority = 'P3', triggeredAtMs } = incident;
  const { email } = personOf(number);
  return {
    id,
    tinyId: String((number % 9000) + 1),
    alias: alias ?? id,
    message: title,
    status: isOpen ? 'open' : 'closed',
    acknowledged: isAcknowledged,
    seen: true,
    tags: ['prod', ...(service.name === '' ? [] : [`service:${service.name}`]), `owner:${email}`],
    createdAt: stamp(triggeredAtMs),
    updatedAt: stamp(updatedAtMs),
    ...(endedAtMs === undefined ? {} : { closeTime: stamp(endedAtMs) }),
    lastOccuredAt: stamp(triggeredAtMs),
    owner: isAcknowledged ? email : '',
    priority,
    responders: [{ type: 'user', id: email }, ...(team === undefined ? [] : [{ type: 'team', id: team.id }])],
  };
}

const WORDS = new Map(
  Object.entries({ acknowledge: 'Alert acknowledged', resolve: 'Alert closed', create: 'Alert created' }),
);

function toLog({ incident, number, events }: IncidentState) {
  const { email } = personOf(number);
  const lines = [{ kind: 'create', atMs: incident.triggeredAtMs }, ...events];
  return {
    values: lines.map(({ kind, atMs }, index) => ({
      log: `${WORDS.get(kind) ?? kind} by [${email}] via web`,
      type: 'alertRecipient',
      owner: email,
      createdAt: stamp(atMs),
      offset: `${atMs}_${index}`,
    })),
    links: {},
  };
}
