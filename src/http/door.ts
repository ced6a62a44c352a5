import type { RateLimit } from '../config/types.ts';
import type { Clock } from '../model/time.ts';

/** Told about each request that leaves, and what came back. */
export interface RequestObserver {
  /** `code` is the HTTP status, or `error` when there was no answer. */
  onRequest(code: string): void;
  /** The platform said "too many". */
  onThrottled(): void;
  /** Requests left in the current allowance, as the platform (`isTold`) or else our own pace tells. */
  onBudget(remaining: number, isTold: boolean): void;
  /** Local clock minus platform clock in milliseconds, by the `Date` of an answer; see `measureClockSkew`. */
  onClockSkew?(skewMs: number): void;
}

/** What came back with a 2xx status. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Query parameters; arrays repeat their name as it is written (`statuses[]`). `undefined` is left out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** The one way to a platform: paced, retried, bounded, redacted. */
export interface Door {
  /**
   * GET `path` (relative to the base URL, or an absolute URL of the same origin) and parse its JSON.
   * Throws RequestError when all tries failed, the answer was refused, or the body is not JSON.
   */
  get(path: string, query: Query, signal: AbortSignal): Promise<Answer>;
  /** Runs one call of a platform's own client under the same allowance, tries and deadline. */
  run<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/** What an error of a platform's own client means; `undefined` status when there was no answer. */
export interface Verdict {
  readonly retry: boolean;
  readonly throttled: boolean;
  readonly status: number | undefined;
  readonly message: string;
  /** The platform's own name for it; becomes `code` in the body of the RequestError. */
  readonly code?: string | undefined;
}

export interface DoorOptions {
  /** Where relative paths lead; requests never leave this origin. */
  readonly baseUrl: string;
  /** Sent with each request, credentials included. */
  readonly headers: Readonly<Record<string, string>>;
  /** Removed from every message. */
  readonly secrets: readonly string[];
  readonly rateLimit: RateLimit;
  readonly timeoutMs: number;
  readonly proxyUrl: string | undefined;
  readonly caFile: string | undefined;
  readonly clock: Clock;
  readonly observer: RequestObserver;
  /** Reads the errors of a platform's own client (for `run`). */
  readonly judge?: ((error: unknown) => Verdict) | undefined;
}
