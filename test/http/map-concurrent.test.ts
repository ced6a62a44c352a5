import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapConcurrent } from '../../src/http/map-concurrent.ts';

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** Tasks that end only when the test ends them, in any order. */
function heldTasks() {
  const held = new Map<number, { resolve: (value: string) => void; reject: (error: Error) => void }>();
  const task = (item: number) => new Promise<string>((resolve, reject) => held.set(item, { resolve, reject }));
  return { held, task };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('mapConcurrent', () => {
  it('yields in the order of the items, whatever ends first, with no more running than the limit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5)), fc.integer({ min: 1, max: 5 }), async (delays, concurrency) => {
        const counts = { now: 0, most: 0 };
        const items = delays.map((turns, index) => ({ turns, index }));

        const results = await collect(
          mapConcurrent(items, concurrency, async ({ turns, index }) => {
            counts.now += 1;
            counts.most = Math.max(counts.most, counts.now);
            for (let left = turns; left > 0; left -= 1) await Promise.resolve();
            counts.now -= 1;
            return index;
          }),
        );

        expect(results).toEqual(delays.map((_, index) => index));
        expect(counts.most).toBeLessThanOrEqual(concurrency);
      }),
    );
  });

  it('keeps as many running as the limit allows', async () => {
    const { held, task } = heldTasks();
    const results = collect(mapConcurrent([0, 1, 2, 3, 4], 3, task));
    await turn();

    const before = [...held.keys()];
    held.get(0)?.resolve('first');
    await turn();

    expect(before).toEqual([0, 1, 2]);
    expect([...held.keys()]).toEqual([0, 1, 2, 3]);
    for (const index of [1, 2, 3]) held.get(index)?.resolve('next');
    await turn();
    held.get(4)?.resolve('last');
    expect(await results).toHaveLength(5);
  });

  it('throws a failure when its item comes, after all running tasks have ended', async () => {
    const { held, task } = heldTasks();
    const ended: string[] = [];
    const results = collect(mapConcurrent([0, 1, 2], 3, task)).catch((error: unknown) => ended.push(String(error)));
    await turn();

    held.get(1)?.reject(new Error('out of turn'));
    await turn();
    const early = [...ended];
    held.get(0)?.resolve('fine');
    await turn();
    const whileRunning = [...ended];
    held.get(2)?.resolve('late');
    await results;

    expect(early).toEqual([]);
    expect(whileRunning).toEqual([]);
    expect(ended).toEqual(['Error: out of turn']);
  });

  it('leaves nothing running when the consumer stops', async () => {
    const running = { now: 0 };
    const task = async (item: number) => {
      running.now += 1;
      for (let left = 0; left < item * 3; left += 1) await turn();
      running.now -= 1;
      return item;
    };

    for await (const item of mapConcurrent([0, 1, 2, 3, 4], 4, task)) if (item === 0) break;

    expect(running.now).toBe(0);
  });
});
