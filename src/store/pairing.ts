import type { RecoveryLimits } from '../config/types.ts';
import type { Incident } from '../model/incident.ts';
import { type Chain, type Transition, toRecoveries } from '../model/recoveries.ts';
import type { FinishedDeployment } from './deployment-row.ts';

/** Whose failures are paired: the names of a subject, and of the service that its incidents get. */
interface PairedSubject {
  readonly repository: string;
  readonly environment: string;
  readonly serviceName: string;
}

/**
 * `repository/environment`, in the platform's own names; a slash inside the name of the environment is escaped, so that two
 * subjects never have the same text.
 */
export function subjectText({ repository, environment }: Pick<PairedSubject, 'repository' | 'environment'>): string {
  return `${repository}/${environment.replaceAll('%', '%25').replaceAll('/', '%2F')}`;
}

/** A failure or success of a subject. */
interface Attempt extends Transition {
  readonly deployment: FinishedDeployment;
}

/** The recoveries of a subject as incidents, from all its deployments after one success and up to another one. */
export function pairDeployments(
  subject: PairedSubject,
  deployments: readonly FinishedDeployment[],
  limits: RecoveryLimits,
): Incident[] {
  const attempts = deployments.flatMap((deployment): Attempt[] => {
    const { id, outcome, finishedAtMs: atMs } = deployment;
    return outcome === 'failure' || outcome === 'success' ? [{ id, outcome, atMs, deployment }] : [];
  });
  // Without neutral changes nothing expires by itself, so the time it is does not matter.
  return toRecoveries(attempts, { ...limits, nowMs: 0 }).chains.map((chain) => toIncident(chain, subject));
}

/** The clock runs from the end of the failed deployment to the end of the successful one. */
function toIncident({ anchor, superseded, end, state }: Chain<Attempt>, subject: PairedSubject): Incident {
  const { repository, environment, serviceName } = subject;
  const text = subjectText(subject);
  const closed = end === undefined ? {} : { closedAtMs: end.atMs };
  return {
    id: `${text}@${anchor.atMs}`,
    ...(end !== undefined && { recoveryKey: end.id }),
    subject: text,
    url: anchor.deployment.url,
    title: `Deployment of ${serviceName} to ${environment} failed`,
    serviceId: repository,
    serviceName,
    severity: {},
    status: end === undefined ? 'triggered' : 'resolved',
    triggeredAtMs: anchor.atMs,
    ...(end !== undefined && { resolvedAtMs: end.atMs, endKnownFrom: 'state_change' }),
    intervals: [{ openedAtMs: anchor.atMs, ...closed }],
    merged: false,
    ...(state === 'expired' || state === 'flaky' ? { exclusion: state } : {}),
    fingerprint: text,
    ofDeployment: true,
    updatedAtMs: end?.atMs ?? (superseded.at(-1) ?? anchor).atMs,
  };
}
