import { isGlob } from '../../model/glob.ts';
import type { DeploymentSource, RepositoryPage } from '../engine/deployment-source.ts';
import { type BuildOptions, PAGE_SIZE, readBuilds, readBuildsAgain } from './builds.ts';
import { type Job, listJobs, matchJobs } from './jobs.ts';

const NOTHING_NEW: RepositoryPage = { records: [], rejected: [], next: undefined };

/** The builds of Jenkins' jobs: a quiet poll is the one request that lists the jobs with their newest builds. */
export function createJenkinsDeployments(patterns: readonly string[], options: BuildOptions): DeploymentSource {
  let jobs: ReadonlyMap<string, Job> = new Map();
  /** By job, the newest build when all its builds were over. */
  const settled = new Map<string, string>();
  const call = { isNeeded: true, impact: 'everything, as no poll succeeds' };

  async function read(...[client, requests]: Parameters<DeploymentSource['read']>): Promise<RepositoryPage[]> {
    const pages: RepositoryPage[] = [];
    for (const request of requests) {
      const { id } = request.repository;
      const newest = newestOf(jobs.get(id));
      if (request.isHistory !== true && newest !== undefined && settled.get(id) === newest) {
        pages.push(NOTHING_NEW);
        continue;
      }
      const page = await readBuilds(client, request, options);
      const isSettled = 'records' in page && page.records.every(({ outcome }) => outcome !== undefined);
      if (request.token === undefined && newest !== undefined && isSettled) settled.set(id, newest);
      pages.push(page);
    }
    return pages;
  }

  return {
    order: 'creation',
    batch: { history: 1, changes: 1 },
    readWith: [options.parameter, ...options.environments.map(({ match, to }) => `${to}: ${match.pattern}`)],
    async repositories(client) {
      const all = await listJobs(client);
      jobs = new Map(all.map((job) => [job.fullName, job]));
      return matchJobs(all, patterns);
    },
    read,
    readAgain: (client, unfinished) => readBuildsAgain(client, unfinished, options),
    probes: {
      repositories: { ...call, call: 'GET /api/json' },
      deployments: { ...call, call: 'GET /job/{name}/api/json' },
    },
    estimate: ({ repositories, deployments }) => ({
      perPoll: 1,
      perHour: 0,
      firstSync: 1 + repositories + Math.ceil(deployments / PAGE_SIZE),
      isExact: patterns.every((pattern) => !isGlob(pattern)) && deployments < PAGE_SIZE,
      rateLimitCount: 1,
    }),
  };
}

function newestOf(job: Job | undefined): string | undefined {
  if (job === undefined) return undefined;
  const { lastBuild } = job;
  if (lastBuild === undefined) return 'none';
  return lastBuild.building ? undefined : `${lastBuild.number} ${lastBuild.timestamp}`;
}
