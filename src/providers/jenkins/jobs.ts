import { z } from 'zod';
import { compileGlob, isGlob } from '../../model/glob.ts';
import { parseResponse } from '../answers.ts';
import type { DeploymentClient, FoundRepositories, Repository } from '../engine/deployment-source.ts';

/** Folders within folders that are looked into: Jenkins wants the depth spelt out. */
const DEPTH = 8;
const FIELDS = '_class,fullName,lastBuild[number,timestamp,building]';

/** A job with builds. */
export interface Job {
  /** Its whole name, with the folders that it is in. */
  readonly fullName: string;
  /** The whole name of the multibranch project that it is a branch of. */
  readonly branchOf: string | undefined;
  /** What its newest build is; undefined before the first. */
  readonly lastBuild: { readonly number: number; readonly timestamp: number; readonly building: boolean } | undefined;
}

const LastBuild = z.object({ number: z.int(), timestamp: z.number(), building: z.boolean().nullish() });
const Item = z.object({
  _class: z.string().nullish(),
  fullName: z.string().nullish(),
  lastBuild: LastBuild.nullish(),
  jobs: z.array(z.unknown()).nullish(),
});
const Root = z.object({ jobs: z.array(z.unknown()) });

/** The request that lists all jobs, in folders and multibranch projects too. */
export const JOB_LIST = {
  path: '/api/json',
  query: {
    tree: Array.from({ length: DEPTH }).reduce<string>((inner) => `jobs[${FIELDS}${inner && `,${inner}`}]`, ''),
  },
};

/** Every job that has builds. */
export async function listJobs({ httpClient, signal }: DeploymentClient): Promise<readonly Job[]> {
  const { body } = await httpClient.get(JOB_LIST.path, JOB_LIST.query, signal);
  return flatten(parseResponse(Root, body, 'GET /api/json').jobs, undefined);
}

function flatten(items: readonly unknown[], branchOf: string | undefined): Job[] {
  return items.flatMap((value): Job[] => {
    const { data } = Item.safeParse(value);
    const fullName = data?.fullName;
    if (data === undefined || fullName === undefined || fullName === null) return [];
    const isMultibranch = /multibranch/i.test(data._class ?? '');
    if (data.jobs !== undefined && data.jobs !== null) return flatten(data.jobs, isMultibranch ? fullName : undefined);
    const { lastBuild: last } = data;
    const lastBuild = last && { number: last.number, timestamp: last.timestamp, building: last.building === true };
    return [{ fullName, branchOf, lastBuild: lastBuild ?? undefined }];
  });
}

/** The jobs that the configuration asks for; the branches of a multibranch project are one repository. */
export function matchJobs(jobs: readonly Job[], patterns: readonly string[]): FoundRepositories {
  const globs = patterns.map((pattern) => compileGlob(pattern));
  const isMatch = (name: string | undefined) =>
    name !== undefined && globs.some(({ expression }) => expression.test(name));
  const matching = jobs.filter(({ fullName, branchOf }) => isMatch(fullName) || isMatch(branchOf));
  const found = new Set(matching.flatMap(({ fullName, branchOf }) => [fullName, branchOf]));
  const missing = patterns.filter((pattern) => !isGlob(pattern) && !found.has(pattern));
  return {
    repositories: matching.map(toRepository),
    refused: missing.map((name) => ({ name, reason: 'there is no such job, or these credentials may not read it' })),
  };
}

function toRepository({ fullName, branchOf }: Job): Repository {
  return { id: fullName, name: branchOf ?? fullName };
}

/** The path of a job: a name with a slash in it (a branch) is encoded already, and so a second time here. */
export function jobPath(fullName: string): string {
  return fullName
    .split('/')
    .map((part) => `/job/${encodeURIComponent(part)}`)
    .join('');
}
