import { createServer } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createReceiver } from '../../../src/app/receiver.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { toRemote } from '../../../src/core/remote.ts';
import { createPoller } from '../../../src/poller/poller.ts';
import { alertmanager } from '../../../src/providers/alertmanager/platform.ts';
import { platforms } from '../../../src/providers/registry.ts';
import { setupOf, stageCore } from '../../core/stage.ts';
import { rememberLog } from '../../server/serving.ts';
import { silentObserver } from '../setup.ts';
import { alertJson, at, messageJson, NOW_MS, type Told } from './stage.ts';

/** The provider over a real store, with an API whose list the test writes. */
async function stage() {
  const api: { alerts: readonly Told[] } = { alerts: [] };
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.sendDate = false;
    response.end(JSON.stringify(api.alerts.map(alertJson)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const entry = `{ type: alertmanager, base_url: "${url}", webhook: { secret: s }, overall: true }`;
  const { config } = loadConfig({
    text: `providers: [${entry}]`,
    filename: 'c',
    env: {},
    platforms,
    readFile: () => '',
    nowMs: NOW_MS,
  });
  const [own] = config.providers;
  if (own === undefined) throw new Error('expected a provider');
  const staged = stageCore({ setup: setupOf([entry]), nowMs: NOW_MS });
  const time = { minute: 0 };
  const nowMs = () => at(time.minute);
  const clock = { nowMs, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const provider = alertmanager.create(own, { clock, observer: silentObserver });
  onTestFinished(async () => {
    await provider.close();
    server.closeAllConnections();
    server.close();
  });
  const { log } = rememberLog();
  const onFatal = (error: unknown) => {
    throw error;
  };
  const remote = toRemote(staged.core);
  const poller = createPoller({
    name: own.name,
    provider,
    core: remote,
    clock,
    log,
    pollIntervalMs: own.pollIntervalMs,
    historyMs: config.historyMs,
    onPolled: () => undefined,
    onFatal,
  });
  const receiver = createReceiver({
    name: own.name,
    provider,
    core: remote,
    nowMs,
    onStored: () => undefined,
    onFatal,
  });
  receiver.start();
  const { signal } = new AbortController();
  return {
    read: async (minute: number, ...alerts: readonly Told[]) => {
      time.minute = minute;
      api.alerts = alerts;
      await poller.pollOnce(signal);
      expect(poller.state().error).toBeUndefined();
    },
    notify: async (minute: number, ...alerts: readonly Told[]) => {
      time.minute = minute;
      await receiver.receive({ kind: '', body: messageJson(alerts.map(alertJson)) });
    },
    // A new series is zero on its first page, and counts on the next.
    page: async () => {
      await staged.scrape(nowMs());
      time.minute += 1;
      return staged.scrape(nowMs());
    },
  };
}

const COUNT = 'incident_recovery_time_minutes_count';
const SUM = 'incident_recovery_time_minutes_sum';

describe('what is counted of alerts', () => {
  it('keeps an end by absence that was counted; a notification that comes later is a revision', async () => {
    const { read, notify, page } = await stage();
    await read(0);
    await notify(1, { from: 1 });
    for (let minute = 5; minute <= 15; minute += 1) await read(minute);
    const before = await page();

    await notify(20, { from: 1, to: 3 });
    const after = await page();

    expect([before.sum(COUNT, {}), before.sum(SUM, {})]).toEqual([1, 4]);
    expect([after.sum(COUNT, {}), after.sum(SUM, {})]).toEqual([1, 4]);
    expect(after.sum('incident_revisions_total', { change: 'resolved_at' })).toBe(1);
    expect(after.sum('incident_mttr_minutes', { by: 'all', window: '7d' })).toBe(2);
  });

  it('counts an alert whose end was unknown when its end is told', async () => {
    const { read, notify, page } = await stage();
    await read(0);
    await notify(1, { from: 1 });
    await notify(10, { from: 9 });
    const before = await page();

    await notify(12, { from: 1, to: 6 });
    const after = await page();

    expect([before.sum(COUNT, {}), before.sum('incident_open', {})]).toEqual([0, 1]);
    expect([after.sum(COUNT, {}), after.sum(SUM, {}), after.sum('incident_opened_total', {})]).toEqual([1, 5, 2]);
  });

  it('is the same with a reading and a notification at once, whichever is stored first', async () => {
    const { read, notify, page } = await stage();
    await read(0);
    await notify(1, { from: 1 });
    for (let minute = 3; minute <= 12; minute += 1) await read(minute);

    await Promise.all([read(13), notify(13, { from: 1, to: 2 })]);
    await read(14);
    const shown = await page();

    expect([shown.sum(COUNT, {}), shown.sum('incident_open', {})]).toEqual([1, 0]);
    expect(shown.sum('incident_mttr_minutes', { by: 'all', window: '7d' })).toBe(1);
  });

  it('is every end that was told, once, under duplicates, delays, losses and any order', async () => {
    const delivery = fc.record({
      alert: fc.nat({ max: 9 }),
      isEnd: fc.boolean(),
      isLost: fc.boolean(),
      copies: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { maxLength: 40 }), async (deliveries) => {
        const { read, notify, page } = await stage();
        await read(0);
        const told = deliveries.filter(({ isLost }) => !isLost);

        for (const [index, { alert, isEnd, copies }] of told.entries()) {
          const span = { name: `N${alert % 3}`, from: 1 + alert * 10, ...(isEnd ? { to: 6 + alert * 10 } : {}) };
          for (let copy = 0; copy < copies; copy += 1) await notify(200 + index, span);
        }

        const [heard, ended] = [told, told.filter(({ isEnd }) => isEnd)].map(
          (some) => new Set(some.map(({ alert }) => alert)),
        );
        // Windows end where the last reading did.
        await read(300);
        const shown = await page();
        expect([shown.sum(COUNT, {}), shown.sum(SUM, {})]).toEqual([ended?.size, (ended?.size ?? 0) * 5]);
        expect(shown.sum('incident_window_resolved', { by: 'all', window: '7d' })).toBe(ended?.size);
        expect(shown.sum('incident_opened_total', {})).toBeLessThanOrEqual(heard?.size ?? 0);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
