import type { DeploymentSettings, DoraConfig, WindowConfig } from '../../config/types.ts';
import type { ChangeTimes, DeploymentLabels, DeploymentOutcome } from '../../model/deployment.ts';
import type { IncidentSummary } from '../../model/stored.ts';
import type { Coverage } from '../evaluate.ts';
import { LEVELS, type Level } from '../rows.ts';

/** The groupings of deployments; each row carries just the label of its grouping. */
export const DORA_GROUPINGS = ['all', 'service', 'team', 'provider'] as const;
export type DoraGrouping = (typeof DORA_GROUPINGS)[number];

/** The stages of the lead time, as far as pull requests are read. */
export const LEAD_TIME_STAGES = ['coding', 'review', 'deployment'] as const;
export type LeadTimeStage = (typeof LEAD_TIME_STAGES)[number];

/** What has a performance level. */
export const LEVEL_METRICS = [
  'deployment_frequency',
  'lead_time',
  'change_failure',
  'recovery_time',
  'overall',
] as const;
export type LevelMetric = (typeof LEVEL_METRICS)[number];

/** The part of the configuration that decides what is computed of deployments. */
export interface DoraSettings extends DoraConfig {
  readonly windows: readonly WindowConfig[];
}

/** Within which limits the failures of a provider are paired, and where its lead times begin. */
export interface DeploymentPolicy {
  readonly openWindowMs: number | undefined;
  readonly flakyBelowMs: number;
  readonly leadTime: LeadTimeStart;
}
type LeadTimeStart = DeploymentSettings['leadTime'];

/** A provider of deployments, or of incidents that may blame them, whose first sync is complete. */
export interface DoraProvider extends Coverage {
  readonly name: string;
  /** Absent for a provider without deployments. */
  readonly policy: DeploymentPolicy | undefined;
  /** It may bring incidents alone: then it counts for everything only while a deployment of it is held. */
  readonly isOptional?: boolean | undefined;
}

/** An incident that may blame a deployment. */
export interface BlamingIncident {
  readonly row: number;
  readonly provider: string;
  /** After renaming. */
  readonly service: string;
  readonly triggeredAtMs: number;
  readonly isMerged: boolean;
  /** How long it took, and when it ended; both NaN without a recovery. */
  readonly recoveryMs: number;
  readonly recoveredAtMs: number;
}

export interface DoraInput {
  readonly settings: DoraSettings;
  /** Undefined when the provider of the subject is not configured. */
  readonly labels: (subjectRow: number) => DeploymentLabels | undefined;
  /** Undefined for incidents that blame no deployment: those of deployment providers, not overall ones, and excluded ones. */
  readonly toBlaming: (incident: IncidentSummary) => BlamingIncident | undefined;
}

/** What one window of a row says; what rests on too few, or on nothing, is NaN. Durations are minutes. */
export interface DoraValues {
  deployments: number;
  changes: number;
  failures: number;
  recoveries: number;
  frequencyPerDay: number;
  leadTimeMean: number;
  leadTimeMedian: number;
  leadTime90: number;
  coding: number;
  review: number;
  deployment: number;
  changeFailure: number;
  recoveryMean: number;
  recoveryMedian: number;
  recovery90: number;
  rework: number;
  frequencyBaseline: number;
  leadTimeBaseline: number;
  changeFailureBaseline: number;
  recoveryBaseline: number;
  /** Indexes into LEVELS. */
  deploymentFrequencyLevel: number;
  leadTimeLevel: number;
  changeFailureLevel: number;
  recoveryTimeLevel: number;
  overallLevel: number;
}

/** One group of deployments with what its windows say. */
export interface DoraRow {
  readonly grouping: DoraGrouping;
  /** None for `all`. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** By window, in the order of the configuration. */
  readonly values: readonly Readonly<DoraValues>[];
  /** Rises when a value changes. */
  readonly version: number;
}

/** The newest deployments of one combination of labels. */
export interface DeploymentState {
  readonly provider: string;
  readonly service: string;
  readonly environment: string;
  /** When the last one of each outcome ended. */
  readonly lastAtMs: Readonly<Record<DeploymentOutcome, number | undefined>>;
  /** The newest finished one of any repository and environment of the platform failed; undefined when none finished. */
  readonly isFailing: boolean | undefined;
}

/** The statistic that holds the level of a metric. */
export const LEVEL_VALUES = {
  deployment_frequency: 'deploymentFrequencyLevel',
  lead_time: 'leadTimeLevel',
  change_failure: 'changeFailureLevel',
  recovery_time: 'recoveryTimeLevel',
  overall: 'overallLevel',
} as const satisfies Readonly<Record<LevelMetric, keyof DoraValues>>;

/** The level of a metric in a window; undefined where its value is not known. */
export function findLevel(values: Readonly<DoraValues>, metric: LevelMetric): Level | undefined {
  const index = values[LEVEL_VALUES[metric]];
  return Number.isNaN(index) ? undefined : LEVELS[index];
}

/**
 * From the author's commit, or with pull requests from the first commit of its pull request (from the commit itself where there
 * is none), to the end of the deployment; undefined for a change that was made after it.
 */
export function leadTimeMs(change: ChangeTimes, finishedAtMs: number, from: LeadTimeStart): number | undefined {
  if (from === 'off') return undefined;
  const startMs = from === 'commits' ? change.authoredAtMs : (change.firstCommitAtMs ?? change.authoredAtMs);
  return startMs > finishedAtMs ? undefined : finishedAtMs - startMs;
}
