import type { CommitPair, Comparison, Deployment, UnreadDeployment } from './deployment.ts';
import type { Incident, Rejection, Service, StateChange } from './incident.ts';

/** What the store already holds of one provider. */
export interface StoredState {
  /** Stored incidents by id; unknown ids are left out. */
  incidents(ids: readonly string[]): Promise<ReadonlyMap<string, Incident>>;
  /** Ids of all stored incidents that are open (and neither deleted nor merged). */
  openIds(): Promise<readonly string[]>;
  /** Ids of records that were rejected and are worth fetching again. */
  rejectedIds(): Promise<readonly string[]>;
  /** All stored state changes of these subjects, by subject, in order of time. */
  stateChanges(subjects: readonly string[]): Promise<ReadonlyMap<string, readonly StateChange[]>>;
  /** Stored incidents of these subjects, by subject. */
  bySubject(subjects: readonly string[]): Promise<ReadonlyMap<string, readonly Incident[]>>;
  /** Stored deployments by id; unknown ids are left out. */
  deployments(ids: readonly string[]): Promise<ReadonlyMap<string, Deployment>>;
  /**
   * By repository: stored deployments that are unfinished or ended at or after a time, and of each environment the last
   * success before it.
   */
  deploymentsOf(repositories: readonly string[], sinceMs: number): Promise<ReadonlyMap<string, readonly Deployment[]>>;
  unfinishedDeployments(): Promise<readonly Deployment[]>;
  /** Those of these pairs of commits that have been compared. */
  comparisons(pairs: readonly CommitPair[]): Promise<readonly Comparison[]>;
}

/** A part of what a poll found. Applying the same page twice changes nothing. */
export interface Page {
  readonly incidents: readonly Incident[];
  readonly stateChanges: readonly StateChange[];
  readonly rejected: readonly Rejection[];
  /** Deployments of providers that have them; their recoveries are made where the page is committed. */
  readonly deployments?: readonly Deployment[] | undefined;
  /** Ids of deployments that the platform no longer has. */
  readonly deletedDeploymentIds?: readonly string[] | undefined;
  readonly comparisons?: readonly Comparison[] | undefined;
  /** Deployments that are not read; each is counted once. */
  readonly unreadDeployments?: readonly UnreadDeployment[] | undefined;
  /** Ids that the platform no longer has (404). */
  readonly deletedIds: readonly string[];
  /** Subjects whose incidents are all on this page: stored ones of these subjects that are missing are deleted. */
  readonly replacedSubjects: readonly string[];
  /** The platform's whole list of services, where this page has it. */
  readonly catalogue?: readonly Service[] | undefined;
  /** Where the next poll resumes when this page is committed. */
  readonly cursor: string;
  /** Only on the last page of a poll. */
  readonly complete?: PollCoverage | undefined;
}

export interface PollCoverage {
  /** The time up to which this poll requested data: the windows of this provider end here. */
  readonly polledUntilMs: number;
  /** Where this provider's history begins now. */
  readonly historyStartMs: number;
}
