import type { ProviderConfig } from '../../config/types.ts';
import { isGlob } from '../../model/glob.ts';
import type { DeploymentSource } from '../engine/deployment-source.ts';
import type { GithubApi } from './api.ts';
import { compareCommits } from './comparisons.ts';
import { PAGE_SIZES, readDeployments, readDeploymentsAgain } from './deployments.ts';
import { readReleases } from './releases.ts';
import { createRepositoryFinder, listOf } from './repositories.ts';
import { readWorkflowRuns, type WorkflowRunOptions } from './workflow-runs.ts';

/** Repositories of one question: a later poll asks for few records each, a history for as many as GitHub answers in time. */
const BATCH = { history: 4, changes: 25 } as const;
/** Runs of a workflow come from REST, one repository at a time. */
const SINGLE = { history: 1, changes: 1 } as const;

export interface GithubSourceInput {
  readonly settings: {
    readonly repositories: readonly string[];
    readonly app?: unknown;
    readonly deployments_from: 'deployments' | 'releases' | 'workflow_runs';
    readonly workflow?: string | undefined;
  };
  readonly config: Pick<ProviderConfig, 'deployments'>;
  readonly api: GithubApi;
}

/** The deployments of GitHub: those of its own API, its releases, or the runs of a workflow. */
export function createGithubDeployments({ settings, config, api }: GithubSourceInput): DeploymentSource {
  const { deployments_from: from, workflow } = settings;
  if ((from === 'workflow_runs') !== (workflow !== undefined)) {
    throw new Error('expected workflow together with deployments_from: workflow_runs, and only there');
  }
  const isApp = settings.app !== undefined;
  const find = createRepositoryFinder({ patterns: settings.repositories, isApp });
  const { environments = [], firstEnvironment, leadTime = 'commits' } = config.deployments ?? {};
  const hasGlobs = settings.repositories.some(isGlob);
  const isRuns = from === 'workflow_runs';
  const batch = isRuns ? SINGLE : BATCH;
  const call = { isNeeded: true, impact: 'everything, as no poll succeeds' };
  return {
    order: 'creation',
    batch,
    readWith: [from, workflow ?? '', ...environments.map(({ match, to }) => `${to}: ${match.pattern}`)],
    repositories: (client, nowMs) => find(api.at(client), nowMs),
    read: (client, requests) => readOf(settings, { environments, first: firstEnvironment })(api.at(client), requests),
    ...(from === 'deployments' && {
      readAgain: (client, unfinished) => readDeploymentsAgain(api.at(client), unfinished),
    }),
    compare: (client, repository, pair) =>
      compareCommits(api.at(client), repository, pair, leadTime === 'pull_requests'),
    probes: {
      repositories: { ...call, call: hasGlobs ? `GET ${listOf(isApp).request.path}` : 'POST /graphql (repository)' },
      deployments: {
        ...call,
        call: isRuns ? 'GET /repos/{repository}/actions/workflows/{workflow}/runs' : `POST /graphql (${from})`,
      },
      ...(leadTime !== 'off' && {
        compare: {
          call: 'GET /repos/{repository}/compare/{commits}',
          isNeeded: false,
          impact: 'lead times and rollbacks: they need the permission Contents: read',
        },
      }),
    },
    estimate: ({ repositories, deployments }) => ({
      perPoll: Math.ceil(repositories / batch.changes),
      perHour: hasGlobs ? Math.ceil(repositories / 100) : Math.ceil(repositories / 50),
      firstSync:
        Math.ceil(repositories / batch.history) +
        Math.ceil(deployments / PAGE_SIZES.history / batch.history) +
        (leadTime === 'off' ? 0 : deployments),
      isExact: false,
      rateLimitCount: 1,
    }),
  };
}

function readOf(settings: GithubSourceInput['settings'], named: Omit<WorkflowRunOptions, 'workflow'>) {
  return (client: Parameters<DeploymentSource['read']>[0], requests: Parameters<DeploymentSource['read']>[1]) => {
    const first = requests.some(({ isHistory }) => isHistory === true) ? PAGE_SIZES.history : PAGE_SIZES.changes;
    if (settings.deployments_from === 'releases') return readReleases(client, requests, first);
    if (settings.deployments_from === 'workflow_runs') {
      return readWorkflowRuns(client, requests, { workflow: settings.workflow ?? '', ...named });
    }
    return readDeployments(client, requests, first);
  };
}
