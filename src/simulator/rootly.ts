import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake, timeParam } from './table-fake.ts';
import type { World } from './world.ts';

export const ROOTLY_FAKE_KEY = 'rootly-demo-key';

const error = (status: number, title: string): FakeAnswer => ({
  status,
  body: { errors: [{ title, status: String(status), code: null, detail: title }] },
});
const refuse = (reason: string) => new Refusal(error(400, reason));

export const ROOTLY_UNAUTHORISED: FakeAnswer = error(401, 'Invalid token');

/** A Rootly account on loopback. A title that begins with `[test]`, `[cancelled]`, `[duplicate]` or `[triage]` makes one of these. */
export function startRootlyFake(world: World, options: FakeOptions = {}): Promise<Fake> {
  return startTableFake(rootly, world, options);
}

const stamp = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
const MINUTE_MS = 60_000;

const rootly: TableFake = {
  isAuthorized: ({ headers }) => headers.authorization === `Bearer ${ROOTLY_FAKE_KEY}`,
  unauthorized: ROOTLY_UNAUTHORISED,
  notFound: error(404, 'Not found or unauthorized'),
  forbidden: error(403, 'Forbidden'),
  throttled: (resetSeconds) => ({
    ...error(429, 'Request Limit Exceeded'),
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(resetSeconds) },
  }),
  list: {
    path: '/v1/incidents',
    filter: (query) => {
      const createdFromMs = timeParam(query, 'filter[created_at][gt]', -Infinity, refuse);
      const createdToMs = timeParam(query, 'filter[created_at][lt]', Infinity, refuse);
      const updatedFromMs = timeParam(query, 'filter[updated_at][gt]', -Infinity, refuse);
      const statuses = query.get('filter[status]')?.split(',');
      return (state) =>
        state.incident.triggeredAtMs > createdFromMs &&
        state.incident.triggeredAtMs < createdToMs &&
        state.updatedAtMs > updatedFromMs &&
        (statuses === undefined || statuses.includes(statusOf(state)));
    },
    sort: (query) => {
      const [, minus, field] = /^(-?)(created_at|updated_at)$/.exec(query.get('sort') ?? '-created_at') ?? [];
      if (field === undefined) throw refuse(`cannot sort by ${query.get('sort')}`);
      return {
        by: ({ incident, updatedAtMs }) => (field === 'created_at' ? incident.triggeredAtMs : updatedAtMs),
        isDescending: minus === '-',
      };
    },
    page: (query) => {
      const size = numberParam(query, 'page[size]', { min: 1, max: 100, default: 25 }, refuse);
      const page = numberParam(query, 'page[number]', { min: 1, max: 1_000_000, default: 1 }, refuse);
      return { size, offset: (page - 1) * size };
    },
    record: toIncident,
    body: ({ records, total, offset, size }) => {
      const page = offset / size + 1;
      const next = offset + size < total ? page + 1 : null;
      return {
        data: records,
        links: { self: '/v1/incidents', next: next === null ? null : `/v1/incidents?page[number]=${next}` },
        meta: { current_page: page, next_page: next, total_count: total, total_pages: Math.ceil(total / size) },
      };
    },
  },
  one: { path: /^\/v1\/incidents\/([^/]+)$/, body: (state) => ({ data: toIncident(state) }) },
};

function statusOf({ incident, isOpen, isAcknowledged }: IncidentState): string {
  if (incident.title.startsWith('[cancelled]')) return 'cancelled';
  if (!isOpen) return 'resolved';
  if (incident.title.startsWith('[triage]')) return 'in_triage';
  return isAcknowledged ? 'acknowledged' : 'started';
}

function toIncident(state: IncidentState) {
  const { incident, number, acknowledgedAtMs, endedAtMs, updatedAtMs } = state;
  const { id, title, service, team, priority, triggeredAtMs } = incident;
  const { name, email } = PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
  const resource = (type: string, one: { readonly id: string; readonly name: string } | undefined) =>
    one === undefined ? [] : [{ data: { id: one.id, type, attributes: { name: one.name, slug: one.name } } }];
  const isTriage = title.startsWith('[triage]');
  return {
    id,
    type: 'incidents',
    attributes: {
      sequential_id: number + 1,
      title,
      kind: title.startsWith('[test]') ? 'test' : 'normal',
      status: statusOf(state),
      url: `https://rootly.com/account/incidents/${number + 1}`,
      severity:
        priority === undefined ? null : { data: resource('severities', { id: priority, name: priority })[0]?.data },
      services: resource('services', service.name === '' ? undefined : service),
      groups: resource('groups', team),
      labels: { region: 'eu' },
      user: { data: { id: '7', type: 'users', attributes: { full_name: name, email } } },
      duplicate_incident_id: title.startsWith('[duplicate]') ? 'another' : null,
      created_at: stamp(triggeredAtMs),
      updated_at: stamp(updatedAtMs),
      in_triage_at: isTriage ? stamp(triggeredAtMs) : null,
      started_at: isTriage ? null : stamp(triggeredAtMs - 5 * MINUTE_MS),
      detected_at: isTriage ? null : stamp(triggeredAtMs),
      acknowledged_at: stamp(acknowledgedAtMs),
      mitigated_at: stamp(endedAtMs === undefined ? undefined : endedAtMs - 1000),
      resolved_at: stamp(endedAtMs),
    },
  };
}
