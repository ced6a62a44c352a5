import { z } from 'zod';
import { toEnvironment } from '../../config/deployments.ts';
import type { DeploymentSettings } from '../../config/types.ts';
import { isGlob } from '../../model/glob.ts';
import { HOUR_MS } from '../../model/time.ts';
import { parseRecords } from '../answers.ts';
import type { DeploymentClient, DeploymentSource, RepositoryRequest } from '../engine/deployment-source.ts';
import { readPages } from '../engine/list-reader.ts';
import { nextLink } from '../engine/paging.ts';
import { compareCommits } from './comparisons.ts';
import { type EnvironmentNamer, readDeployments } from './deployments.ts';
import { createProjectFinder } from './projects.ts';

/** A pattern of `environments` that begins so is for the environments of a tier. */
const TIER = 'tier:';
/** Tiers of environments are read again this often. */
const TIERS_AGAIN_MS = HOUR_MS;

const Environment = z.object({ name: z.string().min(1), tier: z.string().nullish() });

interface GitlabSourceInput {
  readonly projects: readonly string[];
  readonly settings: DeploymentSettings;
}

/** The deployments of GitLab, by their last change. */
export function createGitlabDeployments({ projects, settings }: GitlabSourceInput): DeploymentSource {
  const { environments, leadTime } = settings;
  const find = createProjectFinder(projects);
  const nameEnvironments = createEnvironmentNames(environments);
  const hasGlobs = projects.some(isGlob);
  const call = { isNeeded: true, impact: 'everything, as no poll succeeds' };
  let nowMs = 0;
  return {
    order: 'change',
    batch: { history: 1, changes: 1 },
    readWith: environments.map(({ match, to }) => `${to}: ${match.pattern}`),
    repositories: (client, atMs) => {
      nowMs = atMs;
      return find(client, atMs);
    },
    read: async (client, requests) =>
      Promise.all(
        requests.map(async (request) =>
          readDeployments(client, request, await nameEnvironments(client, request, nowMs)),
        ),
      ),
    compare: (client, repository, pair) => compareCommits(client, repository, pair, leadTime === 'pull_requests'),
    probes: {
      repositories: { ...call, call: hasGlobs ? 'GET /projects' : 'GET /projects/{id}' },
      deployments: { ...call, call: 'GET /projects/{id}/deployments' },
      ...(leadTime !== 'off' && {
        compare: {
          call: 'GET /projects/{id}/repository/compare',
          isNeeded: false,
          impact: 'lead times and rollbacks: they need a role that may read the repository',
        },
      }),
    },
    estimate: ({ repositories, deployments }) => ({
      perPoll: repositories,
      perHour: hasGlobs ? Math.ceil(repositories / 100) : repositories,
      firstSync: repositories + Math.ceil(deployments / 100) + (leadTime === 'off' ? 0 : deployments),
      isExact: false,
      rateLimitCount: 1,
    }),
  };
}

/** Names of environments; one that no rule names is called `tier:TIER/NAME` where a rule is for tiers. */
function createEnvironmentNames(rules: DeploymentSettings['environments']) {
  const wantsTiers = rules.some(({ match }) => match.pattern.toLowerCase().startsWith(TIER));
  const known = new Map<string, { readonly atMs: number; readonly tiers: ReadonlyMap<string, string> }>();

  return async (
    client: DeploymentClient,
    { repository }: RepositoryRequest,
    nowMs: number,
  ): Promise<EnvironmentNamer> => {
    if (!wantsTiers) return (name) => name;
    let tiers = known.get(repository.id);
    if (tiers === undefined || nowMs - tiers.atMs >= TIERS_AGAIN_MS || nowMs < tiers.atMs) {
      tiers = { atMs: nowMs, tiers: await readTiers(client, repository.id) };
      known.set(repository.id, tiers);
    }
    const { tiers: byName } = tiers;
    return (name) => {
      const tier = byName.get(name);
      return tier === undefined || toEnvironment(rules, name) !== undefined ? name : `${TIER}${tier}/${name}`;
    };
  };
}

async function readTiers(client: DeploymentClient, id: string): Promise<ReadonlyMap<string, string>> {
  const path = `/projects/${id}/environments`;
  const tiers = new Map<string, string>();
  for await (const { records } of readPages(client, nextLink({ items: '', size: 100, sizeParam: 'per_page' }), {
    path,
  })) {
    for (const { name, tier } of parseRecords(Environment, records, 'GET /projects/{id}/environments').records) {
      if (tier !== undefined && tier !== null) tiers.set(name, tier);
    }
  }
  return tiers;
}
