import Bottleneck from 'bottleneck';
import type { RateLimit } from '../config/types.ts';
import { type Clock, HOUR_MS, MINUTE_MS } from '../model/time.ts';
import { GaveUpError } from './errors.ts';

/** Requests of one client in flight at once: enough that latency does not waste the rate limit (DESIGN §9). */
const IN_FLIGHT_MAX = 4;

/** One request at a time for this long after the platform said "too many" (PagerDuty advises serial requests). */
const THROTTLED_MS = MINUTE_MS;

/** Requests that may be queued at once; a provider makes four at a time, so more is a bug of ours and not load. */
const QUEUED_MAX = 1000;

/** Requests may arrive closer together than they were sent by this much, as latency varies, and stay within the limit. */
const JITTER_MS = 300;
/** Of a short period 300 ms would waste too much. */
const JITTER_RATIO_MAX = 0.02;

/** A longer wait that a header asks for is cut to this: a wrong header must not stop a provider for good. */
const COOLDOWN_MAX_MS = HOUR_MS;

/** A request that waits for its turn. */
export interface QueuedRequest<T> {
  readonly task: () => Promise<T>;
  readonly signal: AbortSignal;
  /** The time after which it must not be sent any more. */
  readonly deadlineMs: number;
}

/** Keeps the requests of one client within the platform's rate limit. */
export interface RateLimiter {
  /** Runs the task when it may be sent; throws GaveUpError when that is after its deadline or the queue is full. */
  schedule<T>(request: QueuedRequest<T>): Promise<T>;
  /** Sends nothing before `ms` have passed. */
  coolDown(ms: number): void;
  /** Sends one request at a time for a minute, after the platform said "too many". */
  throttle(): void;
  /** Requests that the rate limit still allows in the period that ends now. */
  remaining(): number;
  close(): Promise<void>;
}

/** The time between two requests that keeps any period of `perMs` within the limit. */
export function spacingMs({ requests, perMs }: RateLimit): number {
  return (perMs + Math.min(JITTER_MS, perMs * JITTER_RATIO_MAX)) / requests;
}

/** Spreads requests evenly, so that no burst at the edge of a platform's window exceeds the limit. */
export function createRateLimiter({ rateLimit, clock }: { rateLimit: RateLimit; clock: Clock }): RateLimiter {
  const cooldown = createCooldown(clock);
  const sent = createSentCounter(rateLimit, clock);
  const queue = createQueue(spacingMs(rateLimit), clock, () => cooldown.isActive());
  let queued = 0;

  async function waitAndRun<T>({ task, signal, deadlineMs }: QueuedRequest<T>): Promise<T> {
    for (;;) {
      await cooldown.wait(deadlineMs);
      signal.throwIfAborted();
      const result = await queue.run(async () => {
        signal.throwIfAborted();
        sent.add();
        return task();
      });
      if (result !== undefined) return result.value;
    }
  }

  return {
    async schedule(request) {
      if (queued >= QUEUED_MAX) throw new GaveUpError(`because ${QUEUED_MAX} requests are queued already`);
      queued += 1;
      try {
        return await waitAndRun(request);
      } finally {
        queued -= 1;
      }
    },
    coolDown: (ms) => cooldown.start(ms),
    throttle: () => queue.throttle(),
    remaining: sent.remaining,
    async close() {
      cooldown.close();
      await queue.close();
    },
  };
}

/**
 * A period in which nothing is sent. All requests share one sleep of the clock, so that they all go on at its end.
 */
function createCooldown(clock: Clock) {
  const closing = new AbortController();
  let untilMs = 0;
  let current: Promise<void> | undefined;

  return {
    isActive: () => current !== undefined,
    /** Begins or extends the period; one that ends later stays. */
    start(requestedMs: number): void {
      const ms = Math.min(requestedMs, COOLDOWN_MAX_MS);
      if (current !== undefined && clock.nowMs() + ms <= untilMs) return;
      untilMs = clock.nowMs() + ms;
      const started: Promise<void> = clock
        .sleep(ms, closing.signal)
        .catch(() => undefined)
        .then(() => {
          if (current === started) current = undefined;
        });
      current = started;
    },
    /** Resolves when no period is active any more; throws GaveUpError when that is after `deadlineMs`. */
    async wait(deadlineMs: number): Promise<void> {
      while (current !== undefined) {
        if (untilMs > deadlineMs) throw new GaveUpError(describeCooldown(untilMs));
        await current;
      }
    },
    close: () => closing.abort(),
  };
}

function describeCooldown(untilMs: number): string {
  return `because the platform accepts no requests until ${new Date(untilMs).toISOString()}, longer than one call may wait`;
}

/** Bottleneck, with one request at a time after `throttle`; `run` returns undefined for a task that was held back and not started. */
function createQueue(minTimeMs: number, clock: Clock, isHeld: () => boolean) {
  const limiter = new Bottleneck({ maxConcurrent: IN_FLIGHT_MAX, minTime: minTimeMs });
  let inFlight = 0;
  let inFlightMax = IN_FLIGHT_MAX;
  let throttledUntilMs = 0;

  const updateInFlightMax = () => {
    const leftMs = throttledUntilMs - clock.nowMs();
    // More than a minute is left only when the clock was set back meanwhile.
    const wanted = leftMs > 0 && leftMs <= THROTTLED_MS ? 1 : IN_FLIGHT_MAX;
    if (wanted === inFlightMax) return;
    inFlightMax = wanted;
    limiter.updateSettings({ maxConcurrent: wanted });
  };

  // What the limiter released before a cooldown or throttling began must not be sent any more.
  async function start<T>(task: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    if (isHeld() || inFlight >= inFlightMax) return undefined;
    inFlight += 1;
    try {
      return { value: await task() };
    } finally {
      inFlight -= 1;
    }
  }

  return {
    run<T>(task: () => Promise<T>) {
      updateInFlightMax();
      return limiter.schedule(() => start(task));
    },
    throttle() {
      throttledUntilMs = clock.nowMs() + THROTTLED_MS;
      updateInFlightMax();
    },
    close: () => limiter.stop({ dropWaitingJobs: true }),
  };
}

/** Counts the requests sent in the period that ends now. */
function createSentCounter({ requests, perMs }: RateLimit, clock: Clock) {
  const sentAtMs: number[] = [];
  const remaining = () => {
    const nowMs = clock.nowMs();
    // A clock that was set back leaves times in the future; they would pile up until it has caught up.
    if ((sentAtMs.at(-1) ?? 0) > nowMs) sentAtMs.length = 0;
    while (sentAtMs[0] !== undefined && sentAtMs[0] <= nowMs - perMs) sentAtMs.shift();
    return Math.max(requests - sentAtMs.length, 0);
  };
  const add = () => {
    remaining();
    sentAtMs.push(clock.nowMs());
  };
  return { add, remaining };
}
