import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { World } from '../../src/simulator/world.ts';
import { HOUR_MS, MINUTE_MS, told } from '../metrics/stage.ts';
import type { Parsed } from './page.ts';
import { type Exporter, startExporter, temporaryFolder, until, writeIn } from './process.ts';

const NEWBORN = { provider: 'pd', service: 'newborn', severity: 'P1' };
const counted = (page: Parsed) => page.value('incident_recovery_time_minutes_count', NEWBORN);
const opened = (page: Parsed) => page.value('incident_opened_total', NEWBORN);

/** An exporter that has synced, and the world that it looks at. */
async function live(hold: string): Promise<{ exporter: Exporter; world: World }> {
  const incidents = [told({ id: 'Q1', triggeredAtMs: Date.now() - 2 * HOUR_MS, resolved: 30 })];
  const world: World = { incidents, alarms: [] };
  const fake = await startPagerdutyFake(world);
  onTestFinished(() => fake.close());
  const folder = temporaryFolder();
  const text = `providers:
  - { name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${fake.url}", poll_interval: 1s, rate_limit: 100/s }
metrics: { new_series_hold: ${hold} }
store: { path: "${join(folder, 's.db')}" }
`;
  const exporter = await startExporter({ words: [`--config.file=${writeIn(folder, 'c.yml', text)}`] });
  await exporter.untilPage('it is synced', (page) => page.sum('mttr_exporter_provider_synced', {}) === 1);
  return { exporter, world };
}

/** An incident of a service that nobody has seen yet; it is over two seconds later. */
function bear(world: World): void {
  const triggeredAtMs = Math.ceil(Date.now() / 1000) * 1000;
  world.incidents = [
    ...world.incidents,
    told({ id: 'Q2', service: 'newborn', triggeredAtMs, resolved: (2 * 1000) / MINUTE_MS }),
  ];
}

it('a service that is new after the first sync starts from a scraped zero, whoever scrapes how often', async () => {
  const { exporter, world } = await live('1s');
  bear(world);
  const seen: (readonly (number | undefined)[])[] = [];

  await exporter.untilPage('it is counted', (page) => {
    seen.push([opened(page), counted(page)]);
    return counted(page) === 1;
  });

  const different = seen.filter((now, at) => String(now) !== String(seen[at - 1]));
  expect(different[0]).toEqual([undefined, undefined]);
  expect(different[1]).toEqual([0, 0]);
  expect(different.at(-1)).toEqual([1, 1]);
});

it('a GET that was not finished, a HEAD and a question start no wait', async () => {
  const { exporter, world } = await live('0s');
  bear(world);
  await until('it is known to be over', async () => (await resolvedShown(exporter)) === 2);

  await exporter.get('metrics', { method: 'HEAD' });
  await cutOff(exporter);
  const first = await exporter.page();
  const later = await exporter.untilPage('it is counted', (page) => counted(page) === 1);

  expect(counted(first)).toBe(0);
  expect(opened(first)).toBe(0);
  expect(opened(later)).toBe(1);
});

/** Incidents of the only provider that are resolved, as the API says: a question is no scrape. */
async function resolvedShown(exporter: Exporter): Promise<number | undefined> {
  const { text } = await exporter.get('api/v1/status');
  return Status.parse(JSON.parse(text)).providers[0]?.incidents?.resolved;
}

const Status = z.object({
  providers: z.array(z.object({ incidents: z.object({ resolved: z.number() }).optional() })),
});

/** Goes away as soon as it has asked, before anything is read. */
function cutOff({ url }: Exporter): Promise<void> {
  return new Promise((resolve) => {
    const asking = request(new URL('metrics', url), { agent: false });
    asking.on('error', () => undefined);
    asking.on('close', resolve);
    asking.on('socket', (socket) => {
      socket.once('connect', () => socket.resetAndDestroy());
    });
    asking.end();
  });
}
