import { z } from 'zod';
import type { DeploymentOutcome } from '../../model/deployment.ts';
import { type Rejection, webLink } from '../../model/incident.ts';
import { parseRecord, timestamp } from '../answers.ts';
import type {
  DeploymentClient,
  DeploymentRecord,
  ReadAgain,
  RepositoryPage,
  RepositoryRequest,
  UnfinishedDeployment,
} from '../engine/deployment-source.ts';
import { readPages } from '../engine/list-reader.ts';
import { nextLink } from '../engine/paging.ts';
import { askGraphql } from './graphql.ts';
import { COST, repositoryField } from './repositories.ts';

/** Deployments per repository and question: a later poll needs the newest alone, a history as many as GitHub answers in time. */
export const PAGE_SIZES = { history: 50, changes: 10 } as const;
/** Deployments that one question asks for by their ids. */
const AGAIN_AT_ONCE = 50;
/** Statuses of one deployment that come with it; more are read by themselves. */
const STATUSES_WITH_IT = 50;

const STATUS_FIELDS = 'state createdAt logUrl';
const FIELDS = `id databaseId createdAt updatedAt environment originalEnvironment commitOid ref { name }
  statuses(first: ${STATUSES_WITH_IT}) { pageInfo { hasNextPage } nodes { ${STATUS_FIELDS} } }`;

/** The selection of one repository that gives a page of deployments, newest first; GitHub's own order is oldest first. */
export function deploymentsSelection(first: number, token: string | undefined): string {
  const after = token === undefined ? '' : `, after: ${JSON.stringify(token)}`;
  return `deployments(first: ${first}${after}, orderBy: {field: CREATED_AT, direction: DESC}) {
    pageInfo { hasNextPage endCursor } nodes { ${FIELDS} } }`;
}

const Status = z.object({ state: z.string().min(1), createdAt: timestamp, logUrl: z.string().nullish() });
type Status = z.output<typeof Status>;

const Deployment = z.object({
  id: z.string().min(1),
  databaseId: z.number(),
  createdAt: timestamp,
  updatedAt: timestamp.nullish(),
  environment: z.string().nullish(),
  originalEnvironment: z.string().nullish(),
  commitOid: z.string().nullish(),
  ref: z.object({ name: z.string() }).nullish(),
  statuses: z
    .object({
      pageInfo: z.object({ hasNextPage: z.boolean() }).nullish(),
      nodes: z.array(Status.nullable()).nullish(),
    })
    .nullish(),
});
type Deployment = z.output<typeof Deployment>;

const DeploymentPage = z.object({
  deployments: z.object({
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
    nodes: z.array(z.unknown()),
  }),
});

/** One page of deployments for each repository, in one question. */
export async function readDeployments(
  client: DeploymentClient,
  requests: readonly RepositoryRequest[],
  first: number,
): Promise<RepositoryPage[]> {
  const fields = requests.map(
    ({ repository, token }, index) =>
      `r${index}: ${repositoryField(repository.name)} { ${deploymentsSelection(first, token)} }`,
  );
  const answer = await askGraphql(client, '/graphql', `query { ${fields.join('\n')} ${COST} }`);
  const pages: RepositoryPage[] = [];
  for (const [index, { repository }] of requests.entries()) {
    const reason = answer.refused.get(`r${index}`);
    if (reason !== undefined) pages.push({ refused: reason });
    else pages.push(await toPage(client, repository.name, answer.data[`r${index}`]));
  }
  return pages;
}

async function toPage(client: DeploymentClient, repository: string, value: unknown): Promise<RepositoryPage> {
  const page = DeploymentPage.safeParse(value);
  if (!page.success) throw new Error('POST /graphql: the answer has another shape: deployments: expected a list');
  const { nodes, pageInfo } = page.data.deployments;
  const { records, rejected } = parseDeployments(nodes);
  const next = pageInfo.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined;
  if (pageInfo.hasNextPage && next === undefined) {
    throw new Error('POST /graphql: the answer has another shape: endCursor: expected where the next page begins');
  }
  const whole: DeploymentRecord[] = [];
  for (const one of records) whole.push(toRecord(await withAllStatuses(client, repository, one)));
  return { records: whole, rejected, next };
}

/** One malformed deployment is skipped; a page of which nothing can be parsed is an error. */
function parseDeployments(nodes: readonly unknown[]): { records: Deployment[]; rejected: Rejection[] } {
  const records: Deployment[] = [];
  const rejected: Rejection[] = [];
  for (const node of nodes) {
    const parsed = parseRecord(Deployment, node);
    if ('reason' in parsed) rejected.push(underDatabaseId(parsed, node));
    else records.push(parsed);
  }
  if (records.length === 0 && rejected.length > 1) {
    throw new Error(`POST /graphql: none of ${rejected.length} records has the expected shape: ${rejected[0]?.detail}`);
  }
  return { records, rejected };
}

function underDatabaseId(rejection: Rejection, node: unknown): Rejection {
  const { data } = z.object({ databaseId: z.number() }).safeParse(node);
  const id = data === undefined ? undefined : String(data.databaseId);
  if (id !== undefined) return { ...rejection, id, key: id };
  return { key: rejection.key, reason: 'missing_id', detail: rejection.detail };
}

const RestStatus = z
  .object({ state: z.string().min(1), created_at: timestamp, log_url: z.string().nullish() })
  .transform(({ state, created_at: createdAt, log_url: logUrl }): Status => ({ state, createdAt, logUrl }));

/** The order of statuses is not documented, so the first final one may be behind those that came along. */
async function withAllStatuses(client: DeploymentClient, repository: string, one: Deployment): Promise<Deployment> {
  if (one.statuses?.pageInfo?.hasNextPage !== true) return one;
  const path = `/repos/${repository}/deployments/${one.databaseId}/statuses`;
  const nodes: Status[] = [];
  for await (const { records } of readPages(client, nextLink({ items: '', size: 100, sizeParam: 'per_page' }), {
    path,
  })) {
    nodes.push(...z.array(RestStatus).parse(records));
  }
  return { ...one, statuses: { nodes } };
}

/** How a status ends a deployment; the first of these decides, as `inactive` follows every success of the same environment. */
const FINAL: Readonly<Record<string, Exclude<DeploymentOutcome, 'cancelled'>>> = {
  SUCCESS: 'success',
  FAILURE: 'failure',
  ERROR: 'failure',
};

/** When and how a deployment ended: by its first final status, or cancelled by `inactive` without one. */
export function endOf(statuses: readonly { readonly state: string; readonly createdAt: number }[]) {
  const finals = statuses.flatMap(({ state, createdAt }) => {
    const outcome = FINAL[state.toUpperCase()];
    return outcome === undefined ? [] : [{ outcome, finishedAtMs: createdAt }];
  });
  // Times are whole seconds: of two in the same one the failure came first, as a later success would repair it.
  const [first] = finals.toSorted((a, b) => a.finishedAtMs - b.finishedAtMs || (a.outcome < b.outcome ? -1 : 1));
  if (first !== undefined) return first;
  const inactive = statuses.filter(({ state }) => state.toUpperCase() === 'INACTIVE').map(({ createdAt }) => createdAt);
  return inactive.length === 0
    ? undefined
    : ({ outcome: 'cancelled', finishedAtMs: Math.min(...inactive) } as const satisfies {
        outcome: DeploymentOutcome;
        finishedAtMs: number;
      });
}

function toRecord(one: Deployment): DeploymentRecord {
  const statuses = (one.statuses?.nodes ?? []).filter((status) => status !== null);
  const end = endOf(statuses);
  const changedMs = [one.createdAt, one.updatedAt ?? 0, ...statuses.map(({ createdAt }) => createdAt)];
  return {
    id: String(one.databaseId),
    key: one.id,
    environment: one.environment ?? one.originalEnvironment ?? '',
    ref: one.ref?.name,
    sha: one.commitOid ?? undefined,
    startedAtMs: one.createdAt,
    ...end,
    url: statuses.map(({ logUrl }) => webLink(logUrl)).find((link) => link !== undefined),
    listedAtMs: one.createdAt,
    updatedAtMs: Math.max(...changedMs),
  };
}

/** Deployments by their ids; those that GitHub no longer has are deleted. */
export async function readDeploymentsAgain(
  client: DeploymentClient,
  unfinished: readonly UnfinishedDeployment[],
): Promise<ReadAgain> {
  const found: ReadAgain[] = [];
  for (let at = 0; at < unfinished.length; at += AGAIN_AT_ONCE) {
    const part = unfinished.slice(at, at + AGAIN_AT_ONCE);
    const fields = part.map(
      ({ key }, index) => `d${index}: node(id: ${JSON.stringify(key)}) { ... on Deployment { ${FIELDS} } }`,
    );
    const answer = await askGraphql(client, '/graphql', `query { ${fields.join('\n')} ${COST} }`);
    for (const [index, one] of part.entries()) {
      found.push(await toReadAgain(client, one, answer.data[`d${index}`], answer.refused.get(`d${index}`)));
    }
  }
  return {
    records: found.flatMap(({ records }) => records),
    rejected: found.flatMap(({ rejected }) => rejected),
    deletedIds: found.flatMap(({ deletedIds }) => deletedIds),
  };
}

async function toReadAgain(
  client: DeploymentClient,
  { repository, id }: UnfinishedDeployment,
  value: unknown,
  reason: string | undefined,
): Promise<ReadAgain> {
  const nothing = { records: [], rejected: [], deletedIds: [] };
  const isGone = reason === undefined ? value === undefined || value === null : reason.startsWith('NOT_FOUND');
  if (isGone) return { ...nothing, deletedIds: [id] };
  if (reason !== undefined) return { ...nothing, rejected: [{ id, key: id, reason: 'forbidden', detail: reason }] };
  const parsed = parseRecord(Deployment, value);
  if ('reason' in parsed) return { ...nothing, rejected: [{ ...parsed, id, key: id }] };
  const record = toRecord(await withAllStatuses(client, repository.name, parsed));
  return { ...nothing, records: [{ repositoryId: repository.id, record }] };
}
