/** What an answer tells of the allowance; both absent where it tells nothing. */
export interface Allowance {
  /** Requests left. */
  readonly remaining?: number | undefined;
  /** Nothing may leave before this has passed. */
  readonly waitMs?: number | undefined;
}

interface FailureDetails {
  /** HTTP status; undefined when there was no answer. */
  readonly status?: number | undefined;
  readonly body?: unknown;
  /** Another try may succeed. */
  readonly retry: boolean;
  /** The platform said "too many". */
  readonly throttled?: boolean | undefined;
  readonly allowance?: Allowance | undefined;
}

/** One attempt that failed; its text still holds what the platform sent, so it never leaves this room. */
export class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure';
  readonly details: FailureDetails;

  constructor(message: string, details: FailureDetails) {
    super(message);
    this.details = details;
  }
}

/** A call that ended at one of our own limits; the message names the limit and follows "gave up". */
export class GaveUp extends Error {
  override readonly name = 'GaveUp';
}
