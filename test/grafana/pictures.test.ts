import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../grafana/src/dashboards.ts';
import type { Answered, Series } from '../../scripts/pictures/answers.ts';
import { Dashboard, type Panel } from '../../scripts/pictures/dashboard.ts';
import { page } from '../../scripts/pictures/page.ts';
import { configuration, demand } from '../../scripts/pictures/programs.ts';
import { legendOf } from '../../scripts/pictures/questions.ts';
import { written } from '../../scripts/pictures/values.ts';

const NOW_MS = 1_800_000_000_000;
const RANGE = { fromMs: NOW_MS - 60_000, toMs: NOW_MS, stepMs: 15_000 };
const dashboards = Object.values(DASHBOARDS).map((built) => Dashboard.parse(built));

interface Told {
  readonly labels?: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** The answer to the query of a panel: values at each step up to now. */
function series(panel: Panel, place: number, { labels = {}, values }: Told): Series {
  const { refId, legendFormat } = panel.targets[place] ?? { refId: '', legendFormat: '' };
  const samples = values.map((value, step) => [NOW_MS - (values.length - 1 - step) * RANGE.stepMs, value] as const);
  return { refId, legend: legendOf(legendFormat, labels), labels, samples };
}

/** The page of a dashboard whose panels all have the same few numbers, but for one. */
function pageWith(dashboard: Dashboard, title: string, own: readonly (Told & { readonly place?: number })[]): string {
  const answers = dashboard.panels
    .filter(({ type }) => type !== 'row')
    .map((panel): Answered => {
      const told = panel.title === title ? own : panel.targets.map((_, place) => ({ place, values: [1, 2] }));
      return { panel, range: RANGE, exemplars: [], series: told.map((one) => series(panel, one.place ?? 0, one)) };
    });
  return page({ dashboard, answers, choices: [{ label: 'Window', value: '30d' }], says: 'an invented hour' });
}

/** The part of a page that one panel takes. */
function panelOf(html: string, title: string): string {
  return html.split('<section').find((part) => part.includes(`<h3>${title}</h3>`)) ?? '';
}

function dashboardOf(uid: string): Dashboard {
  const found = dashboards.find((one) => one.uid === uid);
  if (found === undefined) throw new Error(`there is no dashboard ${uid}`);
  return found;
}

describe('the picture of a dashboard', () => {
  it.each(dashboards)('$title has every panel where the grid has it, and asks for nothing', (dashboard) => {
    const html = pageWith(dashboard, '', []);

    for (const { title, gridPos } of dashboard.panels) {
      expect(html).toContain(title);
      expect(html).toContain(
        `grid-column:${gridPos.x + 1}/span ${gridPos.w};grid-row:${gridPos.y + 1}/span ${gridPos.h}`,
      );
    }
    expect(html).toContain('an invented hour');
    expect(html).not.toMatch(/<script|<img|<link|url\(http/);
  });

  const overview = dashboardOf('mttr-overview');

  it('shows a number with its unit on the colour of its threshold', () => {
    const panel = panelOf(
      pageWith(overview, 'Change against the window before', [{ values: [0.234] }]),
      'Change against the window before',
    );

    expect(panel).toContain('23.4%');
    expect(panel).toContain('background:#f2495c');
  });

  it('shows a number by the word and the colour of its mapping', () => {
    const panel = panelOf(pageWith(overview, 'Level', [{ values: [1] }]), 'Level');

    expect(panel).toContain('elite');
    expect(panel).toContain('background:#73bf69');
  });

  it('says where there is no data', () => {
    expect(panelOf(pageWith(overview, 'MTTR', []), 'MTTR')).toContain('no data');
  });

  it('has a bar as long as its share of the greatest', () => {
    const told = [
      { labels: { severity: 'P1' }, values: [50] },
      { labels: { severity: 'P2' }, values: [200] },
    ];
    const panel = panelOf(pageWith(overview, 'Opened in the window', told), 'Opened in the window');

    expect(panel).toMatch(/P1.*width:25\.0%.*P2.*width:100\.0%/);
  });

  it('has a row of a table for each group, its columns in order, the greatest on top', () => {
    const told = ['orders', 'search'].flatMap((service, row) => [
      { place: 0, labels: { service, severity: 'P2' }, values: [60 * (row + 1)] },
      { place: 1, labels: { service, severity: 'P2' }, values: [0.5 + row] },
    ]);
    const html = pageWith(dashboardOf('mttr-targets'), 'Open against target', told);
    const rows = panelOf(html, 'Open against target').split('<tr>').slice(1);

    expect(rows.map((row) => [...row.matchAll(/<t[hd][^>]*>([^<]*)</g)].map(([, text]) => text))).toEqual([
      ['Service', 'Severity', 'Open for', 'Of target'],
      ['search', 'P2', '2 min', '150%'],
      ['orders', 'P2', '1 min', '50%'],
    ]);
  });

  it('draws a line for each series, with its name below', () => {
    const told = ['P1', 'P2'].map((severity, row) => ({ labels: { severity }, values: [row, 5, 7 + row] }));
    const panel = panelOf(pageWith(overview, 'Resolved in the window (n)', told), 'Resolved in the window (n)');

    expect(panel).toContain('<svg');
    expect(panel).toContain('>P1</text>');
    expect(panel).toContain('>P2</text>');
  });

  it('draws each bucket of a histogram without those below it', () => {
    const bucket = (le: string, count: number) => ({ labels: { le }, values: [count] });
    const cellsOf = (told: Told[]) =>
      panelOf(pageWith(overview, 'Recovery times', told), 'Recovery times').split('stroke="#181b1f"').length - 1;

    expect(cellsOf([bucket('5', 2), bucket('15', 2), bucket('+Inf', 2)])).toBe(1);
    expect(cellsOf([bucket('5', 1), bucket('15', 2), bucket('+Inf', 3)])).toBe(3);
  });

  it('is refused with a panel of a kind that nobody can draw', () => {
    const [first, ...others] = overview.panels;
    const strange = { ...overview, panels: first === undefined ? [] : [{ ...first, type: 'geomap' }, ...others] };

    expect(() => pageWith(strange, '', [])).toThrow('no way is known to draw a panel of the kind geomap');
  });
});

describe('a value of a picture', () => {
  it.each([
    { value: 0.5, unit: 'm', decimals: undefined, text: '30 s' },
    { value: 35.71, unit: 'm', decimals: 1, text: '35.7 min' },
    { value: 90, unit: 'm', decimals: undefined, text: '1.5 hours' },
    { value: 1440, unit: 'm', decimals: 0, text: '1 day' },
    { value: 0, unit: 's', decimals: undefined, text: '0 s' },
    { value: 0.0421, unit: 's', decimals: undefined, text: '42.1 ms' },
    { value: 0.123, unit: 'percentunit', decimals: undefined, text: '12.3%' },
    { value: -0.5, unit: 'percentunit', decimals: 0, text: '-50%' },
    { value: 5.5 * 1024 ** 2, unit: 'bytes', decimals: undefined, text: '5.5 MiB' },
    { value: 0.8, unit: 'reqps', decimals: undefined, text: '0.8 req/s' },
    { value: 9999, unit: 'none', decimals: 0, text: '9999' },
    { value: 12_345, unit: 'none', decimals: undefined, text: '12.3 K' },
    { value: NOW_MS - 86_400_000, unit: 'dateTimeFromNow', decimals: undefined, text: 'a day ago' },
    { value: NOW_MS - 7_200_000, unit: 'dateTimeFromNow', decimals: undefined, text: '2 hours ago' },
    { value: NOW_MS - 3_600_000, unit: 'dateTimeFromNow', decimals: undefined, text: 'an hour ago' },
  ])('is written $text', ({ value, unit, decimals, text }) => {
    expect(written(value, { unit, decimals }, NOW_MS)).toBe(text);
  });

  it('is refused with a unit that nobody can write', () => {
    expect(() => written(1, { unit: 'lengthkm', decimals: undefined }, NOW_MS)).toThrow('the unit lengthkm');
  });
});

it('pictures are drawn from the shipped scrape and rules, with another target and interval, and tell nobody', () => {
  const read = load(configuration({ target: '127.0.0.1:1', every: '15s' }));

  expect(read).toMatchObject({
    global: { scrape_interval: '15s', evaluation_interval: '15s' },
    rule_files: [expect.stringMatching(/mttr\.rules\.yml$/), expect.stringMatching(/mttr\.alerts\.yml$/)],
    scrape_configs: [
      {
        job_name: 'mttr-exporter',
        honor_labels: true,
        scrape_interval: '15s',
        static_configs: [{ targets: ['127.0.0.1:1'] }],
        relabel_configs: [{ action: 'labeldrop' }, { target_label: 'instance', replacement: 'mttr-exporter' }],
      },
    ],
  });
  expect(read).not.toHaveProperty('alerting');
});

it('pictures are not begun without a program that they need', () => {
  const missing = [process.execPath, 'no-such-browser', 'no-such-server'];

  expect(() => demand(missing)).toThrow(
    "no-such-browser and no-such-server cannot be started; expected Debian's packages",
  );
  expect(() => demand([process.execPath])).not.toThrow();
});
