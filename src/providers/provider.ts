import type { PlatformSettings, ProviderConfig } from '../config/types.ts';
import type { Incident, Rejection, Service, Signal, Status } from '../model/incident.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/time.ts';
import type { RequestObserver } from '../network/door.ts';

/** What a platform can tell at all; metrics about the rest are absent for its providers. */
export interface Traits {
  /** The open statuses that it tells. */
  readonly statuses: readonly Exclude<Status, 'resolved'>[];
  readonly started: boolean;
  readonly identified: boolean;
  readonly acknowledged: boolean;
  readonly mitigated: boolean;
  readonly escalations: boolean;
  readonly reopens: boolean;
  /** How far back the platform remembers, where it forgets. */
  readonly reachMs?: number | undefined;
}

/** What the store already holds of one provider. */
export interface Known {
  /** Stored incidents by id; unknown ids are left out. */
  incidents(ids: readonly string[]): Promise<ReadonlyMap<string, Incident>>;
  /** Ids of all stored incidents that are open (and neither deleted nor merged). */
  openIds(): Promise<readonly string[]>;
  /** Ids of records that were rejected and are worth fetching again. */
  rejectedIds(): Promise<readonly string[]>;
  /** All stored signals of these subjects, by subject, in order of time. */
  signals(subjects: readonly string[]): Promise<ReadonlyMap<string, readonly Signal[]>>;
  /** Stored incidents of these subjects, by subject. */
  bySubject(subjects: readonly string[]): Promise<ReadonlyMap<string, readonly Incident[]>>;
}

/** What one poll is given. */
export interface PollRequest {
  /** The provider's own text from the last committed page; absent before the first. */
  readonly cursor: string | undefined;
  /** When this poll began; nothing later is asked for. */
  readonly nowMs: number;
  /** How far back history is wanted, by creation. */
  readonly historyStartMs: number;
  readonly known: Known;
  readonly signal: AbortSignal;
}

/** A part of what a poll found. Applying the same page twice changes nothing. */
export interface Page {
  readonly incidents: readonly Incident[];
  readonly signals: readonly Signal[];
  readonly rejected: readonly Rejection[];
  /** Ids that the platform no longer has (404). */
  readonly deletedIds: readonly string[];
  /** Subjects of which `incidents` on this page is all there is: stored ones of these subjects that are missing go. */
  readonly wholeSubjects: readonly string[];
  /** The platform's list of services, when this page read all of it. */
  readonly catalogue?: readonly Service[] | undefined;
  /** Where to go on from when this page is committed. */
  readonly cursor: string;
  /** Only on the last page of a poll. */
  readonly complete?: PollEnd | undefined;
}

export interface PollEnd {
  /** The instant up to which this poll asked: the windows of this provider end here. */
  readonly askedUntilMs: number;
  /** Where this provider's history begins now. */
  readonly historyStartMs: number;
}

/** One configured source of incidents. */
export interface Provider {
  readonly traits: Traits;
  /**
   * Yields everything that is new since `cursor`, the last page with `complete`; throws when it cannot promise that.
   * Before the first `complete` (first sync) pages are committed one by one, and a new call with the last committed
   * cursor goes on from there; later polls are committed as a whole.
   */
  poll(request: PollRequest): AsyncIterable<Page>;
  close(): Promise<void>;
}

export interface ProviderDependencies {
  readonly clock: Clock;
  readonly observer: RequestObserver;
  /** For what concerns a provider as a whole, such as a missing right. */
  readonly log?: Pick<Log, 'warn'>;
}

/** A platform: the only place outside its folder that knows it is the list in `registry.ts`. */
export interface Platform extends PlatformSettings {
  create(config: ProviderConfig, dependencies: ProviderDependencies): Provider;
}
