import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake } from './table-fake.ts';
import type { World } from './world.ts';

export const GRAFANA_FAKE_KEY = 'grafana-demo-key';

const error = (status: number, detail: string): FakeAnswer => ({ status, body: { detail } });
const refuse = (reason: string) => new Refusal(error(400, reason));

export const GRAFANA_UNAUTHORISED: FakeAnswer = error(401, 'Invalid token.');

/** Grafana OnCall on loopback. */
export function startGrafanaFake(world: World, options: FakeOptions = {}): Promise<Fake> {
  return startTableFake(grafana, world, options);
}

const personOf = (number: number) => PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
/** With microseconds, as the platform has them. */
const stamp = (ms: number) => new Date(ms).toISOString().replace('Z', '456Z');

const grafana: TableFake = {
  // The key alone, without a scheme.
  isAuthorized: ({ headers }) => headers.authorization === GRAFANA_FAKE_KEY,
  unauthorized: GRAFANA_UNAUTHORISED,
  notFound: error(404, 'Not found.'),
  forbidden: error(403, 'You do not have permission to perform this action.'),
  throttled: (resetSeconds) => ({
    ...error(429, 'Request was throttled.'),
    headers: { 'ratelimit-reset': String(resetSeconds) },
  }),
  list: {
    path: '/api/v1/alert_groups/',
    filter: (query) => {
      const state = query.get('state');
      const [from, to] = (query.get('started_at') ?? '1970-01-01T00:00:00_2999-01-01T00:00:00').split('_').map(toMs);
      return (one) =>
        (state === null || stateOf(one) === state) &&
        one.incident.triggeredAtMs >= (from ?? 0) &&
        one.incident.triggeredAtMs <= (to ?? 0);
    },
    sort: () => ({ by: ({ incident }) => incident.triggeredAtMs, isDescending: true }),
    page: (query) => {
      const size = numberParam(query, 'perpage', { min: 1, max: 100, default: 50 }, refuse);
      const page = numberParam(query, 'page', { min: 1, max: 1_000_000, default: 1 }, refuse);
      return { size, offset: (page - 1) * size };
    },
    record: toGroup,
    body: ({ records, total, offset, size }) => ({
      count: total,
      next: null,
      previous: null,
      results: records,
      current_page_number: offset / size + 1,
      page_size: size,
      total_pages: Math.ceil(total / size),
    }),
  },
  one: { path: /^\/api\/v1\/alert_groups\/([^/]+)\/$/, body: toGroup },
  others: {
    '/api/v1/integrations/': ({ incidents }) =>
      toNames(incidents.map(({ service }) => ({ ...service, name: `${service.name} integration` }))),
    '/api/v1/teams/': ({ incidents }) => toNames(incidents.flatMap(({ team }) => (team === undefined ? [] : [team]))),
  },
};

function toMs(text: string): number {
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text)) return Date.parse(`${text}Z`);
  throw refuse('started_at: Invalid date format.');
}

function toNames(all: readonly { readonly id: string; readonly name: string }[]) {
  const results = [...new Map(all.map((one) => [one.id, one])).values()];
  return { count: results.length, next: null, previous: null, results };
}

function stateOf({ incident, isOpen, isAcknowledged }: IncidentState): string {
  if (!isOpen) return 'resolved';
  if (isAcknowledged) return 'acknowledged';
  return incident.title.startsWith('[silenced]') ? 'silenced' : 'new';
}

function toGroup(state: IncidentState) {
  const { incident, number, acknowledgedAtMs, endedAtMs } = state;
  const { name, email } = personOf(number);
  const time = (ms: number | undefined) => (ms === undefined ? null : stamp(ms));
  const label = (key: string, value: string) => ({
    key: { id: `k-${key}`, name: key },
    value: { id: 'v', name: value },
  });
  return {
    id: incident.id,
    integration_id: incident.service.id,
    team_id: incident.team?.id ?? null,
    alerts_count: 3,
    state: stateOf(state),
    created_at: stamp(incident.triggeredAtMs),
    acknowledged_at: time(acknowledgedAtMs),
    acknowledged_by: acknowledgedAtMs === undefined ? null : email,
    resolved_at: time(endedAtMs),
    resolved_by: endedAtMs === undefined ? null : email,
    silenced_at: null,
    labels: [
      label('owner', name),
      ...(incident.service.name === '' ? [] : [label('service', incident.service.name)]),
      ...(incident.priority === undefined ? [] : [label('severity', incident.priority)]),
    ],
    title: incident.title,
    permalinks: { slack: null, web: `https://acme.grafana.net/a/grafana-oncall-app/alert-groups/${incident.id}` },
  };
}
