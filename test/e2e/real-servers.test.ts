import { describe, expect, it } from 'vitest';
import { readPromql } from '../deploy/promql.ts';
import { rulesIn } from '../deploy/rule-files.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../metrics/stage.ts';
import { alertName } from './alertmanager.ts';
import { COUNT, stageCounting, stepsOf } from './counting.ts';
import { startExporter, until } from './process.ts';
import { startPrometheus, writtenSelector } from './prometheus.ts';
import { batch, endAll, startWatch } from './regression.ts';
import { ALERTMANAGER, PROMETHEUS } from './servers.ts';

describe.skipIf(PROMETHEUS.isSkipped)(`what a real Prometheus counts${PROMETHEUS.says}`, () => {
  it('is each incident once, over a first sync, kill -9, restarts, a new address, a new provider and new services', async () => {
    const stage = await stageCounting();
    const { prometheus, pagerduty, opsgenie } = stage;

    await stage.syncThroughKill();
    await prometheus.scrapeMore(25);
    await stage.restart('SIGKILL');
    await prometheus.scrapeMore(20);
    await stage.restart('SIGTERM');
    await prometheus.scrapeMore(20);
    await stage.move();
    await prometheus.scrapeMore(20);
    await stage.addOpsgenie();
    await prometheus.scrapeMore(20);
    pagerduty.happen('newborn');
    opsgenie.happen('another newborn');
    await prometheus.scrapeMore(15);
    pagerduty.stop();
    opsgenie.stop();
    const resolved = await stage.resolved();
    const sum = [...resolved.values()].reduce((before, count) => before + count, 0);
    await prometheus.untilSum(COUNT, sum);
    await prometheus.scrapeMore(4);

    const raw = await prometheus.query(`${COUNT}[1h]`);
    const last = { seconds: 2, stepSeconds: 0.25 };
    const [increases] = await prometheus.queryRange(`sum(increase(${COUNT}[1h]))`, last);
    expect(stepsOf(raw)).toEqual(resolved);
    expect(sum).toBeGreaterThan(100);
    expect(await prometheus.scrapes()).toBeGreaterThan(100);
    const shares = increases?.samples.map(([, increase]) => increase / sum) ?? [];
    expect(Math.min(...shares)).toBeGreaterThan(0.98);
    expect(Math.max(...shares)).toBeLessThan(1.02);
  }, 180_000);
});

describe.skipIf(PROMETHEUS.isSkipped)(`what a real Prometheus makes of the demo${PROMETHEUS.says}`, () => {
  it('is data of every rule, and no rule in error', async () => {
    const exporter = await startExporter({ words: ['demo'] });
    await exporter.untilPage('all is synced', (page) => page.sum('mttr_exporter_provider_synced', {}) === 4);
    const prometheus = await startPrometheus({ url: exporter.url });
    await prometheus.scrapeMore(4);
    await prometheus.evaluateMore(4);

    const rules = await prometheus.rules();
    const empty: string[] = [];
    for (const { name, type, query } of rules) {
      // No platform of the demo calls a webhook.
      if (name === 'MttrWebhookSilent') continue;
      const asked = type === 'recording' ? [name] : readPromql(query).selectors.map(writtenSelector);
      for (const one of asked) if ((await prometheus.query(one)).length === 0) empty.push(`${name}: ${one}`);
      await prometheus.query(query);
    }
    const shipped = ['mttr.rules.yml', 'mttr.alerts.yml'].flatMap(rulesIn);
    expect(rules.map(({ name }) => name).toSorted()).toEqual(
      shipped.map(({ record, alert = '' }) => record ?? alert).toSorted(),
    );
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(empty).toEqual([]);
  }, 120_000);
});

describe.skipIf(PROMETHEUS.isSkipped || ALERTMANAGER.isSkipped)(
  `whom a real Alertmanager tells${PROMETHEUS.says}${ALERTMANAGER.says}`,
  () => {
    const REGRESSED = 'Recovery takes longer than in the 30 days before';
    const calm = (nowMs: number) => [
      ...batch({ says: 'is down', triggeredAtMs: nowMs - 50 * DAY_MS, minutes: 6 }),
      ...batch({ says: 'is slow', triggeredAtMs: nowMs - 20 * DAY_MS, minutes: 6 }),
    ];

    it('the chat, of a regression and of nothing else, and again when it is over', async () => {
      const nowMs = Date.now();
      const open = batch({ says: 'lost its disk', triggeredAtMs: nowMs - 20 * MINUTE_MS });
      const { world, prometheus, alertmanager } = await startWatch({
        incidents: [...calm(nowMs), ...open],
        alarms: [],
      });
      await prometheus.evaluateMore(8);
      const before = { active: await alertmanager.active(), chatted: [...alertmanager.chatted()] };

      endAll(world);
      await until('the regression is told', () => alertmanager.chatted().includes(REGRESSED));
      const during = await alertmanager.active();
      for (const says of ['restarts', 'is full']) {
        world.incidents = [...world.incidents, ...batch({ says, triggeredAtMs: Date.now(), minutes: 1 / 60 })];
      }
      await until('its end is told', () => alertmanager.chatted().includes(`Over: ${REGRESSED}`));

      expect(before).toEqual({ active: [], chatted: [] });
      expect(during).toEqual(['MttrRegressed P2']);
      expect(await alertmanager.active()).toEqual([]);
      expect(new Set(alertmanager.chatted())).toEqual(new Set([REGRESSED, `Over: ${REGRESSED}`]));
    }, 120_000);

    it('of a silent provider only that it is silent: what rang before neither rings nor is over', async () => {
      const nowMs = Date.now();
      const slow = batch({ says: 'lost its disk', triggeredAtMs: nowMs - HOUR_MS, minutes: 20 });
      const { fake, prometheus, alertmanager } = await startWatch({ incidents: [...calm(nowMs), ...slow], alarms: [] });
      await until('the regression is told', () => alertmanager.chatted().includes(REGRESSED));

      fake.faults.push({ times: Number.POSITIVE_INFINITY, answer: 'hang' });
      await until('the silence is active', async () => (await alertmanager.active()).includes('MttrDataStale'));
      await prometheus.evaluateMore(8);
      const firing = (await prometheus.alerts()).map(({ labels }) => alertName(labels)).toSorted();
      const silent = { active: await alertmanager.active(), inhibited: await alertmanager.inhibited() };
      fake.faults.length = 0;
      await until('nothing is held back', async () => (await alertmanager.inhibited()).length === 0);
      await until('data are no longer stale', async () => !(await alertmanager.active()).includes('MttrDataStale'));

      expect(firing).toEqual(['MttrDataStale', 'MttrRegressed P2']);
      expect(silent).toEqual({ active: ['MttrDataStale'], inhibited: ['MttrRegressed P2'] });
      expect(await alertmanager.active()).toEqual(['MttrRegressed P2']);
      expect(alertmanager.chatted()).not.toContain(`Over: ${REGRESSED}`);
    }, 120_000);
  },
);
