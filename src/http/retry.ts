import pRetry, { AbortError } from 'p-retry';
import { type Clock, MINUTE_MS, SECOND_MS, steadyMs } from '../model/time.ts';
import { AttemptError, GaveUpError, type RateLimitInfo, RequestError } from './errors.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { Redactor } from './redact.ts';
import type { ObservedRequest, RequestObserver } from './request-observer.ts';

/** Tries of one call: with full jitter some 4 s of waiting (at most 7.5 s), enough for a hiccup; the next poll covers more. */
const TRIES_MAX = 5;

/** Full jitter: the wait after try n is a random time below base × 2^(n-1), never above the maximum. */
const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 30 * SECOND_MS;

/** The longest that one call may take, queue and waits included: ten windows of a limit per minute. */
const CALL_MAX_MS = 10 * MINUTE_MS;

/** Longer messages of a platform are cut, as they end up in a log line. */
const MESSAGE_MAX_CHARACTERS = 300;

/** The value of a successful attempt, and what its response said. */
export interface AttemptResult<T> {
  readonly value: T;
  readonly status: number;
  readonly rateLimit: RateLimitInfo;
  readonly bytes?: number | undefined;
}

/** One call: a request that is attempted while that makes sense. */
export interface Call<T> {
  /** Begins each error message. */
  readonly label: string;
  /** What the observer gets of it. */
  readonly request: Pick<ObservedRequest, 'method' | 'host' | 'path' | 'endpoint'>;
  /** Makes one attempt with a signal that fires at its time-out; throws AttemptError. */
  readonly attempt: (signal: AbortSignal) => Promise<AttemptResult<T>>;
  readonly signal: AbortSignal;
}

interface RetryOptions {
  readonly rateLimiter: RateLimiter;
  readonly clock: Clock;
  readonly observer: RequestObserver;
  readonly redactor: Redactor;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** Fires when the client closes. */
  readonly closing: AbortSignal;
  /** Instead of the five tries that a platform gets. */
  readonly triesMax?: number;
}

interface CallState {
  tries: number;
  lastError: AttemptError | undefined;
  /** Since when the next try waits. */
  waitsSinceMs: number;
  readonly deadlineMs: number;
}

function startCall(clock: Clock): CallState {
  const deadlineMs = clock.nowMs() + CALL_MAX_MS;
  return { tries: 0, lastError: undefined, waitsSinceMs: steadyMs(clock), deadlineMs };
}

/** The wait after so many tries, in milliseconds; `random` is between 0 and 1. */
export function backoffMs(tries: number, random: number): number {
  return random * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** (tries - 1));
}

/**
 * A function that makes calls within the rate limit, retries what another try may mend, and ends at the limits above.
 * Calls throw RequestError, or the reason of their signal.
 */
export function createRetry(options: RetryOptions): <T>(call: Call<T>) => Promise<T> {
  const { rateLimiter, clock, redactor, closing, triesMax = TRIES_MAX } = options;
  const attemptOnce = createAttempt(options);

  /** One try; what another try cannot mend is thrown as p-retry's AbortError. */
  async function tryOnce<T>(call: Call<T>, state: CallState): Promise<T> {
    const task = () => {
      state.tries += 1;
      return attemptOnce(call, state);
    };
    try {
      return await rateLimiter.schedule({ task, signal: call.signal, deadlineMs: state.deadlineMs });
    } catch (error) {
      if (error instanceof AttemptError) state.lastError = error;
      if (error instanceof AttemptError && error.details.retry) throw error;
      throw error instanceof Error ? new AbortError(error) : error;
    }
  }

  // The rate limiter waits for what holds back the whole client; here only the backoff of this call is waited for.
  async function waitBeforeRetry(state: CallState, signal: AbortSignal): Promise<void> {
    const details = state.lastError?.details;
    if (details?.throttled === true || details?.rateLimit?.waitMs !== undefined) return;
    await clock.sleep(backoffMs(state.tries, Math.random()), signal);
    if (clock.nowMs() > state.deadlineMs) throw callTimeoutError();
  }

  function tryRepeatedly<T>(call: Call<T>, state: CallState): Promise<T> {
    return pRetry(() => tryOnce(call, state), {
      retries: triesMax - 1,
      minTimeout: 0,
      maxTimeout: 0,
      signal: call.signal,
      onFailedAttempt: async ({ retriesLeft }) => {
        if (retriesLeft > 0) await waitBeforeRetry(state, call.signal);
      },
    });
  }

  function toRequestError(message: string, lastError: AttemptError | undefined): RequestError {
    const { status, body } = lastError?.details ?? {};
    return new RequestError(toOneLine(redactor.text(message)), { status, body: redactor.value(body) });
  }

  return async (call) => {
    const state = startCall(clock);
    const limits = { signals: [call.signal, closing], timeoutMs: CALL_MAX_MS, timeoutError: callTimeoutError };
    try {
      return await withTimeout(limits, (signal) => tryRepeatedly({ ...call, signal }, state));
    } catch (error) {
      if (error instanceof GaveUpError) {
        throw toRequestError(`${call.label}: ${describeGaveUp(error, state)}`, state.lastError);
      }
      if (error instanceof AttemptError) {
        throw toRequestError(`${call.label}: ${describeAttempt(error, state.tries)}`, error);
      }
      throw error;
    }
  };
}

/** Makes one attempt within its time-out, reports it to the observer, and passes the platform's wishes to the rate limiter. */
function createAttempt({ rateLimiter, observer, redactor, clock, timeoutMs }: RetryOptions) {
  const timeoutError = () => new AttemptError(`timed out after ${timeoutMs / SECOND_MS} s`, { retry: true });

  function report({ remaining, waitMs }: RateLimitInfo): void {
    if (waitMs !== undefined) rateLimiter.coolDown(waitMs);
    observer.onBudget(remaining ?? rateLimiter.remaining(), remaining !== undefined);
  }

  function reportError(details: AttemptError['details'] | undefined, tries: number): void {
    report(details?.rateLimit ?? {});
    if (details?.throttled !== true) return;
    observer.onThrottled();
    rateLimiter.throttle();
    if (details.rateLimit?.waitMs === undefined) rateLimiter.coolDown(backoffMs(tries, Math.random()));
  }

  return async <T>({ attempt, request, signal }: Call<T>, state: CallState): Promise<T> => {
    const sentAtMs = steadyMs(clock);
    const waitMs = sentAtMs - state.waitsSinceMs;
    const observe = (status: number | undefined, bytes: number | undefined) => {
      state.waitsSinceMs = steadyMs(clock);
      const durationMs = state.waitsSinceMs - sentAtMs;
      const path = redactor.text(request.path);
      observer.onRequest(String(status ?? 'error'), {
        ...request,
        path,
        tries: state.tries,
        waitMs,
        durationMs,
        bytes,
      });
    };
    try {
      const result = await withTimeout({ signals: [signal], timeoutMs, timeoutError }, attempt);
      observe(result.status, result.bytes);
      report(result.rateLimit);
      return result.value;
    } catch (error) {
      const details = error instanceof AttemptError ? error.details : undefined;
      observe(details?.status, details?.bytes);
      reportError(details, state.tries);
      throw error;
    }
  };
}

function describeAttempt(error: AttemptError, tries: number): string {
  const after = tries > 1 ? ` after ${tries} tries` : '';
  return `${error.details.status ?? 'no answer'}${after}: ${error.message}`;
}

function describeGaveUp({ message }: GaveUpError, { lastError, tries }: CallState): string {
  return `gave up ${message}${lastError === undefined ? '' : `; before that ${describeAttempt(lastError, tries)}`}`;
}

function callTimeoutError(): GaveUpError {
  return new GaveUpError(`after ${CALL_MAX_MS / MINUTE_MS} min, the longest that one call may take`);
}

/** A platform's text must not forge a line of the log. */
function toOneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > MESSAGE_MAX_CHARACTERS ? `${line.slice(0, MESSAGE_MAX_CHARACTERS)}…` : line;
}

interface TimeoutOptions {
  /** The first of them to fire ends the task. */
  readonly signals: readonly AbortSignal[];
  /** Of real time, by a timer. */
  readonly timeoutMs: number;
  /** Makes the error that is thrown at the time-out. */
  readonly timeoutError: () => Error;
}

/**
 * Runs `task` with a signal that fires when one of `signals` does or at the time-out, and rejects at that moment with
 * the signal's reason or `timeoutError()`, whether or not the task reacts to its signal.
 */
export async function withTimeout<T>(
  { signals, timeoutMs, timeoutError }: TimeoutOptions,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (const signal of signals) signal.throwIfAborted();
  const controller = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  const removeListeners = signals.map((signal) => {
    const onAbort = () => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    return () => signal.removeEventListener('abort', onAbort);
  });
  const timer = setTimeout(() => controller.abort(timeoutError()), timeoutMs);
  try {
    return await Promise.race([task(controller.signal), aborted]);
  } finally {
    clearTimeout(timer);
    for (const remove of removeListeners) remove();
  }
}
