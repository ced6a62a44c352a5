import { z } from 'zod';
import type { Status } from '../../model/incident.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { definePlatform, secret } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { byOffset, type Paging, valueAt } from '../engine/paging.ts';
import { basicPassword, bearer, signedBy } from '../webhook.ts';

/** States, and what they mean here: a stable incident is contained. */
const STATES: Readonly<Record<string, Status>> = {
  active: 'triggered',
  stable: 'mitigated',
  resolved: 'resolved',
  completed: 'resolved',
};

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);
const time = timestamp.nullish().transform((ms) => ms ?? undefined);

/** The first value of a field that an account defines; fields of other kinds have none. */
const Field = z
  .object({ value: z.union([z.string(), z.array(z.string()).transform(([first]) => first)]).nullish() })
  .transform(({ value }) => value ?? undefined)
  .optional()
  .catch(undefined);
const Fields = z
  .record(z.string(), Field)
  .transform((all) =>
    Object.fromEntries(Object.entries(all).flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const]))),
  );

const Incident = z.object({
  id: z.string().min(1),
  attributes: z.object({
    public_id: z.number().nullish(),
    title: text,
    state: z.enum(Object.keys(STATES)),
    severity: text,
    created: timestamp,
    modified: timestamp,
    resolved: time,
    customer_impact_start: time,
    customer_impact_end: time,
    is_test: z.boolean().nullish(),
    archived: time,
    fields: Fields.nullish().catch(undefined),
  }),
});

const toRecordAt =
  (site: string) =>
  ({ id, attributes: incident }: z.output<typeof Incident>): PlatformRecord => {
    const { public_id: number, severity, fields } = incident;
    return {
      id,
      createdAtMs: incident.created,
      updatedAtMs: incident.modified,
      title: incident.title ?? '',
      url: number == null ? undefined : `https://${appHost(site)}/incidents/${number}`,
      status: STATES[incident.state] ?? 'resolved',
      startedAtMs: incident.customer_impact_start,
      mitigatedAtMs: incident.customer_impact_end,
      resolvedAtMs: incident.resolved,
      serviceName: fields?.['services'],
      team: fields?.['teams'],
      severity: { priority: severity === 'UNKNOWN' ? undefined : severity },
      tags: fields ?? undefined,
      isExcluded: incident.is_test === true || incident.archived !== undefined,
    };
  };

/** Where people open an incident: the sites that are named after a region are their own hosts. */
function appHost(site: string): string {
  return site.split('.').length > 2 ? site : `app.${site}`;
}

/** The search puts each record into an object of its own, with `data`; lists elsewhere do not. */
const searched = byOffset({
  items: 'data.attributes.incidents',
  size: 100,
  sizeParam: 'page[size]',
  param: 'page[offset]',
});
const listed = byOffset({ items: 'data', size: 100, sizeParam: 'page[size]', param: 'page[offset]' });
const paging: Paging = {
  ...searched,
  parse(response, at, what) {
    if (Array.isArray(valueAt(response.body, 'data'))) return listed.parse(response, at, what);
    const page = searched.parse(response, at, what);
    return { ...page, records: page.records.map((one) => valueAt(one, 'data') ?? one) };
  },
};

const SITE = /^(?:[a-z0-9-]+\.)?(?:datadoghq\.(?:com|eu)|ddog-gov\.com)$/;

/** Datadog: the incidents of Incident Management (API v2). */
export const datadog = definePlatform({
  type: 'datadog',
  settings: {
    api_key: secret(),
    application_key: secret(),
    site: z.string().regex(SITE, 'expected a site of Datadog, such as datadoghq.com').default('datadoghq.com'),
  },
  environment: { DD_API_KEY: 'api_key', DD_APP_KEY: 'application_key', DD_SITE: 'site' },
  baseUrl: ({ site }) => `https://api.${site}`,
  sources: ['priority', 'tag', 'label', 'field'],
  auth: ({ api_key: key, application_key: applicationKey }) => ({
    kind: 'headers',
    headers: { 'dd-api-key': key, 'dd-application-key': applicationKey },
    secrets: [key, applicationKey],
  }),
  capabilities: {
    statuses: ['triggered', 'mitigated'],
    started: true,
    identified: false,
    acknowledged: false,
    mitigated: true,
    escalations: false,
    reopens: false,
  },
  // Not published for incidents; the headers of each answer tell what is left.
  webhook: signedBy(bearer, basicPassword),
  rateLimit: { requests: 60, perMs: MINUTE_MS },
  incidents: ({ site }) => {
    const search = (states: string, sort: string) => ({
      path: '/api/v2/incidents/search',
      query: { query: `state:(${states})`, sort },
    });
    return {
      created: () => search(Object.keys(STATES).join(' OR '), '-created'),
      isNewestFirst: true,
      open: () => search('active OR stable', 'created'),
      one: (id) => ({ path: `/api/v2/incidents/${encodeURIComponent(id)}` }),
      oneAt: 'data',
      paging,
      record: Incident.transform(toRecordAt(site)),
    };
  },
});
