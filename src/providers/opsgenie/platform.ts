import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { header } from '../engine/auth.ts';
import { definePlatform, details, secret } from '../engine/define-platform.ts';
import type { IncidentLists, ListRange, NameList } from '../engine/definition.ts';
import { afterCursor, byOffset, type ListCount, singlePage } from '../engine/paging.ts';
import { describeRegion } from '../regions.ts';
import { basicPassword, bearer, signedBy } from '../webhook.ts';
import { cursorFormat } from './cursor.ts';
import { alertSchema, incidentSchema, type OpsgenieRecord, withTimeline } from './records.ts';
import { TimelineEntry } from './timeline.ts';

const HOSTS = { us: 'https://api.opsgenie.com', eu: 'https://api.eu.opsgenie.com' } as const;
/** Highest `offset + limit` that Opsgenie answers. */
const LIST_CAP = 20_000;

const NO_ALERTS: Capabilities = {
  statuses: ['triggered'],
  started: false,
  identified: false,
  acknowledged: false,
  mitigated: false,
  escalations: false,
  reopens: false,
};

const Named = z.object({ id: z.string().min(1), name: z.string() });
const TEAMS: NameList = {
  request: { path: '/v2/teams' },
  paging: singlePage({ items: 'data' }),
  record: Named,
  impact: 'the names of teams: no incident has one',
};
const SERVICES: NameList = {
  request: { path: '/v1/services', query: { order: 'asc' } },
  paging: pagesOf100(),
  record: Named,
  impact: 'the names of services: every incident has the service none',
};

/** Pages say only that there are more; `count` is how a list is counted before more of it is read. */
function pagesOf100(count?: ListCount) {
  const paging = { items: 'data', size: 100, sizeParam: 'limit', param: 'offset', cap: LIST_CAP, more: 'paging.next' };
  return byOffset({ ...paging, isFiltered: true, count });
}

/** A list by its query, where offsets and the answer are ours: links in it are not followed. */
function listOf(path: string) {
  const list = (query: string, order: ListRange['order']) => ({ path, query: { query, sort: 'createdAt', order } });
  const createdIn = ({ fromMs, toMs }: ListRange) => `createdAt >= ${fromMs} AND createdAt < ${toMs}`;
  return {
    created: (range: ListRange) => list(createdIn(range), range.order),
    open: (range?: ListRange) => list(`status:open${range === undefined ? '' : ` AND ${createdIn(range)}`}`, 'asc'),
    one: (id: string) => ({ path: `${path}/${encodeURIComponent(id)}`, query: { identifierType: 'id' } }),
    oneAt: 'data',
  };
}

function alerts(config: ProviderConfig): IncidentLists<OpsgenieRecord> {
  return {
    ...listOf('/v2/alerts'),
    changed: () => ({ path: '/v2/alerts', query: { sort: 'updatedAt', order: 'desc' } }),
    isNewestFirst: true,
    paging: pagesOf100({
      request: ({ path, query: { query } = {} }) => ({ path: `${path}/count`, query: { query } }),
      parse: (body) => z.object({ data: z.object({ count: z.int().nonnegative() }) }).parse(body).data.count,
    }),
    record: alertSchema(config),
    readWith: [config.services.tag ?? '', config.severity.tag ?? ''],
    cursorFormat: cursorFormat('alerts'),
  };
}

/** Incidents: the list cannot be sorted by changes and does not say when one ended, its timeline does. */
function incidents(config: ProviderConfig): IncidentLists<OpsgenieRecord> {
  return {
    ...listOf('/v1/incidents'),
    // Only alerts have an endpoint that counts: whether there is a record at the cap says whether there are more.
    paging: pagesOf100({
      request: ({ path, query }) => ({ path, query: { ...query, offset: LIST_CAP - 1, limit: 1 } }),
      parse: (body) =>
        z.object({ data: z.array(z.unknown()) }).parse(body).data.length === 0 ? undefined : LIST_CAP + 1,
    }),
    record: incidentSchema(config),
    details: details({
      impact: 'the end of every incident, and with it all recovery times',
      isRequired: false,
      isNeeded: ({ needsTimeline }) => needsTimeline,
      request: ({ id }) => ({
        path: `/v2/incident-timelines/${encodeURIComponent(id)}/entries`,
        query: { group: 'incident' },
      }),
      paging: afterCursor({
        items: 'data.entries',
        next: 'data.nextOffset',
        param: 'offset',
        size: 20,
        sizeParam: 'limit',
      }),
      entry: TimelineEntry,
      apply: withTimeline,
      keep(record, { status, intervals, resolvedAtMs }, isUnchanged) {
        if (isUnchanged) return { ...record, intervals, resolvedAtMs };
        const isOpen = record.status !== 'resolved';
        return isOpen && status !== 'resolved' ? { ...record, intervals } : { ...record, needsTimeline: true };
      },
    }),
    readWith: [config.severity.tag ?? ''],
    cursorFormat: cursorFormat('incidents'),
  };
}

/** Opsgenie: alerts (default) or incidents, by a key that may read them. */
export const opsgenie = definePlatform({
  type: 'opsgenie',
  settings: {
    api_key: secret(),
    region: z.enum(['us', 'eu']).default('us'),
    source: z.enum(['alerts', 'incidents']).default('alerts'),
  },
  environment: { OPSGENIE_TOKEN: 'api_key', OPSGENIE_REGION: 'region' },
  baseUrl: ({ region }) => HOSTS[region],
  region: ({ region }, baseUrl) => describeRegion(baseUrl, region),
  auth: ({ api_key: key }) => header('authorization', `GenieKey ${key}`, key),
  // Opsgenie signs nothing: its webhook integration sends headers that people configure.
  webhook: signedBy(bearer, basicPassword),
  capabilities: ({ source }) =>
    source === 'incidents' ? NO_ALERTS : { ...NO_ALERTS, statuses: ['triggered', 'acknowledged'], acknowledged: true },
  rateLimit: { requests: 130, perMs: MINUTE_MS },
  defaultTags: { service: 'service' },
  sources: ['priority', 'tag', 'field'],
  names: ({ source }) => (source === 'incidents' ? { teams: TEAMS, services: SERVICES } : { teams: TEAMS }),
  incidents: ({ source }, config): IncidentLists<OpsgenieRecord> =>
    source === 'incidents' ? incidents(config) : alerts(config),
});
