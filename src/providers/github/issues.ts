import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { webLink } from '../../model/incident.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import type { Auth } from '../engine/auth.ts';
import { definePlatform, details } from '../engine/define-platform.ts';
import type { PlatformRecord } from '../engine/definition.ts';
import { nextLink, type Paging, valueAt } from '../engine/paging.ts';
import { readStatusChanges } from '../engine/status-history.ts';
import type { Platform } from '../provider.ts';
import { tagValue, toTagMap } from '../tags.ts';

const settings = { repositories: z.array(z.string()).min(1), labels: z.array(z.string()).default(['incident']) };

/** Labels that name a severity: `sev1`, `P2`, or what follows `severity:` and `priority:`. */
const LEVEL = /^(?:sev|p)[-_ ]?\d$/i;
const NAMED_LEVEL = /^(?:severity|priority)\s*[:/=-]\s*(.+)$/i;

function severityOf(labels: readonly string[]): string | undefined {
  return labels.map((label) => NAMED_LEVEL.exec(label)?.[1] ?? (LEVEL.test(label) ? label : undefined)).find(Boolean);
}

function issueSchema(repository: string, { services, severity }: ProviderConfig): z.ZodType<PlatformRecord> {
  return z
    .object({
      number: z.number().int().positive(),
      title: z.string().nullish(),
      html_url: z.string().nullish(),
      state: z.enum(['open', 'closed']),
      state_reason: z.enum(['completed', 'not_planned', 'duplicate', 'reopened']).nullish(),
      labels: z.array(z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)])),
      created_at: timestamp,
      updated_at: timestamp,
      closed_at: timestamp.nullish(),
    })
    .transform((issue): PlatformRecord => {
      const isClosed = issue.state === 'closed';
      const service = tagValue(issue.labels, services.tag) ?? repository.split('/').at(-1) ?? '';
      const isNoIncident = issue.state_reason === 'not_planned' || issue.state_reason === 'duplicate';
      return {
        id: String(issue.number),
        createdAtMs: issue.created_at,
        updatedAtMs: issue.updated_at,
        title: issue.title ?? '',
        url: webLink(issue.html_url),
        status: isClosed ? 'resolved' : 'triggered',
        resolvedAtMs: issue.closed_at ?? undefined,
        serviceId: service,
        serviceName: service,
        severity: { priority: severityOf(issue.labels), tag: tagValue(issue.labels, severity.tag) },
        tags: toTagMap(issue.labels),
        isExcluded: isClosed && isNoIncident,
      };
    });
}

/** One event of an issue; who caused it is not read. */
const Event = z.object({ event: z.string(), created_at: timestamp });

/** The issue with the times at which it was closed and opened again. */
function withEvents(issue: PlatformRecord, events: readonly z.output<typeof Event>[]): PlatformRecord {
  const changes = events.flatMap(({ event, created_at: atMs }) => {
    if (event === 'closed') return [{ atMs, from: 'new', to: 'done' }];
    return event === 'reopened' ? [{ atMs, from: 'done', to: 'new' }] : [];
  });
  const { createdAtMs, status, resolvedAtMs: endMs } = issue;
  const life = readStatusChanges({ createdAtMs, isDone: status === 'resolved', endMs, changes }, (id) => id);
  const { resolvedAtMs = endMs, intervals, reopenedAtMs } = life;
  return { ...issue, resolvedAtMs, intervals, reopenedAtMs };
}

/** Lists of issues hold pull requests as well. */
function withoutPullRequests(paging: Paging): Paging {
  return {
    ...paging,
    parse: (...given) => {
      const page = paging.parse(...given);
      return { ...page, records: page.records.filter((one) => valueAt(one, 'pull_request') === undefined) };
    },
  };
}

const PAGES = { items: '', size: 100, sizeParam: 'per_page' };

/** Issues of one repository as incidents (REST API). */
export function githubIssues(auth: Auth): Platform {
  return definePlatform({
    type: 'github',
    settings,
    baseUrl: () => 'https://api.github.com',
    auth: () => auth,
    headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    capabilities: {
      statuses: ['triggered'],
      started: false,
      identified: false,
      acknowledged: false,
      mitigated: false,
      escalations: false,
      reopens: true,
    },
    rateLimit: { requests: 80, perMs: MINUTE_MS },
    incidents: ({ repositories: [repository = ''], labels }, config) => {
      const issues = `/repos/${repository}/issues`;
      const list = (query: Readonly<Record<string, string | undefined>>) => ({
        path: issues,
        query: { labels: labels.join(','), ...query },
      });
      return {
        // `since` goes by the last change, which is never before the creation.
        created: ({ from, order }) => list({ state: 'all', since: from, sort: 'created', direction: order }),
        // Newest first: an issue that changes while the pages are read moves to the front, and none is passed over.
        changed: ({ from }) => list({ state: 'all', since: from, sort: 'updated', direction: 'desc' }),
        open: () => list({ state: 'open', sort: 'created', direction: 'asc' }),
        one: (id) => ({ path: `${issues}/${encodeURIComponent(id)}` }),
        paging: withoutPullRequests(nextLink(PAGES)),
        record: issueSchema(repository, config),
        idAt: 'number',
        details: details({
          impact: 'reopenings: an issue counts from its creation to its last end',
          isRequired: false,
          isNeeded: ({ status, isExcluded }) => status === 'resolved' && isExcluded !== true,
          request: ({ id }) => ({ path: `${issues}/${encodeURIComponent(id)}/events` }),
          paging: nextLink(PAGES),
          entry: Event,
          apply: withEvents,
          keep: (issue, { intervals, reopenedAtMs, resolvedAtMs }, isUnchanged) =>
            isUnchanged ? { ...issue, intervals, reopenedAtMs, resolvedAtMs } : issue,
        }),
        readWith: [repository, ...labels, config.services.tag ?? '', config.severity.tag ?? ''],
      };
    },
  });
}
