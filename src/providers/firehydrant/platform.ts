import { z } from 'zod';
import { type Status, webLink } from '../../model/incident.ts';
import { SECOND_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { bearer } from '../engine/auth.ts';
import { definePlatform, secret } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { byPageNumber } from '../engine/paging.ts';
import { toOpenStatus } from '../engine/to-incident.ts';
import { hmacHex, signedBy } from '../webhook.ts';

const OPEN: readonly string[] = ['started', 'detected', 'acknowledged', 'investigating', 'identified', 'mitigated'];
const OVER: readonly string[] = [
  'resolved',
  'postmortem_started',
  'postmortem_completed',
  'retrospective_started',
  'retrospective_completed',
  'closed',
];
/** Severities that every account has for drills and for maintenance. */
const NO_INCIDENT: readonly string[] = ['GAMEDAY', 'MAINTENANCE'];

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);
const time = timestamp.nullish().transform((ms) => ms ?? undefined);
const Named = z.object({ id: text, name: text });

const Milestone = z
  .object({ slug: text, type: text, occurred_at: time })
  .transform(({ slug, type, occurred_at: atMs }) => ({ name: slug ?? type, atMs }));
const milestones = z.array(Milestone).nullish();

const Incident = z
  .object({
    id: z.string().min(1),
    name: text,
    incident_url: text,
    created_at: timestamp,
    started_at: time,
    discarded_at: time,
    severity: text,
    priority: text,
    current_milestone: z.string().min(1),
    active: z.boolean().nullish(),
    // Deprecated, but all that older accounts have.
    milestones,
    lifecycle_phases: z.array(z.object({ milestones })).nullish(),
    services: z.array(Named).nullish(),
    team_assignments: z.array(z.object({ team: Named.nullish() })).nullish(),
    labels: z.record(z.string(), z.string()).nullish().catch(undefined),
  })
  .transform((incident, context): PlatformRecord => {
    const phases = incident.lifecycle_phases?.flatMap((phase) => phase.milestones ?? []) ?? [];
    const atMs = new Map(
      [...(incident.milestones ?? []), ...phases].flatMap((one) =>
        one.name === undefined || one.atMs === undefined ? [] : [[one.name, one.atMs] as const],
      ),
    );
    const times = {
      acknowledgedAtMs: atMs.get('acknowledged'),
      identifiedAtMs: atMs.get('identified'),
      mitigatedAtMs: atMs.get('mitigated'),
    };
    const status = toStatus(incident.current_milestone, incident.active ?? undefined, times);
    if (status === undefined) {
      context.addIssue({ code: 'custom', path: ['current_milestone'], message: 'expected a known milestone' });
      return z.NEVER;
    }
    const startMs = atMs.get('started') ?? incident.started_at;
    const detectedMs = atMs.get('detected');
    const [service] = incident.services ?? [];
    return {
      id: incident.id,
      createdAtMs: incident.created_at,
      updatedAtMs: Math.max(incident.created_at, incident.discarded_at ?? 0, ...atMs.values()),
      title: incident.name ?? '',
      url: webLink(incident.incident_url),
      status,
      // Without a detection the start is the trigger, and how long the impact went unseen is unknown.
      startedAtMs: detectedMs === undefined ? undefined : startMs,
      triggeredAtMs: detectedMs ?? startMs,
      ...times,
      resolvedAtMs: atMs.get('resolved'),
      serviceId: service?.id ?? service?.name,
      serviceName: service?.name,
      team: incident.team_assignments?.[0]?.team?.name,
      severity: { priority: incident.severity === 'UNSET' ? undefined : incident.severity, urgency: incident.priority },
      tags: incident.labels ?? undefined,
      isExcluded: NO_INCIDENT.includes(incident.severity ?? '') || incident.discarded_at !== undefined,
    };
  });

/** Milestones may be an account's own: then `active` says whether the incident is open. */
function toStatus(
  milestone: string,
  active: boolean | undefined,
  times: Parameters<typeof toOpenStatus>[0],
): Status | undefined {
  if (OVER.includes(milestone)) return 'resolved';
  if (!OPEN.includes(milestone) && active !== true) return active === false ? 'resolved' : undefined;
  if (milestone === 'acknowledged' || milestone === 'identified' || milestone === 'mitigated') return milestone;
  return toOpenStatus(times);
}

/** FireHydrant: incidents with their milestones (API v1). */
export const firehydrant = definePlatform({
  type: 'firehydrant',
  settings: { api_key: secret() },
  environment: { FIREHYDRANT_API_KEY: 'api_key' },
  baseUrl: () => 'https://api.firehydrant.io',
  auth: ({ api_key: key }) => bearer(key),
  capabilities: {
    statuses: ['triggered', 'acknowledged', 'identified', 'mitigated'],
    started: true,
    identified: true,
    acknowledged: true,
    mitigated: true,
    escalations: false,
    reopens: false,
  },
  webhook: signedBy(hmacHex({ header: 'fh-signature' })),
  rateLimit: { requests: 50, perMs: 10 * SECOND_MS },
  incidents: () => {
    const list = (query: Readonly<Record<string, string>>) => ({ path: '/v1/incidents', query });
    return {
      created: ({ from, to }) => list({ created_at_or_after: from, created_at_or_before: to }),
      changed: ({ from }) => list({ updated_after: from }),
      open: () => list({ current_milestones: OPEN.join(',') }),
      one: (id) => ({ path: `/v1/incidents/${encodeURIComponent(id)}` }),
      paging: byPageNumber({
        items: 'data',
        size: 100,
        sizeParam: 'per_page',
        param: 'page',
        total: 'pagination.count',
      }),
      record: Incident,
      hasNoChangeTimes: true,
    };
  },
});
