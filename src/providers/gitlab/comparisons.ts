import { z } from 'zod';
import { RequestError } from '../../http/errors.ts';
import type { Change } from '../../model/deployment.ts';
import { parseRecords, parseResponse, timestamp } from '../answers.ts';
import {
  type CommitPair,
  type ComparedCommits,
  type DeploymentClient,
  type Repository,
  UNKNOWN_RELATION,
} from '../engine/deployment-source.ts';
import { readPages } from '../engine/list-reader.ts';
import { nextLink } from '../engine/paging.ts';

const Compared = z.object({
  compare_timeout: z.boolean().nullish(),
  commits: z.array(
    z.object({ id: z.string().min(1), authored_date: timestamp, parent_ids: z.array(z.string()).nullish() }),
  ),
});
const MergeBase = z.object({ id: z.string().min(1) });
const MergeRequest = z.object({
  iid: z.number(),
  created_at: timestamp,
  merged_at: timestamp.nullish(),
});
const CommitDate = z.object({ authored_date: timestamp });

/** How two commits relate, and what the second one adds; a commit that is gone answers 404. */
export async function compareCommits(
  client: DeploymentClient,
  repository: Repository,
  { baseSha, headSha }: CommitPair,
  withMergeRequests: boolean,
): Promise<ComparedCommits> {
  const endpoint = '/projects/{id}/repository/compare';
  const path = { path: `/projects/${repository.id}/repository/compare`, endpoint };
  try {
    const { body } = await client.httpClient.get(path, { from: baseSha, to: headSha }, client.signal);
    const { commits, compare_timeout: isCut } = parseResponse(Compared, body, `GET ${endpoint}`);
    if (isCut === true) return UNKNOWN_RELATION;
    if (commits.length === 0) return await compareBackwards(client, repository, { baseSha, headSha });
    // The base came before the head exactly if something that it lacks was made on it.
    const isAhead = commits.some(({ parent_ids: parents }) => parents?.includes(baseSha) === true);
    const changes = commits.map(({ id, authored_date: authoredAtMs }) => ({ sha: id, authoredAtMs }));
    return {
      relation: isAhead ? 'ahead' : 'diverged',
      changes: withMergeRequests ? await addMergeRequests(client, repository, changes) : changes,
    };
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return UNKNOWN_RELATION;
    throw error;
  }
}

/** Without new commits the head is a part of the base, unless the two have nothing in common. */
async function compareBackwards(client: DeploymentClient, { id }: Repository, { baseSha, headSha }: CommitPair) {
  const endpoint = '/projects/{id}/repository/merge_base';
  const path = { path: `/projects/${id}/repository/merge_base`, endpoint };
  const { body } = await client.httpClient.get(path, { 'refs[]': [baseSha, headSha] }, client.signal);
  const { id: common } = parseResponse(MergeBase, body, `GET ${endpoint}`);
  return common === headSha ? { relation: 'behind' as const, changes: [] } : UNKNOWN_RELATION;
}

const paging = nextLink({ items: '', size: 100, sizeParam: 'per_page' });

/** The changes with the times of the merge request that brought each of them; one that came without stays as it is. */
async function addMergeRequests(client: DeploymentClient, { id }: Repository, changes: readonly Change[]) {
  const firstCommits = new Map<number, number>();
  const all: Change[] = [];
  for (const change of changes) {
    const of = `/projects/${id}/repository/commits/${encodeURIComponent(change.sha)}/merge_requests`;
    const endpoint = '/projects/{id}/repository/commits/{sha}/merge_requests';
    const { body } = await client.httpClient.get({ path: of, endpoint }, {}, client.signal);
    const requests = parseResponse(z.array(MergeRequest), body, `GET ${endpoint}`);
    const merged = requests.filter(({ merged_at: atMs }) => atMs !== undefined && atMs !== null);
    const [request] = merged.toSorted((a, b) => a.created_at - b.created_at);
    if (request === undefined) {
      all.push(change);
      continue;
    }
    const { iid, created_at: openedAtMs } = request;
    const firstCommitAtMs = firstCommits.get(iid) ?? (await findFirstCommit(client, id, iid)) ?? change.authoredAtMs;
    firstCommits.set(iid, firstCommitAtMs);
    all.push({ ...change, pullRequest: { firstCommitAtMs, openedAtMs, mergedAtMs: request.merged_at ?? undefined } });
  }
  return all;
}

async function findFirstCommit(client: DeploymentClient, id: string, iid: number): Promise<number | undefined> {
  const path = `/projects/${id}/merge_requests/${iid}/commits`;
  let firstMs: number | undefined;
  for await (const { records } of readPages(client, paging, { path })) {
    for (const { authored_date: atMs } of parseRecords(CommitDate, records, `GET ${path}`).records) {
      firstMs = Math.min(atMs, firstMs ?? atMs);
    }
  }
  return firstMs;
}
