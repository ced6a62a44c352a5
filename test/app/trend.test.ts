import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createTrend, readTrend } from '../../src/app/trend.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLabelMappers } from '../../src/core/settings.ts';
import { platforms } from '../../src/providers/registry.ts';
import { openSnapshot } from '../../src/store/snapshot.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { createHandClock, settled } from '../poller/clock.ts';
import { rememberLog } from '../server/serving.ts';
import { at, DAY_MS, HOUR_MS, MINUTE_MS, poll, recovered, SINCE, settings, start, sync } from '../store/fixtures.ts';
import { silent, temporaryFolder } from '../store/sqlite-location.ts';

const text = `providers:
  - { type: pagerduty, api_key: k }
  - { name: second, type: opsgenie, api_key: k }
windows: [7d, 90d]`;
const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });
const HISTORY = [
  recovered('Q1', 60, { triggeredAtMs: at(1) - 3 * DAY_MS }),
  recovered('Q2', 20, { triggeredAtMs: at(1) - 100 * DAY_MS, priority: 'P2' }),
];

/** A trend over a real store, running by a clock in our hands; counts how often the history was read. */
async function stage() {
  const path = join(temporaryFolder(), 'store.db');
  const store = createSqliteStore({ path, log: silent, nowMs: SINCE });
  await start(store, settings({ providers: [{}, { name: 'second' }] }));
  const disk = { isBroken: false, readings: 0 };
  const clock = createHandClock(SINCE);
  const { log, lines } = rememberLog();
  const trend = createTrend({
    config: () => config,
    core: { provider: async (name) => store.provider(name) },
    read: async (providers) => {
      disk.readings += 1;
      if (disk.isBroken) throw new Error('disk I/O error');
      const history = openSnapshot({ path, labelMappers: createLabelMappers(config), maxServices: 500 });
      try {
        return readTrend(config, history, providers);
      } finally {
        history.close();
      }
    },
    clock,
    log,
  });
  const stopping = new AbortController();
  const running = trend.run(stopping.signal);
  onTestFinished(async () => {
    stopping.abort(new Error('the test is over'));
    await running;
    store.close();
  });
  await settled();
  return { store, trend, clock, disk, lines };
}

it('is there once a provider has synced, for every window as far as the history reaches', async () => {
  const { store, trend, clock } = await stage();
  await clock.advance(MINUTE_MS);
  const before = trend.findSeries(0);

  await sync(store, HISTORY);
  await clock.advance(2000);

  expect(before).toBeUndefined();
  const [week, quarter] = [trend.findSeries(0), trend.findSeries(1)];
  expect(week?.map(({ name, targetMinutes }) => [name, targetMinutes])).toEqual([
    ['All incidents', undefined],
    ['P1', 30],
    ['P2', 120],
    ['P3', 480],
    ['P4', 1440],
    ['P5', undefined],
  ]);
  const endMs = at(1);
  expect(week?.[0]?.points.at(-1)).toEqual({ atMs: endMs, mttrMinutes: 60, resolved: 1 });
  expect(quarter?.[0]?.points.at(-1)).toEqual({ atMs: endMs, mttrMinutes: 60, resolved: 1 });
  expect(week?.[0]?.points[0]?.atMs).toBe(endMs - 180 * DAY_MS);
  expect(quarter?.[0]?.points[0]?.atMs).toBe(endMs - 120 * DAY_MS);
  expect(quarter?.[2]?.points.some(({ mttrMinutes }) => mttrMinutes === 20)).toBe(true);
});

it('is read anew when another provider has synced, after an hour, and after five minutes only if somebody looked', async () => {
  const { store, trend, clock, disk } = await stage();
  await sync(store, HISTORY);
  const counts: number[] = [];
  const after = async (ms: number) => {
    await clock.advance(ms);
    counts.push(disk.readings);
  };

  await after(2000);
  await after(30 * MINUTE_MS);
  await after(HOUR_MS);
  trend.findSeries(0);
  await after(2000);
  trend.findSeries(0);
  await after(4 * MINUTE_MS);
  await after(2 * MINUTE_MS);
  store.commit(poll(at(1), { provider: 'second' }));
  await after(2000);

  expect(counts).toEqual([1, 1, 2, 3, 3, 4, 5]);
});

it('that cannot be read is said in the log, and what was read before stays', async () => {
  const { store, trend, clock, disk, lines } = await stage();
  await sync(store, HISTORY);
  await clock.advance(2000);
  const before = trend.findSeries(0);

  disk.isBroken = true;
  await clock.advance(2 * HOUR_MS);

  expect(before).toBeDefined();
  expect(trend.findSeries(0)).toEqual(before);
  expect(new Set(lines)).toEqual(new Set(['warn cannot compute the trend of the status page error=disk I/O error']));
});
