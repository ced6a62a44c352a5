import { describe, expect, it } from 'vitest';
import { createHolds } from '../../src/metrics/holds.ts';
import type { LabelSet } from '../../src/store/label-sets.ts';
import { BORN_MS, set } from './invented-source.ts';

const HOLD_MS = 180_000;
const ALL = [
  { set: 1, group: 'recovery' },
  { set: 1, group: 'counts' },
];

const born = (labels: Partial<LabelSet> = {}) => set({ released: false, labels });

describe('the wait of newly born series', () => {
  it('ends the hold after the first whole GET that carried the zero', () => {
    const holds = createHolds();
    holds.rendered(1, [born()]);

    holds.delivered(1, 1000);

    expect(holds.due(1000 + HOLD_MS - 1, HOLD_MS)).toEqual([]);
    expect(holds.due(1000 + HOLD_MS, HOLD_MS)).toEqual(ALL);
  });

  it('does not begin while nobody reads the page', () => {
    const holds = createHolds();

    holds.rendered(1, [born()]);

    expect(holds.due(Number.MAX_SAFE_INTEGER, HOLD_MS)).toEqual([]);
  });

  it('does not begin with a GET of an older page', () => {
    const holds = createHolds();
    holds.rendered(2, [born()]);

    holds.delivered(1, 1000);

    expect(holds.due(1000 + HOLD_MS, HOLD_MS)).toEqual([]);
  });

  it('begins with a GET of any later page', () => {
    const holds = createHolds();
    holds.rendered(1, [born()]);
    holds.rendered(2, [born()]);

    holds.delivered(2, 1000);

    expect(holds.due(1000 + HOLD_MS, HOLD_MS)).toEqual(ALL);
  });

  it('is counted from the first GET, not from the last', () => {
    const holds = createHolds();
    holds.rendered(1, [born()]);

    holds.delivered(1, 1000);
    holds.rendered(2, [born()]);
    holds.delivered(2, 100_000);

    expect(holds.due(1000 + HOLD_MS, HOLD_MS)).toEqual(ALL);
  });

  it('goes over as soon as a GET carried the zero where the hold is 0s', () => {
    const holds = createHolds();
    holds.rendered(1, [born()]);
    const before = holds.due(5000, 0);

    holds.delivered(1, 5000);

    expect(before).toEqual([]);
    expect(holds.due(5000, 0)).toEqual(ALL);
  });

  it('is over for good when the set was released', () => {
    const holds = createHolds();
    holds.rendered(1, [born()]);
    holds.delivered(1, 0);

    holds.rendered(2, [set({ released: true })]);

    expect(holds.due(HOLD_MS, HOLD_MS)).toEqual([]);
  });

  it('is each set’s own', () => {
    const holds = createHolds();
    holds.rendered(1, [born()]);
    holds.delivered(1, 0);

    holds.rendered(2, [born(), born({ row: 2 })]);
    holds.delivered(2, 60_000);

    expect(holds.due(HOLD_MS, HOLD_MS)).toEqual(ALL);
    expect(holds.due(HOLD_MS + 60_000, HOLD_MS)).toHaveLength(4);
  });

  it('begins anew for a group that was born again', () => {
    const holds = createHolds();
    const before = born();
    holds.rendered(1, [before]);
    holds.delivered(1, 0);
    const { recovery, counts } = before.groups;
    if (recovery === undefined || counts === undefined) throw new Error('a service set has both');

    holds.rendered(2, [{ ...before, groups: { counts, recovery: { ...recovery, bornMs: BORN_MS + 1 } } }]);

    expect(holds.due(HOLD_MS, HOLD_MS)).toEqual([{ set: 1, group: 'counts' }]);
  });
});
