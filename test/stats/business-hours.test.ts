import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BusinessHours } from '../../src/config/types.ts';
import { createBusinessTime } from '../../src/stats/business-hours.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

const OFFICE: BusinessHours = {
  timezone: 'Europe/Berlin',
  days: [1, 2, 3, 4, 5],
  fromMinute: 9 * 60,
  toMinute: 17 * 60,
  holidays: ['2026-10-26'],
};

/** Minute by minute, by what the clock on the wall shows. */
function countMinutes(hours: BusinessHours, fromMs: number, toMs: number): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: hours.timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  let minutes = 0;
  for (let atMs = fromMs; atMs < toMs; atMs += MINUTE_MS) {
    const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const minute = Number(parts['hour']) * 60 + Number(parts['minute']);
    const isDay = hours.days.includes(WEEKDAYS.indexOf(parts['weekday'] ?? '') + 1);
    const isHoliday = hours.holidays.includes(`${parts['year']}-${parts['month']}-${parts['day']}`);
    if (isDay && !isHoliday && minute >= hours.fromMinute && minute < hours.toMinute) minutes += 1;
  }
  return minutes;
}

describe('time in business hours', () => {
  it.each([
    { says: 'a night costs nothing', from: '2026-11-17T18:00Z', to: '2026-11-18T07:00Z', minutes: 0 },
    { says: 'a weekend costs nothing', from: '2026-11-20T16:00Z', to: '2026-11-23T08:00Z', minutes: 0 },
    { says: 'a working day costs eight hours', from: '2026-11-17T00:00Z', to: '2026-11-18T00:00Z', minutes: 480 },
    { says: 'a holiday costs nothing', from: '2026-10-26T00:00Z', to: '2026-10-27T00:00Z', minutes: 0 },
    { says: 'the hours are those of summer time', from: '2026-07-01T06:30Z', to: '2026-07-01T07:30Z', minutes: 30 },
    { says: 'the hours are those of winter time', from: '2026-12-01T07:30Z', to: '2026-12-01T08:30Z', minutes: 30 },
    { says: 'nothing takes no time', from: '2026-12-01T09:00Z', to: '2026-12-01T09:00Z', minutes: 0 },
  ])('$says', ({ from, to, minutes }) => {
    expect(createBusinessTime(OFFICE)(Date.parse(from), Date.parse(to)) / MINUTE_MS).toBe(minutes);
  });

  it('follows clock changes within the hours', () => {
    const always = { ...OFFICE, days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, toMinute: 24 * 60, holidays: [] };
    const day = (text: string) => Date.parse(text);

    const businessTime = createBusinessTime(always);

    expect(businessTime(day('2026-03-28T23:00Z'), day('2026-03-29T22:00Z')) / MINUTE_MS).toBe(23 * 60);
    expect(businessTime(day('2026-10-24T22:00Z'), day('2026-10-25T23:00Z')) / MINUTE_MS).toBe(25 * 60);
  });

  it.each([
    { says: 'a midnight that comes twice', timezone: 'America/Havana', day: '2026-11-01', toMinute: 60, minutes: 120 },
    { says: 'an hour that comes twice', timezone: 'Europe/Berlin', day: '2026-10-25', toMinute: 150, minutes: 180 },
    { says: 'an hour that is left out', timezone: 'Europe/Berlin', day: '2026-03-29', toMinute: 150, minutes: 120 },
  ])('$says counts as often as the clock shows it', ({ timezone, day, toMinute, minutes }) => {
    const hours = { ...OFFICE, timezone, days: [7], fromMinute: 0, toMinute };
    const noonMs = Date.parse(`${day}T12:00Z`);

    expect(createBusinessTime(hours)(noonMs - 20 * HOUR_MS, noonMs + 10 * HOUR_MS) / MINUTE_MS).toBe(minutes);
  });

  it('is exact from the year 1 on, which is a timestamp of programs that have none', () => {
    const businessTime = createBusinessTime({ ...OFFICE, timezone: 'UTC', holidays: [] });
    const weekMs = 7 * 24 * HOUR_MS;
    const fromMs = Date.parse('0001-01-01T00:00:00Z');

    expect(businessTime(fromMs, fromMs + 100_000 * weekMs)).toBe(100_000 * 40 * HOUR_MS);
  });

  it('equals a count minute by minute, whatever was asked before', () => {
    const start = Date.UTC(2026, 2, 20);
    const span = fc.tuple(fc.nat({ max: 320 * 1440 }), fc.nat({ max: 4000 }));
    const hours = fc.record({
      timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'America/Havana', 'Australia/Lord_Howe'),
      days: fc.uniqueArray(fc.integer({ min: 1, max: 7 })),
      fromMinute: fc.integer({ min: 0, max: 150 }),
      toMinute: fc.integer({ min: 151, max: 1440 }),
      holidays: fc.constantFrom([], ['2026-03-29', '2026-10-25'], ['2026-11-02']),
    });

    fc.assert(
      fc.property(hours, fc.array(span, { minLength: 1, maxLength: 3 }), (configured, spans) => {
        const businessTime = createBusinessTime(configured);
        for (const [after, length] of spans) {
          const fromMs = start + after * MINUTE_MS;
          const toMs = fromMs + length * MINUTE_MS;
          expect(businessTime(fromMs, toMs) / MINUTE_MS).toBe(countMinutes(configured, fromMs, toMs));
        }
      }),
      { numRuns: 40, examples: [] },
    );
  });
});
