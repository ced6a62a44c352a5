import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntervalUnion } from '../../src/stats/interval-union.ts';

/** Instants are few, so that spans touch, overlap and repeat. */
const TIME_MAX_MS = 200;

const instant = fc.integer({ min: 0, max: TIME_MAX_MS });
const span = fc.tuple(instant, instant).map(([a, b]) => ({ fromMs: Math.min(a, b), toMs: Math.max(a, b) }));
const spans = fc.array(span, { maxLength: 900 });

function naive(given: readonly { fromMs: number; toMs: number }[], fromMs: number, toMs: number): number {
  let union = 0;
  for (let ms = fromMs; ms < toMs; ms += 1) union += Number(given.some((one) => one.fromMs <= ms && ms < one.toMs));
  return union;
}

/** So many spans that they are put in order at once, and not one by one. */
const MANY = 40_000;

describe('the union of intervals', () => {
  it('covers many spans that come in no order', () => {
    const union = new IntervalUnion();
    // Of each ten milliseconds the first seven; 7919 is prime to MANY, so each place comes once.
    for (let turn = 0; turn < MANY; turn += 1) {
      const fromMs = ((turn * 7919) % MANY) * 10;
      union.change(fromMs, fromMs + 7, 1);
    }

    const found = [union.within(0, MANY * 10), union.within(995, 1013)];

    expect(found).toEqual([MANY * 7, 2 + 7 + 3]);
  });

  it('covers the spans that were added and not removed, whatever overlapped', () => {
    const agrees = fc.property(spans, spans, fc.array(span, { minLength: 1, maxLength: 5 }), (kept, passing, asked) => {
      const union = new IntervalUnion();
      for (const { fromMs, toMs } of passing) union.change(fromMs, toMs, 1);
      union.within(0, TIME_MAX_MS);
      for (const { fromMs, toMs } of kept) {
        union.change(fromMs, toMs, 1);
        // Asked in between, so that late ones are put among those that stand.
        if (fromMs % 50 === 0) union.within(0, TIME_MAX_MS);
      }
      for (const { fromMs, toMs } of passing) union.change(fromMs, toMs, -1);

      const found = asked.map(({ fromMs, toMs }) => union.within(fromMs - 5, toMs + 5));

      expect(found).toEqual(asked.map(({ fromMs, toMs }) => naive(kept, fromMs - 5, toMs + 5)));
    });

    fc.assert(agrees, { numRuns: 60 });
  });

  it('keeps a span that two others cover when one of them is removed', () => {
    const union = new IntervalUnion();
    union.change(0, 100, 1);
    union.change(20, 40, 1);
    union.change(30, 60, 1);
    union.change(0, 100, -1);

    const found = union.within(0, 100);

    expect(found).toBe(40);
  });

  it('ignores spans of zero length and everything outside the requested times', () => {
    const union = new IntervalUnion();
    union.change(10, 20, 1);
    union.change(50, 50, 1);

    const found = [union.within(0, 15), union.within(15, 100), union.within(40, 60), union.within(20, 10)];

    expect(found).toEqual([5, 5, 0, 0]);
  });
});
