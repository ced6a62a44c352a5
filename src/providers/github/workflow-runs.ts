import { z } from 'zod';
import { toEnvironment } from '../../config/deployments.ts';
import type { EnvironmentRule } from '../../config/types.ts';
import { RequestError } from '../../http/errors.ts';
import type { DeploymentOutcome } from '../../model/deployment.ts';
import { isGlob } from '../../model/glob.ts';
import { type Rejection, webLink } from '../../model/incident.ts';
import { parseRecord, parseResponse, timestamp } from '../answers.ts';
import type {
  DeploymentClient,
  DeploymentRecord,
  RepositoryPage,
  RepositoryRequest,
} from '../engine/deployment-source.ts';

const PAGE_SIZE = 100;

const Repository = z.object({ default_branch: z.string().min(1) });
const Run = z.object({
  id: z.number(),
  run_attempt: z.int().min(1).nullish(),
  status: z.string().nullish(),
  conclusion: z.string().nullish(),
  head_branch: z.string().nullish(),
  head_sha: z.string().nullish(),
  html_url: z.string().nullish(),
  created_at: timestamp,
  run_started_at: timestamp.nullish(),
  updated_at: timestamp,
});
type Run = z.output<typeof Run>;
const RunPage = z.object({ total_count: z.int().min(0), workflow_runs: z.array(z.unknown()) });

/** Everything else that completed neither succeeded nor failed: cancelled, skipped, neutral, stale. */
const OUTCOMES: Readonly<Record<string, DeploymentOutcome>> = {
  success: 'success',
  failure: 'failure',
  timed_out: 'failure',
  startup_failure: 'failure',
};

export interface WorkflowRunOptions {
  /** Its file name, or its id. */
  readonly workflow: string;
  readonly environments: readonly EnvironmentRule[];
  /** Our environment that the configuration names first. */
  readonly first?: string | undefined;
}

/** One page of the runs of a workflow on the default branch; each attempt that completed is a deployment. */
export async function readWorkflowRuns(
  client: DeploymentClient,
  requests: readonly RepositoryRequest[],
  options: WorkflowRunOptions,
): Promise<RepositoryPage[]> {
  const pages: RepositoryPage[] = [];
  for (const request of requests) pages.push(await readRuns(client, request, options));
  return pages;
}

async function readRuns(
  client: DeploymentClient,
  { repository, token }: RepositoryRequest,
  options: WorkflowRunOptions,
): Promise<RepositoryPage> {
  const base = `/repos/${repository.name}`;
  try {
    const about = await client.httpClient.get({ path: base, endpoint: '/repos/{repository}' }, {}, client.signal);
    const { default_branch: branch } = parseResponse(Repository, about.body, 'GET /repos/{repository}');
    const endpoint = '/repos/{repository}/actions/workflows/{workflow}/runs';
    const path = `${base}/actions/workflows/${encodeURIComponent(options.workflow)}/runs`;
    const page = Number(token ?? '1');
    const query = { branch, per_page: PAGE_SIZE, page };
    const { body } = await client.httpClient.get({ path, endpoint }, query, client.signal);
    const { workflow_runs: runs, total_count: total } = parseResponse(RunPage, body, `GET ${endpoint}`);
    const environment = firstEnvironment(options);
    const records: DeploymentRecord[] = [];
    const rejected: Rejection[] = [];
    for (const value of runs) {
      const run = parseRecord(Run, value);
      if ('reason' in run) rejected.push(run);
      else records.push(...(await attemptsOf(client, base, run)).map((one) => toRecord(one, environment)));
    }
    return { records, rejected, next: page * PAGE_SIZE < total && runs.length > 0 ? String(page + 1) : undefined };
  } catch (error) {
    if (!(error instanceof RequestError) || (error.status !== 403 && error.status !== 404)) throw error;
    return { refused: error.message };
  }
}

/** A run that was repeated shows its last attempt alone: the ones before were deployments of their own. */
async function attemptsOf(client: DeploymentClient, base: string, run: Run): Promise<Run[]> {
  const attempts: Run[] = [run];
  for (let attempt = (run.run_attempt ?? 1) - 1; attempt > 0; attempt -= 1) {
    const path = `${base}/actions/runs/${run.id}/attempts/${attempt}`;
    const endpoint = '/repos/{repository}/actions/runs/{id}/attempts/{attempt}';
    const { body } = await client.httpClient.get({ path, endpoint }, {}, client.signal);
    attempts.push(parseResponse(Run, body, `GET ${endpoint}`));
  }
  return attempts;
}

function toRecord(run: Run, environment: string): DeploymentRecord {
  const isOver = run.status === 'completed';
  const startedAtMs = run.run_started_at ?? run.created_at;
  return {
    id: `run-${run.id}-${run.run_attempt ?? 1}`,
    environment,
    ref: run.head_branch ?? undefined,
    sha: run.head_sha ?? undefined,
    startedAtMs,
    ...(isOver && { finishedAtMs: run.updated_at, outcome: OUTCOMES[run.conclusion ?? ''] ?? 'cancelled' }),
    url: webLink(run.html_url),
    listedAtMs: run.created_at,
    updatedAtMs: run.updated_at,
  };
}

/** A name that the platform could give the environment that the configuration names first. */
function firstEnvironment({ environments: rules, first }: WorkflowRunOptions): string {
  const own = rules.filter(({ to }) => to === (first ?? rules[0]?.to));
  const chosen = own.find(({ match }) => !isGlob(match.pattern)) ?? own[0];
  if (chosen === undefined) return 'production';
  const { match, to } = chosen;
  if (!isGlob(match.pattern)) return match.pattern;
  return toEnvironment(rules, to) === to ? to : match.pattern.replaceAll(/[*?]/g, 'x');
}
