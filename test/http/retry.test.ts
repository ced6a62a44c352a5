import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { backoffMs, withTimeout } from '../../src/http/retry.ts';
import { catchReason } from './setup.ts';

const timeoutError = () => new Error('too late');

describe('a task with a time-out', () => {
  it('returns its value and leaves no listener on signals that live longer', async () => {
    const stop = new AbortController();

    const value = await withTimeout(
      { signals: [stop.signal, stop.signal], timeoutMs: 60_000, timeoutError },
      async () => 7,
    );

    expect(value).toBe(7);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('ends with the reason of the first signal, though the task goes on', async () => {
    const [poll, daemon] = [new AbortController(), new AbortController()];
    const seen: unknown[] = [];
    const task = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => seen.push(signal.reason));
      return new Promise<never>(() => undefined);
    };
    const failure = catchReason(
      withTimeout({ signals: [poll.signal, daemon.signal], timeoutMs: 60_000, timeoutError }, task),
    );

    daemon.abort('stopped');
    poll.abort('later');

    expect(await failure).toBe('stopped');
    expect(seen).toEqual(['stopped']);
  });

  it('ends when its time is over', async () => {
    const task = () => new Promise<never>(() => undefined);

    const error = await catchReason(withTimeout({ signals: [], timeoutMs: 1, timeoutError }, task));

    expect(error).toEqual(new Error('too late'));
  });

  it('is not started when a signal has fired already', async () => {
    let started = 0;
    const task = async () => {
      started += 1;
    };

    const error = await catchReason(
      withTimeout({ signals: [AbortSignal.abort('over')], timeoutMs: 1000, timeoutError }, task),
    );

    expect(error).toBe('over');
    expect(started).toBe(0);
  });
});

describe('the wait between two tries', () => {
  it.each([
    { tries: 1, random: 1, waitMs: 500 },
    { tries: 2, random: 1, waitMs: 1000 },
    { tries: 4, random: 1, waitMs: 4000 },
    { tries: 4, random: 0.25, waitMs: 1000 },
    { tries: 4, random: 0, waitMs: 0 },
    { tries: 50, random: 1, waitMs: 30_000 },
  ])('after try $tries is $waitMs ms for $random', ({ tries, random, waitMs }) => {
    expect(backoffMs(tries, random)).toBe(waitMs);
  });
});
