import { describe, expect, it } from 'vitest';
import { tool } from '../deploy/tools.ts';
import { startAlerting, startRelay, startTelling, startTroubles } from './alerting.ts';
import { type Exporter, startExporter, temporaryFolder, until, writeIn } from './process.ts';
import { ALERTMANAGER, PROMETHEUS, startServer } from './servers.ts';

const PROMTOOL = tool('promtool');
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const OF = { provider: 'alerts' };
const COUNTED = 'incident_recovery_time_minutes_count';

function configure(keys: string): { readonly folder: string; readonly words: readonly string[] } {
  const folder = temporaryFolder();
  const text = `
providers:
  - { name: alerts, ${keys} }
store: { path: ${folder}/store.db }
groupings: [all, provider]
metrics: { new_series_hold: 0s, minimum_sample: 1 }
`;
  return { folder, words: [`--config.file=${writeIn(folder, 'c.yml', text)}`] };
}

const RECEIVER = 'type: alertmanager, webhook: { secret: the-secret }';

interface Shown {
  readonly id: string;
  readonly service: string;
  readonly severity: string;
  readonly end_known_from?: string;
  readonly triggered_at: string;
  readonly resolved_at?: string;
}

async function incidents(exporter: Exporter): Promise<Shown[]> {
  const { text } = await exporter.get('api/v1/incidents?limit=500');
  return (JSON.parse(text) as { incidents: Shown[] }).incidents;
}

const isSkipped = PROMETHEUS.isSkipped || ALERTMANAGER.isSkipped;
describe.skipIf(isSkipped)(`alerts of a real Alertmanager${PROMETHEUS.says}${ALERTMANAGER.says}`, () => {
  it('are counted once each, through two Alertmanagers, an exporter that was down and the loss of one of them', async () => {
    const [relay, troubles] = [await startRelay(), await startTroubles()];
    const [first, second] = [await startTelling({ relay }), await startTelling({ relay })];
    await startAlerting(troubles, [first, second]);
    const { folder, words } = configure(RECEIVER);
    let exporter = await startExporter({ words, folder });
    relay.aim(exporter.url);
    await exporter.untilPage('it is synced', (page) => page.sum('mttr_exporter_provider_synced', OF) === 1);

    troubles.of.set('checkout', 1);
    await exporter.untilPage('it fires', (page) => page.sum('incident_open', OF) === 1);
    relay.aim(undefined);
    exporter.kill('SIGKILL');
    await exporter.ended;
    troubles.of.set('checkout', 0);
    troubles.of.set('search', 1);
    const lost = relay.lost();
    await until('notifications were lost', () => relay.lost() >= lost + 2);
    exporter = await startExporter({ words, folder });
    relay.aim(exporter.url);
    await exporter.untilPage(
      'it has caught up',
      (page) => page.sum(COUNTED, OF) === 1 && page.sum('incident_open', OF) === 1,
    );
    await first.kill();
    troubles.of.set('search', 0);
    const page = await exporter.untilPage('the other one tells the end', (one) => one.sum(COUNTED, OF) === 2);

    const shown = await incidents(exporter);
    expect(page.sum('incident_opened_total', OF)).toBe(2);
    expect(page.sum('incident_revisions_total', OF)).toBe(0);
    expect(page.sum('incident_open', OF)).toBe(0);
    expect(shown).toHaveLength(2);
    expect(shown.map(({ service, severity, end_known_from: from }) => [service, severity, from])).toEqual(
      expect.arrayContaining([
        ['checkout', 'P1', 'resolve_event'],
        ['search', 'P1', 'resolve_event'],
      ]),
    );
  }, 120_000);

  it('that are told by readings alone end where readings no longer show them, and start after a restart where they fire', async () => {
    const [relay, troubles] = [await startRelay(), await startTroubles()];
    const alertmanager = await startTelling({ relay, sendResolved: false });
    await startAlerting(troubles, [alertmanager]);
    troubles.of.set('checkout', 1);
    await until('it fires', async () => (await alertmanager.ask<unknown[]>('/api/v2/alerts')).length === 1);
    const keys = `type: alertmanager, base_url: "http://${alertmanager.address}", poll_interval: 1s, resolve_wait: 2s`;
    const { folder, words } = configure(keys);
    const exporter = await startExporter({ words, folder });

    await exporter.untilPage('it is read', (page) => page.sum('incident_open', OF) === 1);
    const resolvedAfterMs = Date.now();
    troubles.of.set('checkout', 0);
    await exporter.untilPage('its end is read', (page) => page.sum(COUNTED, OF) === 1);

    const [alert] = await incidents(exporter);
    expect(alert?.end_known_from).toBe('absence');
    expect(Date.parse(alert?.resolved_at ?? '')).toBeGreaterThanOrEqual(resolvedAfterMs);
  }, 120_000);
});

/** Series of 60 days: `up`, and an alert a day that was pending for five minutes before it fired. */
function openMetrics(startMs: number, endMs: number): { readonly text: string; readonly minutes: readonly number[] } {
  const up: string[] = [];
  const [firing, active]: [string[], string[]] = [[], []];
  const minutes: number[] = [];
  for (let atMs = startMs; atMs <= endMs; atMs += MINUTE_MS) up.push(`up{job="prometheus"} 1 ${atMs / 1000}`);
  for (let day = 0; startMs + (day + 1) * DAY_MS < endMs; day += 1) {
    const pendingMs = startMs + day * DAY_MS + 6 * 60 * MINUTE_MS;
    const length = 10 + day;
    minutes.push(length);
    for (let minute = 0; minute < length + 5; minute += 1) {
      const at = (pendingMs + minute * MINUTE_MS) / 1000;
      active.push(
        `ALERTS_FOR_STATE{alertname="Slow",service="checkout",severity="critical"} ${pendingMs / 1000} ${at}`,
      );
      const state = minute < 5 ? 'pending' : 'firing';
      if (state === 'firing')
        firing.push(`ALERTS{alertname="Slow",service="checkout",severity="critical",alertstate="firing"} 1 ${at}`);
    }
  }
  const family = (name: string, lines: readonly string[]) => `# TYPE ${name} gauge\n${lines.join('\n')}\n`;
  return {
    text: `${family('ALERTS', firing)}${family('ALERTS_FOR_STATE', active)}${family('up', up)}# EOF\n`,
    minutes,
  };
}

const isWithoutBlocks = PROMETHEUS.isSkipped || PROMTOOL.isSkipped;
describe.skipIf(isWithoutBlocks)(`the series of a real Prometheus${PROMETHEUS.says}${PROMTOOL.says}`, () => {
  it('bring the recovery times of 60 days at the first sync', async () => {
    const folder = temporaryFolder();
    const endMs = Math.floor((Date.now() - 4 * 60 * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
    const startMs = endMs - 60 * DAY_MS;
    const { text, minutes } = openMetrics(startMs, endMs);
    const file = writeIn(folder, 'alerts.om', text);
    const made = PROMTOOL.run([
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      '--max-block-duration=240h',
      file,
      `${folder}/data`,
    ]);
    expect([made.status, made.stderr]).toEqual([0, '']);
    const prometheus = await startServer({
      program: PROMETHEUS.name,
      words: [
        `--config.file=${writeIn(folder, 'prometheus.yml', 'global: {}\n')}`,
        `--storage.tsdb.path=${folder}/data`,
        '--storage.tsdb.retention.time=400d',
        // Files have no markers of staleness: samples count as current for as long as they are apart.
        '--query.lookback-delta=59s',
      ],
    });
    const keys = `type: prometheus, base_url: "http://${prometheus.address}", resolution: 1m, overall: true`;
    const { folder: own, words } = configure(keys);
    const exporter = await startExporter({ words, folder: own });

    const page = await exporter.untilPage(
      'it is synced',
      (one) => one.sum('incident_window_resolved', { by: 'all', window: '90d' }) > 0,
    );

    const shown = await incidents(exporter);
    const mean = minutes.reduce((sum, one) => sum + one, 0) / minutes.length;
    expect(shown).toHaveLength(minutes.length);
    expect(page.sum('incident_window_resolved', { by: 'all', window: '90d' })).toBe(minutes.length);
    expect(page.sum('incident_mttr_minutes', { by: 'all', window: '90d' })).toBeCloseTo(mean, 6);
    expect(page.sum('incident_mttd_minutes', { by: 'provider', window: '90d' })).toBeCloseTo(5, 6);
    expect(page.sum('mttr_exporter_history_start_timestamp_seconds', OF) * 1000).toBe(startMs);
    expect(page.sum(COUNTED, OF)).toBe(0);
    expect(new Set(shown.map(({ end_known_from: from }) => from))).toEqual(new Set(['sampled']));
  }, 180_000);
});
