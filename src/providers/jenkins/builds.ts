import { z } from 'zod';
import type { EnvironmentRule } from '../../config/types.ts';
import { RequestError } from '../../http/errors.ts';
import type { DeploymentOutcome } from '../../model/deployment.ts';
import { type Rejection, webLink } from '../../model/incident.ts';
import { parseRecord, parseResponse } from '../answers.ts';
import type {
  DeploymentClient,
  DeploymentRecord,
  ReadAgain,
  RepositoryPage,
  RepositoryRequest,
  UnfinishedDeployment,
} from '../engine/deployment-source.ts';
import { chooseEnvironment } from '../environment-candidates.ts';
import { jobPath } from './jobs.ts';

/** Builds of one request: each is loaded from the disk of the server. */
export const PAGE_SIZE = 100;
const FIELDS =
  'number,url,timestamp,duration,result,building,actions[parameters[name,value],lastBuiltRevision[SHA1,branch[name]]]';

const Action = z.object({
  parameters: z.array(z.object({ name: z.string(), value: z.unknown().optional() })).nullish(),
  lastBuiltRevision: z
    .object({ SHA1: z.string().nullish(), branch: z.array(z.object({ name: z.string() })).nullish() })
    .nullish(),
});
const Build = z.object({
  number: z.int(),
  url: z.string().nullish(),
  timestamp: z.number().int().positive(),
  duration: z.number().nullish(),
  result: z.string().nullish(),
  building: z.boolean().nullish(),
  actions: z.array(Action.nullable()).nullish(),
});
type Build = z.output<typeof Build>;
const BuildPage = z.object({ allBuilds: z.array(z.unknown()).nullish() });

const OUTCOMES: Readonly<Record<string, DeploymentOutcome>> = {
  SUCCESS: 'success',
  FAILURE: 'failure',
  UNSTABLE: 'failure',
  ABORTED: 'cancelled',
  NOT_BUILT: 'cancelled',
};

export interface BuildOptions {
  readonly environments: readonly EnvironmentRule[];
  /** The parameter that says where a build deploys to. */
  readonly parameter: string;
}

/** A page of the builds of a job, the newest first. */
export async function readBuilds(
  client: DeploymentClient,
  { repository, token = '0' }: RepositoryRequest,
  options: BuildOptions,
): Promise<RepositoryPage> {
  const from = Number(token);
  const endpoint = '/job/{name}/api/json';
  const path = { path: `${jobPath(repository.id)}/api/json`, endpoint };
  const tree = `allBuilds[${FIELDS}]{${from},${from + PAGE_SIZE}}`;
  try {
    const { body } = await client.httpClient.get(path, { tree }, client.signal);
    const { allBuilds } = parseResponse(BuildPage, body, `GET ${endpoint}`);
    const builds = allBuilds ?? [];
    const records: DeploymentRecord[] = [];
    const rejected: Rejection[] = [];
    for (const value of builds) {
      const build = parseRecord(Build, value);
      if ('reason' in build) rejected.push(build);
      else records.push(toRecord(build, repository.id, options));
    }
    if (records.length === 0 && rejected.length > 1) {
      throw new Error(
        `GET ${endpoint}: none of ${rejected.length} builds has the expected shape: ${rejected[0]?.detail}`,
      );
    }
    return { records, rejected, next: builds.length < PAGE_SIZE ? undefined : String(from + PAGE_SIZE) };
  } catch (error) {
    if (!(error instanceof RequestError) || (error.status !== 403 && error.status !== 404)) throw error;
    return { refused: error.message };
  }
}

/** Builds by their numbers: one that is gone, or whose number another build has by now, is deleted. */
export async function readBuildsAgain(
  client: DeploymentClient,
  unfinished: readonly UnfinishedDeployment[],
  options: BuildOptions,
): Promise<ReadAgain> {
  const records: { repositoryId: string; record: DeploymentRecord }[] = [];
  const deletedIds: string[] = [];
  for (const { repository, id, key } of unfinished) {
    const endpoint = '/job/{name}/{number}/api/json';
    const path = { path: `${jobPath(repository.id)}/${key}/api/json`, endpoint };
    try {
      const { body } = await client.httpClient.get(path, { tree: FIELDS }, client.signal);
      const record = toRecord(parseResponse(Build, body, `GET ${endpoint}`), repository.id, options);
      if (record.id === id) records.push({ repositoryId: repository.id, record });
      else deletedIds.push(id);
    } catch (error) {
      if (!(error instanceof RequestError) || error.status !== 404) throw error;
      deletedIds.push(id);
    }
  }
  return { records, rejected: [], deletedIds };
}

function toRecord(build: Build, fullName: string, { environments, parameter }: BuildOptions): DeploymentRecord {
  const actions = (build.actions ?? []).filter((action) => action !== null);
  const parameters = actions.flatMap((action) => action.parameters ?? []);
  const wanted = parameters.find(({ name }) => name.toLowerCase() === parameter.toLowerCase())?.value;
  const revision = actions.map((action) => action.lastBuiltRevision).find((one) => one !== undefined && one !== null);
  const isRunning = build.building === true || build.result === undefined || build.result === null;
  const finishedAtMs = build.timestamp + (build.duration ?? 0);
  return {
    // The numbers of a job that is made anew begin again, its times do not.
    id: `${fullName}#${build.number}@${build.timestamp}`,
    key: String(build.number),
    environment:
      typeof wanted === 'string' && wanted !== ''
        ? wanted
        : chooseEnvironment(environments, [fullName, fullName.slice(fullName.lastIndexOf('/') + 1)]),
    ref: revision?.branch?.[0]?.name.replace(/^refs\/(?:remotes\/[^/]+|heads|tags)\//, ''),
    sha: revision?.SHA1 ?? undefined,
    startedAtMs: build.timestamp,
    ...(isRunning ? {} : { finishedAtMs, outcome: OUTCOMES[build.result ?? ''] ?? 'cancelled' }),
    url: webLink(build.url),
    listedAtMs: build.timestamp,
    updatedAtMs: isRunning ? build.timestamp : finishedAtMs,
  };
}
