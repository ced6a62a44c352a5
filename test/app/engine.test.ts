import { expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { HOUR_MS, MINUTE_MS, START_MS, stageEngine, told } from '../metrics/stage.ts';

const CHECKOUT = { provider: 'pd', service: 'checkout', severity: 'P1' };

/** A store whose disk is full while it is told to be. */
function fullDisk() {
  const disk = { isFull: false };
  const unlessFull = <Result>(work: () => Result): Result => {
    if (disk.isFull) throw new Error('database or disk is full');
    return work();
  };
  const storeWith = (store: Store): Store => ({
    ...store,
    commit: (batch) => unlessFull(() => store.commit(batch)),
    release: (releases) => unlessFull(() => store.release(releases)),
  });
  return { disk, storeWith };
}

async function stage() {
  const { disk, storeWith } = fullDisk();
  const incidents = [
    told({ id: 'Q0', triggeredAtMs: START_MS - HOUR_MS, resolved: 10 }),
    told({ id: 'Q1', triggeredAtMs: START_MS + MINUTE_MS, resolved: 20 }),
  ];
  const staged = await stageEngine({ incidents, storeWith, more: 'metrics: { new_series_hold: 0s }' });
  await staged.live(0);
  return { disk, staged };
}

it('a full disk ends no hold, but what was committed before is shown', async () => {
  const { disk, staged } = await stage();
  await staged.scrape();
  await staged.live(5 * MINUTE_MS);
  const before = await staged.scrape();
  disk.isFull = true;

  await expect(staged.live(20 * MINUTE_MS)).rejects.toThrow('disk is full');
  const during = await staged.scrape();
  disk.isFull = false;
  await staged.live(MINUTE_MS);
  const after = await staged.scrape();

  expect(before.sum('incident_open', CHECKOUT)).toBe(1);
  expect(during.sum('incident_open', CHECKOUT)).toBe(1);
  expect(during.value('mttr_exporter_last_success_timestamp_seconds', { provider: 'pd' })).toBe(
    before.value('mttr_exporter_last_success_timestamp_seconds', { provider: 'pd' }),
  );
  expect(after.value('incident_recovery_time_minutes_count', CHECKOUT)).toBe(1);
  expect(after.value('incident_opened_total', CHECKOUT)).toBe(1);
});

it('a release that fails is made up for, and what was polled meanwhile is shown at once', async () => {
  const { disk, staged } = await stage();
  await staged.scrape();
  disk.isFull = true;

  await staged.wait(0);
  const { issues } = await staged.status();
  disk.isFull = false;
  await staged.live(5 * MINUTE_MS);
  const page = await staged.scrape();
  const after = await staged.status();

  const full = 'The metrics page cannot be updated: database or disk is full';
  expect(issues.map(({ text }) => text)).toEqual([full]);
  expect(after.issues).toEqual([]);
  expect(page.value('incident_opened_total', CHECKOUT)).toBe(1);
  expect(page.sum('incident_open', CHECKOUT)).toBe(1);
});
