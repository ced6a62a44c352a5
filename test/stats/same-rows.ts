import { expect } from 'vitest';

/** Rows by their names say the same statistics, with values that differ by no more than rounding does. */
export function expectSameRows(
  actual: Map<string, Record<string, number>>,
  expected: Map<string, Record<string, number>>,
): void {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [key, row] of expected) {
    const found = actual.get(key) ?? {};
    expect({ key, statistics: Object.keys(found).sort() }).toEqual({ key, statistics: Object.keys(row).sort() });
    for (const [statistic, value] of Object.entries(row)) {
      const difference = Math.abs((found[statistic] ?? Number.NaN) - value) / Math.max(1, Math.abs(value));
      expect(difference, `${key} ${statistic}: ${found[statistic]} instead of ${value}`).toBeLessThan(1e-9);
    }
  }
}
