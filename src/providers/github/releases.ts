import { z } from 'zod';
import { type Rejection, webLink } from '../../model/incident.ts';
import { parseRecord, timestamp } from '../answers.ts';
import type {
  DeploymentClient,
  DeploymentRecord,
  RepositoryPage,
  RepositoryRequest,
} from '../engine/deployment-source.ts';
import { askGraphql } from './graphql.ts';
import { COST, repositoryField } from './repositories.ts';

const Release = z
  .object({
    databaseId: z.number(),
    isDraft: z.boolean().nullish(),
    createdAt: timestamp,
    publishedAt: timestamp.nullish(),
    updatedAt: timestamp.nullish(),
    tagName: z.string().nullish(),
    tagCommit: z.object({ oid: z.string().min(1) }).nullish(),
    url: z.string().nullish(),
  })
  .transform((one): DeploymentRecord | undefined => {
    const publishedAtMs = one.publishedAt ?? undefined;
    if (one.isDraft === true || publishedAtMs === undefined) return undefined;
    return {
      id: `release-${one.databaseId}`,
      environment: 'production',
      ref: one.tagName ?? undefined,
      sha: one.tagCommit?.oid,
      startedAtMs: publishedAtMs,
      finishedAtMs: publishedAtMs,
      outcome: 'success',
      url: webLink(one.url),
      listedAtMs: one.createdAt,
      updatedAtMs: one.updatedAt ?? publishedAtMs,
    };
  });
const ReleasePage = z.object({
  releases: z.object({
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
    nodes: z.array(z.unknown()),
  }),
});

/** One page of releases for each repository, newest first, in one question; each published one is a success of `production`. */
export async function readReleases(
  client: DeploymentClient,
  requests: readonly RepositoryRequest[],
  first: number,
): Promise<RepositoryPage[]> {
  const fields = requests.map(({ repository, token }, index) => {
    const after = token === undefined ? '' : `, after: ${JSON.stringify(token)}`;
    return `r${index}: ${repositoryField(repository.name)} {
      releases(first: ${first}${after}, orderBy: {field: CREATED_AT, direction: DESC}) { pageInfo { hasNextPage endCursor }
        nodes { databaseId isDraft createdAt publishedAt updatedAt tagName tagCommit { oid } url } } }`;
  });
  const answer = await askGraphql(client, '/graphql', `query { ${fields.join('\n')} ${COST} }`);
  return requests.map((_, index) => toPage(answer.data[`r${index}`], answer.refused.get(`r${index}`)));
}

function toPage(value: unknown, reason: string | undefined): RepositoryPage {
  if (reason !== undefined) return { refused: reason };
  const { data } = ReleasePage.safeParse(value);
  if (data === undefined) throw new Error('POST /graphql: the answer has another shape: releases: expected a list');
  const { nodes, pageInfo } = data.releases;
  const records: DeploymentRecord[] = [];
  const rejected: Rejection[] = [];
  for (const node of nodes) {
    const one = parseRecord(Release, node);
    if (one === undefined) continue;
    if ('reason' in one) rejected.push(one);
    else records.push(one);
  }
  return { records, rejected, next: pageInfo.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined };
}
