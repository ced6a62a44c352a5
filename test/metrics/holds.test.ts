import { describe, expect, it } from 'vitest';
import { createHolds } from '../../src/metrics/holds.ts';
import type { LabelSet } from '../../src/store/label-sets.ts';
import { CREATED_AT_MS, set } from './page-source.ts';

const HOLD_MS = 180_000;
const ALL = [
  { set: 1, group: 'recovery' },
  { set: 1, group: 'counts' },
];

const held = (labels: Partial<LabelSet> = {}) => set({ released: false, labels });

describe('the hold of new series', () => {
  it('ends `holdMs` after the first complete scrape that had the zero', () => {
    const holds = createHolds();
    holds.onRendered(1, [held()]);

    holds.onScraped(1, 1000);

    expect(holds.findExpired(1000 + HOLD_MS - 1, HOLD_MS)).toEqual([]);
    expect(holds.findExpired(1000 + HOLD_MS, HOLD_MS)).toEqual(ALL);
  });

  it('does not begin while nobody scrapes', () => {
    const holds = createHolds();

    holds.onRendered(1, [held()]);

    expect(holds.findExpired(Number.MAX_SAFE_INTEGER, HOLD_MS)).toEqual([]);
  });

  it('does not begin with the scrape of an older page', () => {
    const holds = createHolds();
    holds.onRendered(2, [held()]);

    holds.onScraped(1, 1000);

    expect(holds.findExpired(1000 + HOLD_MS, HOLD_MS)).toEqual([]);
  });

  it('begins with the scrape of any later page', () => {
    const holds = createHolds();
    holds.onRendered(1, [held()]);
    holds.onRendered(2, [held()]);

    holds.onScraped(2, 1000);

    expect(holds.findExpired(1000 + HOLD_MS, HOLD_MS)).toEqual(ALL);
  });

  it('is measured from the first scrape, not from the last', () => {
    const holds = createHolds();
    holds.onRendered(1, [held()]);

    holds.onScraped(1, 1000);
    holds.onRendered(2, [held()]);
    holds.onScraped(2, 100_000);

    expect(holds.findExpired(1000 + HOLD_MS, HOLD_MS)).toEqual(ALL);
  });

  it('with 0s ends as soon as a scrape had the zero', () => {
    const holds = createHolds();
    holds.onRendered(1, [held()]);
    const before = holds.findExpired(5000, 0);

    holds.onScraped(1, 5000);

    expect(before).toEqual([]);
    expect(holds.findExpired(5000, 0)).toEqual(ALL);
  });

  it('ends for good when the set is released', () => {
    const holds = createHolds();
    holds.onRendered(1, [held()]);
    holds.onScraped(1, 0);

    holds.onRendered(2, [set({ released: true })]);

    expect(holds.findExpired(HOLD_MS, HOLD_MS)).toEqual([]);
  });

  it('is measured for each set apart', () => {
    const holds = createHolds();
    holds.onRendered(1, [held()]);
    holds.onScraped(1, 0);

    holds.onRendered(2, [held(), held({ row: 2 })]);
    holds.onScraped(2, 60_000);

    expect(holds.findExpired(HOLD_MS, HOLD_MS)).toEqual(ALL);
    expect(holds.findExpired(HOLD_MS + 60_000, HOLD_MS)).toHaveLength(4);
  });

  it('begins again for a group that restarted at zero', () => {
    const holds = createHolds();
    const before = held();
    holds.onRendered(1, [before]);
    holds.onScraped(1, 0);
    const { recovery, counts } = before.groups;
    if (recovery === undefined || counts === undefined) throw new Error('a service set has both');

    holds.onRendered(2, [{ ...before, groups: { counts, recovery: { ...recovery, createdAtMs: CREATED_AT_MS + 1 } } }]);

    expect(holds.findExpired(HOLD_MS, HOLD_MS)).toEqual([{ set: 1, group: 'counts' }]);
  });
});
