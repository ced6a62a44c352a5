import { z } from 'zod';
import type { Status } from '../../model/incident.ts';
import { HOUR_MS, MINUTE_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { bearer } from '../engine/auth.ts';
import { definePlatform, secret } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { nextLink } from '../engine/paging.ts';
import { basicPassword, bearer as bearerToken, signedBy } from '../webhook.ts';

/** Filters take dates without a zone: so much earlier, the date has begun everywhere on earth; so much later, it has ended. */
const DATE_MARGIN_MS = 12 * HOUR_MS;
const date = (ms: number) => new Date(ms).toISOString().slice(0, 10);

const STATUSES: Readonly<Record<string, Status>> = {
  started: 'triggered',
  acknowledged: 'acknowledged',
  resolved: 'resolved',
};

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);
const time = timestamp.nullish().transform((ms) => ms ?? undefined);
const relation = z.object({ data: z.object({ id: text }).nullish() }).nullish();

/** A value by name, or a list of values with their types, of which the first is taken. */
const value = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const metadataValue = z.union([value, z.array(z.object({ value })).transform(([first]) => first?.value)]);
const Metadata = z
  .record(z.string(), metadataValue.nullish())
  .transform((all) =>
    Object.fromEntries(Object.entries(all).flatMap(([name, one]) => (one == null ? [] : [[name, one] as const]))),
  );

const Incident = z
  .object({
    id: z.string().min(1),
    attributes: z.object({
      name: text,
      cause: text,
      started_at: timestamp,
      acknowledged_at: time,
      resolved_at: time,
      status: z
        .string()
        .transform((status) => status.toLowerCase())
        .pipe(z.enum(Object.keys(STATUSES))),
      team_name: text,
      metadata: Metadata.nullish().catch(undefined),
    }),
    relationships: z.object({ monitor: relation, heartbeat: relation }).nullish(),
  })
  .transform(({ id, attributes, relationships }): PlatformRecord => {
    const { name, cause, started_at: startedMs, acknowledged_at: acknowledgedMs, resolved_at: resolvedMs } = attributes;
    const checkId = relationships?.monitor?.data?.id ?? relationships?.heartbeat?.data?.id;
    return {
      id,
      createdAtMs: startedMs,
      updatedAtMs: Math.max(startedMs, acknowledgedMs ?? 0, resolvedMs ?? 0),
      title: [name, cause].filter((part) => part !== undefined).join(': '),
      status: STATUSES[attributes.status] ?? 'triggered',
      acknowledgedAtMs: acknowledgedMs,
      resolvedAtMs: resolvedMs,
      serviceId: checkId ?? name,
      serviceName: name,
      team: attributes.team_name,
      severity: {},
      tags: attributes.metadata ?? undefined,
    };
  });

/** Better Stack: the incidents of its uptime monitors (API v3). */
export const betterstack = definePlatform({
  type: 'betterstack',
  settings: { api_key: secret() },
  environment: { BETTERSTACK_API_KEY: 'api_key' },
  baseUrl: () => 'https://uptime.betterstack.com',
  sources: ['tag', 'label', 'field'],
  auth: ({ api_key: key }) => bearer(key),
  capabilities: {
    statuses: ['triggered', 'acknowledged'],
    started: false,
    identified: false,
    acknowledged: true,
    mitigated: false,
    escalations: false,
    reopens: false,
  },
  // Not published.
  webhook: signedBy(bearerToken, basicPassword),
  rateLimit: { requests: 60, perMs: MINUTE_MS },
  incidents: () => {
    const path = '/api/v3/incidents';
    return {
      created: ({ fromMs, toMs }) => ({
        path,
        query: { from: date(fromMs - DATE_MARGIN_MS), to: date(toMs + DATE_MARGIN_MS) },
      }),
      open: () => ({ path, query: { resolved: 'false' } }),
      one: (id) => ({ path: `${path}/${encodeURIComponent(id)}` }),
      oneAt: 'data',
      paging: nextLink({ items: 'data', size: 50, sizeParam: 'per_page', next: 'pagination.next' }),
      record: Incident,
      hasNoChangeTimes: true,
    };
  },
});
