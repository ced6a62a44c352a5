import { z } from 'zod';
import { webLink } from '../../model/incident.ts';
import { HOUR_MS, MINUTE_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { bearer } from '../engine/auth.ts';
import { definePlatform, details, secret } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { afterCursor } from '../engine/paging.ts';
import { toOpenStatus } from '../engine/to-incident.ts';
import { signedBy, standardWebhooks } from '../webhook.ts';

/** Filters take dates without a zone: so much earlier, the date has begun everywhere on earth. */
const DATE_MARGIN_MS = 12 * HOUR_MS;

/** Names of the account's timestamps; an empty one is not read. */
const Timestamps = z
  .strictObject({
    started: z.string().default('Impact started'),
    triggered: z.string().default('Reported at'),
    acknowledged: z.string().default(''),
    identified: z.string().default('Identified at'),
    mitigated: z.string().default('Fixed at'),
    resolved: z.string().default('Resolved at'),
  })
  .prefault({});
type Timestamps = z.output<typeof Timestamps>;

/** Categories of statuses; some are called otherwise on the platform's pages, and both words are understood. */
const OPEN = ['triage', 'live', 'active', 'paused'] as const;
const CLOSED = ['learning', 'post-incident', 'closed'] as const;
const NO_INCIDENT = ['declined', 'canceled'] as const;
const Category = z.enum([...OPEN, ...CLOSED, ...NO_INCIDENT, 'merged']);

/** Practice, not incidents. Retrospective ones are real: they were only entered afterwards. */
const PRACTICE_MODES: readonly string[] = ['test', 'tutorial'];
const MODES = ['standard', 'retrospective', ...PRACTICE_MODES];

/** A custom field with its first value; catalogue entries and options by their names. */
const CustomField = z
  .object({
    custom_field: z.object({ name: z.string() }),
    values: z
      .array(
        z.object({
          value_text: z.string().nullish(),
          value_numeric: z.string().nullish(),
          value_option: z.object({ value: z.string() }).nullish(),
          value_catalog_entry: z.object({ name: z.string() }).nullish(),
        }),
      )
      .nullish(),
  })
  .transform(({ custom_field: { name }, values }): [string, string] | undefined => {
    const [first] = values ?? [];
    const text =
      first?.value_option?.value ?? first?.value_catalog_entry?.name ?? first?.value_text ?? first?.value_numeric;
    return text === undefined || text === null ? undefined : [name, text];
  })
  // A field of a kind that is not known has no value.
  .catch(undefined);

function incidentSchema(names: Timestamps): z.ZodType<PlatformRecord> {
  return z
    .object({
      id: z.string().min(1),
      name: z.string().nullish(),
      permalink: z.string().nullish(),
      mode: z.string().nullish(),
      created_at: timestamp,
      updated_at: timestamp,
      incident_status: z.object({ category: Category }),
      severity: z.object({ name: z.string() }).nullish(),
      custom_field_entries: z.array(CustomField).nullish(),
      incident_timestamp_values: z
        .array(
          z.object({
            incident_timestamp: z.object({ name: z.string() }),
            value: z.object({ value: timestamp.nullish() }).nullish(),
          }),
        )
        .nullish(),
    })
    .transform((incident) => {
      const { category } = incident.incident_status;
      const values = incident.incident_timestamp_values ?? [];
      const isNamed = (name: string) => (one: (typeof values)[number]) =>
        one.incident_timestamp.name.toLowerCase() === name.toLowerCase();
      const at = (name: string) => values.find(isNamed(name))?.value?.value ?? undefined;
      const times = {
        acknowledgedAtMs: at(names.acknowledged),
        identifiedAtMs: at(names.identified),
        mitigatedAtMs: at(names.mitigated),
      };
      return {
        id: incident.id,
        createdAtMs: incident.created_at,
        updatedAtMs: incident.updated_at,
        title: incident.name ?? '',
        url: webLink(incident.permalink),
        status: OPEN.some((one) => one === category) ? toOpenStatus(times) : 'resolved',
        startedAtMs: at(names.started),
        triggeredAtMs: at(names.triggered) ?? incident.created_at,
        ...times,
        resolvedAtMs: at(names.resolved),
        severity: { priority: incident.severity?.name },
        tags: Object.fromEntries(
          (incident.custom_field_entries ?? []).flatMap((one) => (one === undefined ? [] : [one])),
        ),
        merged: category === 'merged',
        isExcluded: NO_INCIDENT.some((one) => one === category) || PRACTICE_MODES.includes(incident.mode ?? ''),
      };
    });
}

/** One change of an incident; who made it is not read. */
const Update = z
  .object({ created_at: timestamp, new_incident_status: z.object({ category: z.string() }).nullish() })
  .transform(({ created_at: atMs, new_incident_status: status }) => ({ atMs, category: status?.category }));

/** When the incident was closed for the last time; undefined when no update says so. */
function findEnd(updates: readonly z.output<typeof Update>[]): number | undefined {
  const isClosed = (category: string | undefined) => CLOSED.some((one) => one === category);
  const changes = updates.filter(({ category }) => category !== undefined).toSorted((a, b) => a.atMs - b.atMs);
  const lastOpen = changes.findLastIndex(({ category }) => !isClosed(category));
  // Without an opening before it the list may lack its beginning: the first closing is then not known to be the last.
  return lastOpen === -1 ? undefined : changes[lastOpen + 1]?.atMs;
}

const meta = { next: 'pagination_meta.after', total: 'pagination_meta.total_record_count' };
const pagesOf250 = (items: string) =>
  afterCursor({ items, size: 250, sizeParam: 'page_size', param: 'after', ...meta });
const date = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** incident.io: incidents with the account's own timestamps (API v2). */
export const incidentio = definePlatform({
  type: 'incidentio',
  settings: { api_key: secret(), timestamps: Timestamps },
  environment: { INCIDENTIO_API_KEY: 'api_key' },
  baseUrl: () => 'https://api.incident.io',
  auth: ({ api_key: key }) => bearer(key),
  capabilities: ({ timestamps }) => ({
    statuses: [
      'triggered',
      ...(timestamps.acknowledged === '' ? [] : ['acknowledged' as const]),
      'identified',
      'mitigated',
    ],
    started: timestamps.started !== '',
    identified: timestamps.identified !== '',
    acknowledged: timestamps.acknowledged !== '',
    mitigated: timestamps.mitigated !== '',
    escalations: false,
    reopens: false,
  }),
  sources: ['priority', 'label', 'field'],
  // The platform allows 1,200 a minute per key; the rest is left to others who use the same key.
  webhook: signedBy(standardWebhooks),
  rateLimit: { requests: 1000, perMs: MINUTE_MS },
  incidents: ({ timestamps }) => {
    const list = (query: Readonly<Record<string, string | readonly string[]>>, order: 'asc' | 'desc' = 'asc') => ({
      path: '/v2/incidents',
      query: {
        'mode[one_of]': MODES,
        sort_by: order === 'asc' ? 'created_at_oldest_first' : 'created_at_newest_first',
        ...query,
      },
    });
    return {
      created: ({ fromMs, order }) => list({ 'created_at[gte]': date(fromMs - DATE_MARGIN_MS) }, order),
      changed: ({ fromMs }) => list({ 'updated_at[gte]': date(fromMs - DATE_MARGIN_MS) }),
      open: () => list({ 'status_category[one_of]': ['triage', 'live', 'paused'] }),
      one: (id) => ({ path: `/v2/incidents/${encodeURIComponent(id)}` }),
      oneAt: 'incident',
      paging: pagesOf250('incidents'),
      record: incidentSchema(timestamps),
      details: details({
        impact: 'the end of incidents whose timestamp of it is empty: they are rejected as end_unknown',
        isRequired: false,
        isNeeded: ({ status, resolvedAtMs, merged, isExcluded }) =>
          status === 'resolved' && resolvedAtMs === undefined && merged !== true && isExcluded !== true,
        request: ({ id }) => ({ path: '/v2/incident_updates', query: { incident_id: id } }),
        paging: pagesOf250('incident_updates'),
        entry: Update,
        apply: (record, updates) => ({ ...record, resolvedAtMs: findEnd(updates) }),
        keep: (record, { resolvedAtMs }, isUnchanged) =>
          isUnchanged ? { ...record, resolvedAtMs: record.resolvedAtMs ?? resolvedAtMs } : record,
      }),
      readWith: Object.values(timestamps),
    };
  },
});
