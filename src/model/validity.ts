import type { Deployment } from './deployment.ts';
import type { Incident, Rejection, RejectionReason } from './incident.ts';
import type { Page } from './poll.ts';
import { MINUTE_MS } from './time.ts';

/** A platform's clock may be ahead of ours by this much before its timestamps are rejected. */
export const CLOCK_AHEAD_MAX_MS = 15 * MINUTE_MS;

/** What is wrong with a record as a whole. */
export interface Invalid {
  readonly reason: RejectionReason;
  readonly detail: string;
}

/**
 * A record that may be counted, or why it is rejected: for a negative recovery or a timestamp too far ahead. Any other
 * negative duration drops only its timestamp. Nothing is clamped.
 */
export function validate(incident: Incident, nowMs: number): Incident | Invalid {
  const latestMs = Math.max(...timestamps(incident));
  if (latestMs > nowMs + CLOCK_AHEAD_MAX_MS) {
    return { reason: 'future', detail: `a timestamp is ${new Date(latestMs).toISOString()}, more than 15m ahead` };
  }
  if (incident.resolvedAtMs !== undefined && incident.resolvedAtMs < incident.triggeredAtMs) {
    const [from, to] = [incident.triggeredAtMs, incident.resolvedAtMs].map((ms) => new Date(ms).toISOString());
    return { reason: 'negative_duration', detail: `resolved ${to} before it was triggered ${from}` };
  }
  return withoutNegativeDurations(incident);
}

function timestamps(incident: Incident): number[] {
  const optional = [
    incident.startedAtMs,
    incident.identifiedAtMs,
    incident.acknowledgedAtMs,
    incident.mitigatedAtMs,
    incident.resolvedAtMs,
  ];
  return [incident.triggeredAtMs, ...optional.filter((ms) => ms !== undefined)];
}

function withoutNegativeDurations(incident: Incident): Incident {
  const { startedAtMs, identifiedAtMs, acknowledgedAtMs, mitigatedAtMs, triggeredAtMs } = incident;
  const notBefore = (ms: number | undefined) => (ms !== undefined && ms >= triggeredAtMs ? ms : undefined);
  return {
    ...incident,
    startedAtMs: startedAtMs !== undefined && startedAtMs <= triggeredAtMs ? startedAtMs : undefined,
    identifiedAtMs: notBefore(identifiedAtMs),
    acknowledgedAtMs: notBefore(acknowledgedAtMs),
    mitigatedAtMs: notBefore(mitigatedAtMs),
  };
}

/** Moves incidents and deployments that cannot be counted to the rejected ones, and drops timestamps that make a duration negative. */
export function validatePage(page: Page, nowMs: number): Page {
  const incidents: Incident[] = [];
  const rejected: Rejection[] = [...page.rejected];
  for (const incident of page.incidents) {
    const verdict = validate(incident, nowMs);
    if ('reason' in verdict) rejected.push({ id: incident.id, key: incident.id, ...verdict });
    else incidents.push(verdict);
  }
  if (page.deployments === undefined) return { ...page, incidents, rejected };
  const deployments: Deployment[] = [];
  for (const deployment of page.deployments) {
    const verdict = validateDeployment(deployment, nowMs);
    if (verdict === undefined) deployments.push(deployment);
    else rejected.push({ id: deployment.id, key: deployment.id, ...verdict });
  }
  return { ...page, incidents, deployments, rejected };
}

/** Why a deployment is rejected. One that ended before it began is not: only its duration is unknown. */
export function validateDeployment({ startedAtMs, finishedAtMs }: Deployment, nowMs: number): Invalid | undefined {
  const latestMs = Math.max(startedAtMs, finishedAtMs ?? startedAtMs);
  if (latestMs <= nowMs + CLOCK_AHEAD_MAX_MS) return undefined;
  return { reason: 'future', detail: `a timestamp is ${new Date(latestMs).toISOString()}, more than 15m ahead` };
}
