import { spawnSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backfillFamilies } from '../../src/cli/backfill/gauge-replay.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { World } from '../../src/simulator/world.ts';
import { tool } from '../deploy/tools.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, told } from '../metrics/stage.ts';
import { type Exporter, runToEnd, startExporter, temporaryFolder, until, writeIn } from './process.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { PROMETHEUS } from './servers.ts';

const PROMTOOL = tool('promtool');
const SERVICES = ['checkout', 'search', 'mail'];
const SEVERITIES = ['P1', 'P2', 'P3'];

/** Something every 7 hours for 200 days, that took from 10 minutes to 5 hours; the newest is still open. */
function invent(nowMs: number): World {
  const triggeredAtMs = (turn: number) => Math.floor((nowMs - turn * 7 * HOUR_MS) / 1000 - 90) * 1000;
  const incidents = Array.from({ length: 680 }, (_, turn) =>
    told({
      id: `Q${turn}`,
      service: SERVICES[turn % 3] ?? '',
      priority: SEVERITIES[(turn * 7) % 5 === 0 ? 0 : 1 + (turn % 2)] ?? '',
      triggeredAtMs: triggeredAtMs(turn),
      acknowledged: 1 + (turn % 9),
      ...(turn === 0 ? {} : { resolved: 10 + ((turn * 37) % 290) }),
    }),
  );
  return { incidents, alarms: [] };
}

interface Stage {
  readonly world: World;
  readonly exporter: Exporter;
  readonly folder: string;
  /** Runs `backfill` with the exporter's configuration; throws when it fails. */
  readonly backfill: (words: readonly string[]) => Promise<string>;
  readonly fails: (words: readonly string[]) => Promise<{ readonly code: number | null; readonly stderr: string }>;
  /** Where its windows end, which is when its last poll asked; milliseconds. */
  readonly endMs: number;
}

/** An exporter that polled once and will not again while the test lasts: its page stands still. */
async function stage(): Promise<Stage> {
  const world = invent(Date.now());
  const fake = await startPagerdutyFake(world);
  onTestFinished(() => fake.close());
  const folder = temporaryFolder();
  const file = writeIn(
    folder,
    'exporter.yml',
    `providers:
  - { name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${fake.url}", poll_interval: 1h, rate_limit: 10000/s }
store: { path: "${folder}/store.db" }
`,
  );
  const exporter = await startExporter({ words: [`--config.file=${file}`] });
  const page = await exporter.untilPage('all is synced', (one) => one.sum('mttr_exporter_provider_synced', {}) === 1);
  const run = (words: readonly string[]) => runToEnd({ words: ['backfill', `--config.file=${file}`, ...words] });
  return {
    world,
    exporter,
    folder,
    endMs: page.sum('mttr_exporter_last_success_timestamp_seconds', {}) * 1000,
    fails: run,
    backfill: async (words) => {
      const { code, stdout, stderr } = await run(words);
      if (code !== 0) throw new Error(stderr);
      return stdout;
    },
  };
}

/** How many samples a run says it told. */
function samplesIn(stdout: string): number {
  return Number(/samples +([\d,]+)/.exec(stdout)?.[1]?.replaceAll(',', ''));
}

interface Answer {
  readonly data: { readonly result: readonly { metric: Record<string, string>; value: readonly [number, string] }[] };
}

/** Values at an instant, by series, without the labels that a scrape adds. */
async function valuesAt({ server }: Prometheus, expression: string, atMs: number): Promise<Map<string, number>> {
  const query = String(new URLSearchParams({ query: expression, time: String(atMs / 1000) }));
  const { data } = await server.ask<Answer>(`/api/v1/query?${query}`);
  return new Map(
    data.result.map(({ metric, value }) => {
      expect(metric).toMatchObject({ job: 'mttr-exporter', instance: 'mttr-exporter' });
      const own = Object.entries(metric).filter(([name]) => name !== 'job' && name !== 'instance');
      return [JSON.stringify(own.toSorted(([one], [other]) => (one < other ? -1 : 1))), Number(value[1])];
    }),
  );
}

/** The mean of what was resolved in the window, straight from the invented incidents; minutes. */
function meanOf(
  { incidents }: World,
  { atMs, windowMs, priority }: { atMs: number; windowMs: number; priority: string },
) {
  const minutes = incidents.flatMap(({ priority: own, triggeredAtMs, events }) => {
    const endMs = events.find(({ kind }) => kind === 'resolve')?.atMs ?? Number.NaN;
    const isIn = own === priority && endMs > atMs - windowMs && endMs <= atMs;
    return isIn ? [(endMs - triggeredAtMs) / MINUTE_MS] : [];
  });
  return minutes.reduce((sum, one) => sum + one, 0) / minutes.length;
}

const NAMES = backfillFamilies.map(({ name }) => name);
const EVERYTHING = `{__name__=~"${NAMES.join('|')}"}`;

/** How many samples Prometheus has up to an instant. */
async function samplesUntil({ server }: Prometheus, atMs: number): Promise<number> {
  let samples = 0;
  for (const name of NAMES) {
    const query = String(
      new URLSearchParams({ query: `sum(count_over_time(${name}[45d]))`, time: String(atMs / 1000) }),
    );
    const { data } = await server.ask<Answer>(`/api/v1/query?${query}`);
    samples += Number(data.result[0]?.value[1] ?? 0);
  }
  return samples;
}

/** The trend at instants of the past, as the incidents themselves have it, and as Prometheus does. */
async function compareTrend(prometheus: Prometheus, world: World): Promise<void> {
  const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  for (const daysAgo of [1, 5, 11, 19]) {
    for (const priority of SEVERITIES) {
      for (const days of [7, 30, 90]) {
        const atMs = hour - daysAgo * DAY_MS;
        const expression = `incident_mttr_minutes{by="severity",window="${days}d",severity="${priority}"}`;
        const [value] = (await valuesAt(prometheus, expression, atMs)).values();
        const wanted = meanOf(world, { atMs, windowMs: days * DAY_MS, priority });
        expect(Math.abs((value ?? Number.NaN) / wanted - 1)).toBeLessThan(1e-9);
      }
    }
  }
}

const isSkipped = PROMETHEUS.isSkipped || PROMTOOL.isSkipped;
const PERIOD = ['--from=20d', '--to=now', '--step=1h'];

describe.skipIf(isSkipped)(`history in a real Prometheus${PROMETHEUS.says}${PROMTOOL.says}`, () => {
  it('is loaded from files whole, reads back as it was, and goes on in the live series without a jump', async () => {
    const { world, exporter, folder, endMs, backfill } = await stage();
    const [files, data] = [`${folder}/history`, `${folder}/data`];
    const stdout = await backfill([...PERIOD, `--output-directory=${files}`]);
    const [, command = ''] = /^ {2}(for file in .*?^ {2}done)$/ms.exec(stdout) ?? [];
    const [, retention = ''] = /(--storage\.tsdb\.retention\.time=\w+) or more/.exec(stdout) ?? [];

    const loaded = shell(command.replaceAll('DATA', data));
    const prometheus = await startPrometheus({ url: exporter.url, data, words: [retention] });
    await prometheus.scrapeMore(2);

    const blocks = loaded.split('\n').filter((line) => /^[0-9A-Z]{26} /.test(line));
    const inBlocks = blocks.reduce((sum, line) => sum + Number(line.split(/\s+/)[4]), 0);
    expect(inBlocks).toBe(samplesIn(stdout));
    await compareTrend(prometheus, world);
    const last = await valuesAt(prometheus, EVERYTHING, endMs);
    const live = await valuesAt(prometheus, EVERYTHING, Date.now());
    expect(last.size).toBeGreaterThan(200);
    expect(live).toEqual(last);
  }, 120_000);

  it('goes there by remote write, the same numbers', async () => {
    const { world, exporter, endMs, backfill } = await stage();
    const prometheus = await startPrometheus({
      url: exporter.url,
      more: '\nstorage: { tsdb: { out_of_order_time_window: 50d } }\n',
      words: ['--web.enable-remote-write-receiver', '--storage.tsdb.retention.time=50d'],
    });
    await prometheus.scrapeMore(2);

    const stdout = await backfill([...PERIOD, `--remote-write=http://${prometheus.server.address}/api/v1/write`]);

    expect(samplesIn(stdout)).toBeGreaterThan(50_000);
    expect(await samplesUntil(prometheus, endMs)).toBe(samplesIn(stdout));
    await compareTrend(prometheus, world);
  }, 120_000);

  it('is refused by a Prometheus that takes no samples of the past, and what to do is said', async () => {
    const { exporter, fails } = await stage();
    const prometheus = await startPrometheus({ url: exporter.url, words: ['--web.enable-remote-write-receiver'] });
    await until('it has samples of now', async () => (await prometheus.scrapes()) > 1);
    const url = `http://${prometheus.server.address}/api/v1/write`;

    const { code, stderr } = await fails([...PERIOD, `--remote-write=${url}`, '--quiet']);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^mttr-exporter: --remote-write: POST http:\/\/127[^ ]*\/api\/v1\/write: 400: [^\n]*\n$/);
    expect(stderr).toContain('storage.tsdb.out_of_order_time_window');
  }, 60_000);
});

/** Runs the command line that people are told to run. */
function shell(command: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
