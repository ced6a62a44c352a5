import Bottleneck from 'bottleneck';
import type { RateLimit } from '../config/types.ts';
import { type Clock, MINUTE_MS } from '../model/time.ts';
import { GaveUp } from './failure.ts';
import { createPause } from './pause.ts';

/** Requests of one door under way at once: enough that latency does not waste the allowance (DESIGN §9). */
const IN_FLIGHT_MAX = 4;

/** One at a time for this long after the platform said "too many" (PagerDuty advises serial requests). */
const CAREFUL_MS = MINUTE_MS;

/** Calls that may wait at once; a provider has four under way, so more is a mistake of ours and not load. */
const WAITING_MAX = 1000;

/** Requests may arrive so much closer together than they left, as latency is uneven, and stay within the allowance. */
const JITTER_MS = 300;
/** Of a short period that is a larger part than anybody wants to lose. */
const JITTER_SHARE_MAX = 0.02;

/** One request that waits for its turn. */
export interface Turn<T> {
  task(): Promise<T>;
  readonly signal: AbortSignal;
  /** When waiting makes no sense any more, by the clock. */
  readonly latestMs: number;
}

/** Keeps the allowance of one door. */
export interface Pace {
  /** Runs the task when its turn comes; throws GaveUp when that is later than it may wait. */
  take<T>(turn: Turn<T>): Promise<T>;
  /** Nothing leaves before `ms` have passed. */
  pause(ms: number): void;
  /** The platform said "too many": one request at a time for a minute. */
  slowDown(): void;
  /** Requests that the allowance still holds in the period that ends now. */
  left(): number;
  close(): Promise<void>;
}

/** The time between two requests that keeps any period of `perMs` within its allowance. */
export function spacingMs({ requests, perMs }: RateLimit): number {
  return (perMs + Math.min(JITTER_MS, perMs * JITTER_SHARE_MAX)) / requests;
}

/** Spreads requests evenly, so that two allowances never meet at the edge of a platform's window. */
export function createPace({ rateLimit, clock }: { rateLimit: RateLimit; clock: Clock }): Pace {
  const pause = createPause(clock);
  const departures = createDepartures(rateLimit, clock);
  const queue = createQueue({ minTimeMs: spacingMs(rateLimit), clock, isHeld: () => pause.isOn() });
  let waiting = 0;

  async function takeTurn<T>(turn: Turn<T>): Promise<T> {
    for (;;) {
      await pause.over(turn.latestMs);
      turn.signal.throwIfAborted();
      const done = await queue.run(async () => {
        turn.signal.throwIfAborted();
        departures.add();
        return turn.task();
      });
      if (done !== undefined) return done.value;
    }
  }

  return {
    async take(turn) {
      if (waiting >= WAITING_MAX) throw new GaveUp(`as ${WAITING_MAX} requests are waiting already`);
      waiting += 1;
      try {
        return await takeTurn(turn);
      } finally {
        waiting -= 1;
      }
    },
    pause: (ms) => pause.begin(ms),
    slowDown: () => queue.slowDown(),
    left: departures.left,
    async close() {
      pause.close();
      await queue.close();
    },
  };
}

interface QueueOptions {
  readonly minTimeMs: number;
  readonly clock: Clock;
  readonly isHeld: () => boolean;
}

/** Bottleneck, with fewer in flight after a warning; `run` gives undefined for a task that was held back unstarted. */
function createQueue({ minTimeMs, clock, isHeld }: QueueOptions) {
  const limiter = new Bottleneck({ maxConcurrent: IN_FLIGHT_MAX, minTime: minTimeMs });
  let inFlight = 0;
  let inFlightMax = IN_FLIGHT_MAX;
  let carefulUntilMs = 0;

  const adjust = () => {
    const leftMs = carefulUntilMs - clock.nowMs();
    // More than a minute is left only when the clock was set back meanwhile.
    const wanted = leftMs > 0 && leftMs <= CAREFUL_MS ? 1 : IN_FLIGHT_MAX;
    if (wanted === inFlightMax) return;
    inFlightMax = wanted;
    limiter.updateSettings({ maxConcurrent: wanted });
  };

  // What the limiter let through before a pause or a slower pace began must not leave any more.
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
      adjust();
      return limiter.schedule(() => start(task));
    },
    slowDown() {
      carefulUntilMs = clock.nowMs() + CAREFUL_MS;
      adjust();
    },
    close: () => limiter.stop({ dropWaitingJobs: true }),
  };
}

function createDepartures({ requests, perMs }: RateLimit, clock: Clock) {
  const departuresMs: number[] = [];
  const left = () => {
    const nowMs = clock.nowMs();
    // A clock that was set back leaves departures that lie ahead; they would pile up until it has caught up.
    if ((departuresMs.at(-1) ?? 0) > nowMs) departuresMs.length = 0;
    while (departuresMs[0] !== undefined && departuresMs[0] <= nowMs - perMs) departuresMs.shift();
    return Math.max(requests - departuresMs.length, 0);
  };
  const add = () => {
    left();
    departuresMs.push(clock.nowMs());
  };
  return { add, left };
}
