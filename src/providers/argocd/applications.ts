import { z } from 'zod';
import type { EnvironmentRule } from '../../config/types.ts';
import type { Rejection } from '../../model/incident.ts';
import { parseRecord, timestamp } from '../answers.ts';
import type { DeploymentRecord } from '../engine/deployment-source.ts';
import { chooseEnvironment } from '../environment-candidates.ts';

/** Argo CD keeps so many successes of an application by default (`revisionHistoryLimit`). */
const HISTORY_LIMIT_DEFAULT = 10;

const Revision = z.object({
  id: z.number(),
  revision: z.string().nullish(),
  revisions: z.array(z.string()).nullish(),
  deployStartedAt: timestamp.nullish(),
  deployedAt: timestamp,
});
const Operation = z.object({
  phase: z.string().min(1),
  startedAt: timestamp,
  finishedAt: timestamp.nullish(),
  syncResult: z.object({ revision: z.string().nullish(), revisions: z.array(z.string()).nullish() }).nullish(),
});
const Application = z.object({
  metadata: z.object({ name: z.string().min(1), namespace: z.string().nullish() }),
  spec: z
    .object({
      project: z.string().nullish(),
      revisionHistoryLimit: z.number().nullish(),
      destination: z.object({ name: z.string().nullish(), namespace: z.string().nullish() }).nullish(),
    })
    .nullish(),
  status: z.object({ history: z.array(z.unknown()).nullish(), operationState: z.unknown().optional() }).nullish(),
});

/** What Argo CD tells of one application. */
export interface SeenApplication {
  readonly id: string;
  readonly name: string;
  readonly records: readonly DeploymentRecord[];
  readonly rejected: readonly Rejection[];
  /** Since when all its successes are known; undefined where none was dropped. */
  readonly knownSinceMs: number | undefined;
}

/** The deployments of an application, or why it cannot be read. */
export function readApplication(value: unknown, environments: readonly EnvironmentRule[]): SeenApplication | Rejection {
  const application = parseRecord(Application, value);
  if ('reason' in application) return application;
  const { metadata, spec, status } = application;
  const { name } = metadata;
  const { destination } = spec ?? {};
  const names = [destination?.namespace, destination?.name, spec?.project, name].map((one) => one ?? undefined);
  const about = { id: `${metadata.namespace ?? ''}/${name}`, environment: chooseEnvironment(environments, names) };
  const records: DeploymentRecord[] = [];
  const rejected: Rejection[] = [];
  for (const one of status?.history ?? []) {
    const revision = parseRecord(Revision, one);
    if ('reason' in revision) rejected.push({ ...revision, key: `${about.id} ${revision.key}` });
    else records.push(toSuccess(revision, about));
  }
  const failure = readFailure(status?.operationState, about);
  if (failure !== undefined && 'reason' in failure) rejected.push(failure);
  else if (failure !== undefined) records.push(failure);
  const isCut = (status?.history ?? []).length >= (spec?.revisionHistoryLimit ?? HISTORY_LIMIT_DEFAULT);
  const oldestMs = records.reduce((oldest, { listedAtMs }) => Math.min(oldest, listedAtMs), Number.POSITIVE_INFINITY);
  return { id: about.id, name, records, rejected, knownSinceMs: isCut ? oldestMs : undefined };
}

interface About {
  readonly id: string;
  readonly environment: string;
}

function toSuccess(revision: z.output<typeof Revision>, { id, environment }: About): DeploymentRecord {
  const startedAtMs = revision.deployStartedAt ?? revision.deployedAt;
  return {
    // The start is that of its operation; the numbers of an application that is made anew begin again.
    id: `${id}@${startedAtMs}`,
    environment,
    sha: revision.revision || revision.revisions?.[0],
    startedAtMs,
    finishedAtMs: revision.deployedAt,
    outcome: 'success',
    listedAtMs: revision.deployedAt,
    updatedAtMs: revision.deployedAt,
  };
}

/** The last operation, if it failed: what succeeded is in the history, what runs will be there or here. */
function readFailure(value: unknown, { id, environment }: About): DeploymentRecord | Rejection | undefined {
  if (value === undefined || value === null) return undefined;
  const operation = parseRecord(Operation, value);
  if ('reason' in operation) return { ...operation, key: `${id} ${operation.key}` };
  const { phase, startedAt: startedAtMs, finishedAt, syncResult } = operation;
  if ((phase !== 'Failed' && phase !== 'Error') || finishedAt === undefined || finishedAt === null) return undefined;
  return {
    id: `${id}@${startedAtMs}`,
    environment,
    sha: syncResult?.revision || syncResult?.revisions?.[0],
    startedAtMs,
    finishedAtMs: finishedAt,
    outcome: 'failure',
    listedAtMs: finishedAt,
    updatedAtMs: finishedAt,
  };
}
