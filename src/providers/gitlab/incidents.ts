import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { webLink } from '../../model/incident.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { header } from '../engine/auth.ts';
import { definePlatform, details } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { nextLink } from '../engine/paging.ts';
import { readStatusChanges } from '../engine/status-history.ts';
import { tagValue, toTagMap } from '../tags.ts';

function incidentSchema(project: string, { services, severity }: ProviderConfig): z.ZodType<PlatformRecord> {
  return z
    .object({
      iid: z.number().int().positive(),
      title: z.string().nullish(),
      web_url: z.string().nullish(),
      state: z.enum(['opened', 'closed']),
      severity: z.string().nullish(),
      labels: z.array(z.string()).nullish(),
      created_at: timestamp,
      updated_at: timestamp,
      closed_at: timestamp.nullish(),
      moved_to_id: z.number().nullish(),
      duplicated_to_id: z.number().nullish(),
    })
    .transform((incident): PlatformRecord => {
      // Scoped labels are written with two colons.
      const labels = (incident.labels ?? []).map((label) => label.replace('::', ':'));
      const service = tagValue(labels, services.tag) ?? project.split('/').at(-1) ?? '';
      const level = incident.severity?.toLowerCase();
      const isElsewhere = (incident.moved_to_id ?? incident.duplicated_to_id) != null;
      return {
        id: String(incident.iid),
        createdAtMs: incident.created_at,
        updatedAtMs: incident.updated_at,
        title: incident.title ?? '',
        url: webLink(incident.web_url),
        status: incident.state === 'closed' ? 'resolved' : 'triggered',
        resolvedAtMs: incident.closed_at ?? undefined,
        serviceId: service,
        serviceName: service,
        severity: { priority: level === 'unknown' ? undefined : level, tag: tagValue(labels, severity.tag) },
        tags: toTagMap(labels),
        isExcluded: incident.state === 'closed' && isElsewhere,
      };
    });
}

/** One change of the state of an incident; who made it is not read. */
const StateEvent = z.object({ state: z.string(), created_at: timestamp });

/** The incident with the times at which it was closed and opened again. */
function withEvents(incident: PlatformRecord, events: readonly z.output<typeof StateEvent>[]): PlatformRecord {
  const changes = events.flatMap(({ state, created_at: atMs }) => {
    if (state === 'closed') return [{ atMs, from: 'new', to: 'done' }];
    return state === 'reopened' ? [{ atMs, from: 'done', to: 'new' }] : [];
  });
  const { createdAtMs, status, resolvedAtMs: endMs } = incident;
  const life = readStatusChanges({ createdAtMs, isDone: status === 'resolved', endMs, changes }, (id) => id);
  const { resolvedAtMs = endMs, intervals, reopenedAtMs } = life;
  return { ...incident, resolvedAtMs, intervals, reopenedAtMs };
}

const PAGES = { items: '', size: 100, sizeParam: 'per_page' };

/** Incidents of one project of GitLab (REST API v4). */
export const gitlabIncidents = definePlatform({
  type: 'gitlab',
  settings: { token: z.string().min(1), projects: z.array(z.string()).min(1) },
  auth: ({ token }) => header('private-token', token, token),
  capabilities: {
    statuses: ['triggered'],
    started: false,
    identified: false,
    acknowledged: false,
    mitigated: false,
    escalations: false,
    reopens: true,
  },
  rateLimit: { requests: 600, perMs: MINUTE_MS },
  incidents: ({ projects: [project = ''] }, config) => {
    const issues = `/projects/${encodeURIComponent(project)}/issues`;
    const list = (query: Readonly<Record<string, string | undefined>>) => ({
      path: issues,
      // Without a scope some lists hold only what the owner of the token wrote.
      query: { issue_type: 'incident', scope: 'all', ...query },
    });
    return {
      created: ({ from, to, order }) =>
        list({ state: 'all', created_after: from, created_before: to, order_by: 'created_at', sort: order }),
      // Newest first: what changes while the pages are read moves to the front, and none is passed over.
      changed: ({ from }) => list({ state: 'all', updated_after: from, order_by: 'updated_at', sort: 'desc' }),
      open: () => list({ state: 'opened', order_by: 'created_at', sort: 'asc' }),
      one: (id) => ({ path: `${issues}/${encodeURIComponent(id)}` }),
      paging: nextLink({ ...PAGES, totalHeader: 'x-total' }),
      record: incidentSchema(project, config),
      idAt: 'iid',
      details: details({
        impact: 'reopenings: an incident counts from its creation to its last end',
        isRequired: false,
        isNeeded: ({ status, isExcluded }) => status === 'resolved' && isExcluded !== true,
        request: ({ id }) => ({ path: `${issues}/${encodeURIComponent(id)}/resource_state_events` }),
        paging: nextLink(PAGES),
        entry: StateEvent,
        apply: withEvents,
        keep: (incident, { intervals, reopenedAtMs, resolvedAtMs }, isUnchanged) =>
          isUnchanged ? { ...incident, intervals, reopenedAtMs, resolvedAtMs } : incident,
      }),
      readWith: [project, config.services.tag ?? '', config.severity.tag ?? ''],
    };
  },
});
