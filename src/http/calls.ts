import pRetry, { AbortError } from 'p-retry';
import { MINUTE_MS } from '../model/time.ts';
import { type Attempt, type AttemptsOptions, backoffMs, createAttempts } from './attempts.ts';
import { bounded } from './bounded.ts';
import { RequestError } from './errors.ts';
import { AttemptFailure, GaveUp } from './failure.ts';
import type { Redactor } from './redact.ts';

/** Tries of one call: with full jitter some 4 s of waiting (at most 7.5 s), over a hiccup; a longer outage is the next poll's. */
const TRIES_MAX = 5;

/** The longest that one call may take, queue and waits included: ten windows of a limit per minute. */
const CALL_MAX_MS = 10 * MINUTE_MS;

/** Longer messages of a platform are cut, as they end up in a log line. */
const MESSAGE_MAX_CHARACTERS = 300;

/** One call: attempts are made while that makes sense; `label` begins each message. */
export interface Call<T> {
  readonly label: string;
  readonly attempt: Attempt<T>;
  readonly signal: AbortSignal;
}

interface CallsOptions extends AttemptsOptions {
  readonly redactor: Redactor;
  /** Fires when the door closes. */
  readonly closing: AbortSignal;
  /** Instead of the tries that a platform gets. */
  readonly triesMax?: number;
}

/** What has happened to a call so far. */
interface Course {
  tries: number;
  last: AttemptFailure | undefined;
  readonly latestMs: number;
}

/** Makes calls in the door's pace, with its tries and limits; they end in RequestError, or in the reason of their signal. */
export function createCalls(options: CallsOptions): <T>(call: Call<T>) => Promise<T> {
  const { clock, redactor, closing, triesMax = TRIES_MAX } = options;
  const tryOnce = createTry(options);

  // A pause of the whole door is waited for at the door; only what concerns this call alone is waited for here.
  async function waitBeforeNext(course: Course, signal: AbortSignal): Promise<void> {
    const details = course.last?.details;
    if (details?.throttled === true || details?.allowance?.waitMs !== undefined) return;
    await clock.sleep(backoffMs(course.tries, Math.random()), signal);
    if (clock.nowMs() > course.latestMs) throw tooLong();
  }

  function manyTries<T>(call: Call<T>, course: Course): Promise<T> {
    return pRetry(() => tryOnce(call, course), {
      retries: triesMax - 1,
      minTimeout: 0,
      maxTimeout: 0,
      signal: call.signal,
      onFailedAttempt: async ({ retriesLeft }) => {
        if (retriesLeft > 0) await waitBeforeNext(course, call.signal);
      },
    });
  }

  function requestError(message: string, last: AttemptFailure | undefined): RequestError {
    const { status, body } = last?.details ?? {};
    return new RequestError(oneLine(redactor.text(message)), { status, body: redactor.value(body) });
  }

  return async (call) => {
    const course: Course = { tries: 0, last: undefined, latestMs: clock.nowMs() + CALL_MAX_MS };
    const bound = { signals: [call.signal, closing], limitMs: CALL_MAX_MS, reached: tooLong };
    try {
      return await bounded(bound, (signal) => manyTries({ ...call, signal }, course));
    } catch (error) {
      if (error instanceof GaveUp) throw requestError(gaveUp(call.label, error, course), course.last);
      if (error instanceof AttemptFailure) throw requestError(`${call.label}: ${told(error, course.tries)}`, error);
      throw error;
    }
  };
}

/** One try in the door's pace; what another try cannot mend is thrown as p-retry's AbortError. */
function createTry(options: AttemptsOptions) {
  const attemptOnce = createAttempts(options);
  return async <T>({ attempt, signal }: Call<T>, course: Course): Promise<T> => {
    const task = () => {
      course.tries += 1;
      return attemptOnce(attempt, { tries: course.tries, signal });
    };
    try {
      return await options.pace.take({ task, signal, latestMs: course.latestMs });
    } catch (error) {
      if (error instanceof AttemptFailure) course.last = error;
      if (error instanceof AttemptFailure && error.details.retry) throw error;
      throw error instanceof Error ? new AbortError(error) : error;
    }
  };
}

function told(failure: AttemptFailure, tries: number): string {
  const after = tries > 1 ? ` after ${tries} tries` : '';
  return `${failure.details.status ?? 'no answer'}${after}: ${failure.message}`;
}

function gaveUp(label: string, { message }: GaveUp, { last, tries }: Course): string {
  return `${label}: gave up ${message}${last === undefined ? '' : `; before that ${told(last, tries)}`}`;
}

function tooLong(): GaveUp {
  return new GaveUp(`after ${CALL_MAX_MS / MINUTE_MS} min, the longest that one call may take`);
}

/** A platform's text must not forge a line of the log. */
function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > MESSAGE_MAX_CHARACTERS ? `${line.slice(0, MESSAGE_MAX_CHARACTERS)}…` : line;
}
