import { DateTime } from 'luxon';
import { PEOPLE } from './people.ts';
import type { Fake, FakeAnswer, FakeOptions } from './platform.ts';
import { type IncidentState, numberParam, Refusal, startTableFake, type TableFake } from './table-fake.ts';
import type { World } from './world.ts';

export const SERVICENOW_FAKE_ACCOUNT = 'exporter';
export const SERVICENOW_FAKE_PASSWORD = 'servicenow-demo-password';
const CREDENTIALS = `Basic ${Buffer.from(`${SERVICENOW_FAKE_ACCOUNT}:${SERVICENOW_FAKE_PASSWORD}`).toString('base64')}`;

const error = (status: number, message: string): FakeAnswer => ({
  status,
  body: { error: { message, detail: '' }, status: 'failure' },
});
const refuse = (reason: string) => new Refusal(error(400, reason));

export const SERVICENOW_UNAUTHORISED: FakeAnswer = error(401, 'User Not Authenticated');

export interface ServicenowFakeOptions extends FakeOptions {
  /** Zone of the account: of the times in queries, and of those that people see. */
  readonly zone?: string;
  /** Values alone, in the account's zone, whatever is requested. */
  readonly isPlain?: boolean;
}

/** The table of incidents of an instance on loopback. */
export function startServicenowFake(world: World, options: ServicenowFakeOptions = {}): Promise<Fake> {
  return startTableFake(toTable(options), world, options);
}

const personOf = (number: number) => PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
const FORMAT = 'yyyy-MM-dd HH:mm:ss';

function toTable({ zone = 'UTC', isPlain = false }: ServicenowFakeOptions): TableFake {
  const termsOf = (query: URLSearchParams) => (query.get('sysparm_query') ?? '').split('^');
  const record = (state: IncidentState) => toRow(state, zone, isPlain);
  return {
    isAuthorized: ({ headers }) => headers.authorization === CREDENTIALS,
    unauthorized: SERVICENOW_UNAUTHORISED,
    notFound: error(404, 'No Record found'),
    forbidden: error(403, 'Insufficient rights'),
    throttled: (resetSeconds) => ({
      ...error(429, 'Rate limit exceeded'),
      headers: { 'retry-after': String(resetSeconds) },
    }),
    list: {
      path: '/api/now/table/incident',
      filter: (query) => {
        const filters = termsOf(query).map((term) => filterOf(term, zone));
        return (state) => filters.every((isWanted) => isWanted(state));
      },
      sort: (query) => {
        const [, order, column] =
          termsOf(query)
            .map((term) => /^ORDERBY(DESC)?(sys_\w+)$/.exec(term))
            .find((found) => found !== null) ?? [];
        return { by: (state) => timeOf(state, column ?? ''), isDescending: order === 'DESC' };
      },
      page: (query) => ({
        size: numberParam(query, 'sysparm_limit', { min: 1, max: 10_000, default: 10_000 }, refuse),
        offset: Number(query.get('sysparm_offset') ?? 0),
      }),
      record,
      body: ({ records }) => ({ result: records }),
      headers: ({ total, offset, size }, { path, query }) => {
        const next = new URLSearchParams({ ...Object.fromEntries(query), sysparm_offset: String(offset + size) });
        const link = `<https://instance.example${path}?${next.toString()}>;rel="next"`;
        return { 'x-total-count': String(total), ...(offset + size < total ? { link } : {}) };
      },
    },
    one: { path: /^\/none$/, body: record },
  };
}

function timeOf({ incident, updatedAtMs }: IncidentState, column: string): number {
  return column === 'sys_updated_on' ? updatedAtMs : incident.triggeredAtMs;
}

/** One term of an encoded query; as on the platform, a term that is not understood filters nothing. */
function filterOf(term: string, zone: string): (state: IncidentState) => boolean {
  const [, column = '', operator, local = ''] = /^(sys_\w+_on)(>=|<=)(.+)$/.exec(term) ?? [];
  const ms = DateTime.fromFormat(local, FORMAT, { zone }).toMillis();
  if (operator === '>=') return (state) => timeOf(state, column) >= ms;
  // Columns hold whole seconds.
  if (operator === '<=') return (state) => timeOf(state, column) < ms + 1000;
  const [, unwanted] = /^state!=(\d)$/.exec(term) ?? [];
  if (unwanted !== undefined) return (state) => stateOf(state) !== unwanted;
  const [, number] = /^number=(.+)$/.exec(term) ?? [];
  return number === undefined ? () => true : ({ incident }) => incident.id === number;
}

function stateOf({ incident, isOpen, isAcknowledged }: IncidentState): string {
  if (isOpen) return isAcknowledged ? '2' : '1';
  return incident.title.startsWith('[cancelled]') ? '8' : '6';
}

function toRow(state: IncidentState, zone: string, isPlain: boolean) {
  const { incident, number, endedAtMs, updatedAtMs } = state;
  const local = (ms: number) => DateTime.fromMillis(ms, { zone }).toFormat(FORMAT);
  const text = (value: string, shown = value) => (isPlain ? shown : { value, display_value: shown });
  const time = (ms: number | undefined) =>
    ms === undefined ? text('') : text(DateTime.fromMillis(ms, { zone: 'UTC' }).toFormat(FORMAT), local(ms));
  const priority = incident.priority?.replace('P', '') ?? '3';
  return {
    sys_id: text(`9d385017c611228701d22104cc95${String(number).padStart(4, '0')}`),
    number: text(incident.id),
    short_description: text(incident.title),
    state: isPlain ? stateOf(state) : text(stateOf(state), 'whatever the instance calls it'),
    priority: text(priority, `${priority} - ${['', 'Critical', 'High', 'Moderate', 'Low'][Number(priority)]}`),
    opened_at: time(incident.triggeredAtMs),
    sys_created_on: time(incident.triggeredAtMs),
    sys_updated_on: time(updatedAtMs),
    resolved_at: time(endedAtMs),
    closed_at: text(''),
    business_service: text(incident.service.id, incident.service.name),
    assignment_group: text(incident.team?.id ?? '', incident.team?.name ?? ''),
    assigned_to: text('a1', personOf(number).name),
    caller_id: text('a2', personOf(number + 1).email),
  };
}
