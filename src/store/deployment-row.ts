import { type ChangeTimes, DEPLOYMENT_FLAGS, type Deployment, type DeploymentSummary } from '../model/deployment.ts';

/** A deployment as the store keeps it. */
export interface StoredDeployment
  extends Pick<Deployment, 'id' | 'ref' | 'sha' | 'startedAtMs' | 'finishedAtMs' | 'outcome' | 'url' | 'updatedAtMs'> {
  readonly row: number;
  /** Row of its repository and environment. */
  readonly subject: number;
  /** Bits of DEPLOYMENT_FLAGS. */
  readonly flags: number;
  /** What follows for it from the deployments before it: the changes that reach our environment with it first. */
  readonly changes: readonly ChangeTimes[];
}

/** A finished one. */
export type FinishedDeployment = StoredDeployment & { readonly finishedAtMs: number };

export function isDeleted({ flags }: Pick<StoredDeployment, 'flags'>): boolean {
  return (flags & DEPLOYMENT_FLAGS.deleted) !== 0;
}

/** It ended, and the platform still has it. */
export function isFinished(deployment: StoredDeployment): deployment is FinishedDeployment {
  return deployment.finishedAtMs !== undefined && !isDeleted(deployment);
}

export function isSuccess(deployment: StoredDeployment): deployment is FinishedDeployment {
  return isFinished(deployment) && deployment.outcome === 'success';
}

/** In order of their ends; a function of what the platform reports, not of the order in which it was learnt. */
export function byFinish(a: StoredDeployment, b: StoredDeployment): number {
  return (
    (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0) ||
    a.startedAtMs - b.startedAtMs ||
    (a.id < b.id ? -1 : Number(a.id > b.id))
  );
}

/** What statistics need of it. */
export function toSummary(deployment: StoredDeployment): DeploymentSummary {
  const { row, subject, flags, outcome, startedAtMs, finishedAtMs, ref, changes } = deployment;
  return { row, subjectRow: subject, flags, outcome, startedAtMs, finishedAtMs, ref, changes };
}

/** The same with the names of its subject. */
export function toDeployment(
  stored: StoredDeployment,
  names: Pick<Deployment, 'repository' | 'environment' | 'serviceName'>,
): Deployment {
  const { row: _, subject: __, flags, changes: ___, ...content } = stored;
  return { ...content, ...names, imported: (flags & DEPLOYMENT_FLAGS.imported) === 0 ? undefined : true };
}

/** True when both say the same. */
export function isSameDeployment(a: StoredDeployment, b: StoredDeployment): boolean {
  return (
    a.flags === b.flags &&
    a.subject === b.subject &&
    a.outcome === b.outcome &&
    a.startedAtMs === b.startedAtMs &&
    a.finishedAtMs === b.finishedAtMs &&
    a.ref === b.ref &&
    a.sha === b.sha &&
    a.url === b.url &&
    a.updatedAtMs === b.updatedAtMs &&
    JSON.stringify(a.changes) === JSON.stringify(b.changes)
  );
}
