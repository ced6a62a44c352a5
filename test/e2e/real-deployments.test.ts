import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SimulatedDeployment, SimulatedRepository } from '../../src/simulator/deployment-world.ts';
import { GITHUB_FAKE_TOKEN, startGithubFake } from '../../src/simulator/github.ts';
import { temporaryFolder, until, writeIn } from './process.ts';
import { type Series, startPrometheus } from './prometheus.ts';
import { planExporter } from './restarted.ts';
import { PROMETHEUS } from './servers.ts';

const MINUTE_MS = 60_000;
const NAMES = ['acme/checkout', 'acme/search'];

/** Of the production of a repository; it ends 400 ms after it began. */
function deployment(id: number, createdAtMs: number, state: string): SimulatedDeployment {
  const statuses = [{ state, atMs: createdAtMs + 400 }];
  return { id, environment: 'production', ref: 'main', sha: `sha${id}`, createdAtMs, statuses };
}

/** How far the raw samples rose, by service and outcome; throws where one fell. */
function risesOf(raw: readonly Series[]): Record<string, number> {
  const rises = raw.map(({ metric, samples }): [string, number] => {
    const values = samples.map(([, value]) => value);
    if (values.some((value, at) => value < (values[at - 1] ?? 0))) throw new Error(`fell: ${values.join(' ')}`);
    return [[metric['service'], metric['outcome'] ?? ''].join(' '), (values.at(-1) ?? 0) - (values[0] ?? 0)];
  });
  return Object.fromEntries(rises.filter(([, rise]) => rise > 0));
}

describe.skipIf(PROMETHEUS.isSkipped)(`what a real Prometheus counts of deployments${PROMETHEUS.says}`, () => {
  it('is each one once, over a first sync, kill -9 and a restart', async () => {
    const repositories = NAMES.map((name, index): SimulatedRepository => {
      const past = Array.from({ length: 40 }, (_, at) => {
        const id = 1000 * (index + 1) + at;
        return deployment(id, Date.now() - (50 - at) * MINUTE_MS, at % 5 === 0 ? 'FAILURE' : 'SUCCESS');
      });
      return { id: index + 1, name, deployments: past, commits: [] };
    });
    const fake = await startGithubFake({ repositories }, { latencyMs: 50 });
    onTestFinished(() => fake.close());
    const folder = temporaryFolder();
    const text = `providers:
  - { name: gh, type: github, source: deployments, token: ${GITHUB_FAKE_TOKEN}, base_url: "${fake.url}", repositories: [${NAMES.join(', ')}], lead_time: off, poll_interval: 1s, rate_limit: 1000/s }
metrics: { new_series_hold: 3s }
store: { path: "${join(folder, 's.db')}" }
`;
    const exporter = await planExporter(writeIn(folder, 'c.yml', text));
    const prometheus = await startPrometheus({ url: exporter.url() });
    const happened: Record<string, number> = {};
    let next = 10_000;
    // The platform tells whole seconds: what happens begins in the second after the counting did.
    const happen = (times: number) => {
      for (const { name, deployments } of repositories) {
        for (let at = 0; at < times; at += 1) {
          next += 1;
          const isFailed = next % 3 === 0;
          deployments.push(deployment(next, Date.now() + 1500 + 150 * at, isFailed ? 'FAILURE' : 'SUCCESS'));
          const key = `${name.replace('acme/', '')} ${isFailed ? 'failure' : 'success'}`;
          happened[key] = (happened[key] ?? 0) + 1;
        }
      }
    };

    await exporter.start();
    await until('the first sync has begun', () => fake.requests.length >= 1);
    await exporter.end('SIGKILL');
    await exporter.start();
    await exporter
      .running()
      .untilPage('it is synced', (page) => page.value('mttr_exporter_provider_synced', { provider: 'gh' }) === 1);
    happen(12);
    await prometheus.scrapeMore(6);
    await exporter.end('SIGKILL');
    await exporter.start();
    happen(7);
    await prometheus.scrapeMore(4);
    await exporter.end('SIGTERM');
    await exporter.start();
    happen(5);
    await prometheus.untilSum('deployments_total', 2 * 24);
    await prometheus.untilSum('deployment_duration_minutes_count', 2 * 24);
    await prometheus.scrapeMore(3);

    expect(risesOf(await prometheus.query('deployments_total[1h]'))).toEqual(happened);
    expect(risesOf(await prometheus.query('deployment_duration_minutes_count[1h]'))).toEqual({
      'checkout ': 24,
      'search ': 24,
    });
  }, 60_000);
});
