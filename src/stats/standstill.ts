import { createBreath } from '../model/breath.ts';

/** Keeps changes away from what goes over everything in slices. */
export interface Standstill {
  /** Makes a change at once, or, while such work is under way, after it; changes keep their order. */
  readonly soon: (change: () => void) => void;
  /** Does such work, one after the other; resolves when what came meanwhile has been changed, too. */
  readonly during: (work: () => Promise<void>) => Promise<void>;
}

export function createStandstill(): Standstill {
  /** Undefined while nothing stands still. */
  let waiting: (() => void)[] | undefined;
  let last: Promise<void> = Promise.resolve();
  /** Ends the standstill in the same breath as the last change: one that came in between would be lost. */
  const takeIn = function* (changes: readonly (() => void)[]): Generator<void> {
    try {
      for (const change of changes) {
        change();
        yield;
      }
    } finally {
      waiting = undefined;
    }
  };
  const standStill = async (work: () => Promise<void>) => {
    const late: (() => void)[] = [];
    waiting = late;
    try {
      await work();
    } finally {
      await inSlices(takeIn(late));
    }
  };
  return {
    soon: (change) => {
      if (waiting === undefined) change();
      else waiting.push(change);
    },
    during: (work) => {
      const next = last.then(() => standStill(work));
      last = next.catch(() => undefined);
      return next;
    },
  };
}

/** Goes through all steps, in slices that let others run. */
export async function inSlices(steps: Iterable<void>): Promise<void> {
  const breathe = createBreath();
  for (const _step of steps) {
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
}
