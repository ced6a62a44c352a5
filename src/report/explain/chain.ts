import { z } from 'zod';
import type { Deployment } from '../../model/deployment.ts';
import type { IncidentDetails, StoreSnapshot } from '../../store/snapshot.ts';

/** The deployments behind a recovery: a run of failures, and the success that ended it. */
export const DeploymentChain = z.object({
  anchor: z.string().describe('id of the first failed deployment; the clock starts with its end'),
  superseded: z.string().array().describe('ids of the failures after it, which have no recovery of their own'),
  ended_by: z.string().optional().describe('id of the success that ended it; absent while it is open'),
  reason: z.string().describe('why it is resolved, open, flaky or expired'),
});
export type DeploymentChain = z.infer<typeof DeploymentChain>;

/** Undefined for an incident that is not made of deployments. */
export function findChain(
  history: StoreSnapshot,
  { provider, incident }: IncidentDetails,
): DeploymentChain | undefined {
  const { subject, triggeredAtMs, resolvedAtMs, recoveryKey } = incident;
  if (subject === undefined) return undefined;
  const span = { fromMs: triggeredAtMs, toMs: resolvedAtMs ?? Number.MAX_SAFE_INTEGER };
  const failures = history
    .deploymentsBetween({ provider, subject }, span)
    .filter(({ outcome }) => outcome === 'failure')
    .sort(byEnd);
  const [anchor, ...superseded] = failures.map(({ id }) => id);
  if (anchor === undefined) return undefined;
  return { anchor, superseded, ended_by: recoveryKey, reason: REASONS[incident.exclusion ?? incident.status] ?? OPEN };
}

const OPEN = 'open: no deployment has succeeded since';
const REASONS: Readonly<Record<string, string>> = {
  resolved: 'resolved: a deployment succeeded within open_window',
  flaky: 'flaky: the success came sooner than flaky_below, so it is in no statistic',
  expired: 'expired: the success came later than open_window, so it is in no statistic',
};

function byEnd(a: Deployment, b: Deployment): number {
  return (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0) || (a.id < b.id ? -1 : 1);
}

/** One line about the deployments of an incident. */
export function describeChain(id: string, { anchor, superseded, ended_by, reason }: DeploymentChain): string {
  const parts = [
    `anchor ${anchor}`,
    ...(superseded.length === 0 ? [] : [`superseded ${superseded.join(', ')}`]),
    ...(ended_by === undefined ? [] : [`ended by ${ended_by}`]),
    reason,
  ];
  return `${id}: ${parts.join('; ')}`;
}
