import { expect, it } from 'vitest';
import { findReadiness } from '../../src/app/health.ts';
import { createPageLoop } from '../../src/app/page-loop.ts';
import { toRemote } from '../../src/core/remote.ts';
import { createPageReader } from '../../src/metrics/reader.ts';
import type { PollerState } from '../../src/poller/poller.ts';
import { type CoreStage, setupOf, stageCore } from '../core/stage.ts';
import { parsePage } from '../e2e/page.ts';
import { createHandClock } from '../poller/clock.ts';
import { at, page, poll, recovered } from '../store/fixtures.ts';
import { silent } from '../store/sqlite-location.ts';

const NAMES = ['one', 'two'];
const UP: PollerState = { isUp: true, error: undefined, failuresInRow: 0 };

function failed(failuresInRow: number): PollerState {
  return { isUp: false, error: '401 Unauthorized', failuresInRow };
}

/** Two providers, the page that is served of them, and what `/-/ready` says. */
function stage() {
  const staged = stageCore({ setup: setupOf(NAMES.map((name) => `{ name: ${name}, type: pagerduty, api_key: k }`)) });
  const reader = createPageReader(async () => '');
  const loop = createPageLoop({
    core: toRemote(staged.core),
    reader,
    clock: createHandClock(at(60)),
    log: silent,
    onFatal: (error) => {
      throw error;
    },
  });
  const states = new Map(NAMES.map((name) => [name, UP]));
  const empty = new Map<string, string>();
  const ready = () =>
    findReadiness(
      {
        providers: NAMES.map((name) => ({ config: { name }, poller: { state: () => states.get(name) ?? UP } })),
        emptiness: { reason: (name) => empty.get(name) },
      },
      loop,
    );
  const served = async () => {
    const whole = await reader.read('text');
    return parsePage(Buffer.concat(whole?.body ?? []).toString('utf8'));
  };
  const synced = async () => {
    const text = await served();
    return NAMES.map((name) => text.value('mttr_exporter_provider_synced', { provider: name }));
  };
  return { ...staged, loop, states, empty, ready, served, synced };
}

function sync({ core }: CoreStage, provider: string): void {
  core.commit(poll(at(60), { provider, incidents: [recovered('Q1', 20)] }));
}

it('the exporter is ready when the page that is served carries every provider as synced, and not before', async () => {
  const staged = stage();
  const beforePage = staged.ready();
  await staged.loop.tick();
  const nothing = { ready: staged.ready(), synced: await staged.synced() };
  staged.core.commit(page(at(60), { provider: 'one', incidents: [recovered('Q1', 20)] }));
  await staged.loop.tick();
  const half = { ready: staged.ready(), synced: await staged.synced() };
  sync(staged, 'one');
  await staged.loop.tick();
  const one = { ready: staged.ready(), synced: await staged.synced() };
  sync(staged, 'two');
  const notShown = { ready: staged.ready(), synced: await staged.synced() };
  await staged.loop.tick();
  const both = { ready: staged.ready(), synced: await staged.synced() };

  expect(beforePage.ready).toBe(false);
  expect([nothing, half, one, notShown, both].map(({ ready, synced }) => [ready.ready, ...synced])).toEqual([
    [false, 0, 0],
    [false, 0, 0],
    [false, 1, 0],
    [false, 1, 0],
    [true, 1, 1],
  ]);
  expect(notShown.ready.lines).toEqual(['one: up', 'two: first sync is not complete']);
  expect(both.ready.lines).toEqual(['one: up', 'two: up']);
  expect((await staged.served()).value('incident_window_resolved', { by: 'all', window: '30d' })).toBe(2);
});

it('a provider whose first sync failed three times in a row keeps nobody waiting, as soon as there is a page', async () => {
  const staged = stage();
  staged.states.set('two', failed(3));
  const beforePage = staged.ready();
  sync(staged, 'one');
  await staged.loop.tick();
  const thrice = staged.ready();
  staged.states.set('two', failed(2));

  const twice = staged.ready();

  expect([beforePage.ready, thrice.ready, twice.ready]).toEqual([false, true, false]);
  expect(thrice.lines).toEqual(['one: up', 'two: down, first sync is not complete: 401 Unauthorized']);
});

it('a provider that is shown and fails is ready: its numbers stand', async () => {
  const staged = stage();
  for (const name of NAMES) sync(staged, name);
  await staged.loop.tick();

  staged.states.set('two', failed(1));

  expect(staged.ready()).toEqual({ ready: true, lines: ['one: up', 'two: down, synced: 401 Unauthorized'] });
});

it('a provider that adds nothing to any number is ready, and the body says why', async () => {
  const staged = stage();
  for (const name of NAMES) sync(staged, name);
  await staged.loop.tick();

  staged.empty.set('two', 'it holds no incidents: is it the right account?');

  expect(staged.ready()).toEqual({
    ready: true,
    lines: ['one: up', 'two: up, but adds nothing to any number: it holds no incidents: is it the right account?'],
  });
});
