import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { type Incident, webLink } from '../../model/incident.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';
import { basic, bearer } from '../engine/auth.ts';
import { definePlatform, details, secret } from '../engine/define-platform.ts';
import type { ListRange, PlatformRecord } from '../engine/definition.ts';
import { afterCursor, byOffset, singlePage } from '../engine/paging.ts';
import { readStatusChanges, type StatusChange } from '../engine/status-history.ts';
import { toOpenStatus } from '../engine/to-incident.ts';
import { fieldPaths } from '../sources.ts';
import { tagValue, toTagMap } from '../tags.ts';
import { hmacHex, signedBy } from '../webhook.ts';

/** What the changes of its status told before. */
type Kept = Pick<Incident, 'acknowledgedAtMs' | 'resolvedAtMs' | 'intervals' | 'reopenedAtMs'>;

interface Issue extends PlatformRecord {
  readonly changes: readonly StatusChange[];
  /** The list shows only the newest changes. */
  readonly isPartial: boolean;
  /** Keys of before it was moved to another project. */
  readonly formerKeys: readonly string[];
  readonly kept?: Kept;
}

/** One entry of a changelog; who made it is not read. */
const History = z.object({
  created: z.union([timestamp, z.number()]),
  items: z.array(
    z.object({
      field: z.string(),
      from: z.string().nullish(),
      to: z.string().nullish(),
      fromString: z.string().nullish(),
    }),
  ),
});
type History = z.output<typeof History>;

function withHistories(issue: Issue, histories: readonly History[]): Issue {
  const items = histories.flatMap(({ created, items: all }) => all.map((item) => ({ atMs: created, ...item })));
  const changes = items.flatMap(({ atMs, field, from, to }) =>
    field === 'status' && typeof from === 'string' && typeof to === 'string' ? [{ atMs, from, to }] : [],
  );
  const formerKeys = items.flatMap(({ field, fromString }) => (field === 'Key' && fromString ? [fromString] : []));
  return { ...issue, changes, formerKeys, statusIds: changes.flatMap(({ from, to }) => [from, to]) };
}

const Category = z.enum(['new', 'undefined', 'indeterminate', 'done']);
const STATUSES = {
  new: 'triggered',
  undefined: 'triggered',
  indeterminate: 'acknowledged',
  done: 'resolved',
} as const;
const named = z.object({ name: z.string() }).nullish();

const settings = {
  account: z.string().default(''),
  api_token: secret(),
  jql: z
    .string()
    .min(1)
    .refine((jql) => !/\border\s+by\b/i.test(jql), { error: 'a JQL query without ORDER BY' })
    .default('issuetype = Incident'),
  timestamps: z
    .strictObject({
      started: z.string().default(''),
      identified: z.string().default(''),
      mitigated: z.string().default(''),
    })
    .prefault({}),
  excluded_resolutions: z
    .array(z.string())
    .default(['Duplicate', "Won't Do", "Won't Fix", 'Declined', 'Canceled', 'Cancelled']),
};
type Settings = z.output<z.ZodObject<typeof settings>>;

const FIELDS =
  'summary,status,priority,resolution,components,project,labels,created,updated,resolutiondate,statuscategorychangedate';

function issueSchema(
  { timestamps, excluded_resolutions: excluded }: Settings,
  config: ProviderConfig,
): z.ZodType<Issue> {
  const excludedWords = new Set(excluded.map((one) => one.toLowerCase()));
  return z
    .object({
      key: z.string().min(1),
      self: z.string().nullish(),
      // Loose: the fields that `timestamps` names have ids of the site.
      fields: z.looseObject({
        summary: z.string().nullish(),
        status: z.object({ statusCategory: z.object({ key: Category }) }),
        priority: named,
        resolution: named,
        components: z.array(z.object({ name: z.string() })).nullish(),
        project: z.object({ key: z.string() }).nullish(),
        labels: z.array(z.string()).nullish(),
        created: timestamp,
        updated: timestamp,
        resolutiondate: timestamp.nullish(),
        statuscategorychangedate: timestamp.nullish(),
      }),
      changelog: z.object({ total: z.number().nullish(), histories: z.array(History) }).nullish(),
    })
    .transform(({ key, self, fields, changelog }): Issue => {
      const at = (field: string) => timestamp.safeParse(fields[field]).data;
      const labels = fields.labels ?? [];
      const service =
        tagValue(labels, config.services.tag) ?? fields.components?.[0]?.name ?? fields.project?.key ?? '';
      const tag = tagValue(labels, config.severity.tag);
      const status = STATUSES[fields.status.statusCategory.key];
      const times = { identifiedAtMs: at(timestamps.identified), mitigatedAtMs: at(timestamps.mitigated) };
      const further = toOpenStatus(times);
      const histories = changelog?.histories ?? [];
      const issue = {
        id: key,
        createdAtMs: fields.created,
        updatedAtMs: fields.updated,
        title: fields.summary ?? '',
        url: linkOf(self, key),
        status: status !== 'resolved' && further !== 'triggered' ? further : status,
        startedAtMs: at(timestamps.started),
        ...times,
        resolvedAtMs: fields.resolutiondate ?? fields.statuscategorychangedate ?? undefined,
        serviceId: service,
        serviceName: service,
        severity: { priority: fields.priority?.name, tag },
        tags: toTagMap(labels),
        isExcluded: status === 'resolved' && excludedWords.has(fields.resolution?.name.toLowerCase() ?? ''),
        changes: [],
        formerKeys: [],
        isPartial: (changelog?.total ?? (changelog ? 0 : 1)) > histories.length,
      };
      return withHistories(issue, histories);
    });
}

/** The page of an issue, from the address of its record; the gateway for scoped tokens has no such pages. */
function linkOf(self: string | null | undefined, key: string): string | undefined {
  const [site = '', api] = (self ?? '').split('/rest/api/');
  return api === undefined || site.includes('//api.atlassian.com/') ? undefined : webLink(`${site}/browse/${key}`);
}

const PAGES = { items: 'issues', size: 100, sizeParam: 'maxResults' };
const apiOf = (account: string) => `/rest/api/${account === '' ? 2 : 3}`;
/** JQL knows whole minutes. */
const minute = (ms: number) => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

/** Issues of Jira Cloud (REST API v3), and of Jira Data Center (v2) where no account is configured. */
export const jira = definePlatform({
  type: 'jira',
  settings,
  environment: {
    JIRA_BASE_URL: 'base_url',
    JIRA_ACCOUNT: 'account',
    JIRA_API_TOKEN: 'api_token',
    JIRA_JQL: 'jql',
  },
  webhook: signedBy(hmacHex({ header: 'x-hub-signature', prefix: 'sha256=' })),
  auth: ({ account, api_token: token }) => (account === '' ? bearer(token) : basic(account, token)),
  capabilities: ({ timestamps }) => ({
    statuses: [
      'triggered',
      'acknowledged',
      ...(timestamps.identified === '' ? [] : ['identified' as const]),
      ...(timestamps.mitigated === '' ? [] : ['mitigated' as const]),
    ],
    started: timestamps.started !== '',
    identified: timestamps.identified !== '',
    acknowledged: true,
    mitigated: timestamps.mitigated !== '',
    escalations: false,
    reopens: true,
  }),
  sources: ['priority', 'tag', 'label', 'field'],
  // Not published for tokens of an account; bursts of more than some ten a second are refused.
  rateLimit: { requests: 600, perMs: MINUTE_MS },
  session: ({ account }) => ({ path: `${apiOf(account)}/myself` }),
  names: {
    statuses: {
      request: { path: '/rest/api/2/status' },
      paging: singlePage({ items: '' }),
      record: z
        .object({ id: z.string(), statusCategory: z.object({ key: z.string() }) })
        .transform(({ id, statusCategory: { key } }) => ({ id, name: key })),
      impact: 'acknowledgements and reopenings: no incident has any',
    },
  },
  incidents: (own, config) => {
    const { account, jql, timestamps } = own;
    const isCloud = account !== '';
    // `fields.customfield_1.value`: the platform sends the fields that are asked for.
    const sources = fieldPaths(config).flatMap((path) => /^fields\.([^.]+)/.exec(path)?.[1] ?? []);
    const fields = [FIELDS, ...sources, ...Object.values(timestamps).filter((name) => name !== '')].join(',');
    const list = (clauses: readonly string[], order = 'created ASC') => ({
      path: `${apiOf(account)}/search${isCloud ? '/jql' : ''}`,
      query: {
        jql: `${[`(${jql})`, ...clauses].join(' AND ')} ORDER BY ${order}, key ASC`,
        fields,
        expand: 'changelog',
      },
    });
    const within = (field: string, { fromMs, toMs }: ListRange) => [
      `${field} >= ${minute(fromMs)}`,
      `${field} < ${minute(toMs) + MINUTE_MS}`,
    ];
    return {
      created: (range) => list(within('created', range), range.order === 'asc' ? undefined : 'created DESC'),
      changed: (range) => list(within('updated', range), 'updated ASC'),
      // The search shows a change some minutes late.
      lagMs: 5 * MINUTE_MS,
      open: (range) => list(['statusCategory != Done', ...(range === undefined ? [] : within('created', range))]),
      one: (key) => ({
        path: `${apiOf(account)}/issue/${encodeURIComponent(key)}`,
        query: { fields, expand: 'changelog' },
      }),
      idAt: 'key',
      paging: isCloud
        ? afterCursor({ ...PAGES, param: 'nextPageToken', next: 'nextPageToken', last: 'isLast' })
        : byOffset({ ...PAGES, param: 'startAt', total: 'total' }),
      record: issueSchema(own, config),
      details: details({
        impact: 'acknowledgements and reopenings of issues with many changes',
        isRequired: false,
        isNeeded: ({ isPartial }: Issue) => isPartial,
        request: ({ id }) => ({ path: `${apiOf(account)}/issue/${encodeURIComponent(id)}/changelog` }),
        paging: byOffset({ ...PAGES, items: 'values', param: 'startAt', total: 'total' }),
        entry: History,
        apply: withHistories,
        keep: (issue, { acknowledgedAtMs, resolvedAtMs, intervals, reopenedAtMs }, isUnchanged) =>
          isUnchanged ? { ...issue, kept: { acknowledgedAtMs, resolvedAtMs, intervals, reopenedAtMs } } : issue,
      }),
      withStatuses: (issue: Issue, categoryOf) => {
        const { createdAtMs, status, resolvedAtMs: endMs, changes } = issue;
        const life = { createdAtMs, isDone: status === 'resolved', endMs, changes };
        return { ...issue, ...(issue.kept ?? readStatusChanges(life, categoryOf)) };
      },
      storedIds: ({ formerKeys }: Issue) => formerKeys,
      readWith: [jql, ...Object.values(timestamps), config.services.tag ?? '', config.severity.tag ?? ''],
    };
  },
});
