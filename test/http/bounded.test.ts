import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { bounded } from '../../src/http/bounded.ts';
import { failureOf } from './setup.ts';

const reached = () => new Error('too late');

describe('a bounded task', () => {
  it('gives its value and leaves no listener behind on signals that live longer', async () => {
    const stop = new AbortController();

    const value = await bounded({ signals: [stop.signal, stop.signal], limitMs: 60_000, reached }, async () => 7);

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
    const failure = failureOf(bounded({ signals: [poll.signal, daemon.signal], limitMs: 60_000, reached }, task));

    daemon.abort('stopped');
    poll.abort('later');

    expect(await failure).toBe('stopped');
    expect(seen).toEqual(['stopped']);
  });

  it('ends when its time is over', async () => {
    const task = () => new Promise<never>(() => undefined);

    const error = await failureOf(bounded({ signals: [], limitMs: 1, reached }, task));

    expect(error).toEqual(new Error('too late'));
  });

  it('is not begun when a signal has fired already', async () => {
    let begun = 0;
    const task = async () => {
      begun += 1;
    };

    const error = await failureOf(bounded({ signals: [AbortSignal.abort('over')], limitMs: 1000, reached }, task));

    expect(error).toBe('over');
    expect(begun).toBe(0);
  });
});
