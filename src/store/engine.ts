import type { CommitPair, Comparison } from '../model/deployment.ts';
import type { Incident, Rejection, StateChange } from '../model/incident.ts';
import { FLAGS, type IncidentSummary } from '../model/stored.ts';
import type { CountResult } from './count.ts';
import type { StoredDeployment } from './deployment-row.ts';
import { type IncidentRow, number, timestamp } from './incident-row.ts';
import type { IncidentTable } from './incident-table.ts';
import type { LedgerState } from './state.ts';
import type { UnreadChanges } from './unread-environments.ts';

/** A counted recovery as exemplars need it. */
export interface RecentRecovery {
  readonly set: number;
  readonly ms: number;
  readonly resolvedAtMs: number;
  readonly countedAtMs: number;
  readonly incidentId: string;
}

/** What one decision changes besides the state that is kept in memory. */
export interface Changes extends CountResult {
  /** The key of the provider whose state changes and rejections these are. */
  readonly provider: number;
  readonly nowMs: number;
  readonly incidents: Pick<IncidentTable, 'written' | 'freed'>;
  readonly stateChanges: readonly StateChange[];
  /** Rejections that are new, and those that came again. */
  readonly rejections: readonly Rejection[];
  readonly unread: UnreadChanges;
  /** Ids that are no longer requested. */
  readonly settledIds: readonly string[];
  readonly deployed: DeploymentChanges;
}

/** Writes rows within one transaction. Providers are given by their keys. */
export interface EngineWriter {
  /** What a fork changed. */
  state(fork: LedgerState): void;
  incidents(table: Pick<IncidentTable, 'written' | 'freed'>): void;
  changes(changes: Changes): void;
  deployments(provider: { readonly provider: number; readonly nowMs: number }, changes: DeploymentChanges): void;
  /** Deletes deployments, and counted changes and comparisons before a time that nothing needs any more. */
  pruneDeployments(
    provider: number,
    pruned: { readonly expired: readonly StoredDeployment[]; readonly beforeMs: number },
  ): void;
  /** Deletes incidents with their ledger rows and the state changes that are theirs alone; rejections before a time, and state changes that no incident is made of. */
  prune(provider: number, expired: readonly IncidentRow[], beforeMs: number): void;
}

/** The queries for incidents, with their parameters. */
export interface IncidentQueries {
  byRow: [row: number];
  byId: [provider: number, id: string];
  /** In order of their rows. */
  bySubject: [provider: number, subject: string];
  /** Those triggered after a time and until another one. */
  bySubjectBetween: [provider: number, subject: string, afterMs: number, untilMs: number];
  /** The first one. */
  byRecovery: [provider: number, subject: string, recoveryKey: string];
  /** Incidents of which something may still have to be counted. */
  pending: [provider: number];
  /** Open, and neither deleted nor merged; just the ids. */
  open: [provider: number];
  /** The same of all providers, oldest first, with what the status page shows of them. */
  openOfAll: [];
  /** Triggered at or after a time, and lists of the platform should show them: not made of state changes, imported or deleted; just the ids. */
  listedSince: [provider: number, sinceMs: number];
  /** Incidents that may have changed at or after a time. */
  happenedSince: [provider: number, sinceMs: number];
  /** Closed before a time, at most `limit`; rows, dimensions, flags, ids and subjects. */
  closedBefore: [provider: number, beforeMs: number, limit: number];
}

/** The queries for deployments, with their parameters. Successes and finished ones are without those that the platform no longer has. */
export interface DeploymentQueries {
  byId: [provider: number, id: string];
  byRow: [row: number];
  /** That ended at a time or before it, newest first. */
  successesUntil: [subject: number, untilMs: number, limit: number];
  /** Oldest first. */
  successesAfter: [subject: number, afterMs: number, limit: number];
  /** Of a commit. */
  successesOf: [subject: number, sha: string];
  /** Both ends included. */
  finishedBetween: [subject: number, fromMs: number, toMs: number];
  unfinishedOf: [subject: number, provider: number];
  unfinished: [provider: number];
  /** Of which something may still have to be counted. */
  pending: [provider: number];
  uncountedSince: [provider: number, sinceMs: number];
  /** That nothing needs any more which ended at a time or later. */
  endedBefore: [provider: number, beforeMs: number, limit: number];
}

/** A change in an environment of ours. */
interface ChangeKey {
  readonly repository: string;
  readonly environment: string;
  readonly sha: string;
}

/** A change that is counted, with the deployment with which it was. */
export interface CountedChange extends ChangeKey {
  readonly deployment: number;
  readonly ms: number;
  readonly finishedAtMs: number;
}

/** Reads deployments, and comparisons of commits. Providers are given by their keys. */
export interface DeploymentReader {
  deployments<Query extends keyof DeploymentQueries>(
    query: Query,
    ...parameters: DeploymentQueries[Query]
  ): StoredDeployment[];
  comparison(provider: number, pair: CommitPair): Comparison | undefined;
  comparisonsTo(provider: number, repository: string, headSha: string): Comparison[];
  /** Comparisons that show a commit as a change. */
  comparisonsWith(provider: number, repository: string, sha: string): CommitPair[];
  isChangeCounted(provider: number, change: ChangeKey): boolean;
}

/** What a decision changes about deployments. */
export interface DeploymentChanges {
  readonly deployments: readonly StoredDeployment[];
  readonly comparisons: readonly Comparison[];
  readonly countedChanges: readonly CountedChange[];
}

/** Loads and writes what the store keeps; it decides nothing. Rows are those of table `incidents`, by column. */
export interface StoreEngine extends DeploymentReader {
  /** Visits deployments in order of their rows. */
  eachDeployment(visit: (deployment: StoredDeployment) => void): void;
  loadState(): LedgerState;
  /** Visits incidents in order of their rows: those that are open or ended after a time, or all. */
  eachIncident(
    visit: (incident: IncidentSummary) => void,
    wanted: { readonly isTitleWanted: boolean; readonly endedAfterMs?: number | undefined },
  ): void;
  incidents<Query extends keyof IncidentQueries>(query: Query, ...parameters: IncidentQueries[Query]): IncidentRow[];
  /** The end with which the incident of a row was counted. */
  countedEndMs(row: number): number | undefined;
  /** True when this was rejected before. */
  isRejected(provider: number, rejection: { readonly key: string; readonly reason: string }): boolean;
  /** Ids of rejected records that are requested again. */
  rejectedIds(provider: number): string[];
  /** In order of time. */
  stateChanges(provider: number, subject: string): StateChange[];
  /** Newest first; some thousand. */
  recentLedger(): RecentRecovery[];
  /** Rows of dimensions that no incident has. */
  unusedDimensions(): number[];
  /** How many countable incidents each set of dimensions has. */
  incidentsByDimensions(): Map<number, number>;
  /** Runs `work` in one transaction: all of it is written, or nothing. */
  transaction<Result>(work: (writer: EngineWriter) => Result): Result;
  sizeBytes(): number;
}

/** Decides on a fork of the state and writes all of it in one transaction; a decision that throws has changed nothing. */
export type Change = <Result>(decide: (fork: LedgerState, writer: EngineWriter) => Result) => Result;

/** The stored rows that a batch touches. */
export interface LoadedRows {
  /** For deployments and their incidents: which ones a batch touches follows only from those around it. */
  readonly reader: Reader;
  /** Reported or deleted incidents, those of the same recovery, and all of `replacedSubjects`. */
  readonly incidents: readonly IncidentRow[];
  /** Incidents of the provider of which something may still have to be counted. */
  readonly pending: readonly IncidentRow[];
  /** Ends that the ledger has of incidents that are open again, by row. */
  readonly countedEndsMs: ReadonlyMap<number, number>;
  /** `rejectionKey` of the rejections of this batch that are known already. */
  readonly knownRejections: ReadonlySet<string>;
  /** Ids of rejected records that are requested again. */
  readonly waitingIds: ReadonlySet<string>;
}

type Reader = DeploymentReader & Pick<StoreEngine, 'incidents' | 'countedEndMs' | 'isRejected'>;

/** Ends that the ledger has of those of these incidents that are open again, by row. */
export function readCountedEnds(
  { countedEndMs }: Pick<StoreEngine, 'countedEndMs'>,
  incidents: readonly IncidentRow[],
): Map<number, number> {
  const ends = new Map<number, number>();
  for (const one of incidents) {
    const row = number(one, 'row');
    const isOpenAgain = (number(one, 'marks') & FLAGS.counted) !== 0 && timestamp(one, 'resolved_ms') === undefined;
    const endMs = isOpenAgain ? countedEndMs(row) : undefined;
    if (endMs !== undefined) ends.set(row, endMs);
  }
  return ends;
}

/** What a batch touches. */
interface Touched {
  readonly incidents: readonly Pick<Incident, 'id' | 'subject' | 'recoveryKey'>[];
  readonly deletedIds?: readonly string[];
  readonly replacedSubjects?: readonly string[];
  readonly rejected?: readonly Rejection[];
}

export function rejectionKey({ key, reason }: Pick<Rejection, 'key' | 'reason'>): string {
  return `${reason} ${key}`;
}

export function loadTouched(
  engine: StoreEngine,
  provider: number,
  { incidents: reported, deletedIds = [], replacedSubjects = [], rejected = [] }: Touched,
  isPendingWanted: boolean,
): LoadedRows {
  const incidents: IncidentRow[] = [];
  for (const { id, subject, recoveryKey } of reported) {
    const known = engine.incidents('byId', provider, id);
    const isMoved = known.length === 0 && subject !== undefined && recoveryKey !== undefined;
    incidents.push(...(isMoved ? engine.incidents('byRecovery', provider, subject, recoveryKey) : known));
  }
  for (const id of deletedIds) incidents.push(...engine.incidents('byId', provider, id));
  for (const subject of replacedSubjects) incidents.push(...engine.incidents('bySubject', provider, subject));
  return {
    reader: engine,
    incidents,
    pending: isPendingWanted ? engine.incidents('pending', provider) : [],
    countedEndsMs: readCountedEnds(engine, incidents),
    knownRejections: new Set(rejected.filter((one) => engine.isRejected(provider, one)).map(rejectionKey)),
    waitingIds: new Set(engine.rejectedIds(provider)),
  };
}
