import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { type Status, webLink } from '../../model/incident.ts';
import { HOUR_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import type { Auth } from '../engine/auth.ts';
import { definePlatform, secret } from '../engine/define-platform.ts';
import type { ListRange, NameList, PlatformRecord } from '../engine/definition.ts';
import { byPageNumber } from '../engine/paging.ts';
import { basicPassword, bearer, signedBy } from '../webhook.ts';

const time = timestamp.nullish();
/** A label's name and value, each alone or with an id. */
const word = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);
const Label = z.object({ key: word, value: word });

function alertGroupSchema({ services, severity }: ProviderConfig): z.ZodType<PlatformRecord> {
  return z
    .object({
      id: z.string().min(1),
      title: z.string().nullish(),
      state: z.enum(['new', 'acknowledged', 'resolved', 'silenced']),
      integration_id: z.string().nullish(),
      team_id: z.string().nullish(),
      created_at: timestamp,
      acknowledged_at: time,
      resolved_at: time,
      silenced_at: time,
      labels: z.array(Label).nullish(),
      permalinks: z.object({ web: z.string().nullish() }).nullish(),
    })
    .transform((group): PlatformRecord => {
      const { state, created_at: createdAtMs } = group;
      const tags = Object.fromEntries((group.labels ?? []).map(({ key, value }) => [key, value]));
      const tagOf = (name: string | undefined) =>
        name !== undefined && Object.hasOwn(tags, name) ? tags[name] : undefined;
      const service = tagOf(services.tag);
      const changesMs = [group.acknowledged_at, group.resolved_at, group.silenced_at].map((ms) => ms ?? 0);
      return {
        id: group.id,
        createdAtMs,
        updatedAtMs: Math.max(createdAtMs, ...changesMs),
        title: group.title ?? '',
        url: webLink(group.permalinks?.web),
        status: toStatus(state, group.acknowledged_at != null),
        acknowledgedAtMs: group.acknowledged_at ?? undefined,
        resolvedAtMs: group.resolved_at ?? undefined,
        serviceId: service ?? group.integration_id ?? '',
        serviceName: service,
        teamId: group.team_id ?? undefined,
        severity: { tag: tagOf(severity.tag) },
        tags,
      };
    });
}

/** Silenced groups are still open. */
function toStatus(state: 'new' | 'acknowledged' | 'resolved' | 'silenced', isAcknowledged: boolean): Status {
  if (state === 'resolved') return 'resolved';
  return isAcknowledged ? 'acknowledged' : 'triggered';
}

const PAGES = byPageNumber({ items: 'results', size: 100, sizeParam: 'perpage', param: 'page', total: 'count' });

function namesOf(list: string, impact: string): NameList {
  return {
    request: { path: `/api/v1/${list}/` },
    paging: PAGES,
    record: z.object({ id: z.string().min(1), name: z.string() }),
    impact,
  };
}

/** Without a zone, which is UTC. */
const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 19);

function toAuth({ api_key: key, stack_url: stack }: { api_key: string; stack_url: string }): Auth {
  const headers = { authorization: key, ...(stack === '' ? {} : { 'x-grafana-url': stack }) };
  return { kind: 'headers', headers, secrets: [key] };
}

/** Grafana IRM and OnCall: alert groups (API v1). */
export const grafana = definePlatform({
  type: 'grafana',
  settings: { api_key: secret(), stack_url: z.string().default('') },
  environment: { GRAFANA_ONCALL_BASE_URL: 'base_url', GRAFANA_ONCALL_API_KEY: 'api_key' },
  auth: toAuth,
  webhook: signedBy(bearer, basicPassword),
  capabilities: {
    statuses: ['triggered', 'acknowledged'],
    started: false,
    identified: false,
    acknowledged: true,
    mitigated: false,
    escalations: false,
    reopens: false,
  },
  // The platform documents 300 requests in five minutes for each key.
  rateLimit: { requests: 3400, perMs: HOUR_MS },
  defaultTags: { service: 'service', severity: 'severity' },
  names: {
    services: namesOf('integrations', 'the names of integrations: groups without a label for the service have none'),
    teams: namesOf('teams', 'the names of teams: no incident has one'),
  },
  incidents: (_settings, config) => {
    const list = (range: ListRange | undefined, state?: string) => ({
      path: '/api/v1/alert_groups/',
      query: {
        state,
        started_at: range === undefined ? undefined : `${stamp(range.fromMs)}_${stamp(range.toMs)}`,
      },
    });
    return {
      created: (range) => list(range),
      open: (range) => ['new', 'acknowledged', 'silenced'].map((state) => list(range, state)),
      one: (id) => ({ path: `/api/v1/alert_groups/${encodeURIComponent(id)}/` }),
      // A group that is opened again loses the time of its end, and has no other.
      hasNoChangeTimes: true,
      paging: PAGES,
      record: alertGroupSchema(config),
      readWith: [config.services.tag ?? '', config.severity.tag ?? ''],
    };
  },
});
