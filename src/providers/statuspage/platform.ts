import { z } from 'zod';
import { type Status, webLink } from '../../model/incident.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { header } from '../engine/auth.ts';
import { definePlatform, secret } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { byPageNumber } from '../engine/paging.ts';
import { basicPassword, bearer, signedBy } from '../webhook.ts';

/** Statuses of incidents, and what they mean here: a fix that is being watched has mitigated the incident. */
const STATUSES: Readonly<Record<string, Status>> = {
  investigating: 'triggered',
  identified: 'identified',
  monitoring: 'mitigated',
  resolved: 'resolved',
  postmortem: 'resolved',
};
const MAINTENANCE = ['scheduled', 'in_progress', 'verifying', 'completed'];

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);
const time = timestamp.nullish().transform((ms) => ms ?? undefined);

/** A message; what it says is not read. */
const Update = z
  .object({ status: z.string(), created_at: timestamp, display_at: time })
  .transform(({ status, created_at: createdMs, display_at: atMs = createdMs }) => ({ status, atMs }));

const Incident = z
  .object({
    id: z.string().min(1),
    name: text,
    shortlink: text,
    status: z.enum([...Object.keys(STATUSES), ...MAINTENANCE]),
    impact: text,
    backfilled: z.boolean().nullish(),
    created_at: timestamp,
    started_at: time,
    monitoring_at: time,
    resolved_at: time,
    updated_at: timestamp,
    components: z.array(z.object({ id: text, name: text })).nullish(),
    incident_updates: z.array(Update).nullish(),
  })
  .transform((incident): PlatformRecord => {
    const [component] = incident.components ?? [];
    const timesOf = (status: string) =>
      (incident.incident_updates ?? []).filter((one) => one.status === status).map(({ atMs }) => atMs);
    const firstOf = (status: string) => timesOf(status).toSorted((a, b) => a - b)[0];
    return {
      id: incident.id,
      createdAtMs: incident.created_at,
      updatedAtMs: incident.updated_at,
      title: incident.name ?? '',
      url: webLink(incident.shortlink),
      status: STATUSES[incident.status] ?? 'resolved',
      triggeredAtMs: incident.started_at,
      identifiedAtMs: firstOf('identified'),
      mitigatedAtMs: incident.monitoring_at ?? firstOf('monitoring'),
      resolvedAtMs: incident.resolved_at,
      serviceId: component?.id ?? component?.name,
      serviceName: component?.name,
      severity: { priority: incident.impact },
      // What is entered afterwards has a day, and no times.
      isExcluded:
        incident.impact === 'maintenance' || MAINTENANCE.includes(incident.status) || incident.backfilled === true,
    };
  });

/** Statuspage: the incidents of one page (API v1). */
export const statuspage = definePlatform({
  type: 'statuspage',
  settings: { page_id: z.string().min(1), api_key: secret() },
  environment: { STATUSPAGE_PAGE_ID: 'page_id', STATUSPAGE_API_KEY: 'api_key' },
  baseUrl: () => 'https://api.statuspage.io',
  webhook: signedBy(bearer, basicPassword),
  sources: ['priority', 'field'],
  auth: ({ api_key: key }) => header('authorization', `OAuth ${key}`, key),
  capabilities: {
    statuses: ['triggered', 'identified', 'mitigated'],
    started: false,
    identified: true,
    acknowledged: false,
    mitigated: true,
    escalations: false,
    reopens: false,
  },
  // The platform allows one a second: so much less that two whose latencies differ do not arrive within one.
  rateLimit: { requests: 58, perMs: MINUTE_MS },
  incidents: ({ page_id: pageId }) => {
    const path = `/v1/pages/${encodeURIComponent(pageId)}/incidents`;
    const pages = { items: '', size: 100, param: 'page' };
    return {
      created: () => ({ path }),
      isNewestFirst: true,
      open: () => ({ path: `${path}/unresolved` }),
      one: (id) => ({ path: `${path}/${encodeURIComponent(id)}` }),
      paging: byPageNumber({ ...pages, sizeParam: 'limit' }),
      openPaging: byPageNumber({ ...pages, sizeParam: 'per_page' }),
      record: Incident,
    };
  },
});
