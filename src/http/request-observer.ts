import { SECOND_MS } from '../model/time.ts';

/** One attempt of a request: nothing of its query, headers and body. */
export interface ObservedRequest {
  readonly method: string;
  readonly host: string;
  /** Redacted; of an SDK the name of the operation. */
  readonly path: string;
  /** One word for all requests of its kind: the path with `{id}` where ids stand. */
  readonly endpoint: string;
  /** 1 for the first try of a call. */
  readonly tries: number;
  /** For the rate limit, and between tries. */
  readonly waitMs: number;
  readonly durationMs: number;
  /** Of the body, unpacked; undefined where it is not known. */
  readonly bytes: number | undefined;
}

/** Receives what metrics, transcripts and `doctor` need to know of each request. */
export interface RequestObserver {
  /** `code` is the HTTP status, or `error` when there was no response. */
  onRequest(code: string, request: ObservedRequest): void;
  /** The platform said "too many requests". */
  onThrottled(): void;
  /** Requests left in the current period, as the platform reported (`isReported`) or else as our rate limiter counts. */
  onBudget(remaining: number, isReported: boolean): void;
  /** Local clock minus platform clock in milliseconds, by the `Date` header of a response; see `measureClockSkew`. */
  onClockSkew?(skewMs: number): void;
}

/** `Date` has whole seconds and a response takes its time: clocks that differ by less are considered equal. */
const EQUAL_BELOW_MS = 2 * SECOND_MS;

interface ResponseTimes {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** By the local clock. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

/**
 * Local clock minus platform clock in milliseconds, by the `Date` header of a response (RFC 9110 §6.6.1): positive when
 * the local clock is ahead, 0 when one response cannot show a difference, undefined when it has no usable date.
 */
export function measureClockSkew({ headers, sentAtMs, receivedAtMs }: ResponseTimes): number | undefined {
  // A response from a cache has the date at which it was stored.
  if (headers['age'] !== undefined) return undefined;
  const platformMs = Date.parse(headers['date'] ?? '');
  if (Number.isNaN(platformMs)) return undefined;
  // The date was written at some moment between sending and receiving, and cut to its second: the middles are compared.
  const skewMs = (sentAtMs + receivedAtMs) / 2 - (platformMs + SECOND_MS / 2);
  const uncertaintyMs = (Math.abs(receivedAtMs - sentAtMs) + SECOND_MS) / 2;
  return Math.abs(skewMs) < Math.max(EQUAL_BELOW_MS, uncertaintyMs) ? 0 : skewMs;
}

/** Remembers the newest clock skew of one platform, over all of its regions, and passes every call on to `observer`. */
export function rememberClockSkew(observer: RequestObserver): {
  readonly observer: RequestObserver;
  /** Undefined before the first response with a date. */
  readonly clockSkewMs: () => number | undefined;
} {
  let newestMs: number | undefined;
  return {
    clockSkewMs: () => newestMs,
    observer: {
      onRequest: (code, request) => observer.onRequest(code, request),
      onThrottled: () => observer.onThrottled(),
      onBudget: (remaining, isReported) => observer.onBudget(remaining, isReported),
      onClockSkew(skewMs) {
        newestMs = skewMs;
        observer.onClockSkew?.(skewMs);
      },
    },
  };
}
