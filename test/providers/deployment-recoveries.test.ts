import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { platforms } from '../../src/providers/registry.ts';
import type { SimulatedRepository } from '../../src/simulator/deployment-world.ts';
import { GITHUB_FAKE_TOKEN, startGithubFake } from '../../src/simulator/github.ts';
import { PEOPLE } from '../../src/simulator/people.ts';
import { openTestExporter } from '../test-exporter.ts';
import { deployment, NOW_MS, repository } from './deployment-stage.ts';
import { impatientClock } from './setup.ts';

const MINUTE_MS = 60_000;

/** The exporter on the fake of GitHub; `live` lets minutes pass, polls and gives the page. */
async function stage(checkout: SimulatedRepository) {
  const folder = mkdtempSync(join(tmpdir(), 'github-recovery-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const time = { nowMs: NOW_MS };
  const fake = await startGithubFake({ repositories: [checkout] }, { nowMs: () => time.nowMs });
  onTestFinished(() => fake.close());
  const provider = `type: github, source: deployments, token: ${GITHUB_FAKE_TOKEN}, base_url: "${fake.url}", rate_limit: 100000/s`;
  const text = `providers: [{ ${provider}, repositories: [acme/checkout] }]
store: { path: ${JSON.stringify(join(folder, 'store.db'))} }
groupings: [provider]
metrics: { new_series_hold: 0s }`;
  const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: NOW_MS });
  const clock = { ...impatientClock(NOW_MS), nowMs: () => time.nowMs };
  const exporter = await openTestExporter({ config, clock });
  onTestFinished(() => exporter.close());
  const live = async (minutes: number) => {
    time.nowMs += minutes * MINUTE_MS;
    for (const { poller } of exporter.engine.providers) {
      await poller.pollOnce(new AbortController().signal);
      expect(poller.state()).toMatchObject({ isUp: true, error: undefined });
    }
    await exporter.pageLoop.tick();
    const page = await exporter.reader.read('text');
    if (page !== undefined) exporter.core.scraped(page.version, time.nowMs);
    return Buffer.concat(page?.body ?? []).toString();
  };
  const stored = () =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'latin1'))
      .join('\n');
  return { live, stored };
}

describe('deployments that are polled from GitHub', () => {
  const history = [
    deployment(1, { minutesAgo: 90, sha: 'sha2' }),
    deployment(2, { minutesAgo: 60, sha: 'sha4', state: 'FAILURE' }),
    deployment(3, { minutesAgo: 20, sha: 'sha5' }),
  ];

  it('make recoveries of failures, and changes of successes', async () => {
    const { live } = await stage(repository(1, 'acme/checkout', { deployments: history }));

    const page = await live(0);

    expect(page).toContain('incident_mttr_minutes{by="provider",window="7d",provider="github"} 40\n');
    expect(page).toContain('dora_window_deployments{by="all",window="7d"} 3\n');
    expect(page).toContain('dora_window_changes{by="all",window="7d"} 3\n');
  });

  it('are counted once, however often they are read', async () => {
    const checkout = repository(1, 'acme/checkout', { deployments: history });
    const { live } = await stage(checkout);
    await live(0);
    checkout.deployments.push(deployment(4, { minutesAgo: -1, sha: 'sha6', state: 'FAILURE' }));
    checkout.deployments.push(deployment(5, { minutesAgo: -20, sha: 'sha8' }));

    for (const minutes of [2, 10, 20, 1]) await live(minutes);
    const page = await live(1);

    const counted = (outcome: string) =>
      `deployments_total{provider="github",service="checkout",environment="production",outcome="${outcome}"} 1\n`;
    expect(page).toContain(counted('failure'));
    expect(page).toContain(counted('success'));
    expect(page).toContain('dora_window_recoveries{by="all",window="7d"} 2\n');
    expect(page).toContain('dora_window_changes{by="all",window="7d"} 6\n');
  });

  it('leave no person in the store and on the page', async () => {
    const { live, stored } = await stage(repository(1, 'acme/checkout', { deployments: history }));

    const kept = `${await live(0)}${stored()}`;

    expect(kept).toContain('acme/checkout');
    for (const { name, email, login } of PEOPLE)
      for (const word of [name, email, login]) expect(kept).not.toContain(word);
  });
});
