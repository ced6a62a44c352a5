import type { Reader } from '../config/reading.ts';
import type { Incident, Status } from '../model/incident.ts';
import type { Known, Page } from '../model/poll.ts';
import type { FacetLabels, StoredIncident } from '../model/stored.ts';
import type { History } from './history.ts';
import type { ImportInput, ImportWork } from './importing.ts';
import type { LabelSet } from './label-set.ts';

/** What a provider can tell; decides which cumulative families its incidents feed. */
export interface Tells {
  readonly acknowledged: boolean;
  readonly escalations: boolean;
  readonly reopens: boolean;
}

/** Today's configuration as far as counting depends on it. */
export interface StoreSettings {
  /** By provider name, in the order of the configuration; others in the store are kept but not read. */
  readonly readers: ReadonlyMap<string, Reader>;
  readonly tells: ReadonlyMap<string, Tells>;
  /** Recovery target of each severity that has one. */
  readonly targetsMs: ReadonlyMap<string, number>;
  readonly bucketsMs: readonly number[];
  readonly detail: 'standard' | 'full';
  readonly team: boolean;
  readonly maxServices: number;
  readonly settleMs: number;
  readonly reopened: 'last' | 'first' | 'sum';
  readonly retentionMs: number;
}

/** What one page of a poll (or a whole poll) found, together with where to go on from. */
export interface Batch extends Page {
  readonly provider: string;
  readonly nowMs: number;
}

/** What the store knows of a provider. */
export interface ProviderState {
  readonly name: string;
  /** When its first sync began: what ended earlier is in no cumulative series. */
  readonly countingSinceMs: number | undefined;
  readonly cursor: string | undefined;
  /** Its first sync is complete. */
  readonly isSynced: boolean;
  /** The instant up to which the last successful poll asked. */
  readonly askedUntilMs: number | undefined;
  readonly historyStartMs: number | undefined;
}

/** What a commit changed, for those who keep statistics. */
export interface Committed {
  readonly changed: readonly StoredIncident[];
  /** Rows that left the store (retention). */
  readonly gone: readonly number[];
  /** True when what incidents are called may have changed (renamed service, first sync complete, a service gave its place back). */
  readonly relabelled: boolean;
}

/** How what a platform tells differs from what is stored: numbers of incidents. */
export interface Comparison {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly deleted: number;
  /** The incidents that a commit has to hold for the same effect: others are stored as they were told. */
  readonly differing: readonly Incident[];
}

/** A count that survives restarts. */
export interface StoredCounter {
  readonly provider: string;
  readonly name: 'revisions' | 'rejected' | 'unmapped';
  /** Change or reason. */
  readonly label: string;
  readonly value: number;
}

/** One lifecycle of one label set, to be released from its hold. */
export interface Release {
  readonly set: number;
  readonly group: 'recovery' | 'counts' | 'timings' | 'changes';
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
}

/** What a provider has in the store, and what is still to come. */
export interface Backlog {
  /** Incidents that are held, also while a first sync runs. */
  readonly held: number;
  /** Rejected records that are fetched again with each poll. */
  readonly waiting: number;
}

/** What is kept; one transaction per commit. Two engines must pass the same contract suite. */
export interface Store {
  /** Applies a configuration (at start, on reload): changed filters, shapes and limits take effect. */
  configure(settings: StoreSettings, nowMs: number): Promise<void>;
  /** Reads every incident of the configured providers, in slices that let others run; once, after `configure`. */
  load(each: (incident: StoredIncident) => void): Promise<void>;
  /** Remembers when a provider's first sync began, unless it is known already. */
  begin(provider: string, nowMs: number): Promise<ProviderState>;
  commit(batch: Batch): Promise<Committed>;
  /**
   * Takes incidents of files, in one transaction with all that `work` does; what `work` throws undoes it. Cursor and
   * polls of the provider go on as they were. Nobody who keeps statistics is told: for a store that no daemon has open.
   */
  import(input: ImportInput, work: ImportWork): Promise<void>;
  /** Ends the hold of these; committed before it returns. */
  release(releases: readonly Release[]): Promise<void>;
  /** Deletes closed incidents, ledger rows and signals that are older than the retention. */
  prune(nowMs: number): Promise<Committed>;
  provider(name: string): ProviderState;
  known(provider: string): Known;
  /** What a commit of this would change; nothing is written. */
  compare(batch: Pick<Batch, 'provider' | 'incidents' | 'deletedIds' | 'wholeSubjects'>): Promise<Comparison>;
  /** Ids of incidents triggered at or after `sinceMs` that lists of the platform should show: not those made of signals, imported or deleted. */
  idsSince(provider: string, sinceMs: number): Promise<readonly string[]>;
  /** Undefined for facets of providers that are not configured. */
  labels(facet: number): FacetLabels | undefined;
  /** Label sets of configured providers whose first sync is complete. */
  labelSets(): readonly LabelSet[];
  /** By the row of a label set: the last recovery of each bucket. */
  exemplars(set: number): readonly (Exemplar | undefined)[];
  counters(): readonly StoredCounter[];
  /** Names that took the default severity: values the configuration does not know. */
  unmappedSeverities(): readonly { readonly provider: string; readonly value: string }[];
  /** The store as it is now, for a long reading beside the writing; whoever opens it closes it. */
  openHistory(): History;
  /** The oldest open incidents that statistics count, at most `limit`, and how many there are in all; as committed. */
  openIncidents(limit: number): { readonly oldest: readonly OpenIncident[]; readonly total: number };
  backlog(provider: string): Backlog;
  /** Distinct services beyond the limit. */
  servicesOverflowed(): number;
  sizeBytes(): number;
  /** The error says that the store itself is damaged: only a restart, which sets it aside, helps. */
  isBroken(error: unknown): boolean;
  close(): void;
}
