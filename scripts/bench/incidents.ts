import type { Incident } from '../../src/model/incident.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/model/time.ts';

/** A run of invented incidents of one platform. */
export interface History {
  readonly incidents: number;
  readonly services: number;
  readonly fromMs: number;
  readonly toMs: number;
}

const PRIORITIES = ['P1', 'P2', 'P3', 'P4', 'P5'];
const TITLES = ['5xx ratio high', 'latency over objective', 'queue grows', 'disk full on node', 'probe fails'];
/** Median of the recovery times; four of five lie between a ninth of it and nine times it. */
const MEDIAN_RECOVERY_MS = 40 * MINUTE_MS;
const ACKNOWLEDGED_SHARE = 0.8;
const REOPENED_SHARE = 0.01;
const ESCALATED_SHARE = 0.05;

/** The same incident for the same place, whoever asks; all are resolved before the history ends. */
export function inventIncident({ incidents, services, fromMs, toMs }: History, place: number): Incident {
  const random = chances(place + 1);
  const spanMs = (toMs - fromMs) / incidents;
  const triggeredAtMs = wholeSecond(fromMs + (place + random()) * spanMs);
  const recoveryMs = MEDIAN_RECOVERY_MS * Math.exp(1.7 * normal(random));
  const resolvedAtMs = Math.max(triggeredAtMs, Math.min(wholeSecond(triggeredAtMs + recoveryMs), wholeSecond(toMs)));
  const service = Math.floor(random() * services);
  const title = TITLES[Math.floor(random() * TITLES.length)] ?? '';
  const isAcknowledged = random() < ACKNOWLEDGED_SHARE;
  const lengthMs = resolvedAtMs - triggeredAtMs;
  const isReopened = random() < REOPENED_SHARE && lengthMs > 10 * SECOND_MS;
  const stopMs = triggeredAtMs + wholeSecond(lengthMs / 3);
  const againMs = triggeredAtMs + wholeSecond(lengthMs / 2);
  return {
    id: `Q${mixed(place).toString(36).toUpperCase().padStart(13, '0')}`,
    url: `https://acme.pagerduty.example/incidents/${place}`,
    title: `service-${service}: ${title} (${place})`,
    serviceId: `PSVC${service}`,
    serviceName: `service-${service}`,
    severity: { priority: PRIORITIES[Math.floor(random() * PRIORITIES.length)] ?? 'P3', urgency: 'high' },
    status: 'resolved',
    triggeredAtMs,
    acknowledgedAtMs: isAcknowledged ? triggeredAtMs + wholeSecond(lengthMs * 0.2) : undefined,
    resolvedAtMs,
    endKnownFrom: 'resolve_event',
    autoResolved: false,
    escalatedAtMs: random() < ESCALATED_SHARE ? [triggeredAtMs + wholeSecond(lengthMs * 0.4)] : [],
    reopenedAtMs: isReopened ? [againMs] : [],
    intervals: isReopened
      ? [
          { openedAtMs: triggeredAtMs, closedAtMs: stopMs },
          { openedAtMs: againMs, closedAtMs: resolvedAtMs },
        ]
      : [{ openedAtMs: triggeredAtMs, closedAtMs: resolvedAtMs }],
    merged: false,
    fingerprint: `PSVC${service}\nservice-: ${title} ()`,
    updatedAtMs: resolvedAtMs,
  };
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}

/** Numbers in [0, 1) that follow from a seed (mulberry32, public domain by Tommy Ettinger). */
export function chances(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal (Box and Muller 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Each place another number, in no order: as ids of platforms are, which is what an index feels. */
function mixed(place: number): bigint {
  return (BigInt(place + 1) * 0x9e3779b97f4a7c15n) % 2n ** 62n;
}
