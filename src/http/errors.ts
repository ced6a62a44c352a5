/** A failed request, safe to log: method, path, status, the platform's code and message, and nothing secret. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** HTTP status; undefined when there was no response. */
  readonly status: number | undefined;
  /** The parsed error body with secrets removed; for the platform's own codes. */
  readonly body: unknown;

  constructor(message: string, details: { status?: number | undefined; body?: unknown } = {}) {
    super(message);
    this.status = details.status;
    this.body = details.body;
  }
}

/** What the headers of a response say about the rate limit; both are undefined where they say nothing. */
export interface RateLimitInfo {
  /** Requests left. */
  readonly remaining?: number | undefined;
  /** No request may be sent before this has passed. */
  readonly waitMs?: number | undefined;
}

interface AttemptDetails {
  /** HTTP status; undefined when there was no response. */
  readonly status?: number | undefined;
  readonly body?: unknown;
  /** Size of the response, where there was one. */
  readonly bytes?: number | undefined;
  /** Another attempt may succeed. */
  readonly retry: boolean;
  /** The platform said "too many requests". */
  readonly throttled?: boolean | undefined;
  readonly rateLimit?: RateLimitInfo | undefined;
}

/** One failed attempt. Its message may contain secrets that the platform sent back, so it never leaves this module. */
export class AttemptError extends Error {
  override readonly name = 'AttemptError';
  readonly details: AttemptDetails;

  constructor(message: string, details: AttemptDetails) {
    super(message);
    this.details = details;
  }
}

/** A request that ended at one of our own limits; the message names the limit and follows "gave up". */
export class GaveUpError extends Error {
  override readonly name = 'GaveUpError';
}

/** What an error of a platform's own SDK means. */
export interface ErrorClass {
  /** Another attempt may succeed. */
  readonly retry: boolean;
  /** The platform said "too many requests". */
  readonly throttled: boolean;
  /** HTTP status; undefined when there was no response. */
  readonly status: number | undefined;
  readonly message: string;
  /** The platform's own name for it; becomes `code` in the body of the RequestError. */
  readonly code?: string | undefined;
}
