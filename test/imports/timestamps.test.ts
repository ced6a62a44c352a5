import { describe, expect, it } from 'vitest';
import { isDateLike, parseTimestamp, suggestFormats } from '../../src/imports/timestamps.ts';

const UTC = { formats: [], zone: 'UTC' };

describe('a date', () => {
  it.each([
    ['2026-10-01T09:00:00Z', '2026-10-01T09:00:00.000Z'],
    ['2026-10-01T09:00:00.123Z', '2026-10-01T09:00:00.123Z'],
    ['2026-10-01T09:00Z', '2026-10-01T09:00:00.000Z'],
    ['2026-10-01T11:00:00.000+0200', '2026-10-01T09:00:00.000Z'],
    ['2026-10-01T11:00:00+02:00', '2026-10-01T09:00:00.000Z'],
    ['2026-10-01 09:00:00 UTC', '2026-10-01T09:00:00.000Z'],
    ['2026-10-01 9:00', '2026-10-01T09:00:00.000Z'],
    [' 2026-10-01T09:00:00.123456Z ', '2026-10-01T09:00:00.123Z'],
    [1790845200, '2026-10-01T09:00:00.000Z'],
    [1790845200123, '2026-10-01T09:00:00.123Z'],
    ['1790845200123', '2026-10-01T09:00:00.123Z'],
    ['1790845200.123', '2026-10-01T09:00:00.123Z'],
    [1790845200123.4, '2026-10-01T09:00:00.123Z'],
    ['Thu, 01 Oct 2026 11:00:00 +0200', '2026-10-01T09:00:00.000Z'],
  ])('%s is parsed', (text, iso) => {
    expect(new Date(parseTimestamp(text, UTC) ?? 0).toISOString()).toBe(iso);
  });

  it.each([
    '2026-10-01',
    'yesterday',
    '2026-13-01T09:00:00Z',
    '2026-02-30T09:00:00Z',
    '2026-10-01T25:00:00Z',
    '12',
    '17908452001234',
    '',
    'NaN',
  ])('%j is not a time', (text) => {
    expect(parseTimestamp(text, UTC)).toBeUndefined();
  });

  it('without a zone is in the given zone, in summer and winter', () => {
    const berlin = { formats: [], zone: 'Europe/Berlin' };

    expect(parseTimestamp('2026-07-01T11:00:00', berlin)).toBe(Date.parse('2026-07-01T09:00:00Z'));
    expect(parseTimestamp('2026-01-01T10:00:00', berlin)).toBe(Date.parse('2026-01-01T09:00:00Z'));
    expect(parseTimestamp('2026-01-01T10:00:00Z', berlin)).toBe(Date.parse('2026-01-01T10:00:00Z'));
  });

  it.each([
    ['11/May/24 3:26 PM', 'd/LLL/yy h:mm a'],
    ['11/May/24 03:26 PM', 'd/LLL/yy h:mm a'],
    ['11.05.2024 15:26', 'dd.MM.yyyy HH:mm'],
  ])('%s is parsed by its format', (text, format) => {
    expect(parseTimestamp(text, { formats: ['yyyy', format], zone: 'UTC' })).toBe(Date.parse('2024-05-11T15:26:00Z'));
  });

  it('may be a serial number of Excel, on the clock of the zone', () => {
    const berlin = { formats: ['excel'], zone: 'Europe/Berlin' };

    expect(parseTimestamp('45423.643055556', berlin)).toBe(Date.parse('2024-05-11T13:26:00Z'));
    expect(parseTimestamp('45423.5', UTC)).toBeUndefined();
  });

  it.each([
    ['11.05.2024 15:26', ['d.M.yyyy H:mm']],
    ['13-05-2024 15:26:01', ['d-M-yyyy H:mm:ss']],
    ['05/11/2024 03:26 PM', ['d/M/yyyy h:mm a', 'M/d/yyyy h:mm a']],
    ['11 May 2024 15:26', ['d LLL yyyy H:mm']],
    ['45423.64', ['excel']],
    ['2026-10-01', []],
    ['Ada', []],
  ])('%s suggests its formats', (text, formats) => {
    expect(suggestFormats(text, 'UTC')).toEqual(formats);
  });

  it.each(['Ada Byron', 'ada@example.com', 'Mark 12', '+49 170 1234567', 'Jan Novak 2'])('%s is not shown', (text) => {
    expect(isDateLike(text)).toBe(false);
  });
});
