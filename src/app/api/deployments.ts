import { z } from 'zod';
import type { Config } from '../../config/types.ts';
import { createLabelMappers } from '../../core/settings.ts';
import { DEPLOYMENT_FLAGS, type DeploymentLabels, type DeploymentSummary } from '../../model/deployment.ts';
import { formatIsoTime } from '../../model/format.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { toDoraSettings } from '../../report/dora/dora-input.ts';
import { createDoraTimeline, type DoraTimeline } from '../../report/dora/dora-timeline.ts';
import { parsePeriod } from '../../report/period.ts';
import type { DeploymentsQuery } from '../../server/api/queries.ts';
import type { DeploymentResponse, DeploymentsResponse } from '../../server/api/schemas.ts';
import { invalidParameters } from '../../server/responses.ts';
import type { StoreSnapshot } from '../../store/snapshot.ts';

export interface DeploymentsInput {
  readonly config: Config;
  readonly history: StoreSnapshot;
  readonly nowMs: number;
}

/** A deployment that is asked for, with its labels of today. */
interface Listed {
  readonly deployment: DeploymentSummary;
  readonly labels: DeploymentLabels;
}

/** One page of the deployments that a query selects, most recently started first. Throws an InputError or a RequestProblem for a query that cannot be answered. */
export function listDeployments(input: DeploymentsInput, query: DeploymentsQuery): DeploymentsResponse {
  const { history, config } = input;
  const { limit } = query;
  const after = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  const isWanted = createFilter(input, query);
  const listed: Listed[] = [];
  history.eachDeployment((deployment) => {
    const labels = history.deploymentLabels(deployment.subjectRow);
    const isGone = (deployment.flags & DEPLOYMENT_FLAGS.deleted) !== 0;
    if (labels === undefined || isGone || !isWanted(deployment, labels)) return;
    if (after === undefined || compare(deployment, after) > 0) listed.push({ deployment, labels });
  });
  listed.sort((a, b) => compare(a.deployment, b.deployment));
  const page = listed.slice(0, limit);
  const last = page.at(-1)?.deployment;
  const labelMappers = createLabelMappers(config);
  const timeline = createDoraTimeline({
    history,
    config,
    labelMapper: (name) => labelMappers.get(name),
    settings: toDoraSettings(config),
  });
  timeline.at('read');
  const deployments = page.flatMap((one) => toResponse(one, history, timeline));
  return { deployments, ...(listed.length > limit && last !== undefined ? { next_cursor: formatCursor(last) } : {}) };
}

function createFilter({ config, nowMs }: DeploymentsInput, query: DeploymentsQuery) {
  const { service, team, provider, environment, outcome, from, to } = query;
  // Without a start any duration will do that is longer than all history.
  const period = parsePeriod({ from: from ?? '10000d', to: to ?? 'now', nowMs, timezone: config.timezone });
  return ({ startedAtMs, outcome: ended }: DeploymentSummary, labels: DeploymentLabels): boolean =>
    (service === undefined || labels.service === service) &&
    (team === undefined || labels.team === team) &&
    (provider === undefined || labels.provider === provider) &&
    (environment === undefined || labels.environment === environment) &&
    (outcome === undefined || (ended ?? 'running') === outcome) &&
    (from === undefined || startedAtMs > period.fromMs) &&
    (to === undefined || startedAtMs <= period.toMs);
}

type ListPosition = Pick<DeploymentSummary, 'startedAtMs' | 'row'>;

/** Later starts come first; at the same time those that reached the store later. */
function compare(a: ListPosition, b: ListPosition): number {
  return b.startedAtMs - a.startedAtMs || b.row - a.row;
}

const Cursor = z.tuple([z.int(), z.int()]);

function formatCursor({ startedAtMs, row }: ListPosition): string {
  return Buffer.from(JSON.stringify([startedAtMs, row])).toString('base64url');
}

function parseCursor(text: string): ListPosition {
  try {
    const [startedAtMs, row] = Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { startedAtMs, row };
  } catch {
    throw invalidParameters([{ name: 'cursor', reason: 'invalid; expected next_cursor of the preceding page' }]);
  }
}

function toResponse(
  { deployment, labels }: Listed,
  history: StoreSnapshot,
  timeline: DoraTimeline,
): DeploymentResponse[] {
  const { row, startedAtMs, finishedAtMs, outcome, changes } = deployment;
  const [known] = history.deployments([row]);
  if (known === undefined) return [];
  const { reasons = [], isRework = false, recoveryMs = Number.NaN, recoveredAtMs = 0 } = timeline.facts(row) ?? {};
  const incidents = history.details(timeline.incidentsAfter(row).map((incident) => incident.row));
  return [
    {
      provider: labels.provider,
      id: known.id,
      repository: labels.repository,
      service: labels.service,
      ...(labels.team === '' ? {} : { team: labels.team }),
      environment: labels.environment,
      platform_environment: labels.platformEnvironment,
      ref: known.ref,
      sha: known.sha,
      url: known.url,
      started_at: formatIsoTime(startedAtMs),
      finished_at: finishedAtMs === undefined ? undefined : formatIsoTime(finishedAtMs),
      outcome: outcome ?? 'running',
      failed: reasons.length > 0,
      reasons: [...reasons],
      rework: isRework,
      ...(Number.isNaN(recoveryMs)
        ? {}
        : { recovered_at: formatIsoTime(recoveredAtMs), recovery_minutes: recoveryMs / MINUTE_MS }),
      changes: changes.length,
      incidents: incidents.map(({ provider, incident }) => ({
        provider,
        id: incident.id,
        triggered_at: formatIsoTime(incident.triggeredAtMs),
      })),
    },
  ];
}
