import { expect, it } from 'vitest';
import { createEmptinessWatch } from '../../src/app/emptiness.ts';
import { loadConfig } from '../../src/config/load.ts';
import { toRemote } from '../../src/core/remote.ts';
import { platforms } from '../../src/providers/registry.ts';
import { setupOf, stageCore } from '../core/stage.ts';
import { rememberLog } from '../server/serving.ts';
import { at, poll, recovered } from '../store/fixtures.ts';

/** A watch over the real core, for one provider with this filter. */
function stage(filter = '') {
  const entry = `{ name: pagerduty, type: pagerduty, api_key: k${filter} }`;
  const { core } = stageCore({ setup: setupOf([entry]) });
  const text = `providers: [${entry}]`;
  const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });
  const { log, lines } = rememberLog();
  const providers = config.providers.map((one) => ({ config: one, isImportedOnly: false }));
  const watch = createEmptinessWatch({ providers, core: toRemote(core), log });
  return { core, watch, lines };
}

const NOTHING = 'it holds no incidents: is it the right account, and can the key read all teams?';

it('a provider that synced and holds nothing is warned of once, and it is said when that is over', async () => {
  const { core, watch, lines } = stage();
  await watch.check('pagerduty');
  const before = watch.reason('pagerduty');
  core.commit(poll(at(60), {}));
  for (let polls = 0; polls < 3; polls += 1) await watch.check('pagerduty');
  const empty = watch.reason('pagerduty');
  core.commit(poll(at(61), { incidents: [recovered('Q1', 20)] }));

  await watch.check('pagerduty');

  expect([before, empty, watch.reason('pagerduty')]).toEqual([undefined, NOTHING, undefined]);
  expect(lines).toEqual([
    `warn provider adds nothing to any number provider=pagerduty reason=${NOTHING}`,
    'info provider has incidents again provider=pagerduty',
  ]);
});

it('a filter that leaves out everything is warned of once, however many incidents come', async () => {
  const { core, watch, lines } = stage(', filter: { services: [chekout] }');
  core.commit(poll(at(60), { incidents: [recovered('Q1', 20)] }));
  await watch.check('pagerduty');
  core.commit(poll(at(61), { incidents: [recovered('Q2', 20)] }));

  await watch.check('pagerduty');

  expect(watch.reason('pagerduty')).toBe(
    'all 2 incidents that it holds are left out: by filter.services, or as merged, deleted, expired or flaky',
  );
  expect(lines).toEqual([
    'warn provider adds nothing to any number provider=pagerduty reason=the only incident that it holds is left out: by filter.services, or as merged, deleted, expired or flaky',
  ]);
});

it('a core that stops is no reason', async () => {
  const { watch, core, lines } = stage();
  core.close();

  await watch.check('pagerduty');

  expect(watch.reason('pagerduty')).toBeUndefined();
  expect(lines.filter((line) => !line.startsWith('debug'))).toEqual([]);
});
