import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/config/durations.ts';
import { formatDuration } from '../../src/model/format.ts';

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['5s', 5000],
    ['1h30m', 5_400_000],
    ['2w', 1_209_600_000],
    ['1d12h', 129_600_000],
    ['30m1h', 5_400_000],
    ['1m5ms', 60_005],
    ['0s', 0],
  ])('%s is %d milliseconds', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', '5 m', '1.5h', '-1h', 'h', '5M', '5min', '1y', '5m ', '0x5m', '1h30'])('is not "%s"', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('is written so that it reads back as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000 * 86_400_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
