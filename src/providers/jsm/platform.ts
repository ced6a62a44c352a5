import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import type { Status } from '../../model/incident.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { basic } from '../engine/auth.ts';
import { definePlatform, details, secret } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { byOffset, nextLink } from '../engine/paging.ts';
import { tagValue, toTagMap } from '../tags.ts';
import { basicPassword, bearer, signedBy } from '../webhook.ts';

/** An alert; `acknowledged` says that somebody did, the log says when. */
interface Alert extends PlatformRecord {
  readonly isAcknowledged: boolean;
}

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

function alertSchema({ services, severity }: ProviderConfig): z.ZodType<Alert> {
  return z
    .object({
      id: z.string().min(1),
      alias: text,
      message: text,
      status: z.enum(['open', 'acked', 'closed']),
      acknowledged: z.boolean().nullish(),
      tags: z.array(z.string()).nullish(),
      createdAt: timestamp,
      updatedAt: timestamp.nullish(),
      // A timestamp here, where Opsgenie has a duration.
      closeTime: timestamp.nullish(),
      priority: text,
      responders: z.array(z.object({ type: z.string(), id: z.string().nullish() })).nullish(),
    })
    .transform((alert) => {
      const tags = alert.tags ?? [];
      const service = tagValue(tags, services.tag) ?? '';
      const severityTag = tagValue(tags, severity.tag);
      const isAcknowledged = alert.acknowledged === true || alert.status === 'acked';
      return {
        id: alert.id,
        createdAtMs: alert.createdAt,
        updatedAtMs: alert.updatedAt ?? alert.createdAt,
        title: alert.message ?? '',
        status: toStatus(alert.status === 'closed', isAcknowledged),
        isAcknowledged,
        resolvedAtMs: alert.closeTime ?? undefined,
        serviceId: service,
        serviceName: service,
        teamId: alert.responders?.find(({ type, id }) => type === 'team' && (id ?? '') !== '')?.id ?? undefined,
        severity: severityTag === undefined ? { priority: alert.priority } : { tag: severityTag },
        tags: toTagMap(tags),
        // An alert that came without an alias has its own id for one, which no other alert ever has.
        fingerprint: alert.alias === alert.id ? undefined : alert.alias,
      };
    });
}

function toStatus(isClosed: boolean, isAcknowledged: boolean): Status {
  if (isClosed) return 'resolved';
  return isAcknowledged ? 'acknowledged' : 'triggered';
}

/** A line of an alert's log is free text; who wrote it is not read. */
const LogLine = z.object({ log: z.string(), createdAt: timestamp });

/** The first words of the line that says that somebody acknowledged the alert. */
const ACKNOWLEDGED = /^(?:alert\s+)?acknowledged\b/i;

const OPSGENIE_ID = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-\d+$/i;
/** The position of an Opsgenie provider that had read everything. */
const OpsgenieCursor = z.object({
  phase: z.literal('synced'),
  source: z.literal('alerts'),
  historyStartMs: z.number(),
  newestMs: z.number(),
});

/** Jira Service Management: the alerts of its Operations (REST API v1), the successor of Opsgenie's. */
export const jsm = definePlatform({
  type: 'jsm',
  settings: { cloud_id: z.string().min(1), account: z.string().min(1), api_token: secret() },
  environment: { JSM_CLOUD_ID: 'cloud_id', JSM_ACCOUNT: 'account', JSM_API_TOKEN: 'api_token' },
  baseUrl: ({ cloud_id: id }) => `https://api.atlassian.com/jsm/ops/api/${encodeURIComponent(id)}`,
  auth: ({ account, api_token: token }) => basic(account, token),
  capabilities: {
    statuses: ['triggered', 'acknowledged'],
    started: false,
    identified: false,
    acknowledged: true,
    mitigated: false,
    escalations: false,
    reopens: false,
  },
  // Not published for this API; what has been found cautious for Opsgenie.
  webhook: signedBy(bearer, basicPassword),
  rateLimit: { requests: 130, perMs: MINUTE_MS },
  defaultTags: { service: 'service' },
  sources: ['priority', 'tag', 'field'],
  names: {
    teams: {
      request: { path: '/v1/teams' },
      paging: nextLink({ items: 'platformTeams', size: 100, next: 'links.next' }),
      record: z
        .object({ teamId: z.string().min(1), teamName: z.string() })
        .transform(({ teamId, teamName }) => ({ id: teamId, name: teamName })),
      impact: 'the names of teams: no incident has one',
    },
  },
  incidents: (_settings, config) => ({
    created: ({ fromMs, toMs, order }) => ({
      path: '/v1/alerts',
      query: { query: `createdAt >= ${fromMs} AND createdAt < ${toMs}`, sort: 'createdAt', order },
    }),
    changed: () => ({ path: '/v1/alerts', query: { sort: 'updatedAt', order: 'desc' } }),
    isNewestFirst: true,
    open: (range) => {
      const created = range === undefined ? '' : ` AND createdAt >= ${range.fromMs} AND createdAt < ${range.toMs}`;
      return { path: '/v1/alerts', query: { query: `NOT status:closed${created}`, sort: 'createdAt', order: 'asc' } };
    },
    one: (id) => ({ path: `/v1/alerts/${encodeURIComponent(id)}` }),
    // The sum of offset and size must be lower than 20,000.
    paging: byOffset({ items: 'values', size: 100, sizeParam: 'size', param: 'offset', total: 'count', cap: 19_999 }),
    record: alertSchema(config),
    details: details({
      impact: 'when alerts were acknowledged: acknowledged ones are rejected as forbidden',
      isRequired: true,
      isNeeded: ({ isAcknowledged, acknowledgedAtMs }: Alert) => isAcknowledged && acknowledgedAtMs === undefined,
      request: ({ id }) => ({ path: `/v1/alerts/${encodeURIComponent(id)}/logs`, query: { order: 'asc' } }),
      paging: nextLink({ items: 'values', size: 100, sizeParam: 'size', next: 'links.next' }),
      entry: LogLine,
      apply: (alert, lines) => ({
        ...alert,
        acknowledgedAtMs: lines.find(({ log }) => ACKNOWLEDGED.test(log.trim()))?.createdAt,
      }),
      keep: (alert, { acknowledgedAtMs }) => ({ ...alert, acknowledgedAtMs }),
    }),
    readWith: [config.services.tag ?? '', config.severity.tag ?? ''],
    adoptCursor: (cursor) => OpsgenieCursor.safeParse(cursor).data,
    // Opsgenie's ids end with the time of creation; whether those that moved still do is not documented.
    storedIds: ({ id, createdAtMs }) => [`${id}-${createdAtMs}`, id.replace(OPSGENIE_ID, '$1')],
    platformIds: (id) => (OPSGENIE_ID.test(id) ? [id.replace(OPSGENIE_ID, '$1')] : []),
  }),
});
