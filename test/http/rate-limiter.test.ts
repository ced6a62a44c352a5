import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RateLimit } from '../../src/config/types.ts';
import { createRateLimiter, spacingMs } from '../../src/http/rate-limiter.ts';
import { systemClock } from '../../src/model/time.ts';

const MINUTE_MS = 60_000;
const LATENCY_MS = 100;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** The times at which the requests of four callers are sent; each caller awaits its response, which takes 100 ms. */
async function measureSentTimes(rateLimit: RateLimit, forMs: number): Promise<number[]> {
  const limiter = createRateLimiter({ rateLimit, clock: systemClock });
  const stop = new AbortController();
  const sentAtMs: number[] = [];
  const task = async () => {
    sentAtMs.push(Date.now());
    await new Promise((resolve) => setTimeout(resolve, LATENCY_MS));
  };
  const caller = async () => {
    for (;;) await limiter.schedule({ task, signal: stop.signal, deadlineMs: Number.MAX_SAFE_INTEGER });
  };
  const callers = [caller(), caller(), caller(), caller()].map((running) => running.catch(() => undefined));
  await vi.advanceTimersByTimeAsync(forMs);
  stop.abort();
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  await Promise.all(callers);
  await limiter.close();
  return sentAtMs;
}

/** A limiter of one request a second, and requests that take `latencyMs`. */
function startLimiter(latencyMs = LATENCY_MS) {
  const limiter = createRateLimiter({ rateLimit: { requests: 60, perMs: MINUTE_MS }, clock: systemClock });
  const sentAtMs: number[] = [];
  const task = async () => {
    sentAtMs.push(Date.now());
    await new Promise((resolve) => setTimeout(resolve, latencyMs));
  };
  const signal = new AbortController().signal;
  return { limiter, sentAtMs, send: () => limiter.schedule({ task, signal, deadlineMs: Number.MAX_SAFE_INTEGER }) };
}

/** The most requests in any period of `perMs`. */
function mostWithin(sentAtMs: readonly number[], perMs: number): number {
  const counts = sentAtMs.map((fromMs) => sentAtMs.filter((ms) => ms >= fromMs && ms < fromMs + perMs).length);
  return Math.max(...counts);
}

describe('the rate limiter', () => {
  it.each([
    { requests: 900, perMs: MINUTE_MS },
    { requests: 130, perMs: MINUTE_MS },
    { requests: 20, perMs: MINUTE_MS },
    { requests: 2, perMs: 1000 },
  ])(
    'uses 95 % of $requests requests in $perMs ms and never exceeds them in any period of that length',
    async (rateLimit) => {
      const sentAtMs = await measureSentTimes(rateLimit, 3 * MINUTE_MS);

      const startMs = sentAtMs[0] ?? 0;
      const second = sentAtMs.filter((ms) => ms >= startMs + MINUTE_MS && ms < startMs + 2 * MINUTE_MS);
      expect(mostWithin(sentAtMs, rateLimit.perMs)).toBeLessThanOrEqual(rateLimit.requests);
      expect(second.length).toBeGreaterThanOrEqual(0.95 * rateLimit.requests * (MINUTE_MS / rateLimit.perMs));
    },
  );

  it('sends no burst at the start or after an idle time', async () => {
    const { limiter, sentAtMs, send } = startLimiter();
    const burst = () => Promise.all([1, 2, 3, 4, 5].map(send));

    const first = burst();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    const second = burst();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);

    await Promise.all([first, second]);
    const gapsMs = sentAtMs.slice(1).map((ms, index) => ms - (sentAtMs[index] ?? 0));
    // A timer counts whole milliseconds, and the limiter itself waits for one now and then.
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(Math.floor(spacingMs({ requests: 60, perMs: MINUTE_MS })) - 2);
    await limiter.close();
  });

  it('holds back queued requests when a cooldown begins, until the longest cooldown is over', async () => {
    const { limiter, sentAtMs, send } = startLimiter();
    const startMs = Date.now();
    const requests = [send(), send(), send()];
    await vi.advanceTimersByTimeAsync(500);

    limiter.coolDown(20_000);
    limiter.coolDown(2000);
    await vi.advanceTimersByTimeAsync(MINUTE_MS);

    await Promise.all(requests);
    expect(sentAtMs.map((ms) => ms - startMs < 20_500)).toEqual([true, false, false]);
    await limiter.close();
  });

  it('holds back queued requests when throttled, while another is in flight', async () => {
    const { limiter, sentAtMs, send } = startLimiter(30_000);
    const startMs = Date.now();
    const requests = [send(), send(), send()];
    await vi.advanceTimersByTimeAsync(500);

    limiter.throttle();
    await vi.advanceTimersByTimeAsync(3 * MINUTE_MS);

    await Promise.all(requests);
    expect(sentAtMs.map((ms) => Math.floor((ms - startMs) / 30_000))).toEqual([0, 1, 2]);
    await limiter.close();
  });

  it('refuses a request when a thousand are queued already', async () => {
    const limiter = createRateLimiter({ rateLimit: { requests: 1, perMs: MINUTE_MS }, clock: systemClock });
    const request = { task: async () => 1, signal: new AbortController().signal, deadlineMs: Number.MAX_SAFE_INTEGER };
    const waiting = Array.from({ length: 1000 }, () => limiter.schedule(request).catch(() => undefined));

    const refused = limiter.schedule(request);

    await expect(refused).rejects.toThrow('because 1000 requests are queued already');
    const closed = limiter.close();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    await Promise.all([closed, ...waiting]);
  });
});
