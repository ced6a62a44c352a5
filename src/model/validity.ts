import type { Incident, Rejection, RejectionReason } from './incident.ts';
import type { Page } from './poll.ts';
import { MINUTE_MS } from './time.ts';

/** A platform's clock may be ahead of ours by this much before its stamps are refused (DESIGN: 15 min). */
export const CLOCK_AHEAD_MAX_MS = 15 * MINUTE_MS;

/** What is wrong with a record as a whole. */
export interface Invalid {
  readonly reason: RejectionReason;
  readonly detail: string;
}

/**
 * A record that may be counted, or why it may not: a negative recovery or a stamp too far ahead rejects it; any other
 * negative duration drops just its stamp. Nothing is clamped.
 */
export function validate(incident: Incident, nowMs: number): Incident | Invalid {
  const latestMs = Math.max(...stamps(incident));
  if (latestMs > nowMs + CLOCK_AHEAD_MAX_MS) {
    return { reason: 'future', detail: `a stamp is ${new Date(latestMs).toISOString()}, more than 15m ahead` };
  }
  if (incident.resolvedAtMs !== undefined && incident.resolvedAtMs < incident.triggeredAtMs) {
    const [from, to] = [incident.triggeredAtMs, incident.resolvedAtMs].map((ms) => new Date(ms).toISOString());
    return { reason: 'negative_duration', detail: `resolved ${to} before it was triggered ${from}` };
  }
  return withoutNegativeStamps(incident);
}

function stamps(incident: Incident): number[] {
  const optional = [
    incident.startedAtMs,
    incident.identifiedAtMs,
    incident.acknowledgedAtMs,
    incident.mitigatedAtMs,
    incident.resolvedAtMs,
  ];
  return [incident.triggeredAtMs, ...optional.filter((ms) => ms !== undefined)];
}

function withoutNegativeStamps(incident: Incident): Incident {
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

/** Puts incidents that cannot be counted among the rejected ones, and drops single stamps that make no sense. */
export function validatePage(page: Page, nowMs: number): Page {
  const incidents: Incident[] = [];
  const rejected: Rejection[] = [...page.rejected];
  for (const incident of page.incidents) {
    const verdict = validate(incident, nowMs);
    if ('reason' in verdict) rejected.push({ id: incident.id, key: incident.id, ...verdict });
    else incidents.push(verdict);
  }
  return { ...page, incidents, rejected };
}
