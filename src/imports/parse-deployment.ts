import { DEPLOYMENT_OUTCOMES, type Deployment } from '../model/deployment.ts';
import { type RejectionReason, webLink } from '../model/incident.ts';
import { CLOCK_AHEAD_MAX_MS } from '../model/validity.ts';
import { isUnsetTime, parseTimestamp } from './timestamps.ts';

/** The fields of a deployment; `docs/push.md` describes each. */
export const DEPLOYMENT_FIELDS = [
  'id',
  'repository',
  'service',
  'environment',
  'ref',
  'sha',
  'startedAt',
  'finishedAt',
  'outcome',
  'url',
  'updatedAt',
] as const;
type DeploymentField = (typeof DEPLOYMENT_FIELDS)[number];

/** Why a record is rejected; of its values `detail` names none. */
export interface RejectedDeployment {
  readonly reason: RejectionReason;
  /** Absent where the record has none. */
  readonly id: string | undefined;
  readonly field: DeploymentField;
  readonly detail: string;
}

/** A record that is rejected for one of its fields. */
class FieldRejection extends Error {
  override readonly name = 'FieldRejection';
  readonly reason: RejectionReason;
  readonly field: DeploymentField;

  constructor(reason: RejectionReason, field: DeploymentField, expected: string) {
    super(`${field}: expected ${expected}`);
    this.reason = reason;
    this.field = field;
  }
}

/** The deployment of a record in our own fields, or why it is rejected; `zone` is that of times without one. */
export function parseDeployment(
  record: unknown,
  { zone, nowMs }: { readonly zone: string; readonly nowMs: number },
): Deployment | RejectedDeployment {
  try {
    return checkTimes(readFields(record, zone), nowMs);
  } catch (error) {
    if (!(error instanceof FieldRejection)) throw error;
    return { reason: error.reason, id: readText(record, 'id'), field: error.field, detail: error.message };
  }
}

function readFields(record: unknown, zone: string): Deployment {
  const id = readText(record, 'id');
  if (id === undefined) throw new FieldRejection('missing_id', 'id', 'an id');
  const service = readText(record, 'service');
  const repository = readText(record, 'repository') ?? service;
  if (repository === undefined) throw new FieldRejection('malformed', 'service', 'a service, or a repository');
  const environment = readText(record, 'environment');
  if (environment === undefined) throw new FieldRejection('malformed', 'environment', 'a name such as production');
  const startedAtMs = readTime(record, 'startedAt', zone);
  if (startedAtMs === undefined) throw new FieldRejection('start_unknown', 'startedAt', 'a date with a time');
  const finishedAtMs = readTime(record, 'finishedAt', zone);
  return {
    id,
    repository,
    serviceName: service ?? repository.slice(repository.lastIndexOf('/') + 1),
    environment,
    ref: readText(record, 'ref'),
    sha: readText(record, 'sha'),
    startedAtMs,
    finishedAtMs,
    outcome: readOutcome(record, finishedAtMs),
    url: webLink(readText(record, 'url')),
    updatedAtMs: readTime(record, 'updatedAt', zone) ?? finishedAtMs ?? startedAtMs,
  };
}

/** It is there exactly when the end is. */
function readOutcome(record: unknown, finishedAtMs: number | undefined): Deployment['outcome'] {
  const word = readText(record, 'outcome')?.toLowerCase();
  const outcome = DEPLOYMENT_OUTCOMES.find((one) => one === word);
  if (word !== undefined && outcome === undefined) {
    throw new FieldRejection('malformed', 'outcome', DEPLOYMENT_OUTCOMES.join(', '));
  }
  if (outcome !== undefined && finishedAtMs === undefined) {
    throw new FieldRejection('end_unknown', 'finishedAt', 'the end of a deployment with an outcome');
  }
  if (outcome === undefined && finishedAtMs !== undefined) {
    throw new FieldRejection('malformed', 'outcome', `${DEPLOYMENT_OUTCOMES.join(', ')}, as there is an end`);
  }
  return outcome;
}

function checkTimes(deployment: Deployment, nowMs: number): Deployment {
  const { startedAtMs, finishedAtMs = startedAtMs, updatedAtMs } = deployment;
  const latestMs = nowMs + CLOCK_AHEAD_MAX_MS;
  const times = { startedAt: startedAtMs, finishedAt: finishedAtMs, updatedAt: updatedAtMs };
  for (const field of ['startedAt', 'finishedAt', 'updatedAt'] as const) {
    if (times[field] > latestMs) throw new FieldRejection('future', field, 'a time at most 15m ahead');
  }
  if (finishedAtMs < startedAtMs) throw new FieldRejection('negative_duration', 'finishedAt', 'a time after startedAt');
  return deployment;
}

function readTime(record: unknown, field: DeploymentField, zone: string): number | undefined {
  const text = readText(record, field);
  if (text === undefined) return undefined;
  const ms = parseTimestamp(text, { formats: [], zone });
  if (ms === undefined) throw new FieldRejection('malformed', field, 'a date with a time');
  return isUnsetTime(ms) ? undefined : ms;
}

/** The text of a member; blank and null are the same as absent. */
function readText(record: unknown, field: DeploymentField): string | undefined {
  if (typeof record !== 'object' || record === null || !Object.hasOwn(record, field)) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(record, field)?.value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value.trim() || undefined : undefined;
}
