import { describe, expect, it } from 'vitest';
import { formatSparkline } from '../../../src/report/render/format.ts';
import { renderText } from '../../../src/report/render/text.ts';
import { group, NASTY, report } from './invented.ts';

const OPENING = `MEAN TIME TO RECOVERY (MTTR) REPORT
==================================================

Period: 2024-01-01T00:00:00 to 2024-01-31T23:59:59

Summary:
  Total Incidents: 47
  Performance Level: High

MTTR Statistics:
  Mean: 145.3 minutes (2.4 hours)
  Median: 87.5 minutes (1.5 hours)
  Min: 5.2 minutes
  Max: 1440.7 minutes
  Std Dev: 234.1 minutes

MTTR by Severity:
┌─────────────┬─────────────┬───────┐
│ Severity    │ Avg Minutes │ Count │
├─────────────┼─────────────┼───────┤
│ P1-Critical │ 45.2        │ 8     │
│ P5-Info     │ no data     │ 0     │
└─────────────┴─────────────┴───────┘
`;

describe('a report in text', () => {
  it('begins as it always has', () => {
    const text = renderText(report());

    expect(text.slice(0, OPENING.length)).toBe(OPENING);
  });

  it('says what its counts are and in which zone its times are', () => {
    const text = renderText(
      report({ timezone: 'Europe/Berlin', filter: { severities: ['P1'], services: [], teams: [] } }),
    );

    expect(text).toContain('Period: 2024-01-01T01:00:00 to 2024-02-01T00:59:59');
    expect(text).toContain(
      `About:
  - Total Incidents and every Count are incidents resolved in the period, Opened those triggered in it
  - durations run from trigger to resolve
  - times of day are in Europe/Berlin; made 2024-02-01T10:00:00
  - only severity: P1
`,
    );
  });

  it('says how severities did against their targets', () => {
    const text = renderText(report());

    expect(text).toContain(
      '│ P1-Critical │ 30.0    │ 80.0    │ 90.0    │ no data │ 30.0   │ 50.0%         │ 90% missed │ 9      │',
    );
    expect(text).toContain(
      '│ P5-Info     │ no data │ no data │ no data │ no data │ none   │ no target     │ none       │ 0      │',
    );
  });

  it('does not mention what no platform tells', () => {
    const text = renderText(report());

    expect(text).toContain('  P95: 900.0 minutes\n');
    expect(text).not.toContain('MTTD');
    expect(text).not.toContain('Reopened');
  });

  it('has no table that says the same again: one provider, no teams', () => {
    const text = renderText(report());

    expect(text).toContain('MTTR by Service:');
    expect(text).not.toContain('MTTR by Team:');
    expect(text).not.toContain('MTTR by Provider:');
  });

  it('says nothing rather than zero when there is nothing', () => {
    const text = renderText(report({ groups: [], openNow: undefined, hints: ['range: perhaps'] }));

    expect(text).toContain('  Total Incidents: no data\n  Performance Level: no data\n');
    expect(text).toContain('  Mean: no data\n  Median: no data\n');
    expect(text).toContain('MTTR by Severity:\n  no data\n');
    expect(text).not.toContain('Open Now');
    expect(text).toContain('More Numbers:\n  no data\n');
    expect(text).toContain('Why the report may be empty:\n  - range: perhaps\n');
  });

  it('shows a trend as a table and as bars, with steps that are cut', () => {
    const step = { fromMs: 0, toMs: 1, isWhole: true };
    const points = [
      { ...step, name: '2024-01', statistics: { mttr: 10, resolved: 1, p50: 10, opened: 1 } },
      { ...step, name: '2024-02', statistics: {} },
      { ...step, name: '2024-03', isWhole: false, statistics: { mttr: 80, resolved: 2, p50: 80, opened: 0 } },
    ];

    const text = renderText(report({ trend: { step: 'month', points } }));

    expect(text).toContain('Trend by Month:\n  Mean: ▁·█\n');
    expect(text).toContain('│ 2024-02        │ no data     │ no data │ no data │ no data │');
    expect(text).toContain('│ 2024-03 (part) │ 80.0        │ 2       │ 80.0    │ 0       │');
  });

  it('compares with the period before: counts and minutes by share, shares by points', () => {
    const before = {
      bounds: { firstMs: Date.parse('2023-12-01T00:00:00Z'), lastMs: Date.parse('2024-01-01T00:00:00Z') - 1 },
      groups: [group({ statistics: { resolved: 0, opened: 98, mttr: 290.6, withinTarget: 0.85 } })],
    };

    const text = renderText(report({ before }));

    expect(text).toContain('Compared with 2023-12-01T00:00:00 to 2023-12-31T23:59:59:');
    expect(text).toMatch(/│ Resolved +│ 47 +│ 0 +│ no data +│/);
    expect(text).toMatch(/│ Opened +│ 49 +│ 98 +│ -50.0% +│/);
    expect(text).toMatch(/│ Mean \(minutes\) +│ 145.3 +│ 290.6 +│ -50.0% +│/);
    expect(text).toMatch(/│ Within Target +│ 75.0% +│ 85.0% +│ -10.0 points +│/);
    expect(text).toMatch(/│ Mean of P1-Critical \(minutes\) +│ 45.2 +│ no data +│ no data +│/);
  });

  it('lists the longest incidents by id, with links below', () => {
    const long = {
      provider: 'pagerduty',
      id: 'Q1',
      url: 'https://example.org/Q1',
      service: 'checkout',
      severity: 'P1',
      triggeredAtMs: Date.parse('2024-01-05T10:00:00Z'),
      resolvedAtMs: Date.parse('2024-01-06T10:00:00Z'),
      minutes: 1440,
    };

    const text = renderText(report({ longest: [long] }));

    expect(text).toMatch(/│ Q1 +│ pagerduty │ checkout │ P1 +│ 2024-01-05T10:00:00 │ 1440.0 +│/);
    expect(text).toContain('\n  Q1: https://example.org/Q1\n');
  });

  it('cuts long tables of services, and says where the rest is', () => {
    const services = Array.from({ length: 30 }, (_, at) => group({ grouping: 'service', name: `s${at}` }));

    const text = renderText(report({ groups: services }));

    expect(text).toContain('│ s24 ');
    expect(text).not.toContain('│ s25 ');
    expect(text).toContain('  and 5 more; --output json, csv or markdown has all\n');
  });

  it('lets no name write over the terminal', () => {
    const text = renderText(report({ groups: [group({ grouping: 'service', name: NASTY })] }));

    const controls = Array.from(text).filter((character) => character !== '\n' && /[\p{Cc}\u202e]/u.test(character));
    expect(controls).toEqual([]);
    expect(text).toContain('=cmd|');
  });
});

describe('a line of bars', () => {
  it.each([
    { values: [0, 1, 2, 4, 8], bars: '▁▁▂▄█' },
    { values: [undefined, 3], bars: '·█' },
    { values: [0, 0], bars: '▁▁' },
    { values: [], bars: '' },
  ])('of $values is $bars', ({ values, bars }) => {
    expect(formatSparkline(values)).toBe(bars);
  });
});
