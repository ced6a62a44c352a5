import { z } from 'zod';
import { timeZone } from '../../config/field-types.ts';
import type { ProviderConfig } from '../../config/types.ts';
import type { Status } from '../../model/incident.ts';
import { DAY_MS, MINUTE_MS } from '../../model/time.ts';
import { basic } from '../engine/auth.ts';
import { definePlatform, secret } from '../engine/define-platform.ts';
import type { ListRange, PlatformRecord } from '../engine/definition.ts';
import { nextLink, valueAt } from '../engine/paging.ts';
import { toOpenStatus } from '../engine/to-incident.ts';
import { fieldPaths } from '../sources.ts';
import { basicPassword, bearer, signedBy } from '../webhook.ts';
import { isLocalTimeOf, parseLocalTime, toLocalRange } from './local-time.ts';

/** Values of the column `state`. */
const States = z
  .strictObject({
    triggered: z.array(z.string()).default(['1']),
    acknowledged: z.array(z.string()).default(['2', '3', '4', '5']),
    resolved: z.array(z.string()).default(['6', '7']),
    cancelled: z.array(z.string()).default(['8']),
  })
  .prefault({});

/** Names of columns with further times; an empty one is not read. */
const Timestamps = z
  .strictObject({
    started: z.string().default(''),
    acknowledged: z.string().default(''),
    identified: z.string().default(''),
    mitigated: z.string().default(''),
  })
  .prefault({});

const settings = {
  account: z.string().min(1),
  password: secret(),
  timezone: timeZone.prefault('UTC'),
  query: z.string().default(''),
  states: States,
  timestamps: Timestamps,
  excluded_close_codes: z.array(z.string()).default(['Duplicate']),
};
type Settings = z.output<z.ZodObject<typeof settings>>;

const COLUMNS =
  'sys_id,number,short_description,state,priority,urgency,opened_at,sys_created_on,sys_updated_on,resolved_at,closed_at,close_code,business_service,cmdb_ci,assignment_group';

/** A column with its value and what people see, or the value alone where the platform gives no more. */
const column = z.union([
  z.string().transform((value) => ({ value, shown: value, isLocal: true })),
  z
    .object({ value: z.string().nullable(), display_value: z.string().nullable() })
    .transform(({ value, display_value: shown }) => ({ value: value ?? '', shown: shown ?? '', isLocal: false })),
]);
type Column = z.output<typeof column>;

/** A time, where there is one: the value is UTC beside what people see; alone it is local. */
function timeIn(zone: string) {
  return column.transform(({ value, shown, isLocal }: Column, context) => {
    if (value === '') return undefined;
    const ms = parseLocalTime(value, isLocal ? zone : 'UTC');
    if (ms !== undefined && (isLocal || isLocalTimeOf(shown, ms, zone))) return ms;
    const message = ms === undefined ? `a time that ${zone} has, and has once` : `the zone ${zone} that timezone says`;
    context.addIssue({ code: 'custom', message: `expected ${message}` });
    return z.NEVER;
  });
}

function incidentSchema(own: Settings, { baseUrl = '' }: ProviderConfig): z.ZodType<PlatformRecord> {
  const { timezone, states, timestamps, excluded_close_codes: excludedCodes } = own;
  const time = timeIn(timezone);
  const required = time.pipe(z.number({ error: 'expected a time' }));
  const statuses = new Map<string, Status>([
    ...states.triggered.map((state) => [state, 'triggered'] as const),
    ...states.acknowledged.map((state) => [state, 'acknowledged'] as const),
    ...[...states.resolved, ...states.cancelled].map((state) => [state, 'resolved'] as const),
  ]);
  return z
    .looseObject({
      sys_id: column,
      number: column.refine(({ value }) => value !== '', { error: 'expected a number' }),
      short_description: column.nullish(),
      state: column.refine(({ value }) => statuses.has(value), { error: 'expected one of states' }),
      priority: column.nullish(),
      urgency: column.nullish(),
      opened_at: time.nullish(),
      sys_created_on: required,
      sys_updated_on: required,
      resolved_at: time.nullish(),
      closed_at: time.nullish(),
      close_code: column.nullish(),
      business_service: column.nullish(),
      cmdb_ci: column.nullish(),
      assignment_group: column.nullish(),
    })
    .transform((incident): PlatformRecord => {
      const at = (name: string) => time.safeParse(incident[name]).data;
      const { state, business_service: business, cmdb_ci: item, assignment_group: group } = incident;
      const service = isGiven(business) ? business : item;
      const times = {
        acknowledgedAtMs: at(timestamps.acknowledged),
        identifiedAtMs: at(timestamps.identified),
        mitigatedAtMs: at(timestamps.mitigated),
      };
      const status = statuses.get(state.value) ?? 'triggered';
      const further = toOpenStatus(times);
      return {
        id: incident.number.value,
        createdAtMs: incident.sys_created_on,
        updatedAtMs: incident.sys_updated_on,
        title: incident.short_description?.shown ?? '',
        url: baseUrl === '' ? undefined : `${new URL(baseUrl).origin}/incident.do?sys_id=${incident.sys_id.value}`,
        status: status === 'resolved' || further === 'triggered' ? status : further,
        startedAtMs: at(timestamps.started),
        triggeredAtMs: incident.opened_at ?? incident.sys_created_on,
        ...times,
        resolvedAtMs: incident.resolved_at ?? incident.closed_at ?? undefined,
        serviceId: service?.value ?? '',
        serviceName: service?.shown ?? '',
        team: isGiven(group) ? group.shown : undefined,
        severity: { priority: incident.priority?.shown, urgency: incident.urgency?.shown },
        isExcluded: states.cancelled.includes(state.value) || excludedCodes.includes(incident.close_code?.shown ?? ''),
      };
    });
}

function isGiven(value: Column | null | undefined): value is Column {
  return (value?.value ?? '') !== '';
}

/** ServiceNow: the table of incidents (Table API). */
export const servicenow = definePlatform({
  type: 'servicenow',
  settings,
  environment: { SERVICENOW_BASE_URL: 'base_url', SERVICENOW_ACCOUNT: 'account', SERVICENOW_PASSWORD: 'password' },
  auth: ({ account, password }) => basic(account, password),
  headers: { accept: 'application/json' },
  capabilities: ({ timestamps }) => ({
    statuses: [
      'triggered',
      'acknowledged',
      ...(timestamps.identified === '' ? [] : ['identified' as const]),
      ...(timestamps.mitigated === '' ? [] : ['mitigated' as const]),
    ],
    started: timestamps.started !== '',
    identified: timestamps.identified !== '',
    acknowledged: timestamps.acknowledged !== '',
    mitigated: timestamps.mitigated !== '',
    escalations: false,
    reopens: false,
  }),
  // Each instance has limits of its own, by default none for its tables.
  webhook: signedBy(bearer, basicPassword),
  rateLimit: { requests: 120, perMs: MINUTE_MS },
  incidents: (own, config) => {
    const { timezone, query, states, timestamps } = own;
    // `u_impact.display_value`: the platform sends the columns that are asked for.
    const sources = fieldPaths(config).flatMap((path) => path.split('.')[0] ?? []);
    const further = [...sources, ...Object.values(timestamps).filter((name) => name !== '')];
    const list = (...terms: readonly string[]) => ({
      path: '/api/now/table/incident',
      query: {
        sysparm_query: [...(query === '' ? [] : [query]), ...terms].join('^'),
        sysparm_fields: [COLUMNS, ...further].join(','),
        sysparm_display_value: 'all',
        sysparm_exclude_reference_link: true,
      },
    });
    const within = (name: string, range: ListRange) => {
      const { from, to } = toLocalRange(range, timezone);
      return [`${name}>=${from}`, `${name}<=${to}`];
    };
    const over = [...states.resolved, ...states.cancelled];
    return {
      created: (range) =>
        list(
          ...within('sys_created_on', range),
          `ORDERBY${range.order === 'desc' ? 'DESC' : ''}sys_created_on`,
          'ORDERBYsys_id',
        ),
      // Newest first: a record that changes while the pages are read moves to the front, and none is passed over.
      changed: (range) => list(...within('sys_updated_on', range), 'ORDERBYDESCsys_updated_on', 'ORDERBYsys_id'),
      open: () => list(...over.map((state) => `state!=${state}`), 'ORDERBYsys_created_on', 'ORDERBYsys_id'),
      one: (id) => list(`number=${id}`),
      oneIn: 'result',
      paging: nextLink({ items: 'result', size: 500, sizeParam: 'sysparm_limit', totalHeader: 'x-total-count' }),
      // Offsets beyond some 40,000 rows are refused or slow.
      longestRangeMs: 7 * DAY_MS,
      record: incidentSchema(own, config),
      idAt: (record) => valueAt(record, 'number.value') ?? valueAt(record, 'number'),
      readWith: [query, timezone, ...Object.values(states).map((some) => some.join(',')), ...Object.values(timestamps)],
    };
  },
});
