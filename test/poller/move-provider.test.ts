import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { createCore } from '../../src/core/core.ts';
import { toRemote } from '../../src/core/remote.ts';
import type { Clock } from '../../src/model/time.ts';
import { createPoller } from '../../src/poller/poller.ts';
import { platforms } from '../../src/providers/registry.ts';
import { JSM_FAKE_ACCOUNT, JSM_FAKE_TOKEN, startJsmFake } from '../../src/simulator/jsm.ts';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import type { World } from '../../src/simulator/world.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { DAY_MS, MINUTE_MS, START_MS, told } from '../metrics/stage.ts';
import { providerConfig } from '../settings.ts';
import { settings } from '../store/fixtures.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const UUID = 'e0caa0ce-d52f-4500-81b9-d592d06970b';
const TYPES = {
  opsgenie: { api_key: OPSGENIE_FAKE_KEY, region: 'us', source: 'alerts' },
  jsm: { cloud_id: 'site', account: JSM_FAKE_ACCOUNT, api_token: JSM_FAKE_TOKEN },
} as const;

describe('a provider that moves from Opsgenie to Jira Service Management under its name', () => {
  const opened: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
  });

  /** A world on both platforms; the ids of the second lack the time of creation where `hasNewIds`. */
  async function stage(hasNewIds: boolean) {
    const folder = mkdtempSync(join(tmpdir(), 'mttr-move-'));
    opened.push(() => rmSync(folder, { recursive: true }));
    let nowMs = START_MS;
    const clock: Clock = { nowMs: () => nowMs, sleep: async () => undefined };
    const [before, after]: [World, World] = [
      { incidents: [], alarms: [] },
      { incidents: [], alarms: [] },
    ];
    const fakes = {
      opsgenie: await startOpsgenieFake(before, { nowMs: () => nowMs }),
      jsm: await startJsmFake(after, { nowMs: () => nowMs }),
    };
    for (const fake of Object.values(fakes)) opened.push(() => fake.close());
    const store = createSqliteStore({ path: join(folder, 'store.db'), log: SILENT, nowMs });
    opened.push(() => store.close());
    const core = createCore({ store, log: SILENT });

    function open(type: keyof typeof TYPES) {
      const own: Partial<ProviderConfig> = { type, settings: TYPES[type], services: { tag: 'service', rename: [] } };
      const config = providerConfig({ name: 'one', baseUrl: fakes[type].url, ...own });
      const provider = platforms
        .find((platform) => platform.type === type)
        ?.create(config, { clock, observer: { onRequest() {}, onThrottled() {}, onBudget() {} } });
      if (provider === undefined) throw new Error(`no platform is called ${type}`);
      opened.push(() => provider.close());
      const capabilities = new Map([['one', provider.capabilities]]);
      store.configure({ ...settings({ providers: [config], bucketsMs: [60 * MINUTE_MS] }), capabilities }, nowMs);
      const poller = createPoller({
        name: 'one',
        provider,
        core: toRemote(core),
        clock,
        log: SILENT,
        historyMs: 30 * DAY_MS,
        pollIntervalMs: MINUTE_MS,
        onPolled: () => undefined,
        onFatal: () => undefined,
      });
      return async (ms: number) => {
        nowMs += ms;
        await poller.pollOnce(new AbortController().signal);
        expect(poller.state().error).toBeUndefined();
      };
    }

    const add = (number: number, triggeredAtMs: number, resolved?: number) => {
      const id = `${UUID}${number}-${triggeredAtMs}`;
      const one = told({ id, triggeredAtMs, acknowledged: 1, ...(resolved === undefined ? {} : { resolved }) });
      before.incidents = [...before.incidents.filter((other) => other.id !== id), one];
      const moved = { ...one, id: hasNewIds ? `${UUID}${number}` : id };
      after.incidents = [...after.incidents.filter((other) => other.id !== moved.id), moved];
    };
    const counted = () =>
      store.labelSets().reduce((sum, { groups }) => {
        const counts = groups.recovery?.recovery.counts ?? [];
        return sum + counts.reduce((all, count) => all + count, 0);
      }, 0);
    return { open, add, counted, load: () => store.load(() => undefined), ids: () => store.idsSince('one', 0) };
  }

  it.each([{ hasNewIds: false }, { hasNewIds: true }])(
    'keeps its totals and has no incident twice (new ids: $hasNewIds)',
    async ({ hasNewIds }) => {
      const { open, add, counted, load, ids } = await stage(hasNewIds);
      const pollOpsgenie = open('opsgenie');
      load();
      add(1, START_MS - DAY_MS, 30);
      await pollOpsgenie(0);
      add(2, START_MS + MINUTE_MS, 5);
      add(3, START_MS + 2 * MINUTE_MS);
      await pollOpsgenie(10 * MINUTE_MS);
      const before = counted();

      const pollJsm = open('jsm');
      await pollJsm(MINUTE_MS);
      const moved = { counted: counted(), incidents: ids().length };
      add(3, START_MS + 2 * MINUTE_MS, 12);
      add(4, START_MS + 12 * MINUTE_MS, 1);
      await pollJsm(5 * MINUTE_MS);

      expect(before).toBe(1);
      expect(moved).toEqual({ counted: 1, incidents: 3 });
      expect({ counted: counted(), incidents: ids().length }).toEqual({ counted: 3, incidents: 4 });
    },
  );
});
