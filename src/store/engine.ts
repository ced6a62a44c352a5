import type { Incident, Rejection, Signal } from '../model/incident.ts';
import type { StoredIncident } from '../model/stored.ts';
import type { Changes, LoadedRows } from './decide.ts';
import type { IncidentRow } from './incident-row.ts';
import type { IncidentTable } from './incident-table.ts';
import type { LedgerState } from './state.ts';

/** What a batch touches. */
export interface TouchedRows {
  readonly incidents: readonly Pick<Incident, 'id' | 'subject' | 'recoveryKey'>[];
  readonly deletedIds: readonly string[];
  readonly wholeSubjects: readonly string[];
  readonly rejected: readonly Rejection[];
  readonly isPendingWanted: boolean;
}

/** A closed incident whose retention is over. */
export interface ExpiredIncident {
  readonly row: number;
  readonly facet: number;
  readonly isKept: boolean;
  readonly id: string;
  readonly subject: string | undefined;
}

/** A counted recovery as exemplars need it. */
export interface RecentRecovery {
  readonly set: number;
  readonly ms: number;
  readonly resolvedAtMs: number;
  readonly countedAtMs: number;
  readonly incidentId: string;
}

/** Writes rows within one transaction. Providers are given by their keys. */
export interface EngineWriter {
  /** What a fork changed. */
  state(fork: LedgerState): void;
  incidents(table: Pick<IncidentTable, 'written' | 'freed'>): void;
  changes(changes: Changes): void;
  /** Deletes incidents with their ledger rows and the signals that are theirs alone; rejections before a time, and signals that no incident is made of. */
  prune(provider: number, expired: readonly ExpiredIncident[], beforeMs: number): void;
}

/** Loads and writes what the store keeps; it decides nothing. Rows are those of table `incidents`, by column. */
export interface StoreEngine {
  loadState(): LedgerState;
  loadTouched(provider: number, touched: TouchedRows): LoadedRows;
  /** Visits incidents in order of their rows: those that are open or ended after a time, or all. */
  eachIncident(
    visit: (incident: StoredIncident) => void,
    wanted: { readonly isTitleWanted: boolean; readonly endedAfterMs?: number | undefined },
  ): void;
  incidentById(provider: number, id: string): IncidentRow | undefined;
  incidentByRow(row: number): IncidentRow | undefined;
  incidentsBySubject(provider: number, subject: string): IncidentRow[];
  /** Incidents that are open, and neither deleted nor merged. */
  openIds(provider: number): string[];
  /** The same of all providers, oldest first, with what people are shown of them. */
  openIncidents(): Iterable<IncidentRow>;
  /** Incidents triggered at or after a time that lists of the platform should show: not those made of signals, imported or deleted. */
  listedIdsSince(provider: number, sinceMs: number): string[];
  /** Rejected records that are asked for again. */
  rejectedIds(provider: number): string[];
  /** In order of time. */
  signals(provider: number, subject: string): Signal[];
  /** Incidents to which something may have happened at or after a time. */
  happenedSince(provider: number, sinceMs: number): IncidentRow[];
  /** Newest first; some thousand. */
  recentLedger(): RecentRecovery[];
  /** Incidents that were closed before a time. */
  expired(provider: number, beforeMs: number, limit: number): ExpiredIncident[];
  /** Facets that no incident has. */
  unusedFacets(): number[];
  /** How many kept incidents each facet has. */
  incidentsByFacet(): Map<number, number>;
  /** Runs `work` in one transaction: all of it is written, or nothing. */
  transaction<Result>(work: (writer: EngineWriter) => Result): Result;
  sizeBytes(): number;
}
