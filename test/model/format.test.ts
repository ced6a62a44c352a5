import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatDuration,
  formatIsoTime,
  formatList,
  formatLocalTime,
  formatNumber,
  formatTime,
} from '../../src/model/format.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';

const TIME_MS = Date.parse('2026-01-31T07:00:00.250Z');

describe('texts of values', () => {
  it.each([
    [0, '0s'],
    [90 * MINUTE_MS, '1h30m'],
    [400 * DAY_MS, '400d'],
    [2 * HOUR_MS + 5, '2h5ms'],
  ])('write a duration of %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('write a number without trailing zeros', () => {
    expect([formatNumber(145.30001, 4), formatNumber(2 / 3, 4), formatNumber(7, 1)]).toEqual(['145.3', '0.6667', '7']);
  });

  it('write a count with its noun', () => {
    expect([0, 1, 12_345].map((count) => formatCount(count, 'incident'))).toEqual([
      '0 incidents',
      '1 incident',
      '12,345 incidents',
    ]);
  });

  it('say how many items a list leaves out', () => {
    expect([formatList(['a', 'b']), formatList(['a', 'b', 'c'], 2), formatList([], 2)]).toEqual([
      'a, b',
      'a, b, and 1 more',
      '',
    ]);
  });

  it('write a time for programs and for people', () => {
    expect(formatIsoTime(TIME_MS)).toBe('2026-01-31T07:00:00.250Z');
    expect(formatIsoTime(TIME_MS, 'UTC')).toBe('2026-01-31T07:00:00.250Z');
    expect(formatIsoTime(TIME_MS, 'Europe/Berlin')).toBe('2026-01-31T08:00:00.250+01:00');
    expect(formatLocalTime(TIME_MS, 'Europe/Berlin')).toBe('2026-01-31T08:00:00');
    expect(formatTime(TIME_MS, 'Europe/Berlin')).toBe('2026-01-31 08:00:00 +01:00');
    expect(formatTime(TIME_MS)).toBe('2026-01-31 07:00:00 UTC');
  });
});
