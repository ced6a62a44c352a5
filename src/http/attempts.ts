import { type Clock, SECOND_MS } from '../model/time.ts';
import { bounded } from './bounded.ts';
import type { RequestObserver } from './door.ts';
import { type Allowance, AttemptFailure } from './failure.ts';
import type { Pace } from './pace.ts';

/** Full jitter: the wait after try n is a random time below base × 2^(n-1), never above the cap. */
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30 * SECOND_MS;

/** What one attempt brought. */
export interface Attempted<T> {
  readonly value: T;
  readonly status: number;
  readonly allowance: Allowance;
}

/** Makes one attempt with a signal that fires at its time-out; throws AttemptFailure. */
export type Attempt<T> = (signal: AbortSignal) => Promise<Attempted<T>>;

/** Where one attempt stands in its call. */
export interface Place {
  /** 1 for the first try. */
  readonly tries: number;
  readonly signal: AbortSignal;
}

export interface AttemptsOptions {
  readonly pace: Pace;
  readonly clock: Clock;
  readonly observer: RequestObserver;
  readonly timeoutMs: number;
}

/** The wait after so many tries, in milliseconds; `random` is between 0 and 1. */
export function backoffMs(tries: number, random: number): number {
  return random * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (tries - 1));
}

/** Makes attempts within the time-out, tells the observer, and has the pace obey what the platform said. */
export function createAttempts({ pace, observer, timeoutMs }: AttemptsOptions) {
  const timedOut = () => new AttemptFailure(`timed out after ${timeoutMs / SECOND_MS} s`, { retry: true });

  function heard(code: string, { remaining, waitMs }: Allowance): void {
    observer.onRequest(code);
    if (waitMs !== undefined) pace.pause(waitMs);
    observer.onBudget(remaining ?? pace.left(), remaining !== undefined);
  }

  function failed(error: unknown, tries: number): void {
    const details = error instanceof AttemptFailure ? error.details : undefined;
    heard(String(details?.status ?? 'error'), details?.allowance ?? {});
    if (details?.throttled !== true) return;
    observer.onThrottled();
    pace.slowDown();
    if (details.allowance?.waitMs === undefined) pace.pause(backoffMs(tries, Math.random()));
  }

  return async <T>(attempt: Attempt<T>, { tries, signal }: Place): Promise<T> => {
    try {
      const done = await bounded({ signals: [signal], limitMs: timeoutMs, reached: timedOut }, attempt);
      heard(String(done.status), done.allowance);
      return done.value;
    } catch (error) {
      failed(error, tries);
      throw error;
    }
  };
}
