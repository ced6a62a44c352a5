/** Told about each request that leaves, and what came back. */
export interface RequestObserver {
  /** `code` is the HTTP status, or `error` when there was no answer. */
  onRequest(code: string): void;
  /** The platform said "too many". */
  onThrottled(): void;
  /** Requests left in the current allowance, as the platform or our own pace tells. */
  onBudget(remaining: number): void;
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
