import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { Fake } from '../../src/simulator/platform.ts';
import type { SimulatedIncident, World } from '../../src/simulator/world.ts';
import { SECOND_MS, told } from '../metrics/stage.ts';
import { type Alertmanager, startAlertmanager } from './alertmanager.ts';
import { type Exporter, startExporter, temporaryFolder, writeIn } from './process.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';

/** Data are stale so soon; the longest that anything here lets polls wait is far less. */
const STALE_SECONDS = 15;

/** An exporter, Prometheus with the shipped rules and Alertmanager with the shipped routes, over a world in our hands. */
export interface Watch {
  readonly world: World;
  readonly fake: Fake;
  readonly exporter: Exporter;
  readonly prometheus: Prometheus;
  readonly alertmanager: Alertmanager;
}

/** Only what a test cannot wait for is changed, how long something has to be so and when data are stale, and how many incidents are many. */
export async function startWatch(world: World): Promise<Watch> {
  const folder = temporaryFolder();
  const fake = await startPagerdutyFake(world);
  onTestFinished(() => fake.close());
  const text = `providers:
  - { name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${fake.url}", poll_interval: 1s, rate_limit: 1000/s }
metrics: { new_series_hold: 1s }
store: { path: "${join(folder, 's.db')}" }
`;
  const exporter = await startExporter({ words: [`--config.file=${writeIn(folder, 'c.yml', text)}`] });
  await exporter.untilPage('it is synced', (page) => page.sum('mttr_exporter_provider_synced', {}) === 1);
  const alertmanager = await startAlertmanager();
  const prometheus = await startPrometheus({
    url: exporter.url,
    alertmanager: alertmanager.address,
    rules: [
      ['expr: vector(900)', `expr: vector(${STALE_SECONDS})`],
      [/(?<=all_opened_30d\s+expr: vector\()5/g, '100'],
    ],
    alerts: [[/\b(for|keep_firing_for): \d+m/g, '$1: 3s']],
  });
  return { world, fake, exporter, prometheus, alertmanager };
}

/** Each has few incidents, of other trouble each time, so that nothing but their recovery time stands out. */
const SERVICES = ['checkout', 'search', 'mail', 'payments', 'stock'];

interface Batch {
  readonly says: string;
  readonly triggeredAtMs: number;
  /** How long each took; absent: it is open. */
  readonly minutes?: number;
}

/** One P2 of each service. */
export function batch({ says, triggeredAtMs, minutes }: Batch): SimulatedIncident[] {
  return SERVICES.map((service) => ({
    ...told({
      id: `${says} ${service}`,
      service,
      priority: 'P2',
      triggeredAtMs: Math.floor(triggeredAtMs / SECOND_MS) * SECOND_MS,
      acknowledged: 0,
      ...(minutes === undefined ? {} : { resolved: minutes }),
    }),
    title: `${service} ${says}`,
  }));
}

/** What is open ends now. */
export function endAll(world: World): void {
  const atMs = Math.floor(Date.now() / SECOND_MS) * SECOND_MS;
  world.incidents = world.incidents.map((one) =>
    one.events.some(({ kind }) => kind === 'resolve')
      ? one
      : { ...one, events: [...one.events, { kind: 'resolve', atMs, by: 'person' }] },
  );
}
