import { z } from 'zod';
import { RequestError } from '../../http/errors.ts';
import { compileGlob, type Glob, isGlob } from '../../model/glob.ts';
import { HOUR_MS } from '../../model/time.ts';
import { parseRecords, parseResponse } from '../answers.ts';
import type {
  DeploymentClient,
  FoundRepositories,
  RefusedRepository,
  Repository,
} from '../engine/deployment-source.ts';
import { readPages } from '../engine/list-reader.ts';
import { nextLink } from '../engine/paging.ts';

/** New projects are found this often. */
const FIND_AGAIN_MS = HOUR_MS;

const Project = z
  .object({
    id: z.number(),
    path_with_namespace: z.string().min(1),
    archived: z.boolean().nullish(),
    forked_from_project: z.unknown().optional(),
  })
  .transform(({ id, path_with_namespace: name, archived, forked_from_project: origin }) => ({
    id: String(id),
    name,
    isQuiet: archived === true || (origin !== undefined && origin !== null),
  }));

/** The list of the projects that the token is a member of, by keyset: an offset ends at 50,000. */
export const PROJECT_LIST = {
  path: '/projects',
  query: { membership: true, pagination: 'keyset', order_by: 'id', sort: 'asc' },
};

/** Finds the projects of the configuration, again once an hour: full paths, and globs over what the token is a member of. */
export function createProjectFinder(patterns: readonly string[]) {
  const globs = patterns.filter(isGlob).map((pattern) => compileGlob(pattern, { ignoreCase: true }));
  const named = [...new Set(patterns.filter((pattern) => !isGlob(pattern)))];
  let found: { readonly atMs: number; readonly repositories: readonly Repository[] } | undefined;

  return async (client: DeploymentClient, nowMs: number): Promise<FoundRepositories> => {
    if (found !== undefined && nowMs - found.atMs < FIND_AGAIN_MS && nowMs >= found.atMs) {
      return { repositories: found.repositories, refused: [] };
    }
    const refused: RefusedRepository[] = [];
    const byId = new Map<string, Repository>();
    for (const name of named) {
      const project = await findProject(client, name);
      if ('reason' in project) refused.push(project);
      else byId.set(project.id, project);
    }
    if (globs.length > 0) for (const one of await listMatching(client, globs)) byId.set(one.id, one);
    const repositories = [...byId.values()];
    // What was refused is tried again in the next poll.
    found = refused.length === 0 ? { atMs: nowMs, repositories } : undefined;
    return { repositories, refused };
  };
}

async function findProject(client: DeploymentClient, name: string): Promise<Repository | RefusedRepository> {
  const path = { path: `/projects/${encodeURIComponent(name)}`, endpoint: '/projects/{id}' };
  try {
    const { body } = await client.httpClient.get(path, {}, client.signal);
    const { id, name: current } = parseResponse(Project, body, 'GET /projects/{id}');
    return { id, name: current };
  } catch (error) {
    if (!(error instanceof RequestError) || (error.status !== 403 && error.status !== 404)) throw error;
    return { name, reason: error.message };
  }
}

/** Archived projects and forks only come when they are named in full. */
async function listMatching(client: DeploymentClient, globs: readonly Glob[]): Promise<Repository[]> {
  const projects: Repository[] = [];
  const paging = nextLink({ items: '', size: 100, sizeParam: 'per_page' });
  for await (const { records } of readPages(client, paging, PROJECT_LIST)) {
    for (const { id, name, isQuiet } of parseRecords(Project, records, 'GET /projects').records) {
      if (!isQuiet && globs.some(({ expression }) => expression.test(name))) projects.push({ id, name });
    }
  }
  return projects;
}
