import type { LabelMapper } from '../config/label-mapper.ts';
import type { Capabilities } from '../model/capabilities.ts';
import type {
  CommitPair,
  Comparison,
  Deployment,
  DeploymentLabels,
  DeploymentSummary,
  UnreadEnvironment,
} from '../model/deployment.ts';
import type { Incident, StateChange, Status } from '../model/incident.ts';
import type { Page } from '../model/poll.ts';
import type { IncidentLabels, IncidentSummary, RecoveryRules } from '../model/stored.ts';
import type { GroupName, LabelSet } from './label-sets.ts';

/** The part of the configuration that the store depends on. */
export interface StoreSettings extends RecoveryRules {
  /** By provider name, in the order of the configuration; other providers stay in the store but are not read. */
  readonly labelMappers: ReadonlyMap<string, LabelMapper>;
  /** By provider name: what its platform reports. */
  readonly capabilities: ReadonlyMap<string, Pick<Capabilities, 'acknowledged'>>;
  /** Recovery target of each severity that has one. */
  readonly targetsMs: ReadonlyMap<string, number>;
  /** Recovery targets by severity of each service that has its own; absent: none has. */
  readonly serviceTargetsMs?: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly bucketsMs: readonly number[];
  readonly detail: 'standard' | 'full';
  readonly team: boolean;
  readonly maxServices: number;
  readonly settleMs: number;
  readonly retentionMs: number;
}

/** What one page of a poll (or a whole poll) found, together with where to go on from. */
export interface Batch extends Omit<Page, 'cursor'> {
  /** Absent: it stays as it is (deliveries are no part of a poll). */
  readonly cursor?: string | undefined;
  readonly provider: string;
  readonly nowMs: number;
  /** When the poll that found it began: the first committed poll of a provider sets `countingSinceMs`. */
  readonly startedAtMs?: number | undefined;
  /** All of it was read again: recoveries and changes of deployments are derived anew, whether it differs or not. */
  readonly isRefresh?: true | undefined;
}

/** What the store knows of a provider. */
export interface ProviderState {
  readonly name: string;
  /** When the first poll with a valid response began: what ended earlier is in no cumulative series. */
  readonly countingSinceMs: number | undefined;
  readonly cursor: string | undefined;
  /** Its first sync is complete. */
  readonly isSynced: boolean;
  /** The time up to which the last successful poll has read the platform. */
  readonly polledUntilMs: number | undefined;
  readonly historyStartMs: number | undefined;
}

/** How a batch differs from what is stored: numbers of incidents. */
export interface CommitCounts {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly deleted: number;
  /** Records that could not be accepted. */
  readonly rejected: number;
}

/** What a commit changed, for the statistics. */
export interface CommitResult {
  readonly changed: readonly IncidentSummary[];
  readonly changedDeployments: readonly DeploymentSummary[];
  /** True when labels of stored incidents may have changed (renamed service, first sync complete, a service that lost or got its own label). */
  readonly isRelabelled: boolean;
  readonly counts: CommitCounts;
}

/** What a step of pruning removed. */
export interface PruneResult {
  /** Rows that left the store. */
  readonly removedRows: readonly number[];
  /** Rows of deployments that left the store; absent when none did. */
  readonly removedDeployments?: readonly number[] | undefined;
  readonly isRelabelled: boolean;
  /** There is more to prune. */
  readonly hasMore: boolean;
}

/** What the store already holds of one provider. */
export interface StoredIncidents {
  /** Stored incidents by id; unknown ids are left out. */
  incidents(ids: readonly string[]): Map<string, Incident>;
  /** Ids of all stored incidents that are open (and neither deleted nor merged). */
  openIds(): readonly string[];
  /** Ids of records that were rejected and are worth fetching again. */
  rejectedIds(): readonly string[];
  /** All stored state changes of these subjects, by subject, in order of time. */
  stateChanges(subjects: readonly string[]): Map<string, readonly StateChange[]>;
  /** Stored incidents of these subjects, by subject. */
  bySubject(subjects: readonly string[]): Map<string, readonly Incident[]>;
  /** Stored deployments by id; unknown and deleted ones are left out. */
  deployments(ids: readonly string[]): Map<string, Deployment>;
  /** By repository: stored deployments that are unfinished or ended at or after a time, and the last success before it of each environment; ascending by their ends. */
  deploymentsOf(repositories: readonly string[], sinceMs: number): Map<string, readonly Deployment[]>;
  unfinishedDeployments(): readonly Deployment[];
  /** Those of these pairs of commits that have been compared. */
  comparisons(pairs: readonly CommitPair[]): readonly Comparison[];
}

/** A count that survives restarts. */
export interface StoredCounter {
  readonly provider: string;
  readonly name: 'revisions' | 'rejected' | 'unmapped' | 'clock_fallbacks' | 'unread_environments';
  /** Change, reason or environment. */
  readonly label: string;
  readonly value: number;
}

/** One group of one label set, whose hold ends. */
export interface Release {
  readonly set: number;
  readonly group: GroupName;
}

/** The last recovery that fell into a bucket. */
export interface Exemplar {
  readonly incidentId: string;
  readonly ms: number;
  readonly resolvedAtMs: number;
}

/** An incident that is open now, by the labels of today; its title stays in the store. */
export interface OpenIncident {
  readonly provider: string;
  readonly id: string;
  readonly url: string | undefined;
  readonly service: string;
  readonly severity: string;
  readonly status: Status;
  readonly triggeredAtMs: number;
  /** When its recovery clock started. */
  readonly clockStartMs: number;
  /** Recovery target of its service and severity; undefined without one. */
  readonly targetMs: number | undefined;
}

/** How many incidents of a provider are in the store, and what is still to be read. */
export interface Backlog {
  /** Stored incidents, also while a first sync runs. */
  readonly held: number;
  /** Rejected records that are fetched again with each poll. */
  readonly waiting: number;
}

/** Which provider an import is for. */
export interface ImportInput {
  readonly provider: string;
  /** Its incidents come from files alone: nothing of them is ever counted, and an import completes its first sync. */
  readonly isOnlySource: boolean;
  readonly nowMs: number;
}

/** The time that an import covers completely. */
export interface ImportSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Incidents, ledger and totals. Each change is decided first, then written in one transaction, and only then applied to
 * memory, so that a failed write has changed nothing.
 */
export interface Store {
  /** Applies a configuration (at start, on reload): changed filters, layouts and limits take effect. */
  configure(settings: StoreSettings, nowMs: number): void;
  /** Reads every incident and deployment of the configured providers; after each `configure`. */
  load(each: (incident: IncidentSummary) => void, eachDeployment?: (deployment: DeploymentSummary) => void): void;
  commit(batch: Batch): CommitResult;
  /** What a commit of this would change; nothing is written. */
  preview(batch: Batch): CommitCounts;
  /**
   * Imports incidents of files, all of them in one transaction; without a span there is nothing to import. Cursor and polls
   * of the provider are not affected. For a store that no daemon has open.
   */
  import(input: ImportInput, parts: Iterable<readonly Incident[]>, span: ImportSpan | undefined): void;
  /** The same for deployments: those in environments that are not read are left out. */
  importDeployments(input: ImportInput, parts: Iterable<readonly Deployment[]>, span: ImportSpan | undefined): void;
  /** Ends the hold of these; committed before it returns. */
  release(releases: readonly Release[]): void;
  /** Deletes some of the closed incidents, ledger rows and state changes that are older than the retention, as far as polls have reached. */
  prune(nowMs: number): PruneResult;
  provider(name: string): ProviderState;
  stored(provider: string): StoredIncidents;
  /** Ids of incidents triggered at or after `sinceMs` that lists of the platform should show: not those made of state changes, imported or deleted. */
  idsSince(provider: string, sinceMs: number): readonly string[];
  /** Undefined for dimensions of providers that are not configured. */
  labels(dimensionsRow: number): IncidentLabels | undefined;
  /** The service of dimensions after renaming, before the limit on services. */
  renamedService(dimensionsRow: number): string | undefined;
  /** Undefined for subjects of providers that are not configured, and for environments and services that are not read. */
  deploymentLabels(subjectRow: number): DeploymentLabels | undefined;
  /** Label sets of configured providers whose first sync is complete. */
  labelSets(): readonly LabelSet[];
  /** By the row of a label set: the last recovery of each bucket. */
  exemplars(set: number): readonly (Exemplar | undefined)[];
  counters(): readonly StoredCounter[];
  /** Names that took the default severity: values the configuration does not know. */
  unmappedSeverities(): readonly { readonly provider: string; readonly value: string }[];
  /** Environments of a provider's deployments that the configuration does not name. */
  unreadEnvironments(provider: string): readonly UnreadEnvironment[];
  /** The oldest open incidents that statistics count, at most `limit`, and how many there are in all. */
  openIncidents(limit: number): { readonly oldest: readonly OpenIncident[]; readonly total: number };
  backlog(provider: string): Backlog;
  /** Distinct services beyond the limit. */
  servicesOverflowed(): number;
  sizeBytes(): number;
  /** Throws an error for which `isBroken` is true when writes would be lost: the file was removed or replaced. */
  verify(): void;
  /** True for errors that mean that the store itself is damaged: only a restart helps, which sets it aside. */
  isBroken(error: unknown): boolean;
  close(): void;
}
