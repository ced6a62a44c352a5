import { SECOND_MS } from '../model/time.ts';
import type { RequestObserver } from './door.ts';

/** A `Date` has whole seconds and an answer takes its time: two clocks that differ by less are taken to agree. */
const AGREEING_BELOW_MS = 2 * SECOND_MS;

interface AnswerTimes {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** By the local clock. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

/**
 * Local clock minus platform clock in milliseconds, by an answer's header `Date` (RFC 9110 §6.6.1): positive when the
 * local clock is ahead, 0 when they agree as far as one answer can tell, undefined when it has no usable date.
 */
export function measureClockSkew({ headers, sentAtMs, receivedAtMs }: AnswerTimes): number | undefined {
  // What a cache answers carries the date at which it was stored.
  if (headers['age'] !== undefined) return undefined;
  const platformMs = Date.parse(headers['date'] ?? '');
  if (Number.isNaN(platformMs)) return undefined;
  // Written at some moment between sending and receiving, and cut to its second: the middle of both is compared.
  const skewMs = (sentAtMs + receivedAtMs) / 2 - (platformMs + SECOND_MS / 2);
  const uncertainMs = (Math.abs(receivedAtMs - sentAtMs) + SECOND_MS) / 2;
  return Math.abs(skewMs) < Math.max(AGREEING_BELOW_MS, uncertainMs) ? 0 : skewMs;
}

/** Remembers the newest skew of one platform, over all of its regions, and passes everything on to `observer`. */
export function rememberClockSkew(observer: RequestObserver): {
  readonly observer: RequestObserver;
  /** Undefined before the first answer with a date. */
  readonly clockSkewMs: () => number | undefined;
} {
  let newestMs: number | undefined;
  return {
    clockSkewMs: () => newestMs,
    observer: {
      onRequest: (code) => observer.onRequest(code),
      onThrottled: () => observer.onThrottled(),
      onBudget: (remaining, isTold) => observer.onBudget(remaining, isTold),
      onClockSkew(skewMs) {
        newestMs = skewMs;
        observer.onClockSkew?.(skewMs);
      },
    },
  };
}
