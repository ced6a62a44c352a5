import { expect, it } from 'vitest';
import { createMutex } from '../../src/model/mutex.ts';

it('one task runs at a time, in the order of the calls, also after one that failed', async () => {
  const runExclusive = createMutex();
  const steps: string[] = [];
  const gate = Promise.withResolvers<void>();
  const task = (name: string, work: () => unknown) => async () => {
    steps.push(`${name} begins`);
    await work();
    steps.push(`${name} ends`);
    return name;
  };

  const results = Promise.allSettled([
    runExclusive(task('one', () => gate.promise)),
    runExclusive(task('two', () => Promise.reject(new Error('no')))),
    runExclusive(task('three', () => undefined)),
  ]);
  gate.resolve();

  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(steps).toEqual(['one begins', 'one ends', 'two begins', 'three begins', 'three ends']);
});
