import { z } from 'zod';
import { RequestError } from '../../http/errors.ts';
import type { DeploymentOutcome } from '../../model/deployment.ts';
import { type Rejection, webLink } from '../../model/incident.ts';
import { parseRecord, timestamp } from '../answers.ts';
import type {
  DeploymentClient,
  DeploymentRecord,
  RepositoryPage,
  RepositoryRequest,
} from '../engine/deployment-source.ts';

const PAGE_SIZE = 100;
/** Pages of deployments that all changed at one instant: more are a loop. */
const SAME_TIME_PAGES_MAX = 100;

/** `created`, `running` and `blocked` have no outcome yet. */
const OUTCOMES: Readonly<Record<string, DeploymentOutcome>> = {
  success: 'success',
  failed: 'failure',
  canceled: 'cancelled',
  skipped: 'cancelled',
};

const Deployment = z.object({
  id: z.number(),
  ref: z.string().nullish(),
  sha: z.string().nullish(),
  status: z.string().min(1),
  created_at: timestamp,
  updated_at: timestamp,
  finished_at: timestamp.nullish(),
  environment: z.object({ name: z.string() }),
  deployable: z
    .object({ started_at: timestamp.nullish(), finished_at: timestamp.nullish(), web_url: z.string().nullish() })
    .nullish(),
});
type Deployment = z.output<typeof Deployment>;

/** How an environment is called: by its name, or with its tier before it. */
export type EnvironmentNamer = (name: string) => string;

/**
 * A page of the changes of a project. It goes on from the time of its last record, as what changes while the list is read moves to
 * its end, and with page numbers something else would be left out.
 */
export async function readDeployments(
  client: DeploymentClient,
  { repository, fromMs, token }: RepositoryRequest,
  nameEnvironment: EnvironmentNamer,
): Promise<RepositoryPage> {
  const { atMs, page } = token === undefined ? { atMs: fromMs, page: 1 } : parseToken(token);
  const endpoint = '/projects/{id}/deployments';
  const query = {
    updated_after: new Date(atMs).toISOString(),
    order_by: 'updated_at',
    sort: 'asc',
    per_page: PAGE_SIZE,
    page,
  };
  try {
    const path = { path: `/projects/${repository.id}/deployments`, endpoint };
    const { body } = await client.httpClient.get(path, query, client.signal);
    if (!Array.isArray(body)) throw new Error(`GET ${endpoint}: the answer has another shape: expected a list`);
    const { deployments, rejected } = parseAll(body, endpoint);
    const records = deployments.map((one) => toRecord(one, nameEnvironment));
    return { records, rejected, next: nextToken(records, body.length, { atMs, page }) };
  } catch (error) {
    if (!(error instanceof RequestError) || (error.status !== 403 && error.status !== 404)) throw error;
    return { refused: error.message };
  }
}

/** One malformed deployment is skipped; a page of which nothing can be parsed is an error. */
function parseAll(values: readonly unknown[], endpoint: string) {
  const deployments: Deployment[] = [];
  const rejected: Rejection[] = [];
  for (const value of values) {
    const parsed = parseRecord(Deployment, value);
    if (!('reason' in parsed)) {
      deployments.push(parsed);
      continue;
    }
    const { data } = z.object({ id: z.number() }).safeParse(value);
    const id = data === undefined ? undefined : String(data.id);
    rejected.push(id === undefined ? parsed : { ...parsed, id, key: id, reason: 'malformed' });
  }
  if (deployments.length === 0 && rejected.length > 1) {
    const { detail } = rejected[0] ?? {};
    throw new Error(`GET ${endpoint}: none of ${rejected.length} records has the expected shape: ${detail}`);
  }
  return { deployments, rejected };
}

function nextToken(
  records: readonly DeploymentRecord[],
  listed: number,
  { atMs, page }: { readonly atMs: number; readonly page: number },
): string | undefined {
  if (listed < PAGE_SIZE) return undefined;
  const lastMs = records.reduce((newest, { listedAtMs }) => Math.max(newest, listedAtMs), 0);
  // The filter may include the time itself, so a page of one time alone is passed by its number.
  const isSameTime = lastMs <= atMs + 1;
  if (isSameTime && page >= SAME_TIME_PAGES_MAX) {
    throw new Error(`GET /projects/{id}/deployments: more than ${SAME_TIME_PAGES_MAX} pages of one time`);
  }
  return isSameTime ? `${atMs} ${page + 1}` : `${lastMs - 1} 1`;
}

function parseToken(token: string): { atMs: number; page: number } {
  const [atMs = 0, page = 1] = token.split(' ').map(Number);
  return { atMs, page };
}

function toRecord(one: Deployment, nameEnvironment: EnvironmentNamer): DeploymentRecord {
  const outcome = OUTCOMES[one.status];
  const startedAtMs = one.deployable?.started_at ?? one.created_at;
  // Deployments that were made by the API have no job.
  const finishedAtMs = one.deployable?.finished_at ?? one.finished_at ?? one.updated_at;
  return {
    id: String(one.id),
    environment: nameEnvironment(one.environment.name),
    ref: one.ref ?? undefined,
    sha: one.sha ?? undefined,
    startedAtMs,
    ...(outcome === undefined ? {} : { outcome, finishedAtMs }),
    url: webLink(one.deployable?.web_url),
    listedAtMs: one.updated_at,
    updatedAtMs: one.updated_at,
  };
}
