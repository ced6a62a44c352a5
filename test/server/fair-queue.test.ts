import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createFairQueue, type FairQueue } from '../../src/server/login-queue.ts';

function queueOf(paths: readonly string[]): FairQueue<string> {
  const queue = createFairQueue<string>();
  for (const [index, path] of paths.entries()) queue.push(path.split('/'), `${path}#${index}`);
  return queue;
}

function takeAll(queue: FairQueue<string>): string[] {
  const taken: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
  return taken;
}

it('lets the keys of each level take turns, and keeps the order under one path', () => {
  const queue = queueOf(['a/x', 'a/x', 'a/y', 'a/x', 'b/x', 'b/x']);

  const taken = takeAll(queue);

  expect(taken).toEqual(['a/x#0', 'b/x#4', 'a/y#2', 'b/x#5', 'a/x#1', 'a/x#3']);
});

it('serves a key that comes late after one item of each other key', () => {
  const queue = queueOf(['a/x', 'a/x', 'b/x', 'b/x']);
  queue.take();

  queue.push(['c', 'x'], 'late');

  expect(takeAll(queue)).toEqual(['b/x#2', 'a/x#1', 'late', 'b/x#3']);
});

it('drops the newest item of whoever has most waiting', () => {
  const queue = queueOf(['a/x', 'b/x', 'b/y', 'b/y', 'c/x', 'c/x']);

  const dropped = [queue.dropFromLongest([]), queue.dropFromLongest([]), queue.dropFromLongest(['a'])];

  expect(dropped).toEqual(['b/y#3', 'c/x#5', 'a/x#0']);
  expect(queue.dropFromLongest(['a'])).toBeUndefined();
  expect([queue.size, queue.sizeBelow(['a']), queue.sizeBelow(['b']), queue.sizeBelow(['b', 'y'])]).toEqual([
    3, 0, 2, 1,
  ]);
});

it('drops the newcomer where all have the same', () => {
  const queue = queueOf(['a/x', 'b/x', 'c/x']);

  const dropped = queue.dropFromLongest([]);

  expect(dropped).toBe('c/x#2');
});

it('gives each item out once, whatever is pushed, taken, dropped and removed', () => {
  const path = fc.constantFrom('a/x', 'a/y', 'b/x', 'c/z');
  const step = fc.oneof(
    path.map((to) => ({ push: to })),
    fc.constantFrom('take' as const, 'drop' as const, 'remove' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = createFairQueue<number>();
      const inside = new Set<number>();
      const leave = (item: number | undefined) => {
        expect(item === undefined ? inside.size === 0 : inside.delete(item)).toBe(true);
      };
      for (const [index, what] of steps.entries()) {
        if (what === 'take') leave(queue.take());
        else if (what === 'drop') leave(queue.dropFromLongest([]));
        else if (what === 'remove') for (const item of queue.removeWhere((one) => one % 3 === 0)) leave(item);
        else {
          queue.push(what.push.split('/'), index);
          inside.add(index);
        }
        expect(queue.size).toBe(inside.size);
        expect(['a', 'b', 'c'].reduce((sum, key) => sum + queue.sizeBelow([key]), 0)).toBe(inside.size);
      }
    }),
  );
});
