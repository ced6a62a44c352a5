/** The state that the platform reports; each platform reports only some of these. */
export type Status = 'triggered' | 'acknowledged' | 'identified' | 'mitigated' | 'resolved';

/**
 * What the end of an incident is known from: the platform's word, a later state, a report; `absence`: lists no longer show
 * it; `sampled`: the first of regular samples without it.
 */
export const ENDS_KNOWN_FROM = ['resolve_event', 'state_change', 'report_duration', 'absence', 'sampled'] as const;
export type EndKnownFrom = (typeof ENDS_KNOWN_FROM)[number];

/** One period in which the incident was open; without `closedAtMs` it still is. */
export interface Interval {
  readonly openedAtMs: number;
  readonly closedAtMs?: number | undefined;
}

/** The platform's own values for the severity; the configuration maps them to one of its severities. */
export interface SeveritySources {
  readonly priority?: string | undefined;
  readonly urgency?: string | undefined;
  /** Value of the tag that `severity.tag` names. */
  readonly tag?: string | undefined;
}

/**
 * One record for every source, with the platform's own values (names are not yet mapped).
 * All times are integer milliseconds since the Unix epoch, UTC. It names no person.
 */
export interface Incident {
  /** Unique within its provider. */
  readonly id: string;
  /**
   * Identity of the recovery where it is not the id: a late state change may move an anchor, and with it the id, but not
   * the event that ended it. Only for incidents made of state changes.
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
  /** Ended by a time-out or by anything but a person; absent where the platform does not report it. */
  readonly autoResolved?: boolean | undefined;
  /** When it was escalated, ascending; absent where the platform does not report it. */
  readonly escalatedAtMs?: readonly number[] | undefined;
  /** When it was reopened, ascending; absent where the platform does not report it. */
  readonly reopenedAtMs?: readonly number[] | undefined;
  /** The periods in which it was open, ascending; the first begins at `triggeredAtMs`. Never empty. */
  readonly intervals: readonly Interval[];
  /** Folded into another incident: opened, but neither resolved nor in any duration. */
  readonly merged: boolean;
  /**
   * In no statistic: it ended after the open window, was too short to be an incident, or a flag of the platform says that
   * it was none (maintenance, test, drill, duplicate, cancelled).
   */
  readonly exclusion?: 'expired' | 'flaky' | 'flagged' | undefined;
  /** The same for repeated incidents: the platform's deduplication key, else service and normalized title. */
  readonly fingerprint: string;
  readonly updatedAtMs: number;
  /** It came from a file, and no poll has reported it since. */
  readonly imported?: true | undefined;
  /** It follows from a failed deployment. */
  readonly ofDeployment?: true | undefined;
}

/** Why a record is rejected. */
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

/** A rejected record; counted once per (id, reason), and requested again if it has an id. */
export interface Rejection {
  /** Absent when the record has none. */
  readonly id?: string | undefined;
  /** Same record, same key: the id, else a digest of the record's text. */
  readonly key: string;
  readonly reason: RejectionReason;
  /** For the log: which field, and what was expected. Of the values that the platform sent only timestamps. */
  readonly detail: string;
}

/** One state change of one subject as the platform reports it; stored, because a later one may change what it means. */
export interface StateChange {
  /** An incident's id, an alarm's region and name. */
  readonly subject: string;
  /** Unique within the subject; the same change twice counts once. */
  readonly id: string;
  readonly atMs: number;
  /** The provider's own name of what happened. */
  readonly kind: string;
}

/** A service that the platform lists, with its newest name. */
export interface Service {
  readonly id: string;
  readonly name: string;
}

/** Words of four or more hexadecimal digits that hold a digit: request ids, hashes, pod suffixes. */
const HEXADECIMAL_WORD = /\b(?=[0-9a-f]*[0-9])[0-9a-f]{4,}\b/gi;
const NUMBER = /[0-9]+(?:[.,][0-9]+)*/g;

/** A fingerprint where the platform has no stable deduplication key: service and title without numbers and hexadecimal words. */
export function titleFingerprint(serviceId: string, title: string): string {
  const words = title.replace(HEXADECIMAL_WORD, ' ').replace(NUMBER, ' ');
  return `${serviceId}\n${words.replace(/\s+/g, ' ').trim().toLowerCase()}`;
}

/** The text if it is a link that people may follow (http or https); undefined for anything else. */
export function webLink(text: string | null | undefined): string | undefined {
  return /^https?:\/\//i.test(text ?? '') ? (text ?? undefined) : undefined;
}
