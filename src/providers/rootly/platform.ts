import { z } from 'zod';
import { type Status, webLink } from '../../model/incident.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { bearer } from '../engine/auth.ts';
import { definePlatform, secret } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { byPageNumber } from '../engine/paging.ts';
import { toOpenStatus } from '../engine/to-incident.ts';
import { signedBy, timedHmacHex } from '../webhook.ts';

const OPEN = ['in_triage', 'started', 'detected', 'acknowledged', 'mitigated'] as const;
const OVER = ['resolved', 'closed'] as const;
/** The states of maintenance, and what turned out to be no incident. */
const NO_INCIDENT = ['scheduled', 'in_progress', 'completed', 'cancelled'] as const;

const REAL_KINDS = ['normal', 'normal_sub', 'backfilled'] as const;
const OTHER_KINDS = ['test', 'test_sub', 'example', 'example_sub', 'scheduled', 'scheduled_sub'] as const;

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);
const time = timestamp.nullish().transform((ms) => ms ?? undefined);

const Named = z.object({
  id: text,
  attributes: z.object({ name: text, slug: text, severity: text }).nullish(),
  name: text,
});
/** A service or a team: a resource, or one inside `data`. */
const Member = z.union([z.object({ data: Named }).transform(({ data }) => data), Named]).transform((one) => ({
  id: one.id,
  name: one.attributes?.name ?? one.name ?? one.attributes?.slug,
}));
const members = z.array(Member).nullish();

const label = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** By name, or as a list of names and values. */
const Labels = z.union([
  z.record(z.string(), label),
  z
    .array(z.object({ key: z.string(), value: label }))
    .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, value]))),
]);

const Incident = z
  .object({
    id: z.string().min(1),
    attributes: z.object({
      title: text,
      url: text,
      kind: z.enum([...REAL_KINDS, ...OTHER_KINDS]).nullish(),
      status: z.enum([...OPEN, ...OVER, ...NO_INCIDENT]),
      severity: z.object({ data: Named.nullish() }).nullish(),
      services: members,
      groups: members,
      labels: Labels.nullish().catch(undefined),
      duplicate_incident_id: text,
      created_at: timestamp,
      updated_at: timestamp,
      in_triage_at: time,
      started_at: time,
      detected_at: time,
      acknowledged_at: time,
      mitigated_at: time,
      resolved_at: time,
    }),
  })
  .transform(({ id, attributes: incident }): PlatformRecord => {
    const times = { acknowledgedAtMs: incident.acknowledged_at, mitigatedAtMs: incident.mitigated_at };
    const [service] = incident.services ?? [];
    const severity = incident.severity?.data?.attributes;
    const isOtherKind = OTHER_KINDS.some((one) => one === incident.kind);
    const isNoIncident = NO_INCIDENT.some((one) => one === incident.status);
    return {
      id,
      createdAtMs: incident.created_at,
      updatedAtMs: incident.updated_at,
      title: incident.title ?? '',
      url: webLink(incident.url),
      status: toStatus(incident.status, times),
      // Without a detection the start is the trigger, and how long the impact went unseen is unknown.
      startedAtMs: incident.detected_at === undefined ? undefined : incident.started_at,
      triggeredAtMs: incident.detected_at ?? incident.started_at ?? incident.in_triage_at,
      ...times,
      resolvedAtMs: incident.resolved_at,
      serviceId: service?.id ?? service?.name,
      serviceName: service?.name,
      team: incident.groups?.[0]?.name,
      severity: { priority: severity?.name ?? severity?.slug, urgency: severity?.severity },
      tags: incident.labels ?? undefined,
      isExcluded: isOtherKind || isNoIncident || incident.duplicate_incident_id !== undefined,
    };
  });

function toStatus(
  status: (typeof OPEN)[number] | (typeof OVER)[number] | (typeof NO_INCIDENT)[number],
  times: Parameters<typeof toOpenStatus>[0],
): Status {
  if (!OPEN.some((one) => one === status)) return 'resolved';
  return status === 'acknowledged' || status === 'mitigated' ? status : toOpenStatus(times);
}

/** Rootly: incidents (JSON:API, v1). */
export const rootly = definePlatform({
  type: 'rootly',
  settings: { api_key: secret() },
  environment: { ROOTLY_API_KEY: 'api_key' },
  baseUrl: () => 'https://api.rootly.com',
  auth: ({ api_key: key }) => bearer(key),
  headers: { accept: 'application/vnd.api+json', 'content-type': 'application/vnd.api+json' },
  capabilities: {
    statuses: ['triggered', 'acknowledged', 'mitigated'],
    started: true,
    identified: false,
    acknowledged: true,
    mitigated: true,
    escalations: false,
    reopens: false,
  },
  webhook: signedBy(timedHmacHex('x-rootly-signature')),
  rateLimit: { requests: 3000, perMs: MINUTE_MS },
  incidents: () => {
    const list = (query: Readonly<Record<string, string>>) => ({ path: '/v1/incidents', query });
    // The filter leaves its own time out.
    const after = (ms: number) => new Date(ms - 1).toISOString();
    return {
      created: ({ fromMs, to, order }) =>
        list({
          'filter[created_at][gt]': after(fromMs),
          'filter[created_at][lt]': to,
          sort: order === 'asc' ? 'created_at' : '-created_at',
        }),
      changed: ({ fromMs }) => list({ 'filter[updated_at][gt]': after(fromMs), sort: 'updated_at' }),
      open: () => list({ 'filter[status]': OPEN.join(','), sort: 'created_at' }),
      one: (id) => ({ path: `/v1/incidents/${encodeURIComponent(id)}` }),
      oneAt: 'data',
      paging: byPageNumber({
        items: 'data',
        size: 100,
        sizeParam: 'page[size]',
        param: 'page[number]',
        total: 'meta.total_count',
      }),
      record: Incident,
    };
  },
});
