/** What the platform says an incident is in now; a platform tells some of these only. */
export type Status = 'triggered' | 'acknowledged' | 'identified' | 'mitigated' | 'resolved';

/** How the end of an incident is known. */
export const ENDS_KNOWN_FROM = ['resolve_event', 'state_change', 'report_duration'] as const;
export type EndKnownFrom = (typeof ENDS_KNOWN_FROM)[number];

/** One span in which the incident was open; without `closedAtMs` it still is. */
export interface Interval {
  readonly openedAtMs: number;
  readonly closedAtMs?: number | undefined;
}

/** The platform's own words for how bad it is; today's configuration turns them into one of our severities on reading. */
export interface SeveritySources {
  readonly priority?: string | undefined;
  readonly urgency?: string | undefined;
  /** Value of the tag that `severity.tag` names. */
  readonly tag?: string | undefined;
}

/**
 * One record for every source, with the platform's own values (names are not yet mapped).
 * All instants are integer milliseconds since the Unix epoch, UTC. No person is in it.
 */
export interface Incident {
  /** Unique within its provider. */
  readonly id: string;
  /**
   * Identity of the recovery when it is not the id: a late item may move an anchor, and with it the id, but not the
   * event that ended it. Only for incidents made of state changes.
   */
  readonly recoveryKey?: string | undefined;
  /** The subject whose state changes this incident was made of (CloudWatch: region and alarm name); else absent. */
  readonly subject?: string | undefined;
  /** Link for people to the incident. */
  readonly url?: string | undefined;
  readonly title: string;
  /** The platform's primary service; empty strings when it has none. */
  readonly serviceId: string;
  readonly serviceName: string;
  readonly team?: string | undefined;
  readonly severity: SeveritySources;
  readonly status: Status;
  /** When the impact began, where the platform knows. */
  readonly startedAtMs?: number | undefined;
  /** When the recovery clock starts. */
  readonly triggeredAtMs: number;
  readonly identifiedAtMs?: number | undefined;
  /** First acknowledgement by a person. */
  readonly acknowledgedAtMs?: number | undefined;
  readonly mitigatedAtMs?: number | undefined;
  /** The last resolve; present only while the incident is resolved. */
  readonly resolvedAtMs?: number | undefined;
  readonly endKnownFrom?: EndKnownFrom | undefined;
  /** Ended by a time-out or by anything but a person; absent where the platform does not tell. */
  readonly autoResolved?: boolean | undefined;
  /** When it was escalated, ascending; absent where the platform does not tell. */
  readonly escalatedAtMs?: readonly number[] | undefined;
  /** When it was reopened, ascending; absent where the platform does not tell. */
  readonly reopenedAtMs?: readonly number[] | undefined;
  /** Each open→resolved span, ascending; the first begins at `triggeredAtMs`. Never empty. */
  readonly intervals: readonly Interval[];
  /** Folded into another incident: opened, but neither resolved nor in any duration. */
  readonly merged: boolean;
  /**
   * Counted apart and in no statistic: the open window passed, it was a flicker, or the platform's own flag says that it was none
   * (maintenance, test, drill, duplicate, cancelled).
   */
  readonly exclusion?: 'expired' | 'flaky' | 'flagged' | undefined;
  /** Same trouble, same text: the platform's deduplication key, else service and normalised title. */
  readonly fingerprint: string;
  readonly updatedAtMs: number;
  /** It came from a file, and no poll has told of it since. */
  readonly imported?: true | undefined;
}

/** Why a record was not taken. */
export const REJECTION_REASONS = [
  'malformed',
  'missing_id',
  'negative_duration',
  'future',
  'start_unknown',
  'end_unknown',
  'forbidden',
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** A record that was not taken; counted once per (id, reason), and fetched again while it has an id. */
export interface Rejection {
  /** Absent when the record has none. */
  readonly id?: string | undefined;
  /** Same record, same key: the id, else a digest of the record's text. */
  readonly key: string;
  readonly reason: RejectionReason;
  /** For the log: which field, what was expected. Never a value that the platform sent, but for stamps. */
  readonly detail: string;
}

/** One state change of one subject, as the platform told it; kept, because a later item may change what it means. */
export interface StateChange {
  /** An incident's id, an alarm's region and name. */
  readonly subject: string;
  /** Unique within the subject: telling it twice changes nothing. */
  readonly id: string;
  readonly atMs: number;
  /** The provider's own word for what happened. */
  readonly kind: string;
}

/** A service that the platform lists, with its newest name. */
export interface Service {
  readonly id: string;
  readonly name: string;
}
