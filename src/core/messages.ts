import type { Config, Grouping } from '../config/types.ts';
import type { PageUpdate } from '../metrics/reader.ts';
import type { Capabilities } from '../model/capabilities.ts';
import type { CommitPair, Comparison, Deployment, UnreadEnvironment } from '../model/deployment.ts';
import type { Incident, StateChange } from '../model/incident.ts';
import type { Page, PollCoverage } from '../model/poll.ts';
import type { FieldError } from '../report/filter.ts';
import type { StatisticsQuery } from '../report/window-statistics.ts';
import type { DoraRow } from '../stats/dora/rows.ts';
import type { ProviderCounts, Row } from '../stats/rows.ts';
import type { Backlog, Batch, CommitCounts, OpenIncident, ProviderState, StoredCounter } from '../store/store.ts';
import type { PageSnapshot } from './page-renderer.ts';

/** The store is damaged, or memory can no longer be rebuilt from it: only a restart helps. */
export class CoreFailure extends Error {
  override readonly name = 'CoreFailure';
}

/** The configuration as far as the core needs it: plain data, without the platforms' own settings. */
export interface CoreSetup {
  readonly config: Config;
  /** By provider. */
  readonly capabilities: ReadonlyMap<string, Capabilities>;
}

/** Which provider a query is about, and whether the pages of its poll under way count as committed. */
export interface StoredQuery {
  readonly provider: string;
  readonly withPoll: boolean;
}

/** How a poll ended. */
export interface PollCommit {
  readonly provider: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly cursor: string;
  readonly complete: PollCoverage;
  /** All of it was read again. */
  readonly isRefresh?: true | undefined;
}

/** What changed since the tick before. */
export interface TickResult {
  /** A new page; undefined while nothing has changed. */
  readonly page: PageUpdate | undefined;
  /** Providers whose numbers the newest page carries. */
  readonly providersOnPage: readonly string[];
  /** Why the page could not be brought up to date, or nothing could be written. */
  readonly failure: string | undefined;
}

export type StatisticsAnswer = { readonly json: Uint8Array } | { readonly errors: readonly FieldError[] };

/** What the core knows of a provider. */
export interface CoreProviderStatus {
  readonly state: ProviderState;
  readonly counts: ProviderCounts | undefined;
  /** Deployments of it ended in an environment that is read. */
  readonly hasDeployments: boolean;
  readonly backlog: Backlog;
  /** Records that were not accepted, by reason; only reasons that occurred. */
  readonly rejected: readonly Pick<StoredCounter, 'label' | 'value'>[];
  /** Severities of the platform that the configuration does not know. */
  readonly unmappedSeverities: readonly string[];
  /** Environments of the platform that the configuration does not name. */
  readonly unreadEnvironments: readonly UnreadEnvironment[];
}

/** The present state, for the status page and the API. */
export interface CoreStatus {
  readonly providers: readonly CoreProviderStatus[];
  /** Rows of the newest page. */
  readonly rows: readonly Row[];
  /** Of deployments; absent where none are read. */
  readonly doraRows?: readonly DoraRow[] | undefined;
  readonly openNow: PageSnapshot['openNow'];
  readonly open: { readonly oldest: readonly OpenIncident[]; readonly total: number };
  readonly servicesOverflowed: number;
  readonly storeBytes: number;
}

/**
 * Owns store, ledger, statistics and page. Every method runs to its end before the next one, so no caller sees a
 * half-finished change. Arguments and results are plain data: the same methods work from another thread.
 */
export interface Core {
  /** Applies a configuration, reads the store and renders a page. When it throws, the configuration before is in force. */
  configure(setup: CoreSetup, nowMs: number): void;
  provider(name: string): ProviderState;
  /** Applies what a page of a first sync found. */
  commit(batch: Batch): CommitCounts;
  /**
   * Applies what came by itself, in one transaction. A poll under way was asked before: what it brings of these incidents is
   * dropped.
   */
  commitDelivery(delivery: Batch): CommitCounts;
  /** Begins a poll of a provider: pages that were added before are dropped. */
  beginPoll(provider: string): ProviderState;
  /** Buffers a page until the poll is committed. */
  addPage(provider: string, page: Page): void;
  /** Applies all pages of a poll, in one transaction. */
  commitPoll(poll: PollCommit): CommitCounts;
  /** What `commitPoll` would change; nothing is written. */
  previewPoll(poll: PollCommit): CommitCounts;
  /**
   * Of stored incidents triggered at or after a time, those that no page of the poll has shown are listed as open from now
   * on, so that the platform is asked for each; more than `max` are not listed. Returns how many were not listed.
   */
  requestMissing(provider: string, sinceMs: number, max: number): number;
  incidents(query: StoredQuery, ids: readonly string[]): Map<string, Incident>;
  openIds(query: StoredQuery): readonly string[];
  rejectedIds(query: StoredQuery): readonly string[];
  stateChanges(query: StoredQuery, subjects: readonly string[]): Map<string, readonly StateChange[]>;
  bySubject(query: StoredQuery, subjects: readonly string[]): Map<string, readonly Incident[]>;
  deployments(query: StoredQuery, ids: readonly string[]): Map<string, Deployment>;
  deploymentsOf(
    query: StoredQuery,
    repositories: readonly string[],
    sinceMs: number,
  ): Map<string, readonly Deployment[]>;
  unfinishedDeployments(query: StoredQuery): readonly Deployment[];
  comparisons(query: StoredQuery, pairs: readonly CommitPair[]): readonly Comparison[];
  /** Ends holds that are over, prunes, and renders what changed. `steadyMs` is monotonic. */
  tick(nowMs: number, steadyMs: number): TickResult;
  /** A response with this page was sent completely. */
  scraped(version: number, steadyMs: number): void;
  status(groupings: readonly Grouping[], openMax: number): CoreStatus;
  /** The windowed rows of the newest page as JSON (`{"rows": […], "providers": […]}`) on shared memory, or what is wrong with the query. */
  statistics(query: StatisticsQuery): StatisticsAnswer;
  close(): void;
}
