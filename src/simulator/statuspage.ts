import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type FakeList, type IncidentState, numberParam, Refusal, startTableFake } from './table-fake.ts';
import type { World } from './world.ts';

export const STATUSPAGE_FAKE_KEY = 'statuspage-demo-key';
export const STATUSPAGE_FAKE_PAGE = 'y0t0p4g3';

const error = (status: number, message: string): FakeAnswer => ({ status, body: { error: message } });
const refuse = (reason: string) => new Refusal(error(400, reason));

export const STATUSPAGE_UNAUTHORISED: FakeAnswer = error(401, 'Could not authenticate');

const path = `/v1/pages/${STATUSPAGE_FAKE_PAGE}/incidents`;

/** A status page on loopback. A title that begins with `[maintenance]` or `[backfilled]` makes one of these. */
export function startStatuspageFake(world: World, options: FakeOptions = {}): Promise<Fake> {
  const table = {
    isAuthorized: ({ headers }: { headers: { authorization?: string | undefined } }) =>
      headers.authorization === `OAuth ${STATUSPAGE_FAKE_KEY}`,
    unauthorized: STATUSPAGE_UNAUTHORISED,
    notFound: error(404, 'Not found'),
    forbidden: error(403, 'Forbidden'),
    throttled: (resetSeconds: number) => ({
      ...error(420, 'Too many requests'),
      headers: { 'retry-after': String(resetSeconds) },
    }),
    list: toList(path, 'limit', () => true),
    moreLists: [toList(`${path}/unresolved`, 'per_page', ({ isOpen }) => isOpen)],
    one: { path: new RegExp(`^${path}/([^/]+)$`), body: toIncident },
  };
  return startTableFake(table, world, options);
}

/** The newest first; nothing limits it to a range. */
function toList(listPath: string, sizeParam: string, isListed: (state: IncidentState) => boolean): FakeList {
  return {
    path: listPath,
    filter: () => isListed,
    sort: () => ({ by: ({ incident }) => incident.triggeredAtMs, isDescending: true }),
    page: (query) => {
      const size = numberParam(query, sizeParam, { min: 1, max: 100, default: 100 }, refuse);
      const page = numberParam(query, 'page', { min: 1, max: 1_000_000, default: 1 }, refuse);
      return { size, offset: (page - 1) * size };
    },
    record: toIncident,
    body: ({ records }) => records,
  };
}

const stamp = (ms: number) => new Date(ms).toISOString();

function statusOf({ incident, isOpen, isAcknowledged }: IncidentState): string {
  if (incident.title.startsWith('[maintenance]')) return isOpen ? 'in_progress' : 'completed';
  if (!isOpen) return 'resolved';
  return isAcknowledged ? 'identified' : 'investigating';
}

function toIncident(state: IncidentState) {
  const { incident, number, acknowledgedAtMs, endedAtMs, updatedAtMs } = state;
  const { id, title, service, triggeredAtMs } = incident;
  const { name } = PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
  const update = (status: string, ms: number | undefined) =>
    ms === undefined
      ? []
      : [{ id: `${id}-${status}`, status, body: `${name} looks at it`, created_at: stamp(ms), display_at: stamp(ms) }];
  return {
    id,
    page_id: STATUSPAGE_FAKE_PAGE,
    name: title,
    status: statusOf(state),
    impact: title.startsWith('[maintenance]') ? 'maintenance' : 'major',
    backfilled: title.startsWith('[backfilled]'),
    created_at: stamp(triggeredAtMs),
    started_at: stamp(triggeredAtMs),
    monitoring_at: endedAtMs === undefined ? null : stamp(endedAtMs - 1000),
    resolved_at: endedAtMs === undefined ? null : stamp(endedAtMs),
    updated_at: stamp(updatedAtMs),
    shortlink: `https://stspg.io/${number}`,
    components: service.name === '' ? [] : [{ id: service.id, name: service.name, status: 'major_outage' }],
    incident_updates: [
      ...update('resolved', endedAtMs),
      ...update('identified', acknowledgedAtMs),
      ...update('investigating', triggeredAtMs),
    ],
  };
}
