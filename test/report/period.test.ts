import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLocalTime } from '../../src/model/format.ts';
import { type PeriodInput, parsePeriod } from '../../src/report/period.ts';
import { STEPS, splitByCalendar } from '../../src/report/trend-steps.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.parse('2026-07-15T12:00:00Z');

function parse(change: Partial<PeriodInput>) {
  return parsePeriod({ from: '30d', to: 'now', nowMs: NOW, timezone: 'UTC', ...change });
}

describe('a period', () => {
  it('of a span until now ends where each provider was read', () => {
    const period = parse({ from: '30d' });

    expect(period).toEqual({
      fromMs: NOW - 30 * DAY_MS,
      toMs: NOW,
      spanMs: 30 * DAY_MS,
      end: 'read',
      timezone: 'UTC',
    });
  });

  it('of a day until now begins exactly there', () => {
    const period = parse({ from: '2026-07-01' });

    expect(period).toMatchObject({ fromMs: Date.parse('2026-07-01T00:00:00Z') - 1, toMs: NOW, end: NOW });
  });

  it('of days is whole days, so that what happens at midnight is in one day only', () => {
    const january = parse({ from: '2026-01-01', to: '2026-01-31' });
    const february = parse({ from: '2026-02-01', to: '2026-02-28' });

    expect(january.spanMs).toBe(31 * DAY_MS);
    expect(january.toMs).toBe(february.fromMs);
    expect(january.toMs).toBe(Date.parse('2026-02-01T00:00:00Z') - 1);
  });

  it('shows whole days from the first second to the last', () => {
    const { fromMs, toMs, timezone } = parse({ from: '2024-01-01', to: '2024-01-31', timezone: 'Europe/Berlin' });

    const shown = [formatLocalTime(fromMs + 1, timezone), formatLocalTime(toMs, timezone)];

    expect(shown).toEqual(['2024-01-01T00:00:00', '2024-01-31T23:59:59']);
  });

  it.each([
    { says: 'spring has a day of 23 hours', day: '2026-03-29', hours: 23 },
    { says: 'autumn has a day of 25 hours', day: '2025-10-26', hours: 25 },
  ])('in a zone that changes its clocks: $says', ({ day, hours }) => {
    const { spanMs } = parse({ from: day, to: day, timezone: 'Europe/Berlin' });

    expect(spanMs).toBe(hours * HOUR_MS);
  });

  it.each([
    {
      says: 'with an offset it is that instant',
      text: '2026-07-01T10:00:00+02:00',
      zone: 'UTC',
      at: '2026-07-01T08:00:00Z',
    },
    {
      says: 'without an offset it is in the zone',
      text: '2026-07-01T10:00',
      zone: 'Asia/Tokyo',
      at: '2026-07-01T01:00:00Z',
    },
    {
      says: 'fractions of a second count',
      text: '2026-07-01T10:00:00.25Z',
      zone: 'UTC',
      at: '2026-07-01T10:00:00.250Z',
    },
  ])('of an instant: $says', ({ text, zone, at }) => {
    const period = parse({ from: text, timezone: zone });

    expect(period.fromMs).toBe(Date.parse(at));
  });

  it('of a span goes back from its end', () => {
    const period = parse({ from: '7d', to: '2026-01-31T00:00:00Z' });

    expect(period).toMatchObject({
      fromMs: Date.parse('2026-01-24T00:00:00Z'),
      end: Date.parse('2026-01-31T00:00:00Z'),
    });
  });

  it('until today ends now', () => {
    const period = parse({ to: '2026-07-15' });

    expect(period.toMs).toBe(NOW);
  });

  it.each([
    {
      given: { from: 'yesterday' },
      message:
        'from: "yesterday" is not a time; expected a span such as 30d, a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z',
    },
    {
      given: { from: '2026-02-30' },
      message:
        'from: "2026-02-30" is not a time; expected a span such as 30d, a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z',
    },
    {
      given: { to: '7d' },
      message: 'to: "7d" is not a time; expected now, a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z',
    },
    {
      given: { from: '0d' },
      message: 'from: "0d" is out of range; expected 1ms to 36500d',
    },
    { given: { from: '2026-07-10', to: '2026-07-09' }, message: 'from: "2026-07-10" is not before to: "2026-07-09"' },
    { given: { from: '2026-07-16' }, message: 'from: "2026-07-16" is in the future; expected a time before now' },
    { given: { to: '2026-07-16' }, message: 'to: "2026-07-16" is in the future; expected now, or a time before' },
    {
      given: { to: '2026-07-15T12:00:01Z' },
      message: 'to: "2026-07-15T12:00:01Z" is in the future; expected now, or a time before',
    },
  ])('is refused with what was expected: $given', ({ given, message }) => {
    expect(() => parse(given)).toThrow(expect.objectContaining({ name: 'InputError', message }));
  });
});

describe('the steps of a trend', () => {
  it('are weeks from Monday, cut to the period', () => {
    const period = parse({ from: '2026-07-01', to: '2026-07-14' });

    const steps = splitByCalendar(period, 'week');

    expect(steps.map(({ name, isWhole }) => [name, isWhole])).toEqual([
      ['2026-06-29', false],
      ['2026-07-06', true],
      ['2026-07-13', false],
    ]);
  });

  it('are days of 23 and 25 hours where the zone changes its clocks', () => {
    const spring = parse({ from: '2026-03-28', to: '2026-03-30', timezone: 'Europe/Berlin' });
    const autumn = parse({ from: '2025-10-25', to: '2025-10-27', timezone: 'Europe/Berlin' });

    const hours = [spring, autumn].map((period) =>
      splitByCalendar(period, 'day').map(({ fromMs, toMs }) => (toMs - fromMs) / HOUR_MS),
    );

    expect(hours).toEqual([
      [24, 23, 24],
      [24, 25, 24],
    ]);
  });

  it('are months by name', () => {
    const period = parse({ from: '2026-01-01', to: '2026-03-31' });

    const steps = splitByCalendar(period, 'month');

    expect(steps.map(({ name, isWhole }) => [name, isWhole])).toEqual([
      ['2026-01', true],
      ['2026-02', true],
      ['2026-03', true],
    ]);
  });

  it('cover the period without gap or overlap, in any zone', () => {
    const asked = fc.record({
      toMs: fc.integer({ min: Date.parse('2000-01-01'), max: NOW }),
      spanMs: fc.integer({ min: 1, max: 100 * DAY_MS }),
      timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Pacific/Apia'),
      step: fc.constantFrom(...STEPS),
    });

    fc.assert(
      fc.property(asked, ({ toMs, spanMs, timezone, step }) => {
        const steps = splitByCalendar({ fromMs: toMs - spanMs, toMs, timezone }, step);

        expect(steps.at(0)?.fromMs).toBe(toMs - spanMs);
        expect(steps.at(-1)?.toMs).toBe(toMs);
        for (const [at, one] of steps.slice(1).entries()) expect(one.fromMs).toBe(steps[at]?.toMs);
      }),
      { numRuns: 60 },
    );
  });
});
