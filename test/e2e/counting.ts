import { createServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { Fake, FakeOptions } from '../../src/simulator/platform.ts';
import type { World } from '../../src/simulator/world.ts';
import { type Living, startLife } from './living.ts';
import { type Exporter, startExporter, temporaryFolder, until, writeIn } from './process.ts';
import { type Prometheus, type Series, startPrometheus } from './prometheus.ts';

const COUNT = 'incident_recovery_time_minutes_count';
/** Slow enough for a first sync to be cut off in its middle. */
const SLOW: FakeOptions = { latencyMs: 100 };
/** Requests after which a first sync of the history here has begun and is not done. */
const BEGUN = 4;

/** Two living platforms, an exporter that is treated badly, and a Prometheus that watches it. */
export interface Counting {
  readonly prometheus: Prometheus;
  readonly pagerduty: Living;
  readonly opsgenie: Living;
  /** The first start; the first sync is cut off by a kill -9 and done by the second start. Gives the instants around the first. */
  syncThroughKill(): Promise<{ readonly startedMs: number; readonly killedMs: number }>;
  /** Ends the exporter so and starts it again at the same address. */
  restart(signal: NodeJS.Signals): Promise<void>;
  /** Ends the exporter and starts it at another address. */
  move(): Promise<void>;
  /** Adds Opsgenie to the configuration of the running exporter. */
  addOpsgenie(): Promise<void>;
  countingSinceMs(provider: string): Promise<number>;
  /** How many recoveries there were since counting began, by provider, service and severity. */
  resolved(): Promise<Map<string, number>>;
  /** Waits until the last sample of every series is in, and all of them make up so many. */
  untilScraped(count: number): Promise<void>;
}

export async function stageCounting(): Promise<Counting> {
  const folder = temporaryFolder();
  const services = { pd: ['checkout', 'search', 'mail'], og: ['payments', 'checkout'] };
  const pagerduty = startLife({ prefix: 'Q', services: services.pd, everyMs: 400, past: 400 });
  const opsgenie = startLife({ prefix: 'og-', services: services.og, everyMs: 1000, past: 100 });
  const fakes = {
    pd: await fake(startPagerdutyFake, pagerduty.world),
    og: await fake(startOpsgenieFake, opsgenie.world),
  };
  const prometheus = await startPrometheus();
  const file = () => join(folder, 'c.yml');
  const paced = 'poll_interval: 1s, rate_limit: 1000/s';
  const configure = (more: string) => {
    const text = `providers:
  - { name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${fakes.pd.url}", ${paced} }
${more}metrics: { new_series_hold: 2s }
store: { path: "${join(folder, 's.db')}" }
`;
    writeIn(folder, 'c.yml', text);
  };
  configure('');
  let port = await freePort();
  const start = () => startExporter({ words: [`--config.file=${file()}`, `--web.listen-address=127.0.0.1:${port}`] });
  let exporter: Exporter;
  const end = async (signal: NodeJS.Signals) => {
    exporter.kill(signal);
    await exporter.ended;
  };
  const isSynced = (provider: string) => async () => {
    await exporter.untilPage(
      `${provider} is synced`,
      (page) => page.value('mttr_exporter_provider_synced', { provider }) === 1,
    );
  };
  const countingSinceMs = async (provider: string) => {
    const seconds = (await exporter.page()).value('mttr_exporter_counting_since_timestamp_seconds', { provider });
    if (seconds === undefined) throw new Error(`${provider} does not say since when it counts`);
    return Math.round(seconds * 1000);
  };
  return {
    prometheus,
    pagerduty,
    opsgenie,
    syncThroughKill: async () => {
      prometheus.aim(`http://127.0.0.1:${port}`);
      const startedMs = Date.now();
      exporter = await start();
      await until('the first sync has begun', () => fakes.pd.requests.length >= BEGUN);
      if ((await exporter.page()).sum('mttr_exporter_provider_synced', {}) > 0)
        throw new Error('it is synced too soon');
      await end('SIGKILL');
      const killedMs = Date.now();
      exporter = await start();
      await isSynced('pd')();
      return { startedMs, killedMs };
    },
    restart: async (signal) => {
      await end(signal);
      exporter = await start();
    },
    move: async () => {
      await end('SIGTERM');
      port = await freePort();
      exporter = await start();
      prometheus.aim(`http://127.0.0.1:${port}`);
    },
    addOpsgenie: async () => {
      configure(
        `  - { name: og, type: opsgenie, api_key: ${OPSGENIE_FAKE_KEY}, base_url: "${fakes.og.url}", ${paced} }\n`,
      );
      exporter.kill('SIGHUP');
      await isSynced('og')();
    },
    countingSinceMs,
    resolved: async () => {
      const of = async (provider: string, life: Living) =>
        [...life.resolvedSince(await countingSinceMs(provider))].map(
          ([key, count]) => [`${provider} ${key}`, count] as const,
        );
      return new Map([...(await of('pd', pagerduty)), ...(await of('og', opsgenie))]);
    },
    untilScraped: async (count) => {
      const last = async () => (await prometheus.query(`sum(${COUNT})`))[0]?.samples[0]?.[1];
      await until(
        `${count} recoveries are scraped, there are ${String(await last())}`,
        async () => (await last()) === count,
      );
    },
  };
}

async function fake(start: (world: World, options: FakeOptions) => Promise<Fake>, world: World): Promise<Fake> {
  const started = await start(world, SLOW);
  onTestFinished(() => started.close());
  return started;
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** By provider, service and severity: how far its raw samples rose from one to the next. Throws where one fell. */
export function stepsOf(raw: readonly Series[]): Map<string, number> {
  const steps = new Map<string, number>();
  for (const { metric, samples } of raw) {
    const key = `${metric['provider']} ${metric['service']} ${metric['severity']}`;
    if (steps.has(key)) throw new Error(`there are two series of ${key}`);
    const rises = samples.slice(1).map(([, value], at) => value - (samples[at]?.[1] ?? Number.NaN));
    if (rises.some((rise) => rise < 0)) throw new Error(`${key} fell: ${JSON.stringify(samples)}`);
    const risen = rises.reduce((sum, rise) => sum + rise, 0);
    if (risen > 0) steps.set(key, risen);
  }
  return steps;
}
