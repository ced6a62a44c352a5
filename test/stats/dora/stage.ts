import type { DeploymentLabels, DeploymentSummary } from '../../../src/model/deployment.ts';
import { compileGlob } from '../../../src/model/glob.ts';
import type { BlamingIncident, DoraProvider, DoraRow, DoraSettings } from '../../../src/stats/dora/rows.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** Where the windows of the tests end. */
export const NOW_MS: number = Date.UTC(2026, 5, 1);

export function doraSettings(changes: Partial<DoraSettings> = {}): DoraSettings {
  const bounds = (elite: number, high: number, medium: number) => ({ elite, high, medium });
  return {
    windows: [{ name: '30d', ms: 30 * DAY_MS }],
    environments: ['production'],
    incidentWithinMs: DAY_MS,
    failureFrom: ['deployment', 'rollback', 'incident'],
    reworkRefs: [compileGlob('hotfix/*'), compileGlob('revert-*')],
    minimumSample: 1,
    levels: {
      deploymentFrequencyMs: bounds(DAY_MS, 7 * DAY_MS, 30 * DAY_MS),
      leadTimeMs: bounds(DAY_MS, 7 * DAY_MS, 30 * DAY_MS),
      changeFailureRatio: bounds(0.15, 0.3, 0.45),
      recoveryTimeMs: bounds(HOUR_MS, DAY_MS, 7 * DAY_MS),
    },
    ...changes,
  };
}

export function doraProvider(name: string, changes: Partial<DoraProvider> = {}): DoraProvider {
  return {
    name,
    endMs: NOW_MS,
    historyStartMs: NOW_MS - 400 * DAY_MS,
    policy: { openWindowMs: 7 * DAY_MS, flakyBelowMs: 5 * MINUTE_MS, leadTime: 'commits' },
    ...changes,
  };
}

export function deploymentLabels(changes: Partial<DeploymentLabels> = {}): DeploymentLabels {
  const { service = 'checkout' } = changes;
  return {
    provider: 'github',
    repository: `acme/${service}`,
    platformEnvironment: 'production',
    environment: 'production',
    service,
    renamedService: service,
    team: '',
    ...changes,
  };
}

/** A deployment that ended so long ago. */
export function deployment(row: number, agoMs: number, changes: Partial<DeploymentSummary> = {}): DeploymentSummary {
  const finishedAtMs = NOW_MS - agoMs;
  return {
    row,
    subjectRow: 1,
    flags: 0,
    outcome: 'success',
    startedAtMs: finishedAtMs - 5 * MINUTE_MS,
    finishedAtMs,
    ref: 'main',
    changes: [],
    ...changes,
  };
}

/** An incident that was triggered so long ago and took so long; without a duration it is open. */
export function blaming(row: number, agoMs: number, tookMs = Number.NaN, service = 'checkout'): BlamingIncident {
  const triggeredAtMs = NOW_MS - agoMs;
  return {
    row,
    provider: 'pagerduty',
    service,
    triggeredAtMs,
    isMerged: false,
    recoveryMs: tookMs,
    recoveredAtMs: triggeredAtMs + tookMs,
  };
}

/** Rows by `grouping value@window`; what is absent is left out. */
export function toMap(rows: readonly DoraRow[], { windows }: DoraSettings): Map<string, Record<string, number>> {
  return new Map(
    rows.flatMap(({ grouping, labels, values }) =>
      windows.map(({ name }, at) => [
        `${[grouping, ...labels.map(([, value]) => value)].join(' ')}@${name}`,
        Object.fromEntries(Object.entries(values[at] ?? {}).filter(([, value]) => !Number.isNaN(value))),
      ]),
    ),
  );
}
