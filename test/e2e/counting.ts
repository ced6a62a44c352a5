import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { Fake, FakeOptions } from '../../src/simulator/platform.ts';
import type { World } from '../../src/simulator/world.ts';
import { type LivePlatform, startLivePlatform } from './live-platform.ts';
import { temporaryFolder, until, writeIn } from './process.ts';
import { type Prometheus, type Series, startPrometheus } from './prometheus.ts';
import { planExporter, type Restarted } from './restarted.ts';

export const COUNT = 'incident_recovery_time_minutes_count';

/** Slow enough for a first sync to be cut off in its middle. */
const SLOW: FakeOptions = { latencyMs: 150 };
/** Requests after which a first sync of the history here has begun; it takes some 20. */
const BEGUN = 4;

/** Two living platforms, an exporter that is treated badly, and a Prometheus that watches it. */
export interface Counting {
  readonly prometheus: Prometheus;
  readonly pagerduty: LivePlatform;
  readonly opsgenie: LivePlatform;
  /** The first start, cut off by a kill -9 in the middle of its first sync, and a second one that ends it. */
  syncThroughKill(): Promise<void>;
  /** Ends the exporter so and starts it again at the same address. */
  restart(signal: NodeJS.Signals): Promise<void>;
  /** Ends the exporter and starts it at another address. */
  move(): Promise<void>;
  /** Adds Opsgenie to the configuration of the running exporter. */
  addOpsgenie(): Promise<void>;
  /** How many recoveries there were since counting began, by provider, service and severity. */
  resolved(): Promise<Map<string, number>>;
}

export async function stageCounting(): Promise<Counting> {
  const pagerduty = startLivePlatform({
    prefix: 'Q',
    services: ['checkout', 'search', 'mail'],
    everyMs: 400,
    past: 400,
  });
  const opsgenie = startLivePlatform({ prefix: 'og-', services: ['payments', 'checkout'], everyMs: 1000, past: 100 });
  const pd = await slowFake(startPagerdutyFake, pagerduty.world);
  const og = await slowFake(startOpsgenieFake, opsgenie.world);
  const folder = temporaryFolder();
  const lines = {
    pd: `  - { name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${pd.url}", ${PACED} }`,
    og: `  - { name: og, type: opsgenie, api_key: ${OPSGENIE_FAKE_KEY}, base_url: "${og.url}", ${PACED} }`,
  };
  const exporter = await planExporter(configure(folder, [lines.pd]));
  const prometheus = await startPrometheus({ url: exporter.url() });
  await until('the first scrape was tried', async () => (await prometheus.query('up')).length === 1);
  const counted = async (provider: string, life: LivePlatform) =>
    [...life.resolvedSince(await countingSinceMs(exporter, provider))].map(
      ([key, count]) => [`${provider} ${key}`, count] as const,
    );
  return {
    prometheus,
    pagerduty,
    opsgenie,
    syncThroughKill: () => syncThroughKill(exporter, pd),
    restart: async (signal) => {
      await exporter.end(signal);
      await exporter.start();
    },
    move: async () => {
      await exporter.end('SIGTERM');
      await exporter.move();
      await exporter.start();
      prometheus.aim(exporter.url());
    },
    addOpsgenie: async () => {
      configure(folder, [lines.pd, lines.og]);
      exporter.running().kill('SIGHUP');
      await untilSynced(exporter, 'og');
    },
    resolved: async () => new Map([...(await counted('pd', pagerduty)), ...(await counted('og', opsgenie))]),
  };
}

const PACED = 'poll_interval: 1s, rate_limit: 1000/s';

/** Six scrapes see a new series at zero before anything is counted in it. */
function configure(folder: string, providers: readonly string[]): string {
  const text = `providers:
${providers.join('\n')}
metrics: { new_series_hold: 3s }
store: { path: "${join(folder, 's.db')}" }
`;
  return writeIn(folder, 'c.yml', text);
}

async function slowFake(start: (world: World, options: FakeOptions) => Promise<Fake>, world: World): Promise<Fake> {
  const fake = await start(world, SLOW);
  onTestFinished(() => fake.close());
  return fake;
}

/** Throws when counting did not begin with the first start, or when that one was through before it could be killed. */
async function syncThroughKill(exporter: Restarted, fake: Fake): Promise<void> {
  await exporter.start();
  await until('the first sync has begun', () => fake.requests.length >= BEGUN);
  const page = await exporter.running().page();
  if (page.sum('mttr_exporter_provider_synced', {}) > 0) throw new Error('the first sync was over too soon');
  await exporter.end('SIGKILL');
  const killedMs = Date.now();
  await exporter.start();
  await untilSynced(exporter, 'pd');
  if ((await countingSinceMs(exporter, 'pd')) > killedMs) throw new Error('it began to count anew');
}

async function untilSynced(exporter: Restarted, provider: string): Promise<void> {
  const says = `${provider} is synced`;
  await exporter.running().untilPage(says, (page) => page.value('mttr_exporter_provider_synced', { provider }) === 1);
}

async function countingSinceMs(exporter: Restarted, provider: string): Promise<number> {
  const page = await exporter.running().page();
  const seconds = page.value('mttr_exporter_counting_since_timestamp_seconds', { provider });
  if (seconds === undefined) throw new Error(`${provider} does not say since when it counts`);
  return Math.round(seconds * 1000);
}

/** By provider, service and severity: how far its raw samples rose from one to the next. Throws where one fell. */
export function stepsOf(raw: readonly Series[]): Map<string, number> {
  const steps = new Map<string, number>();
  for (const { metric, samples } of raw) {
    const key = `${metric['provider']} ${metric['service']} ${metric['severity']}`;
    if (steps.has(key)) throw new Error(`there are two series of ${key}`);
    const rises = samples.slice(1).map(([, value], at) => value - (samples[at]?.[1] ?? Number.NaN));
    if (rises.some((rise) => rise < 0)) throw new Error(`${key} fell: ${JSON.stringify(samples)}`);
    steps.set(
      key,
      rises.reduce((sum, rise) => sum + rise, 0),
    );
  }
  for (const [key, risen] of steps) if (risen === 0) steps.delete(key);
  return steps;
}
