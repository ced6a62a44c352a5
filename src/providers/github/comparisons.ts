import { z } from 'zod';
import { RequestError } from '../../http/errors.ts';
import type { Change } from '../../model/deployment.ts';
import { parseResponse, timestamp } from '../answers.ts';
import {
  type CommitPair,
  type ComparedCommits,
  type DeploymentClient,
  type Repository,
  UNKNOWN_RELATION,
} from '../engine/deployment-source.ts';
import { askGraphql } from './graphql.ts';
import { COST, repositoryField } from './repositories.ts';
import { WRITTEN_KEY } from './words.ts';

const PAGE_SIZE = 100;
/** GitHub lists so many commits of a comparison, and no more. */
const COMMITS_MAX = 10_000;
/** Commits whose pull requests one question asks for. */
const COMMITS_AT_ONCE = 50;

const Commit = z
  .object({
    sha: z.string().min(1),
    commit: z.object({ [WRITTEN_KEY]: z.object({ date: timestamp }).nullish() }),
  })
  .transform(({ sha, commit }): { sha: string; authoredAtMs: number | undefined } => ({
    sha,
    authoredAtMs: commit[WRITTEN_KEY]?.date,
  }));
const Compared = z.object({
  status: z.enum(['ahead', 'behind', 'identical', 'diverged']),
  total_commits: z.int().min(0),
  commits: z.array(Commit),
});

/** 404: a commit is gone, as after a forced push; 422: there is nothing to compare. */
const UNKNOWN_STATUSES: readonly (number | undefined)[] = [404, 422];

/** How two commits relate, and what the second one adds: all of it, or nothing where GitHub does not list it whole. */
export async function compareCommits(
  client: DeploymentClient,
  repository: Repository,
  pair: CommitPair,
  withPullRequests: boolean,
): Promise<ComparedCommits> {
  try {
    const compared = await readComparison(client, repository.name, pair);
    if (!withPullRequests) return compared;
    return { ...compared, changes: await addPullRequests(client, repository.name, compared.changes) };
  } catch (error) {
    if (error instanceof RequestError && UNKNOWN_STATUSES.includes(error.status)) return UNKNOWN_RELATION;
    throw error;
  }
}

async function readComparison(
  client: DeploymentClient,
  repository: string,
  pair: CommitPair,
): Promise<ComparedCommits> {
  const changes: Change[] = [];
  let listed = 0;
  for (let page = 1; ; page += 1) {
    const { status: relation, total_commits: total, commits } = await readPage(client, repository, pair, page);
    if (relation === 'identical' || relation === 'behind') return { relation, changes: [] };
    changes.push(
      ...commits.flatMap(({ sha, authoredAtMs }) => (authoredAtMs === undefined ? [] : { sha, authoredAtMs })),
    );
    listed += commits.length;
    if (listed >= total) return { relation, changes };
    if (commits.length === 0 || total > COMMITS_MAX) return UNKNOWN_RELATION;
  }
}

async function readPage(client: DeploymentClient, repository: string, { baseSha, headSha }: CommitPair, page: number) {
  const path = `/repos/${repository}/compare/${encodeURIComponent(baseSha)}...${encodeURIComponent(headSha)}`;
  const endpoint = '/repos/{repository}/compare/{commits}';
  const { body } = await client.httpClient.get({ path, endpoint }, { per_page: PAGE_SIZE, page }, client.signal);
  return parseResponse(Compared, body, `GET ${endpoint}`);
}

const PullRequests = z.object({
  associatedPullRequests: z
    .object({
      nodes: z.array(
        z.object({
          createdAt: timestamp,
          mergedAt: timestamp.nullish(),
          commits: z.object({ nodes: z.array(z.object({ commit: z.object({ authoredDate: timestamp }) })) }),
        }),
      ),
    })
    .nullish(),
});

/** The changes with the times of the pull request that brought each of them; one that came without stays as it is. */
async function addPullRequests(client: DeploymentClient, repository: string, changes: readonly Change[]) {
  const all: Change[] = [];
  for (let at = 0; at < changes.length; at += COMMITS_AT_ONCE) {
    const part = changes.slice(at, at + COMMITS_AT_ONCE);
    const fields = part.map(
      (
        { sha },
        index,
      ) => `c${index}: object(oid: ${JSON.stringify(sha)}) { ... on Commit { associatedPullRequests(first: 5) {
        nodes { createdAt mergedAt commits(first: 1) { nodes { commit { authoredDate } } } } } } }`,
    );
    const query = `query { r: ${repositoryField(repository)} { ${fields.join('\n')} } ${COST} }`;
    const { data } = await askGraphql(client, '/graphql', query);
    const answers = parseResponse(z.record(z.string(), z.unknown()), data['r'] ?? {}, 'POST /graphql');
    all.push(...part.map((change, index) => withPullRequest(change, answers[`c${index}`])));
  }
  return all;
}

function withPullRequest(change: Change, answer: unknown): Change {
  const { nodes = [] } = PullRequests.safeParse(answer).data?.associatedPullRequests ?? {};
  const merged = nodes.filter(({ mergedAt }) => mergedAt != null).toSorted((a, b) => a.createdAt - b.createdAt);
  const [pull] = merged;
  if (pull === undefined) return change;
  const firstCommitAtMs = pull.commits.nodes[0]?.commit.authoredDate ?? change.authoredAtMs;
  const mergedAtMs = pull.mergedAt ?? undefined;
  return { ...change, pullRequest: { firstCommitAtMs, openedAtMs: pull.createdAt, mergedAtMs } };
}
