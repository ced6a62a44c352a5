import { readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Parsed } from './page.ts';
import { startExporter, temporaryFolder, until } from './process.ts';
import { inventWorlds, liveOn, startPlatforms } from './three-platforms.ts';

const PROVIDERS = ['pd', 'og', 'aws'];
/** Kills in the middle of first syncs: after so many requests of each life. */
const KILLS_IN_SYNC = [3, 9, 14, 20];
/** Kills in the middle of polls, something new before each. */
const KILLS_IN_POLLS = [1, 4, 2, 6, 3];

/** Neither what an exporter tells of its own life, nor what depends on the second in which its last poll began. */
const APART = /^(mttr_exporter|process|nodejs)_|^incident_(mtbf_minutes|free_ratio|revisions_total)\{/;

/** The samples that an undisturbed run must have too. */
function samples({ text }: Parsed): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.filter((line) => !APART.test(line)).toSorted();
}

function isWhole(page: Parsed, recoveries: number): boolean {
  return PROVIDERS.every(
    (provider) =>
      page.value('mttr_exporter_provider_synced', { provider }) === 1 &&
      page.sum('incident_recovery_time_minutes_count', { provider }) === recoveries &&
      page.sum('incident_opened_total', { provider }) === recoveries,
  );
}

it('kill -9 in the middle of first syncs and polls: totals and windows are those of an undisturbed run', async () => {
  const worlds = inventWorlds(Date.now());
  const steady = await startPlatforms(worlds);
  const attacked = await startPlatforms(worlds, { latencyMs: 40 });
  const reference = await startExporter({ words: [`--config.file=${steady.configure(temporaryFolder())}`] });
  const file = attacked.configure(temporaryFolder());
  const words = [`--config.file=${file}`];
  const liveUntilKilled = async (requests: number, prepare: () => void) => {
    const exporter = await startExporter({ words });
    prepare();
    const before = attacked.asked();
    await until(`${requests} requests came`, () => attacked.asked() >= before + requests);
    exporter.kill('SIGKILL');
    await exporter.ended;
  };

  for (const requests of KILLS_IN_SYNC) await liveUntilKilled(requests, () => undefined);
  const resumed = await startExporter({ words });
  const interrupted = await resumed.untilPage('there is a page', ({ text }) => text !== '');
  await resumed.untilPage('the first syncs are whole', (page) => isWhole(page, 0));
  resumed.kill('SIGKILL');
  await resumed.ended;
  for (const [turn, requests] of KILLS_IN_POLLS.entries()) await liveUntilKilled(requests, () => liveOn(worlds, turn));
  const last = await startExporter({ words });
  const recoveries = KILLS_IN_POLLS.length;
  const page = await last.untilPage('all is counted', (one) => isWhole(one, recoveries));
  const undisturbed = await reference.untilPage('all is counted', (one) => isWhole(one, recoveries));

  expect(interrupted.sum('mttr_exporter_provider_synced', {})).toBeLessThan(PROVIDERS.length);
  expect(samples(page)).toEqual(samples(undisturbed));
  expect(undisturbed.value('incident_window_resolved', { by: 'all', window: '30d' })).toBeGreaterThan(390);
});

it('a damaged store is set aside and said so loudly; history comes again, counters begin anew', async () => {
  const worlds = inventWorlds(Date.now());
  const platforms = await startPlatforms(worlds);
  const folder = temporaryFolder();
  const words = [`--config.file=${platforms.configure(folder)}`];
  const first = await startExporter({ words });
  await first.untilPage('the first syncs are whole', (page) => isWhole(page, 0));
  liveOn(worlds, 0);
  const before = await first.untilPage('all is counted', (page) => isWhole(page, 1));
  first.kill('SIGTERM');
  await first.ended;
  damage(join(folder, 's.db'));

  const second = await startExporter({ words });
  const after = await second.untilPage('all is synced again', (page) => isWhole(page, 0));

  const told = second.logged().filter(({ level }) => level === 'error');
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({
    msg: 'the store is damaged: it was set aside, history is fetched again and all counters restart at zero',
    store: join(folder, 's.db'),
  });
  expect(readdirSync(folder).filter((name) => name.startsWith('s.db.damaged-'))).toHaveLength(1);
  const windowed = (page: Parsed) => samples(page).filter((line) => /^incident_(mttr|window_resolved)/.test(line));
  expect(windowed(after)).toEqual(windowed(before));
  const since = { provider: 'pd' };
  expect(after.value('mttr_exporter_counting_since_timestamp_seconds', since)).toBeGreaterThan(
    before.value('mttr_exporter_counting_since_timestamp_seconds', since) ?? 0,
  );
});

/** Writes nonsense over the middle of the file and cuts its end. */
function damage(path: string): void {
  const { size } = statSync(path);
  const page = Buffer.alloc(4096, 0xa5);
  for (let offset = 4096; offset < size; offset += 8192) writeFileSync(path, page, { flag: 'r+' });
  truncateSync(path, size - 1000);
}
