import { expect, it } from 'vitest';
import { clockAheadMs } from '../../src/network/clock-skew.ts';

const DATE = 'Sat, 21 Nov 2026 12:00:00 GMT';
const AT_MS = Date.parse(DATE);

it.each([
  {
    says: 'agree in the middle of the second that is told',
    date: DATE,
    sentAtMs: AT_MS + 300,
    heardAtMs: AT_MS + 700,
    ms: 0,
  },
  { says: 'are compared at half of the way', date: DATE, sentAtMs: AT_MS, heardAtMs: AT_MS + 20_000, ms: -9500 },
  { says: 'differ as ours is behind', date: DATE, sentAtMs: AT_MS - 60_000, heardAtMs: AT_MS - 60_000, ms: 60_500 },
  { says: 'are not compared without a date', date: undefined, sentAtMs: AT_MS, heardAtMs: AT_MS, ms: undefined },
  { says: 'are not compared by what is no date', date: 'noon', sentAtMs: AT_MS, heardAtMs: AT_MS, ms: undefined },
])('two clocks $says', ({ date, sentAtMs, heardAtMs, ms }) => {
  const ahead = clockAheadMs({ date, sentAtMs, heardAtMs });

  expect(ahead).toBe(ms);
});
