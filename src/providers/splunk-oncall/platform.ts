import { z } from 'zod';
import type { Status } from '../../model/incident.ts';
import { MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { definePlatform, secret } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { byOffset, singlePage } from '../engine/paging.ts';
import { basicPassword, bearer, signedBy } from '../webhook.ts';

/** Phases as the history and the live API call them. */
const PHASES: Readonly<Record<string, Status>> = {
  triggered: 'triggered',
  unacked: 'triggered',
  acknowledged: 'acknowledged',
  acked: 'acknowledged',
  resolved: 'resolved',
};

/** The history may be so much older than the present. */
const HISTORY_LAG_MS = 15 * MINUTE_MS;

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

/** A step of an incident's life; `manually` says whether somebody made it, who is not read. */
const Transition = z
  .object({ name: z.string(), at: timestamp, manually: z.boolean().nullish() })
  .transform(({ name, at: atMs, manually }) => ({ name: name.toLowerCase(), atMs, manually: manually ?? true }));
type Transition = z.output<typeof Transition>;

const Incident = z
  .object({
    incidentNumber: z.union([z.string().min(1), z.number()]).transform(String),
    startTime: timestamp,
    currentPhase: z
      .string()
      .transform((phase) => phase.toLowerCase())
      .pipe(z.enum(Object.keys(PHASES))),
    entityId: text,
    entityDisplayName: text,
    service: text,
    host: text,
    routingKey: text,
    pagedTeams: z.array(z.string()).nullish(),
    transitions: z.array(Transition).nullish(),
  })
  .transform((incident): PlatformRecord => {
    const steps = (incident.transitions ?? []).toSorted((a, b) => a.atMs - b.atMs);
    const { startTime: startMs, entityId, host, routingKey } = incident;
    const service = incident.service ?? host ?? entityId;
    const [team] = incident.pagedTeams ?? [];
    const isSlug = /^team-[A-Za-z0-9]{16}$/.test(team ?? '');
    const labels = { entityId, service: incident.service, host, routingKey };
    return {
      id: incident.incidentNumber,
      createdAtMs: startMs,
      updatedAtMs: Math.max(startMs, ...steps.map(({ atMs }) => atMs)),
      title: incident.entityDisplayName ?? service ?? '',
      status: PHASES[incident.currentPhase] ?? 'triggered',
      acknowledgedAtMs: steps.find(({ name, manually }) => name === 'acknowledged' && manually)?.atMs,
      resolvedAtMs: findEnd(steps),
      serviceName: service,
      ...(isSlug ? { teamId: team } : { team }),
      severity: {},
      tags: Object.fromEntries(
        Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
      ),
      fingerprint: entityId,
    };
  });

/** The first end after the last time it was open. */
function findEnd(steps: readonly Transition[]): number | undefined {
  const lastOpen = steps.findLastIndex(({ name }) => name !== 'resolved');
  return steps.slice(lastOpen + 1)[0]?.atMs;
}

/** Splunk On-Call (VictorOps): the history of its Reporting API, and the open incidents of the Public API. */
export const splunkOncall = definePlatform({
  type: 'splunk-oncall',
  settings: { api_id: z.string().min(1), api_key: secret() },
  environment: { SPLUNK_ONCALL_API_ID: 'api_id', SPLUNK_ONCALL_API_KEY: 'api_key' },
  baseUrl: () => 'https://api.victorops.com',
  sources: ['tag', 'label', 'field'],
  auth: ({ api_id: id, api_key: key }) => ({
    kind: 'headers',
    headers: { 'x-vo-api-id': id, 'x-vo-api-key': key },
    secrets: [key],
  }),
  capabilities: {
    statuses: ['triggered', 'acknowledged'],
    started: false,
    identified: false,
    acknowledged: true,
    mitigated: false,
    escalations: false,
    reopens: false,
  },
  webhook: signedBy(bearer, basicPassword),
  rateLimit: { requests: 1, perMs: MINUTE_MS },
  ownRateLimit: { path: '/api-public/', rateLimit: { requests: 2, perMs: SECOND_MS } },
  names: {
    teams: {
      request: { path: '/api-public/v1/team' },
      paging: singlePage({ items: '' }),
      record: z
        .object({ slug: z.string().min(1), name: z.string() })
        .transform(({ slug, name }) => ({ id: slug, name })),
      impact: 'the names of teams: incidents have none where the platform gives ids of teams',
    },
  },
  incidents: () => ({
    created: ({ fromMs, to }) => ({
      path: '/api-reporting/v2/incidents',
      query: {
        // Without it only resolved ones are shown.
        currentPhase: 'triggered,acknowledged,resolved',
        startedAfter: new Date(fromMs - SECOND_MS).toISOString(),
        startedBefore: to,
      },
    }),
    lagMs: HISTORY_LAG_MS,
    open: () => ({ path: '/api-public/v1/incidents' }),
    openPaging: singlePage({ items: 'incidents' }),
    one: (id) => ({ path: `/api-public/v1/incidents/${encodeURIComponent(id)}` }),
    paging: byOffset({ items: 'incidents', size: 100, sizeParam: 'limit', param: 'offset', total: 'total' }),
    record: Incident,
    idAt: 'incidentNumber',
  }),
});
