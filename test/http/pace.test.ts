import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RateLimit } from '../../src/config/types.ts';
import { createPace, spacingMs } from '../../src/http/pace.ts';
import { systemClock } from '../../src/model/time.ts';

const MINUTE_MS = 60_000;
const LATENCY_MS = 100;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** When requests leave that four callers make one after the other, each answered after 100 ms. */
async function departuresOf(rateLimit: RateLimit, forMs: number): Promise<number[]> {
  const pace = createPace({ rateLimit, clock: systemClock });
  const stop = new AbortController();
  const departuresMs: number[] = [];
  const task = async () => {
    departuresMs.push(Date.now());
    await new Promise((resolve) => setTimeout(resolve, LATENCY_MS));
  };
  const caller = async () => {
    for (;;) await pace.take({ task, signal: stop.signal, latestMs: Number.MAX_SAFE_INTEGER });
  };
  const callers = [caller(), caller(), caller(), caller()].map((running) => running.catch(() => undefined));
  await vi.advanceTimersByTimeAsync(forMs);
  stop.abort();
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  await Promise.all(callers);
  await pace.close();
  return departuresMs;
}

/** A pace of one request a second, and turns whose tasks take `latencyMs`. */
function startPace(latencyMs = LATENCY_MS) {
  const pace = createPace({ rateLimit: { requests: 60, perMs: MINUTE_MS }, clock: systemClock });
  const departuresMs: number[] = [];
  const task = async () => {
    departuresMs.push(Date.now());
    await new Promise((resolve) => setTimeout(resolve, latencyMs));
  };
  const signal = new AbortController().signal;
  return { pace, departuresMs, take: () => pace.take({ task, signal, latestMs: Number.MAX_SAFE_INTEGER }) };
}

/** The most departures in any stretch of `perMs`. */
function mostWithin(departuresMs: readonly number[], perMs: number): number {
  const counts = departuresMs.map((fromMs) => departuresMs.filter((ms) => ms >= fromMs && ms < fromMs + perMs).length);
  return Math.max(...counts);
}

describe('the pace', () => {
  it.each([
    { requests: 900, perMs: MINUTE_MS },
    { requests: 130, perMs: MINUTE_MS },
    { requests: 20, perMs: MINUTE_MS },
    { requests: 2, perMs: 1000 },
  ])('uses 95 % of $requests in $perMs ms and is never above it in any stretch of that length', async (rateLimit) => {
    const departuresMs = await departuresOf(rateLimit, 3 * MINUTE_MS);

    const startMs = departuresMs[0] ?? 0;
    const second = departuresMs.filter((ms) => ms >= startMs + MINUTE_MS && ms < startMs + 2 * MINUTE_MS);
    expect(mostWithin(departuresMs, rateLimit.perMs)).toBeLessThanOrEqual(rateLimit.requests);
    expect(second.length).toBeGreaterThanOrEqual(0.95 * rateLimit.requests * (MINUTE_MS / rateLimit.perMs));
  });

  it('sends no burst at the start or after a rest, so two allowances never meet', async () => {
    const { pace, departuresMs, take } = startPace();
    const burst = () => Promise.all([1, 2, 3, 4, 5].map(take));

    const first = burst();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    const second = burst();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);

    await Promise.all([first, second]);
    const gapsMs = departuresMs.slice(1).map((ms, index) => ms - (departuresMs[index] ?? 0));
    // A timer counts whole milliseconds, and the limiter itself waits for one now and then.
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(Math.floor(spacingMs({ requests: 60, perMs: MINUTE_MS })) - 2);
    await pace.close();
  });

  it('holds back what was let through before a pause began, until the longest pause is over', async () => {
    const { pace, departuresMs, take } = startPace();
    const startMs = Date.now();
    const turns = [take(), take(), take()];
    await vi.advanceTimersByTimeAsync(500);

    pace.pause(20_000);
    pace.pause(2000);
    await vi.advanceTimersByTimeAsync(MINUTE_MS);

    await Promise.all(turns);
    expect(departuresMs.map((ms) => ms - startMs < 20_500)).toEqual([true, false, false]);
    await pace.close();
  });

  it('holds back what was let through before a warning, while another is in flight', async () => {
    const { pace, departuresMs, take } = startPace(30_000);
    const startMs = Date.now();
    const turns = [take(), take(), take()];
    await vi.advanceTimersByTimeAsync(500);

    pace.slowDown();
    await vi.advanceTimersByTimeAsync(3 * MINUTE_MS);

    await Promise.all(turns);
    expect(departuresMs.map((ms) => Math.floor((ms - startMs) / 30_000))).toEqual([0, 1, 2]);
    await pace.close();
  });

  it('refuses a call when a thousand are waiting already', async () => {
    const pace = createPace({ rateLimit: { requests: 1, perMs: MINUTE_MS }, clock: systemClock });
    const turn = { task: async () => 1, signal: new AbortController().signal, latestMs: Number.MAX_SAFE_INTEGER };
    const waiting = Array.from({ length: 1000 }, () => pace.take(turn).catch(() => undefined));

    const refused = pace.take(turn);

    await expect(refused).rejects.toThrow('as 1000 requests are waiting already');
    const closed = pace.close();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    await Promise.all([closed, ...waiting]);
  });
});
