import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import { readOutages, replayWorld } from '../../src/simulator/replay.ts';
import type { Parsed } from '../e2e/page.ts';
import { isThere, outagesText, readExpected, says } from '../outages.ts';
import { pageAfterPoll } from './page-after-poll.ts';
import { runLine } from './run-line.ts';

const WINDOWS = ['7d', '30d', '90d', '365d'] as const;
const SEVERITIES: Readonly<Record<string, string>> = { critical: 'P1', high: 'P2', medium: 'P3', low: 'P4' };

/** Names of the file beside those of the report. */
const KEYS: Readonly<Record<string, string>> = {
  count: 'resolved',
  mean: 'mean_minutes',
  min: 'min_minutes',
  max: 'max_minutes',
  p50_linear: 'median_minutes',
  p75_linear: 'p75_minutes',
  p90_linear: 'p90_minutes',
  p95_linear: 'p95_minutes',
  p99_linear: 'p99_minutes',
  stddev_sample: 'stddev_minutes',
};

type Numbers = Readonly<Record<string, number | null>>;

interface Expected {
  readonly windows: Readonly<
    Record<
      string,
      {
        readonly now: string;
        readonly resolved_in_window: Numbers;
        readonly resolved_in_window_by_severity: Readonly<Record<string, Numbers>>;
        readonly resolved_in_window_by_service: Readonly<Record<string, Numbers>>;
        readonly baseline: Numbers;
      }
    >
  >;
}

interface Reported {
  readonly all: Numbers;
  readonly severities: readonly (Numbers & { readonly name: string })[];
  readonly services: readonly (Numbers & { readonly name: string })[];
  readonly before: { readonly all: Numbers } | null;
  readonly longest: readonly { readonly recovery_minutes: number }[];
}

describe.skipIf(!isThere)(`a report of real outages${says}`, () => {
  const ends: (() => Promise<void> | void)[] = [];
  let expected: Expected;
  let page: Parsed;
  let config = '';
  let nowMs = 0;

  beforeAll(async () => {
    expected = readExpected();
    nowMs = Date.parse(expected.windows['7d']?.now ?? '');
    const temporary = mkdtempSync(join(tmpdir(), 'mttr-report-'));
    ends.push(() => rmSync(temporary, { recursive: true }));
    const world = replayWorld(readOutages(outagesText(), 'outages.ndjson'));
    const fake = await startPagerdutyFake(world, { nowMs: () => nowMs });
    ends.push(() => fake.close());
    config = join(temporary, 'c.yml');
    const text = `
providers:
  - { name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${fake.url}", rate_limit: 100000/s }
history: 2500d
retention: 4000d
windows: [${WINDOWS.join(', ')}]
metrics: { detail: full, new_series_hold: 0s }
availability: { severities: [P1, P2], objective: 0.9 }
business_hours: { timezone: America/New_York, days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:30" }
store: { path: "${join(temporary, 'store.db')}" }
`;
    writeFileSync(config, text);
    page = await pageAfterPoll(config, { nowMs: () => nowMs, sleep: async () => undefined });
  }, 120_000);

  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  async function reportOf(...words: readonly string[]): Promise<Reported> {
    const line = ['report', `--config.file=${config}`, '--output=json', ...words];
    const { printed, said, code } = await runLine({ words: line, nowMs });
    expect({ code, said }).toEqual({ code: 0, said: '' });
    return JSON.parse(printed);
  }

  it.each(WINDOWS)('has the numbers that were computed independently, over %s', async (window) => {
    const given = expected.windows[window];

    const report = await reportOf(`--from=${window}`, '--compare');

    expectNumbers(report.all, given?.resolved_in_window ?? {}, window);
    for (const [severity, numbers] of Object.entries(given?.resolved_in_window_by_severity ?? {})) {
      expectNumbers(named(report.severities, SEVERITIES[severity] ?? ''), numbers, `${window} ${severity}`);
    }
    for (const [service, numbers] of Object.entries(given?.resolved_in_window_by_service ?? {})) {
      expectNumbers(named(report.services, service), numbers, `${window} ${service}`);
    }
    const { count, mean } = given?.baseline ?? {};
    expectNumbers(report.before?.all ?? {}, { count: count ?? null, mean: mean ?? null }, `${window} before`);
    expect(report.longest[0]?.recovery_minutes).toBe(report.all['max_minutes']);
  });

  it.each(WINDOWS)('has the numbers of /metrics to the last digit, over %s', async (window) => {
    const report = await reportOf(`--from=${window}`);

    const rows = [
      { labels: { by: 'all' }, numbers: report.all },
      ...report.severities.map((numbers) => ({ labels: { by: 'severity', severity: numbers.name }, numbers })),
      ...report.services.map((numbers) => ({ labels: { by: 'service', service: numbers.name }, numbers })),
    ];
    for (const { labels, numbers } of rows) {
      for (const [key, metric] of Object.entries(METRICS)) {
        const shown = page.value(metric, { ...labels, window }) ?? null;
        expect({ ...labels, key, value: numbers[key] }).toEqual({ ...labels, key, value: shown });
      }
    }
  });

  it('says the same of a period until now, of one until that instant, and of the platforms without a store', async () => {
    const live = await reportOf('--from=30d', '--to=now');

    const fixed = await reportOf('--from=30d', `--to=${new Date(nowMs).toISOString()}`);
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, text.replace('store.db', 'nothing.db'));
    const fresh = await reportOf('--from=30d');
    writeFileSync(config, text);

    expect(fixed).toEqual(live);
    expect(fresh).toEqual(live);
  });

  it('has twelve months that add up to the year', async () => {
    const words = ['--from=2025-08-01', '--to=2026-07-31', '--trend=month'];

    const report: { all: Numbers; trend: { points: Numbers[] } } = JSON.parse(
      (await runLine({ words: ['report', `--config.file=${config}`, '--output=json', ...words], nowMs })).printed,
    );

    const sums = report.trend.points.map(({ resolved, mean_minutes: mean }) => [
      resolved ?? 0,
      (resolved ?? 0) * (mean ?? 0),
    ]);
    const resolved = sums.reduce((sum, [count = 0]) => sum + count, 0);
    const minutes = sums.reduce((sum, [, one = 0]) => sum + one, 0);
    expect(report.trend.points).toHaveLength(12);
    expect(resolved).toBe(report.all['resolved']);
    expect(minutes / resolved).toBeCloseTo(report.all['mean_minutes'] ?? 0, 6);
  });
});

/** Metrics that have no further labels. */
const METRICS: Readonly<Record<string, string>> = {
  mean_minutes: 'incident_mttr_minutes',
  mtbf_minutes: 'incident_mtbf_minutes',
  min_minutes: 'incident_recovery_min_minutes',
  max_minutes: 'incident_recovery_max_minutes',
  stddev_minutes: 'incident_recovery_stddev_minutes',
  resolved: 'incident_window_resolved',
  opened: 'incident_window_opened',
  within_target_ratio: 'incident_within_target_ratio',
  repeat_ratio: 'incident_repeat_ratio',
  free_ratio: 'incident_free_ratio',
  baseline_mean_minutes: 'incident_mttr_baseline_minutes',
  baseline_resolved: 'incident_baseline_resolved',
  availability_ratio: 'incident_availability_ratio',
  error_budget_minutes: 'incident_error_budget_minutes',
  mttr_business_minutes: 'incident_mttr_business_minutes',
};

function named(rows: readonly (Numbers & { readonly name: string })[], name: string): Numbers {
  return rows.find((row) => row.name === name) ?? {};
}

/** The file has six decimals, and no deviation of a single outage. */
function expectNumbers(actual: Numbers, given: Numbers, what: string): void {
  for (const [key, value] of Object.entries(given)) {
    const name = KEYS[key];
    if (name === undefined || value === null) continue;
    const difference = Math.abs((actual[name] ?? Number.NaN) - value);
    expect(difference, `${what} ${name}: ${actual[name]} instead of ${value}`).toBeLessThan(1e-6);
  }
}
