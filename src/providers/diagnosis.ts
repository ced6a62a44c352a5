import type { Incident, SeveritySources } from '../model/incident.ts';

/** What an examination is given. */
export interface Examination {
  readonly nowMs: number;
  /** How far back history is wanted, by creation. */
  readonly historyStartMs: number;
  readonly signal: AbortSignal;
}

/** One kind of request that polls make. */
export interface Call {
  /** As the platform's own reference writes it; unique within a diagnosis. */
  readonly call: string;
  /** Without it there are no recovery times at all. */
  readonly isNeeded: boolean;
  /** What is missing without it. */
  readonly lost: string;
}

/**
 * How a call went: `unreachable` without an answer; `unauthorised` when the credentials were not taken; `refused` when
 * they were, but may not do this or the account has no such thing; `failed` for any other answer.
 */
export type Outcome = 'ok' | 'unreachable' | 'unauthorised' | 'refused' | 'failed' | 'untried';

/** A call that was made once, or why it was not. */
export interface Trial extends Call {
  readonly outcome: Outcome;
  /** What the platform said, or why it was not asked; absent when all went well. */
  readonly message?: string;
}

/** What labels are made of, and when it began. */
export type Sighting = Pick<Incident, 'serviceId' | 'serviceName' | 'team' | 'severity' | 'triggeredAtMs'>;

/** The newest incidents. */
export interface FirstPage {
  readonly incidents: readonly Sighting[];
  /** Records that could not be read. */
  readonly rejected: number;
  /** Why the first of those could not be. */
  readonly detail: string | undefined;
  /** Incidents of the whole wanted history, where the platform tells. */
  readonly total: number | undefined;
}

/** Services that the platform lists, incidents or not. */
export interface Listed {
  readonly names: readonly string[];
  /** How many there are, named or not. */
  readonly count: number;
  /** False when there are more than were asked for. */
  readonly isAll: boolean;
}

/** What polling costs, in requests. */
export interface Load {
  /** Of one poll while nothing happens. */
  readonly perPoll: number;
  /** Besides, every hour. */
  readonly perHour: number;
  readonly firstSync: number;
  /** False when the first sync was estimated from the first page rather than told by the platform. */
  readonly isTold: boolean;
  /** How many allowances the requests share (CloudWatch: one for each region). */
  readonly allowances: number;
  /** Published price of 1,000 requests in US dollars, for platforms that bill them. */
  readonly usdPerThousand?: number;
}

/** What an examination found; what could not be learnt is absent. */
export interface Diagnosis {
  readonly trials: readonly Trial[];
  /** Where the requests went, and what to try where the credentials were not taken there. */
  readonly region: { readonly name: string; readonly hint?: string };
  readonly firstPage?: FirstPage | undefined;
  readonly services?: Listed | undefined;
  /** Severities that the platform lists, incidents or not. */
  readonly severities?: readonly SeveritySources[] | undefined;
  readonly load?: Load | undefined;
}
