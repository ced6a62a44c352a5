import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { renderCsv } from '../../../src/report/render/csv.ts';
import { renderJson } from '../../../src/report/render/json.ts';
import { renderMarkdown } from '../../../src/report/render/markdown.ts';
import { STATISTIC_INFO, toReportFields } from '../../../src/report/statistic-info.ts';
import { STATISTICS } from '../../../src/stats/rows.ts';
import { group, NASTY, report } from './invented.ts';

describe('a report in JSON', () => {
  it('has every statistic under a name with its unit, unrounded or null', () => {
    const mttr = 145.33333333333334;

    const document = JSON.parse(
      renderJson(report({ groups: [group({ statistics: { mttr, resolved: 3 }, level: 'high' })] })),
    );

    expect(document.all).toMatchObject({ mean_minutes: mttr, resolved: 3, median_minutes: null, level: 'high' });
    expect(Object.keys(STATISTIC_INFO).toSorted()).toEqual([...STATISTICS].sort());
    expect(
      Object.keys(toReportFields({})).filter(
        (key) => !/_(minutes|ratio)$|^(resolved|opened|baseline_resolved)$/.test(key),
      ),
    ).toEqual([]);
  });

  it('tells the period as first and last millisecond in the zone', () => {
    const document = JSON.parse(renderJson(report({ timezone: 'Asia/Tokyo' })));

    expect(document.period).toEqual({
      from: '2024-01-01T09:00:00.000+09:00',
      to: '2024-02-01T08:59:59.999+09:00',
      timezone: 'Asia/Tokyo',
    });
  });

  it('tells of severities their titles and targets', () => {
    const document = JSON.parse(renderJson(report()));

    expect(document.severities).toMatchObject([
      { name: 'P1', title: 'Critical', target_minutes: 30, objective_ratio: 0.9, objective_met: false },
      { name: 'P5', title: 'Info', target_minutes: null, objective_ratio: null, objective_met: null },
    ]);
  });

  it('has a null for what nobody asked for or nobody knows', () => {
    const document = JSON.parse(renderJson(report({ groups: [] })));

    expect(document).toMatchObject({ all: null, before: null, trend: null, longest: [], services: [] });
  });
});

describe('a report in CSV', () => {
  it('has one row per group, empty cells where nothing is known', () => {
    const rows = parse<Record<string, string>>(renderCsv(report()), { columns: true });

    expect(rows.map(({ grouping, name }) => [grouping, name])).toEqual([
      ['all', ''],
      ['severity', 'P1'],
      ['severity', 'P5'],
      ['service', 'checkout'],
      ['team', 'none'],
      ['provider', 'pagerduty'],
    ]);
    expect(rows[1]).toMatchObject({
      title: 'Critical',
      mean_minutes: '45.2',
      objective_met: 'false',
      from: '2024-01-01T00:00:00.000Z',
    });
    expect(rows[2]).toMatchObject({ resolved: '0', mean_minutes: '', level: '' });
  });

  it('has rows of their own for the period before and for each step of a trend', () => {
    const point = { name: '2024-01-01', fromMs: 999, toMs: 2000, isWhole: true, statistics: { mttr: 7 } };
    const before = { bounds: { firstMs: 0, lastMs: 999 }, groups: [group({ statistics: { resolved: 5 } })] };

    const rows = parse<Record<string, string>>(
      renderCsv(report({ groups: [], before, trend: { step: 'day', points: [point] } })),
      { columns: true },
    );

    expect(rows).toMatchObject([
      { grouping: 'all', period: 'before', resolved: '5', to: '1970-01-01T00:00:00.999Z' },
      { grouping: 'day', name: '2024-01-01', period: 'now', mean_minutes: '7', from: '1970-01-01T00:00:01.000Z' },
    ]);
  });

  it('keeps any name in its cell, and no spreadsheet takes it for a formula', () => {
    const groups = [group({ grouping: 'service', name: NASTY }), group({ grouping: 'service', name: '-1' })];

    const rows = parse<Record<string, string>>(renderCsv(report({ groups })), { columns: true });

    expect(rows.map(({ name }) => name)).toEqual([`'${NASTY}`, "'-1"]);
  });
});

describe('a report in Markdown', () => {
  it('has a heading per part and tables of equal width', () => {
    const page = renderMarkdown(report());

    expect(page).toContain(
      '# Mean Time to Recovery (MTTR) Report\n\nPeriod: 2024-01-01T00:00:00 to 2024-01-31T23:59:59 (UTC)\n',
    );
    expect(page).toContain(
      '## MTTR by Severity\n\n| Severity | Avg Minutes | Count |\n| --- | ---: | ---: |\n| P1-Critical | 45.2 | 8 |\n',
    );
  });

  it('shows any name as it is, in its cell', () => {
    const page = renderMarkdown(report({ groups: [group({ grouping: 'service', name: NASTY })] }));

    const row = page.split('\n').find((line) => line.includes('cmd'));
    expect(row?.match(/(?<!\\)\|/g)).toHaveLength(8);
    expect(row).not.toMatch(/(?<!\\)[<[`*_]/);
  });

  it.each([
    {
      says: 'links an incident to the platform',
      url: 'https://example.org/a|b>c',
      link: '[Q\\|1](<https://example.org/a%7Cb%3Ec>)',
    },
    { says: 'makes no link of anything but a web address', url: 'javascript:alert(1)', link: '| Q\\|1 |' },
  ])('$says', ({ url, link }) => {
    const long = {
      provider: 'p',
      id: 'Q|1',
      url,
      service: 's',
      severity: 'P1',
      triggeredAtMs: 0,
      resolvedAtMs: 0,
      minutes: 1,
    };

    const page = renderMarkdown(report({ longest: [long] }));

    expect(page).toContain(link);
    expect(page).not.toContain('javascript');
  });
});
