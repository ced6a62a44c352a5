import { expect, it } from 'vitest';
import { countDeploymentSeries, countSharedDeploymentSeries } from '../../src/cli/doctor/deployment-series.ts';
import { loadConfig } from '../../src/config/load.ts';
import { toPageProvider } from '../../src/core/settings.ts';
import { platforms } from '../../src/providers/registry.ts';
import { CAPABILITIES, setupOf, stageCore } from '../core/stage.ts';
import { changes, comparison, failure, success } from '../store/deployment-fixtures.ts';
import { at, poll, SINCE } from '../store/fixtures.ts';

const SMALL = 'dora: { minimum_sample: 1 }\nwindows: [30d]';
const GITHUB =
  '{ name: ci, type: github, source: deployments, token: k, repositories: [acme/checkout], environments: { production: [production], staging: [staging] } }';

/** The prediction for one and for two repositories whose first page shows deployments to production. */
function predict() {
  const text = `providers: [${GITHUB}]\n${SMALL}\n`;
  const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });
  const [provider] = config.providers;
  if (provider === undefined) throw new Error('expected GitHub');
  const capabilities = CAPABILITIES;
  const source = { config, capabilities, provider: toPageProvider({ config: provider, capabilities }) };
  const seen = { refused: [], count: 3, environments: ['production'], unknownEnvironments: [] };
  const count = (repositories: number) => countDeploymentSeries(source, { ...seen, repositories }, provider);
  return { one: count(1), two: count(2), shared: countSharedDeploymentSeries(config) };
}

it('the predicted series of deployments are those of a real page, and those of what has not happened yet', async () => {
  const staged = stageCore({ setup: setupOf([GITHUB], SMALL) });
  staged.core.commit(poll(at(1), { provider: 'ci', startedAtMs: SINCE }));
  const deployments = [success('a', 10), failure('b', 20), success('c', 40)];
  const comparisons = [comparison('a', 'c', 'ahead', changes(0, 30))];
  staged.core.commit({ ...poll(at(60), { deployments, comparisons }), provider: 'ci' });
  const page = await staged.scrape(at(60));

  const { one, two, shared } = predict();

  const lines = page.text.split('\n').filter((line) => !line.startsWith('#'));
  const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
  // Medians and the ratio of the window before rest on deployments that it did not have; none was cancelled, and no incident is open.
  const isNear = (predicted: number, real: number) => predicted >= real && predicted <= 1.1 * real;
  expect(shared).toBe(count(/^dora_.*by="all"/) + 3);
  expect(two.seen - one.seen).toSatisfy((predicted: number) => isNear(predicted, count(/service="checkout"/)));
  expect(one.atMost - one.seen).toSatisfy((predicted: number) =>
    isNear(predicted, count(/^deployments?_.*environment="production"/)),
  );
});
