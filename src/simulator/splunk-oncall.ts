import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake, timeParam } from './table-fake.ts';
import type { World } from './world.ts';

export const SPLUNK_ONCALL_FAKE_ID = 'splunk-oncall-demo-id';
export const SPLUNK_ONCALL_FAKE_KEY = 'splunk-oncall-demo-key';

const error = (status: number, message: string): FakeAnswer => ({ status, body: { error: message } });
const refuse = (reason: string) => new Refusal(error(400, reason));

export const SPLUNK_ONCALL_UNAUTHORISED: FakeAnswer = error(401, 'Authentication failed');

/** A Splunk On-Call organisation on loopback; the limit of the options is that of its history. */
export function startSplunkOncallFake(world: World, options: FakeOptions = {}): Promise<Fake> {
  return startTableFake(splunkOncall, world, options);
}

const MINUTE_MS = 60_000;
const stamp = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const byStart = { by: ({ incident }: IncidentState) => incident.triggeredAtMs, isDescending: false };
/** So long after its end the live list still has an incident. */
const RECENT_MS = 30 * MINUTE_MS;
const HISTORY = '/api-reporting/v2/incidents';
const LIVE = '/api-public/v1/incidents';

const splunkOncall: TableFake = {
  isAuthorized: ({ headers }) =>
    headers['x-vo-api-id'] === SPLUNK_ONCALL_FAKE_ID && headers['x-vo-api-key'] === SPLUNK_ONCALL_FAKE_KEY,
  unauthorized: SPLUNK_ONCALL_UNAUTHORISED,
  notFound: error(404, 'Not found'),
  forbidden: error(403, 'Forbidden'),
  isLimited: ({ path }) => path === HISTORY,
  throttled: (resetSeconds) => ({
    ...error(429, 'Too many requests'),
    headers: { 'retry-after': String(resetSeconds) },
  }),
  list: {
    path: HISTORY,
    lagMs: 15 * MINUTE_MS,
    filter: (query) => {
      const phases = (query.get('currentPhase') ?? 'resolved').split(',');
      const fromMs = timeParam(query, 'startedAfter', -Infinity, refuse);
      const toMs = timeParam(query, 'startedBefore', Infinity, refuse);
      return (state) =>
        phases.includes(phaseOf(state)) && state.incident.triggeredAtMs > fromMs && state.incident.triggeredAtMs < toMs;
    },
    sort: () => byStart,
    page: (query) => ({
      size: numberParam(query, 'limit', { min: 1, max: 100, default: 20 }, refuse),
      offset: numberParam(query, 'offset', { min: 0, max: 10_000_000, default: 0 }, refuse),
    }),
    record: (state) => toIncident(state, phaseOf(state)),
    body: ({ records, total, offset, size }) => ({ offset, limit: size, total, incidents: records }),
  },
  moreLists: [
    {
      path: LIVE,
      filter: (_query, nowMs) => (state) => state.isOpen || state.updatedAtMs > nowMs - RECENT_MS,
      sort: () => byStart,
      page: () => ({ size: Number.POSITIVE_INFINITY }),
      record: toLiveIncident,
      body: ({ records }) => ({ incidents: records }),
    },
  ],
  one: { path: /^\/api-public\/v1\/incidents\/([^/]+)$/, body: toLiveIncident },
  others: {
    '/api-public/v1/team': ({ incidents }) => {
      const teams = new Map(
        incidents.flatMap(({ team }) => (team === undefined ? [] : [[slugOf(team.name), team.name]])),
      );
      return [...teams].map(([slug, name]) => ({ slug, name, memberCount: 3 }));
    },
  },
};

function slugOf(name: string): string {
  return `team-${Buffer.from(name).toString('hex').padEnd(16, '0').slice(0, 16)}`;
}

function phaseOf({ isOpen, isAcknowledged }: IncidentState): string {
  if (!isOpen) return 'resolved';
  return isAcknowledged ? 'acknowledged' : 'triggered';
}

const LIVE_PHASES = new Map(Object.entries({ resolved: 'RESOLVED', acknowledged: 'ACKED', triggered: 'UNACKED' }));

function toLiveIncident(state: IncidentState) {
  return toIncident(state, LIVE_PHASES.get(phaseOf(state)) ?? '');
}

const STEPS = new Map(
  Object.entries({ acknowledge: 'acknowledged', resolve: 'resolved', escalate: 'rerouted', reopen: 'triggered' }),
);

function toIncident({ incident, number, events }: IncidentState, currentPhase: string) {
  const { id, alias, title, service, team, triggeredAtMs } = incident;
  const { login } = PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
  const steps = events.flatMap(({ kind, atMs, by }) => {
    const name = STEPS.get(kind);
    if (name === undefined) return [];
    return [{ name, at: stamp(atMs), by: by === 'person' ? login : 'SYSTEM', manually: by === 'person' }];
  });
  return {
    incidentNumber: id,
    startTime: stamp(triggeredAtMs),
    currentPhase,
    entityId: alias ?? id,
    entityDisplayName: title,
    entityState: 'CRITICAL',
    service: service.name,
    host: '',
    routingKey: service.name,
    alertCount: 1,
    pagedUsers: [login],
    pagedTeams: team === undefined ? [] : [slugOf(team.name)],
    transitions: [{ name: 'triggered', at: stamp(triggeredAtMs), manually: false }, ...steps],
  };
}
