import { expect, it } from 'vitest';
import { createBreath } from '../../src/model/breath.ts';

/** A slice that is used up at once. */
const NO_TIME_MS = 0;
const STEPS = 5;

it('works at the same time get one slice each, with the turn of everybody else in between', async () => {
  const happened: string[] = [];
  const work = async (name: string) => {
    const breathe = createBreath(NO_TIME_MS);
    for (let step = 0; step < STEPS; step += 1) {
      await breathe();
      happened.push(name);
    }
  };
  const both = Promise.all([work('one'), work('other')]);
  const turns = (async () => {
    for (let turn = 0; turn < 2 * STEPS; turn += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      happened.push('|');
    }
  })();

  await Promise.all([both, turns]);

  const inTurns = happened.join(' ').split('|');
  expect(inTurns.filter((turn) => turn.includes('one') && turn.includes('other'))).toEqual([]);
  expect(happened.filter((name) => name === 'one')).toHaveLength(STEPS);
  expect(happened.filter((name) => name === 'other')).toHaveLength(STEPS);
});

it('work that has time left is not held up', () => {
  const breathe = createBreath(Number.POSITIVE_INFINITY);

  const pause = breathe();

  expect(pause).toBeUndefined();
});
