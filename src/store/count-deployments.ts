import type { DeploymentSettings } from '../config/types.ts';
import { type Change, type ChangeTimes, DEPLOYMENT_FLAGS } from '../model/deployment.ts';
import type { CountingRules } from './count.ts';
import { isFinished, type StoredDeployment } from './deployment-row.ts';
import type { CountedChange, DeploymentReader } from './engine.ts';
import { observe } from './label-sets.ts';
import { editDeploymentSeries } from './series.ts';
import type { LedgerState, StoredProvider } from './state.ts';

/** What counting deployments depends on besides them. */
export interface DeploymentCounting {
  readonly state: LedgerState;
  readonly provider: StoredProvider;
  readonly rules: CountingRules;
  readonly reader: Pick<DeploymentReader, 'isChangeCounted'>;
  /** Changes that this decision counts, by their key. */
  readonly countedChanges: Map<string, CountedChange>;
}

/** The flags after counting what is due: a finished deployment once, under the labels of today (DESIGN §4). */
export function countDeployment(counting: DeploymentCounting, deployment: StoredDeployment): number {
  const { state, provider, rules } = counting;
  const flags = deployment.flags & ~DEPLOYMENT_FLAGS.pending;
  if (!isFinished(deployment) || deployment.outcome === undefined) return flags;
  if ((flags & DEPLOYMENT_FLAGS.counted) !== 0 || !isDue(rules, deployment.finishedAtMs)) return flags;
  if (!provider.isSynced) return flags | DEPLOYMENT_FLAGS.pending;
  const labels = state.deploymentLabels(deployment.subject);
  if (labels === undefined) return flags;
  const { deployments, deploymentTimes } = editDeploymentSeries(state, labels, rules.nowMs).groups;
  if (deployments !== undefined) deployments[deployment.outcome] += 1;
  const ms = deployment.finishedAtMs - deployment.startedAtMs;
  // The platform says that it ended before it began: its duration is not known.
  const hasDuration = deployment.outcome !== 'cancelled' && ms >= 0;
  if (deploymentTimes !== undefined && hasDuration) observe(deploymentTimes.duration, ms, state.settings.bucketsMs);
  return flags | DEPLOYMENT_FLAGS.counted;
}

/** Counts, each once, the changes that reach an environment first with this deployment. */
export function countChanges(
  counting: DeploymentCounting,
  deployment: StoredDeployment & { readonly finishedAtMs: number },
  changes: readonly Change[],
): void {
  const { state, provider, rules, reader, countedChanges } = counting;
  const labels = state.deploymentLabels(deployment.subject);
  if (labels === undefined || !provider.isSynced || !isDue(rules, deployment.finishedAtMs)) return;
  const leadTime = state.labelMapper(provider.name)?.provider.deployments?.leadTime;
  const { repository, environment } = labels;
  for (const change of changes) {
    const ms = leadTimeMs(toTimes(change), deployment.finishedAtMs, leadTime);
    const { sha } = change;
    const key = JSON.stringify([repository, environment, sha]);
    if (ms === undefined || mayBePruned(change, counting) || countedChanges.has(key)) continue;
    if (reader.isChangeCounted(provider.row, { repository, environment, sha })) continue;
    const { finishedAtMs, row } = deployment;
    countedChanges.set(key, { repository, environment, sha, deployment: row, ms, finishedAtMs });
    const { deploymentTimes } = editDeploymentSeries(state, labels, rules.nowMs).groups;
    if (deploymentTimes !== undefined) observe(deploymentTimes.leadTime, ms, state.settings.bucketsMs);
  }
}

/** The times of a change, as far as they are known. */
export function toTimes({ authoredAtMs, pullRequest }: Change): ChangeTimes {
  if (pullRequest === undefined) return { authoredAtMs };
  const { firstCommitAtMs, openedAtMs, mergedAtMs } = pullRequest;
  return { authoredAtMs, firstCommitAtMs, openedAtMs, ...(mergedAtMs !== undefined && { mergedAtMs }) };
}

/**
 * From the commit, or with pull requests from the first commit of its pull request where there is one, to the end of the
 * deployment; undefined for a change that was made after it.
 */
function leadTimeMs(
  change: ChangeTimes,
  finishedAtMs: number,
  from: DeploymentSettings['leadTime'] = 'off',
): number | undefined {
  if (from === 'off') return undefined;
  const startMs = from === 'commits' ? change.authoredAtMs : (change.firstCommitAtMs ?? change.authoredAtMs);
  return startMs > finishedAtMs ? undefined : finishedAtMs - startMs;
}

function isDue({ countingSinceMs, prunedBeforeMs }: CountingRules, finishedAtMs: number): boolean {
  return finishedAtMs >= countingSinceMs && finishedAtMs >= prunedBeforeMs;
}

/** It may have been counted with a deployment that was pruned since. */
function mayBePruned({ authoredAtMs }: Change, { provider, rules }: DeploymentCounting): boolean {
  const { prunedBeforeMs } = provider;
  return prunedBeforeMs !== undefined && prunedBeforeMs > rules.countingBeganMs && authoredAtMs < prunedBeforeMs;
}
