import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntervalUnion } from '../../src/stats/interval-union.ts';

/** Instants are few, so that spans touch, overlap and repeat. */
const INSTANT_MAX = 200;

const instant = fc.integer({ min: 0, max: INSTANT_MAX });
const span = fc.tuple(instant, instant).map(([a, b]) => ({ fromMs: Math.min(a, b), toMs: Math.max(a, b) }));
const spans = fc.array(span, { maxLength: 900 });

function naive(given: readonly { fromMs: number; toMs: number }[], fromMs: number, toMs: number): number {
  let busy = 0;
  for (let ms = fromMs; ms < toMs; ms += 1) busy += Number(given.some((one) => one.fromMs <= ms && ms < one.toMs));
  return busy;
}

/** So many spans that they are put in order at once, and not one by one. */
const MANY = 40_000;

describe('busy time', () => {
  it('of many spans that come in no order is their union', () => {
    const busy = new IntervalUnion();
    // Of each ten milliseconds the first seven; 7919 is prime to MANY, so each place comes once.
    for (let turn = 0; turn < MANY; turn += 1) {
      const fromMs = ((turn * 7919) % MANY) * 10;
      busy.change(fromMs, fromMs + 7, 1);
    }

    const found = [busy.within(0, MANY * 10), busy.within(995, 1013)];

    expect(found).toEqual([MANY * 7, 2 + 7 + 3]);
  });

  it('is the union of the spans that were added and not taken back, whatever overlapped', () => {
    const agrees = fc.property(spans, spans, fc.array(span, { minLength: 1, maxLength: 5 }), (kept, passing, asked) => {
      const busy = new IntervalUnion();
      for (const { fromMs, toMs } of passing) busy.change(fromMs, toMs, 1);
      busy.within(0, INSTANT_MAX);
      for (const { fromMs, toMs } of kept) {
        busy.change(fromMs, toMs, 1);
        // Asked in between, so that late ones are put among those that stand.
        if (fromMs % 50 === 0) busy.within(0, INSTANT_MAX);
      }
      for (const { fromMs, toMs } of passing) busy.change(fromMs, toMs, -1);

      const found = asked.map(({ fromMs, toMs }) => busy.within(fromMs - 5, toMs + 5));

      expect(found).toEqual(asked.map(({ fromMs, toMs }) => naive(kept, fromMs - 5, toMs + 5)));
    });

    fc.assert(agrees, { numRuns: 60 });
  });

  it('of a span that two others cover stays when one of them is taken back', () => {
    const busy = new IntervalUnion();
    busy.change(0, 100, 1);
    busy.change(20, 40, 1);
    busy.change(30, 60, 1);
    busy.change(0, 100, -1);

    const found = busy.within(0, 100);

    expect(found).toBe(40);
  });

  it('knows nothing outside of what was asked for, and nothing of spans without length', () => {
    const busy = new IntervalUnion();
    busy.change(10, 20, 1);
    busy.change(50, 50, 1);

    const found = [busy.within(0, 15), busy.within(15, 100), busy.within(40, 60), busy.within(20, 10)];

    expect(found).toEqual([5, 5, 0, 0]);
  });
});
