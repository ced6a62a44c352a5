import { isVisible, type LabelMapper } from '../../config/label-mapper.ts';
import type { Config, ProviderConfig } from '../../config/types.ts';
import { FLAGS, type IncidentLabels, type IncidentSummary, recoveryMs } from '../../model/stored.ts';
import type { BlamingIncident, DoraInput, DoraProvider, DoraSettings } from '../../stats/dora/rows.ts';
import type { ProviderState } from '../../store/store.ts';
import { findCoverage } from '../timeline.ts';

/** Whether deployments are read at all; without them there is nothing to compute. */
export function hasDeployments({ providers }: Pick<Config, 'providers'>): boolean {
  return providers.some(({ deployments }) => deployments !== undefined);
}

export function toDoraSettings({ dora, windows }: Pick<Config, 'dora' | 'windows'>): DoraSettings {
  return { ...dora, windows };
}

/** Undefined until the first sync is complete. */
export function toDoraProvider(state: ProviderState, config: ProviderConfig): DoraProvider | undefined {
  const coverage = findCoverage(state);
  if (coverage === undefined) return undefined;
  const { name, deployments, recoveryLimits } = config;
  const { openWindowMs, flakyBelowMs = 0 } = recoveryLimits ?? {};
  const { historyStartMs, readUntilMs } = coverage;
  const policy = deployments && { openWindowMs, flakyBelowMs, leadTime: deployments.leadTime };
  return { name, policy, isOptional: deployments?.isOptional, endMs: readUntilMs, historyStartMs, readUntilMs };
}

interface BlamingInput {
  readonly config: Pick<Config, 'providers' | 'recovery'>;
  readonly labels: (dimensionsRow: number) => IncidentLabels | undefined;
  /** The service after renaming, whatever the limit on services makes of it. */
  readonly renamedService: (dimensionsRow: number) => string | undefined;
  readonly labelMapper: (provider: string) => LabelMapper | undefined;
}

/** Finds the incidents that may blame a deployment: those that statistics count of overall providers, but for failed deployments. */
export function createBlaming(input: BlamingInput): DoraInput['toBlaming'] {
  const blaming = new Set(input.config.providers.filter(({ overall }) => overall).map(({ name }) => name));
  return (incident: IncidentSummary): BlamingIncident | undefined => {
    const labels = input.labels(incident.dimensionsRow);
    const labelMapper = labels && blaming.has(labels.provider) ? input.labelMapper(labels.provider) : undefined;
    const service = labelMapper && input.renamedService(incident.dimensionsRow);
    if (labels === undefined || labelMapper === undefined || service === undefined) return undefined;
    if ((incident.flags & FLAGS.ofDeployment) !== 0) return undefined;
    const { row, flags, title, triggeredAtMs, resolvedAtMs } = incident;
    const tookMs = recoveryMs(incident, input.config.recovery);
    if (!isVisible({ flags, title, recoveryMs: tookMs }, labels, labelMapper)) return undefined;
    return {
      row,
      provider: labels.provider,
      service,
      triggeredAtMs,
      isMerged: (flags & FLAGS.merged) !== 0,
      recoveryMs: tookMs ?? Number.NaN,
      recoveredAtMs: tookMs === undefined ? Number.NaN : (resolvedAtMs ?? Number.NaN),
    };
  };
}
