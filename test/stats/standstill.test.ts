import { expect, it } from 'vitest';
import { createStandstill } from '../../src/stats/standstill.ts';

/** Some that let timers and requests in, as slices do. */
const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

it('what comes while all is gone over is changed after it, in its order, also what comes last', async () => {
  const standstill = createStandstill();
  const happened: string[] = [];
  const note = (what: string) => standstill.soon(() => happened.push(what));

  note('before');
  const work = standstill.during(async () => {
    await pause();
    note('first');
    // It asks for another change while it is made.
    standstill.soon(() => note('third'));
    note('second');
    happened.push('work');
  });
  await work;
  note('after');

  expect(happened).toEqual(['before', 'work', 'first', 'second', 'third', 'after']);
});

it('works go one after the other, and one that fails holds nothing up', async () => {
  const standstill = createStandstill();
  const happened: string[] = [];
  const failing = standstill.during(async () => {
    await pause();
    standstill.soon(() => happened.push('change'));
    throw new Error('broken');
  });
  const other = standstill.during(async () => {
    happened.push('other');
  });

  const outcomes = await Promise.allSettled([failing, other]);

  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(happened).toEqual(['change', 'other']);
});
