import { z } from 'zod';
import { compileGlob, type Glob, isGlob } from '../../model/glob.ts';
import { HOUR_MS } from '../../model/time.ts';
import { parseRecords } from '../answers.ts';
import type {
  DeploymentClient,
  FoundRepositories,
  RefusedRepository,
  Repository,
} from '../engine/deployment-source.ts';
import { readPages } from '../engine/list-reader.ts';
import { nextLink } from '../engine/paging.ts';
import { askGraphql } from './graphql.ts';
import { ORGANISATION_ARGUMENT, TOKEN_REPOSITORIES_PATH } from './words.ts';

/** New repositories are found this often. */
const FIND_AGAIN_MS = HOUR_MS;
/** Repositories that one question resolves. */
const RESOLVED_AT_ONCE = 50;

const Listed = z
  .object({
    id: z.number(),
    full_name: z.string().min(1),
    archived: z.boolean().nullish(),
    fork: z.boolean().nullish(),
  })
  .transform(({ id, full_name: name, archived, fork }) => ({
    id: String(id),
    name,
    isQuiet: archived === true || fork === true,
  }));
const Resolved = z.object({ databaseId: z.number(), nameWithOwner: z.string().min(1) });

const pagesOf = (items: string) => nextLink({ items, size: 100, sizeParam: 'per_page' });

/** The list of what a token, or the installation of an app, sees. */
export function listOf(isApp: boolean) {
  return isApp
    ? { request: { path: '/installation/repositories' }, paging: pagesOf('repositories') }
    : { request: { path: TOKEN_REPOSITORIES_PATH }, paging: pagesOf('') };
}

/** Finds the repositories of the configuration, again once an hour: names in full, and globs over what the credentials see. */
export function createRepositoryFinder({ patterns, isApp }: { patterns: readonly string[]; isApp: boolean }) {
  const globs = patterns.filter(isGlob).map((pattern) => compileGlob(pattern, { ignoreCase: true }));
  const named = [...new Set(patterns.filter((pattern) => !isGlob(pattern)))];
  let found: { readonly atMs: number; readonly repositories: readonly Repository[] } | undefined;

  return async (client: DeploymentClient, nowMs: number): Promise<FoundRepositories> => {
    if (found !== undefined && nowMs - found.atMs < FIND_AGAIN_MS && nowMs >= found.atMs) {
      return { repositories: found.repositories, refused: [] };
    }
    const resolved = await resolveNames(client, named);
    const listed = globs.length === 0 ? [] : await listMatching(client, globs, isApp);
    const byId = new Map([...resolved.repositories, ...listed].map((one) => [one.id, one]));
    const repositories = [...byId.values()];
    // What was refused is tried again in the next poll.
    found = resolved.refused.length === 0 ? { atMs: nowMs, repositories } : undefined;
    return { repositories, refused: resolved.refused };
  };
}

/** Archived and forked repositories only come when they are named in full. */
async function listMatching(client: DeploymentClient, globs: readonly Glob[], isApp: boolean): Promise<Repository[]> {
  const { request, paging } = listOf(isApp);
  const repositories: Repository[] = [];
  for await (const page of readPages(client, paging, request)) {
    for (const { id, name, isQuiet } of parseRecords(Listed, page.records, `GET ${request.path}`).records) {
      if (!isQuiet && globs.some(({ expression }) => expression.test(name))) repositories.push({ id, name });
    }
  }
  return repositories;
}

async function resolveNames(client: DeploymentClient, names: readonly string[]): Promise<FoundRepositories> {
  const repositories: Repository[] = [];
  const refused: RefusedRepository[] = [];
  for (let at = 0; at < names.length; at += RESOLVED_AT_ONCE) {
    const part = names.slice(at, at + RESOLVED_AT_ONCE);
    const fields = part.map((name, index) => `r${index}: ${repositoryField(name)} { databaseId nameWithOwner }`);
    const answer = await askGraphql(client, '/graphql', `query { ${fields.join(' ')} ${COST} }`);
    for (const [index, name] of part.entries()) {
      const result = Resolved.safeParse(answer.data[`r${index}`]);
      const reason = answer.refused.get(`r${index}`) ?? 'it is gone, or these credentials may not read it';
      if (result.success) repositories.push({ id: String(result.data.databaseId), name: result.data.nameWithOwner });
      else refused.push({ name, reason });
    }
  }
  return { repositories, refused };
}

/** What a question cost and what is left, for whoever reads a transcript. */
export const COST = 'rateLimit { cost remaining resetAt }';

/** `repository(…)` of GraphQL, which finds a renamed one by its old name as well. */
export function repositoryField(name: string): string {
  const [organisation = '', ...rest] = name.split('/');
  return `repository(${ORGANISATION_ARGUMENT}: ${JSON.stringify(organisation)}, name: ${JSON.stringify(rest.join('/'))})`;
}
