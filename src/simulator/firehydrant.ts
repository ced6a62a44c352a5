import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake, timeParam } from './table-fake.ts';
import type { World } from './world.ts';

export const FIREHYDRANT_FAKE_KEY = 'fhb-demo-key';

const error = (status: number, detail: string): FakeAnswer => ({ status, body: { detail, messages: [detail] } });
const refuse = (reason: string) => new Refusal(error(400, reason));

export const FIREHYDRANT_UNAUTHORISED: FakeAnswer = error(401, 'unauthorized');

export interface FirehydrantFakeOptions extends FakeOptions {
  /** Milestones come as before: in `milestones`, and without phases. */
  readonly hasNoPhases?: boolean;
}

/** A FireHydrant account on loopback. A title that begins with `[drill]` is a game day. */
export function startFirehydrantFake(world: World, options: FirehydrantFakeOptions = {}): Promise<Fake> {
  return startTableFake(toTable(options), world, options);
}

const stamp = (ms: number) => new Date(ms).toISOString();
const MINUTE_MS = 60_000;

function toTable({ hasNoPhases = false }: FirehydrantFakeOptions): TableFake {
  const record = (state: IncidentState) => toIncident(state, hasNoPhases);
  return {
    isAuthorized: ({ headers }) => headers.authorization === `Bearer ${FIREHYDRANT_FAKE_KEY}`,
    unauthorized: FIREHYDRANT_UNAUTHORISED,
    notFound: error(404, 'not found'),
    forbidden: error(403, 'forbidden'),
    throttled: (resetSeconds) => ({
      status: 429,
      headers: { 'ratelimit-limit': '50', 'retry-after': String(resetSeconds) },
      body: { error: 'rate limit exceeded' },
    }),
    list: {
      path: '/v1/incidents',
      filter: (query) => {
        const createdFromMs = timeParam(query, 'created_at_or_after', -Infinity, refuse);
        const createdToMs = timeParam(query, 'created_at_or_before', Infinity, refuse);
        const updatedFromMs = timeParam(query, 'updated_after', -Infinity, refuse);
        const current = query.get('current_milestones')?.split(',');
        return (state) =>
          state.incident.triggeredAtMs >= createdFromMs &&
          state.incident.triggeredAtMs <= createdToMs &&
          state.updatedAtMs > updatedFromMs &&
          (current === undefined || current.includes(milestoneOf(state)));
      },
      sort: () => ({ by: ({ incident }) => incident.triggeredAtMs, isDescending: true }),
      page: (query) => {
        const size = numberParam(query, 'per_page', { min: 1, max: 200, default: 20 }, refuse);
        const page = numberParam(query, 'page', { min: 1, max: 1_000_000, default: 1 }, refuse);
        return { size, offset: (page - 1) * size };
      },
      record,
      body: ({ records, total, offset, size }) => {
        const [page, pages] = [offset / size + 1, Math.ceil(total / size)];
        const next = page < pages ? page + 1 : null;
        const prev = page === 1 ? null : page - 1;
        return {
          data: records,
          pagination: { count: total, page, items: records.length, pages, last: pages, prev, next },
        };
      },
    },
    one: { path: /^\/v1\/incidents\/([^/]+)$/, body: record },
  };
}

function milestoneOf({ isOpen, isAcknowledged }: IncidentState): string {
  if (!isOpen) return 'resolved';
  return isAcknowledged ? 'acknowledged' : 'started';
}

function toIncident(state: IncidentState, hasNoPhases: boolean) {
  const { incident, number, isOpen, acknowledgedAtMs, endedAtMs } = state;
  const { id, title, service, team, priority, triggeredAtMs } = incident;
  const { name, email } = PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
  const milestone = (slug: string, ms: number | undefined) => ({
    id: `${id}-${slug}`,
    [hasNoPhases ? 'type' : 'slug']: slug,
    occurred_at: ms === undefined ? null : stamp(ms),
    duration: null,
    updated_by: { id: '7', name, email },
  });
  const early = [milestone('started', triggeredAtMs - 5 * MINUTE_MS), milestone('detected', triggeredAtMs)];
  const late = [
    milestone('acknowledged', acknowledgedAtMs),
    milestone('mitigated', endedAtMs === undefined ? undefined : endedAtMs - 1000),
    milestone('resolved', endedAtMs),
  ];
  return {
    id,
    number: number + 1,
    name: title,
    incident_url: `https://app.firehydrant.io/incidents/${id}`,
    created_at: stamp(triggeredAtMs),
    started_at: stamp(triggeredAtMs - 5 * MINUTE_MS),
    discarded_at: null,
    severity: title.startsWith('[drill]') ? 'GAMEDAY' : (priority ?? 'UNSET'),
    priority: null,
    current_milestone: milestoneOf(state),
    active: isOpen,
    milestones: hasNoPhases ? [...early, ...late] : [],
    lifecycle_phases: hasNoPhases
      ? []
      : [
          { name: 'Start', milestones: early },
          { name: 'Active', milestones: late },
        ],
    services: service.name === '' ? [] : [{ id: service.id, name: service.name }],
    team_assignments: team === undefined ? [] : [{ id: `a-${id}`, team }],
    role_assignments: [{ user: { name, email } }],
    labels: { region: 'eu' },
  };
}
