import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedIndex } from '../../src/stats/sorted-index.ts';

/** Instants of a year, some of them twice. */
const times = fc.array(fc.integer({ min: 1_700_000_000_000, max: 1_735_000_000_000 }), { maxLength: 400 });

function slotsOf(order: SortedIndex): number[] {
  return Array.from({ length: order.length }, (_none, place) => order.at(place));
}

describe('slots in order of time', () => {
  it('are sorted as by a stable sort, however many digits their times differ in', () => {
    const agrees = fc.property(times, (given) => {
      const order = new SortedIndex((slot) => given[slot] ?? 0);
      for (const slot of given.keys()) order.append(slot);
      order.sort();

      const found = slotsOf(order);

      expect(found).toEqual([...given.keys()].sort((a, b) => (given[a] ?? 0) - (given[b] ?? 0)));
    });

    fc.assert(agrees, { numRuns: 200 });
  });

  it('are inserted in order, and removed', () => {
    const at = [50, 10, 30, 20, 40];
    const order = new SortedIndex((slot) => at[slot] ?? 0);
    for (const slot of [0, 1, 2]) order.append(slot);
    order.sort();

    order.add(3);
    order.add(4);
    order.remove(2);

    expect(slotsOf(order)).toEqual([1, 3, 4, 0]);
    expect(order.upperBound(20)).toBe(2);
  });
});
