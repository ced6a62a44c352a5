import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Clock } from '../../src/model/time.ts';
import { platforms } from '../../src/providers/registry.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { Fake } from '../../src/simulator/platform.ts';
import type { World } from '../../src/simulator/world.ts';
import { isThere, type Outage, readExpected, realOutages, says } from '../outages.ts';
import { openTestExporter, type TestExporter } from '../test-exporter.ts';
import { type Parsed, parsePage } from './page.ts';

const DAY_MS = 86_400_000;
/** Seconds are all that PagerDuty tells, and all that the file has. */
function worldOf(outages: readonly Outage[]): World {
  return {
    alarms: [],
    incidents: outages.map(({ id, service, severity, triggeredAt, resolvedAt }) => ({
      id,
      title: `${service} is down`,
      service: { id: `S${service}`, name: service },
      priority: severity,
      urgency: 'high' as const,
      triggeredAtMs: Date.parse(triggeredAt),
      events:
        resolvedAt === null ? [] : [{ kind: 'resolve' as const, atMs: Date.parse(resolvedAt), by: 'person' as const }],
    })),
  };
}

const CONFIGURATION = (url: string, path: string) => `
providers:
  - { name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${url}", rate_limit: 100000/s }
history: 800d
retention: 4000d
windows: [7d, 30d, 90d, 365d]
metrics: { detail: full, new_series_hold: 0s }
store: { path: "${path}" }
`;

async function live(fake: Fake, clock: Clock, path: string): Promise<TestExporter> {
  const text = CONFIGURATION(fake.url, path);
  const readFile = () => '';
  const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile, nowMs: clock.nowMs() });
  return openTestExporter({ config, clock });
}

async function poll({ engine }: TestExporter): Promise<void> {
  await engine.providers[0]?.poller.pollOnce(new AbortController().signal);
}

/** One poll, one page, one scrape. */
async function step(life: TestExporter, clock: Clock): Promise<Parsed> {
  const { core, pageLoop, reader } = life;
  await poll(life);
  await pageLoop.tick();
  const page = await reader.read('text');
  core.scraped(page?.version ?? 0, clock.nowMs());
  return parsePage(Buffer.concat(page?.body ?? []).toString('utf8'));
}

describe.skipIf(!isThere)(`real outages${says}`, () => {
  const ends: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function stage() {
    const expected = readExpected<Expected>();
    const outages = realOutages();
    let nowMs = Date.parse(outages[0]?.triggeredAt ?? '') - DAY_MS;
    const clock: Clock = { nowMs: () => nowMs, sleep: async () => undefined };
    const fake = await startPagerdutyFake(worldOf(outages), { nowMs: () => nowMs });
    ends.push(() => fake.close());
    const temporary = mkdtempSync(join(tmpdir(), 'mttr-outages-'));
    ends.push(() => rmSync(temporary, { recursive: true }));
    const goTo = (ms: number) => {
      nowMs = ms;
    };
    const endMs = Date.parse(expected.windows['7d']?.now ?? '');
    return { clock, fake, goTo, expected, endMs, startMs: nowMs, path: (name: string) => join(temporary, name) };
  }

  it('are counted exactly by an exporter that lives through all of them, restarts included', {
    timeout: 300_000,
  }, async () => {
    const { clock, fake, goTo, expected, endMs, startMs, path } = await stage();
    let life = await live(fake, clock, path('lived.db'));
    ends.push(() => life.close());
    let restartAtMs = startMs + 200 * DAY_MS;

    for (let nowMs = startMs; nowMs < endMs; nowMs += 3 * DAY_MS) {
      goTo(nowMs);
      await poll(life);
      if (nowMs < restartAtMs) continue;
      restartAtMs += 200 * DAY_MS;
      await step(life, clock);
      await life.close();
      life = await live(fake, clock, path('lived.db'));
    }
    goTo(endMs);
    await step(life, clock);
    await step(life, clock);
    const page = await step(life, clock);

    expect(life.engine.providers[0]?.poller.state()).toMatchObject({ isUp: true, error: undefined });
    expect(page.sum('incident_recovery_time_minutes_count', {})).toBe(expected.overall.count);
    expect(page.sum('incident_recovery_time_minutes_sum', {})).toBeCloseTo(expected.overall.sum, 4);
    for (const [le, count] of Object.entries(expected.histogram_cumulative_le_minutes)) {
      expect({ le, count: page.sum('incident_recovery_time_minutes_bucket', { le }) }).toEqual({ le, count });
    }
    expectWindows(page, expected);
  });

  it('are in the windows but in no total of an exporter that meets the platform on the last day', {
    timeout: 120_000,
  }, async () => {
    const { clock, fake, goTo, expected, endMs, path } = await stage();
    goTo(endMs);
    const life = await live(fake, clock, path('late.db'));
    ends.push(() => life.close());

    await step(life, clock);
    const page = await step(life, clock);

    expect(page.sum('incident_recovery_time_minutes_count', {})).toBe(0);
    expect(page.sum('incident_opened_total', {})).toBe(0);
    expectWindows(page, expected);
  });
});

interface Statistic {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly [statistic: string]: number;
}

interface Expected {
  readonly overall: Statistic;
  readonly histogram_cumulative_le_minutes: Record<string, number>;
  readonly windows: Record<
    string,
    {
      readonly now: string;
      readonly resolved_in_window: Statistic;
      readonly resolved_in_window_by_severity: Record<string, Statistic>;
      readonly resolved_in_window_by_service: Record<string, Statistic>;
      readonly baseline: { readonly count: number; readonly mean: number };
    }
  >;
}

const SEVERITIES: Record<string, string> = { critical: 'P1', high: 'P2', medium: 'P3', low: 'P4' };

function expectWindows(page: Parsed, expected: Expected): void {
  for (const [window, given] of Object.entries(expected.windows)) {
    expectStatistic(page, { by: 'all', window }, given.resolved_in_window);
    for (const [severity, one] of Object.entries(given.resolved_in_window_by_severity)) {
      expectStatistic(page, { by: 'severity', window, severity: SEVERITIES[severity] ?? '' }, one);
    }
    for (const [service, one] of Object.entries(given.resolved_in_window_by_service)) {
      expectStatistic(page, { by: 'service', window, service }, one);
    }
    expect(page.value('incident_baseline_resolved', { by: 'all', window })).toBe(given.baseline.count);
    expectClose(
      page.value('incident_mttr_baseline_minutes', { by: 'all', window }),
      given.baseline.mean,
      `baseline ${window}`,
    );
  }
}

function expectStatistic(page: Parsed, labels: Record<string, string>, given: Statistic): void {
  const name = JSON.stringify(labels);
  expect({ name, count: page.value('incident_window_resolved', labels) }).toEqual({ name, count: given.count });
  expectClose(page.value('incident_mttr_minutes', labels), given.mean, `mean ${name}`);
  expectClose(page.value('incident_recovery_min_minutes', labels), given['min'], `min ${name}`);
  expectClose(page.value('incident_recovery_max_minutes', labels), given['max'], `max ${name}`);
  for (const [quantile, key] of Object.entries({ 0.5: 'p50', 0.75: 'p75', 0.9: 'p90', 0.95: 'p95', 0.99: 'p99' })) {
    const value = page.value('incident_recovery_quantile_minutes', { ...labels, quantile });
    expectClose(value, given[`${key}_linear`], `${key} ${name}`);
  }
  const deviation = given['stddev_sample'];
  if (deviation !== undefined) {
    expectClose(page.value('incident_recovery_stddev_minutes', labels), deviation, `stddev ${name}`);
  }
}

/** The file has six decimals. */
function expectClose(actual: number | undefined, expected: number | undefined, what: string): void {
  expect(expected, what).toBeDefined();
  expect(Math.abs((actual ?? Number.NaN) - (expected ?? 0)), `${what}: ${actual} instead of ${expected}`).toBeLessThan(
    1e-6,
  );
}
