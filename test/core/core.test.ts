import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import type { Parsed } from '../e2e/page.ts';
import { at, DAY_MS, HOUR_MS, incident, MINUTE_MS, poll, recovered } from '../store/fixtures.ts';
import { type CoreStage, linesOf, NAME, numbersOf, pageOfFreshStart, setupWith, stageCore, TEN_DAYS } from './stage.ts';

const CHECKOUT = { provider: NAME, service: 'checkout', severity: 'P1' };
const COUNT = 'incident_recovery_time_minutes_count';
const LAST_SUCCESS = 'mttr_exporter_last_success_timestamp_seconds';
const YEAR_MS = 365 * DAY_MS;

/** Hands out once a change that statistics refuse, in the middle of the others. */
function poisoned() {
  const poison = { isDue: false, isLoadBroken: false };
  const storeWith = (store: Store): Store => ({
    ...store,
    commit: (batch) => {
      const result = store.commit(batch);
      const [first, ...others] = result.changed;
      if (!poison.isDue || first === undefined) return result;
      poison.isDue = false;
      // Rows come in ascending order.
      return { ...result, changed: [first, { ...first, row: first.row - 0.5 }, ...others] };
    },
    load: (each) => {
      if (poison.isLoadBroken) throw new Error('disk I/O error');
      store.load(each);
    },
  });
  return { poison, storeWith };
}

const SOME = [recovered('Q1', 20), recovered('Q2', 40, { service: 'search' }), incident('Q3', { priority: 'P2' })];

describe('statistics that cannot apply a commit', () => {
  it('are rebuilt, and equal those after a fresh start', async () => {
    const { poison, storeWith } = poisoned();
    const staged = stageCore({ storeWith });
    staged.core.commit(poll(at(1)));
    await staged.scrape(at(1));
    poison.isDue = true;

    const counts = staged.core.commit(poll(at(60), { incidents: SOME }));
    const page = await staged.scrape(at(60));

    expect(poison.isDue).toBe(false);
    expect(counts).toMatchObject({ added: 3 });
    expect(page.value('incident_window_resolved', { by: 'all', window: '30d' })).toBe(2);
    expect(page.sum('incident_open', {})).toBe(1);
    expect(staged.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringContaining('statistics could not apply a commit and are rebuilt from the store'),
    ]);
    expect(numbersOf(page)).toEqual(numbersOf(await pageOfFreshStart(staged, at(60))));
  });

  it('go on with later commits', async () => {
    const { poison, storeWith } = poisoned();
    const staged = stageCore({ storeWith });
    staged.core.commit(poll(at(1)));
    poison.isDue = true;
    staged.core.commit(poll(at(60), { incidents: SOME }));

    staged.core.commit(poll(at(90), { incidents: [recovered('Q3', 50, { priority: 'P2' }), recovered('Q4', 5)] }));
    const page = await staged.scrape(at(90));

    expect(page.value('incident_window_resolved', { by: 'all', window: '30d' })).toBe(4);
    expect(numbersOf(page)).toEqual(numbersOf(await pageOfFreshStart(staged, at(90))));
  });

  it('and cannot be rebuilt end the core', () => {
    const { poison, storeWith } = poisoned();
    const staged = stageCore({ storeWith });
    staged.core.commit(poll(at(1)));
    poison.isDue = true;
    poison.isLoadBroken = true;

    const commit = () => staged.core.commit(poll(at(60), { incidents: SOME }));

    expect(commit).toThrow(
      expect.objectContaining({
        name: 'CoreFailure',
        message: 'statistics cannot be rebuilt from the store: disk I/O error',
      }),
    );
  });
});

it('a commit that cannot be written changes nothing that is shown', async () => {
  let isFull = false;
  const storeWith = (store: Store): Store => ({
    ...store,
    commit: (batch) => {
      if (isFull) throw new Error('database or disk is full');
      return store.commit(batch);
    },
  });
  const staged = stageCore({ storeWith });
  staged.core.commit(poll(at(30), { incidents: SOME.slice(0, 1) }));
  await staged.scrape(at(30));
  const before = await staged.scrape(at(31));
  isFull = true;

  const commit = () => staged.core.commit(poll(at(60), { incidents: SOME }));

  expect(commit).toThrow('database or disk is full');
  expect(staged.tick(at(60)).page).toBeUndefined();
  isFull = false;
  staged.core.commit(poll(at(60), { incidents: SOME }));
  const after = await staged.scrape(at(60));
  expect(before.value('incident_window_resolved', { by: 'all', window: '30d' })).toBe(1);
  expect(after.value('incident_window_resolved', { by: 'all', window: '30d' })).toBe(2);
});

describe('a configuration that cannot be applied', () => {
  const BUCKETS = 'metrics: { new_series_hold: 0s, buckets: [7, 70] }';

  /** A store that takes a configuration and then fails, so many times. */
  function failing() {
    const failures = { toCome: 0 };
    const storeWith = (store: Store): Store => ({
      ...store,
      load: (each) => {
        failures.toCome -= 1;
        if (failures.toCome >= 0) throw new Error('database or disk is full');
        store.load(each);
      },
    });
    return { failures, storeWith };
  }

  it('leaves the one before in force', async () => {
    const { failures, storeWith } = failing();
    const staged = stageCore({ storeWith });
    staged.core.commit(poll(at(1)));
    failures.toCome = 1;

    expect(() => staged.core.configure(setupWith(BUCKETS), at(2))).toThrow('database or disk is full');
    staged.core.commit(poll(at(60), { incidents: SOME }));
    await staged.scrape(at(60));
    const page = await staged.scrape(at(61));

    expect(page.value('incident_recovery_time_minutes_bucket', { ...CHECKOUT, le: '30' })).toBe(1);
    expect(page.value('incident_recovery_time_minutes_bucket', { ...CHECKOUT, le: '7' })).toBeUndefined();
  });

  it('ends the core when the one before cannot be applied again', () => {
    const { failures, storeWith } = failing();
    const staged = stageCore({ storeWith });
    failures.toCome = 2;

    const configure = () => staged.core.configure(setupWith(BUCKETS), at(2));

    expect(configure).toThrow(
      expect.objectContaining({
        name: 'CoreFailure',
        message:
          'a configuration was refused (database or disk is full), and so is the one before (database or disk is full)',
      }),
    );
  });
});

describe('a clock that was set back', () => {
  const shown = (name: string) => name.startsWith('incident_') || name === LAST_SUCCESS;

  it('moves no window until time has caught up', async () => {
    const staged = stageCore({ setup: setupWith(TEN_DAYS) });
    staged.core.commit(poll(at(1)));
    staged.core.commit(poll(at(60), { incidents: SOME }));
    await staged.scrape(at(60));
    const before = await staged.scrape(at(60));

    staged.core.commit(poll(at(-60)));
    const back = await staged.scrape(at(-60));
    staged.core.commit(poll(at(59)));
    const nearly = await staged.scrape(at(59));
    staged.core.commit(poll(at(61)));
    const on = await staged.scrape(at(61));

    expect(linesOf(back, shown)).toEqual(linesOf(before, shown));
    expect(linesOf(nearly, shown)).toEqual(linesOf(before, shown));
    expect([before, back, nearly, on].map((page) => page.value(LAST_SUCCESS, { provider: NAME }))).toEqual(
      [at(60), at(60), at(60), at(61)].map((ms) => ms / 1000),
    );
  });

  it('keeps what leaves the window in it, also over a restart', async () => {
    const staged = stageCore({ setup: setupWith(TEN_DAYS) });
    staged.core.commit(poll(at(1)));
    staged.core.commit(poll(at(60), { incidents: SOME }));
    const leftMs = at(30) + 12 * HOUR_MS + MINUTE_MS;
    staged.core.commit(poll(leftMs));
    const before = await staged.scrape(leftMs);

    staged.core.commit(poll(at(70)));
    const page = await pageOfFreshStart(staged, at(70), setupWith(TEN_DAYS));

    const resolved = [before, page].map((one) => one.value('incident_window_resolved', { by: 'all', window: '12h' }));
    expect(resolved).toEqual([1, 1]);
    expect(page.value(LAST_SUCCESS, { provider: NAME })).toBe(leftMs / 1000);
  });
});

describe('a clock that jumps two years ahead and back', () => {
  /** Three weeks of polls, with an incident each day; `jump` is done in the middle of them. */
  async function live(jump: (staged: CoreStage, nowMs: number) => void) {
    const staged = stageCore({ setup: setupWith(TEN_DAYS) });
    staged.core.commit(poll(at(1)));
    staged.tick(at(1));
    for (let day = 0; day < 21; day += 1) {
      const nowMs = at(60) + day * DAY_MS;
      const triggeredAtMs = nowMs - 30 * MINUTE_MS;
      staged.core.commit(poll(nowMs, { incidents: [recovered(`Q${day}`, 20, { triggeredAtMs })] }));
      await staged.scrape(nowMs);
      if (day === 8) jump(staged, nowMs);
    }
    return staged;
  }
  const LAST_MS = at(60) + 20 * DAY_MS;
  const ids = Array.from({ length: 21 }, (_, day) => `Q${day}`);
  const held = ({ store }: CoreStage) => [...store.stored(NAME).incidents(ids).keys()];

  it('prunes nothing that polls have not reached', async () => {
    let before: string[] = [];
    let after: string[] = [];
    await live((staged, nowMs) => {
      before = held(staged);
      staged.tick(nowMs + 2 * YEAR_MS);
      after = held(staged);
    });

    expect(before).toHaveLength(9);
    expect(after).toEqual(before);
  });

  it('leaves counters and windows as they would be without it', async () => {
    const undisturbed = await live(() => undefined);
    const jumped = await live((staged, nowMs) => {
      staged.tick(nowMs + 2 * YEAR_MS);
      staged.tick(nowMs + 2 * YEAR_MS + HOUR_MS);
      staged.tick(nowMs + MINUTE_MS);
    });

    const [page, expected] = [await jumped.scrape(LAST_MS), await undisturbed.scrape(LAST_MS)];
    expect(numbersOf(page)).toEqual(numbersOf(expected));
    expect(page.value(COUNT, CHECKOUT)).toBe(21);
    expect(held(jumped)).toEqual(held(undisturbed));
  });

  it('still prunes by the hour after it', async () => {
    const staged = await live((one, nowMs) => void one.tick(nowMs + 2 * YEAR_MS));

    const left = held(staged);

    expect(left).toEqual(ids.slice(11));
  });
});

describe('what was pruned', () => {
  const LATE_MS = at(60) + 12 * DAY_MS;

  /** An incident that was counted, and pruned when polls were twelve days further. */
  async function pruned() {
    const staged = stageCore({ setup: setupWith(TEN_DAYS) });
    staged.core.commit(poll(at(1)));
    staged.tick(at(1));
    const catalogue = [{ id: 'S-checkout', name: 'checkout' }];
    staged.core.commit(poll(at(60), { incidents: [recovered('Q1', 20)], catalogue }));
    await staged.scrape(at(60));
    const before = await staged.scrape(at(61));
    staged.core.commit(poll(LATE_MS));
    staged.tick(LATE_MS);
    return { staged, before };
  }

  it('and is reopened on the platform is counted once', async () => {
    const { staged, before } = await pruned();
    const left = staged.store.stored(NAME).incidents(['Q1']).size;
    const triggeredAtMs = at(10);
    const reopenedAtMs = [LATE_MS + MINUTE_MS];
    const intervals = [
      { openedAtMs: triggeredAtMs, closedAtMs: at(30) },
      { openedAtMs: LATE_MS + MINUTE_MS, closedAtMs: undefined },
    ];
    const open = incident('Q1', { triggeredAtMs, reopenedAtMs, intervals });
    const over = recovered('Q1', (LATE_MS + 5 * MINUTE_MS - triggeredAtMs) / MINUTE_MS, {
      triggeredAtMs,
      reopenedAtMs,
    });

    staged.core.commit(poll(LATE_MS + 2 * MINUTE_MS, { incidents: [open] }));
    const reopened = await staged.scrape(LATE_MS + 2 * MINUTE_MS);
    staged.core.commit(poll(LATE_MS + 6 * MINUTE_MS, { incidents: [over] }));
    staged.core.commit(poll(LATE_MS + 7 * MINUTE_MS, { incidents: [over] }));
    await staged.scrape(LATE_MS + 7 * MINUTE_MS);
    const after = await staged.scrape(LATE_MS + 8 * MINUTE_MS);

    expect(left).toBe(0);
    expect(reopened.sum('incident_open', CHECKOUT)).toBe(1);
    const counters = [before, after].map((page) => [
      page.value(COUNT, CHECKOUT),
      page.value('incident_opened_total', CHECKOUT),
      page.value('incident_reopened_total', { provider: NAME, severity: 'P1' }),
    ]);
    expect(counters).toEqual([
      [1, 1, 0],
      [1, 1, 1],
    ]);
  });

  it('takes its escalations with it: of three the two that are not older count, and never more', async () => {
    const { staged } = await pruned();
    const prunedMs = LATE_MS - 10 * DAY_MS;
    const times = [prunedMs - HOUR_MS, prunedMs + HOUR_MS, prunedMs + 2 * HOUR_MS];
    const escalated = (escalatedAtMs: readonly number[]) =>
      incident('Q9', { triggeredAtMs: prunedMs - 2 * HOUR_MS, escalatedAtMs });
    const counts: (number | undefined)[] = [];
    const tell = async (nowMs: number, escalatedAtMs: readonly number[]) => {
      staged.core.commit(poll(nowMs, { incidents: [escalated(escalatedAtMs)] }));
      await staged.scrape(nowMs);
      const page = await staged.scrape(nowMs + 1);
      counts.push(page.value('incident_escalations_total', { provider: NAME, severity: 'P1' }));
    };

    await tell(LATE_MS + MINUTE_MS, times);
    await tell(LATE_MS + 2 * MINUTE_MS, times);
    await tell(LATE_MS + DAY_MS, times);
    await tell(LATE_MS + 3 * DAY_MS, times);
    await tell(LATE_MS + 3 * DAY_MS + MINUTE_MS, [...times, LATE_MS + 3 * DAY_MS]);

    expect(counts).toEqual([2, 2, 2, 2, 3]);
  });
});

it('windows are the same when most incidents were pruned as when they were never stored', async () => {
  const staged = stageCore({ setup: setupWith(TEN_DAYS) });
  const old = Array.from({ length: 3000 }, (_, index) => recovered(`old ${index}`, 20));
  const lateMs = at(60) + 12 * DAY_MS;
  const recent = ['checkout', 'search', 'search'].map((service, index) =>
    recovered(`new ${index}`, 30 + index, { service, triggeredAtMs: lateMs - index * HOUR_MS - HOUR_MS }),
  );
  staged.core.commit(poll(at(1)));
  staged.tick(at(1));
  staged.core.commit(poll(at(60), { incidents: old }));
  staged.tick(at(60));
  staged.core.commit(poll(lateMs, { incidents: recent }));
  staged.tick(lateMs);
  staged.tick(lateMs + HOUR_MS);
  const held = staged.core.status(['all'], 0).providers[0]?.backlog.held;
  const later = [
    incident('open', { triggeredAtMs: lateMs - MINUTE_MS }),
    recovered('new 0', 40, { triggeredAtMs: lateMs - HOUR_MS }),
  ];
  staged.core.commit(poll(lateMs + MINUTE_MS, { incidents: later }));
  staged.tick(lateMs + MINUTE_MS);
  // Two of the three leave the window of a day.
  const endMs = lateMs + 22.9 * HOUR_MS;
  staged.core.commit(poll(endMs));

  const page = await staged.scrape(endMs);

  const windowed = (one: Parsed) => linesOf(one, (name) => /^incident_(window|mt|recovery_q|free|open$)/.test(name));
  const fresh = await pageOfFreshStart(staged, endMs, setupWith(TEN_DAYS));
  expect(held).toBe(3);
  expect(windowed(page)).toEqual(windowed(fresh));
  expect(page.value('incident_window_resolved', { by: 'all', window: '1d' })).toBe(1);
});

it('a changed target restarts the histogram and the counter of recoveries within it together', async () => {
  // All of them are buckets anyhow, so that the target alone makes the difference.
  const setup = (target: string) => setupWith(`severities: [{ name: P1, target: ${target} }, { name: P3 }]`);
  const staged = stageCore({ setup: setup('30m') });
  staged.core.commit(poll(at(1)));
  let nowMs = at(60);
  const ratios: (readonly [within: number, count: number])[] = [];
  const scrape = async () => {
    nowMs += MINUTE_MS;
    const page = await staged.scrape(nowMs);
    const count = page.value(COUNT, CHECKOUT) ?? 0;
    const within = page.value('incident_within_target_total', CHECKOUT) ?? 0;
    expect(within).toBeLessThanOrEqual(count);
    expect(page.value('incident_recovery_time_minutes_bucket', { ...CHECKOUT, le: '+Inf' }) ?? 0).toBe(count);
    ratios.push([within, count]);
  };
  const report = async (ids: readonly string[]) => {
    staged.core.commit(poll(nowMs, { incidents: ids.map((id) => recovered(id, 20)) }));
    await scrape();
    await scrape();
  };

  await report(['Q1', 'Q2', 'Q3']);
  staged.core.configure(setup('15m'), nowMs);
  await scrape();
  await report(['Q4']);
  staged.core.configure(setup('1h'), nowMs);
  await scrape();
  await report(['Q5', 'Q6']);

  expect(ratios).toEqual([
    [0, 0],
    [3, 3],
    [0, 0],
    [0, 1],
    [0, 1],
    [0, 0],
    [2, 2],
    [2, 2],
  ]);
});

/** Teams of a listed service with an incident each, one an hour, until all of them have left the retention. */
async function pruneOneAnHour(staged: CoreStage): Promise<void> {
  const catalogue = [{ id: 'S-checkout', name: 'checkout' }];
  staged.core.commit(poll(at(1), { catalogue }));
  staged.tick(at(1));
  for (let hour = 0; hour < 5; hour += 1) {
    const nowMs = at(60) + hour * HOUR_MS;
    const triggeredAtMs = nowMs - 30 * MINUTE_MS;
    staged.core.commit(
      poll(nowMs, { incidents: [recovered(`Q${hour}`, 20, { team: `team ${hour}`, triggeredAtMs })] }),
    );
    await staged.scrape(nowMs);
  }
  for (let hour = 0; hour < 7; hour += 1) {
    const nowMs = at(60) + 10 * DAY_MS + hour * HOUR_MS;
    staged.core.commit(poll(nowMs));
    await staged.scrape(nowMs);
  }
}

// Pruning deletes dimensions whose labels statistics still ask for, once a group has left the page: each time all is rebuilt.
it('pruning one team after the other updates statistics without a rebuild', async () => {
  const staged = stageCore({ setup: setupWith(`${TEN_DAYS}\ngroupings: [all, team]`) });

  await pruneOneAnHour(staged);

  expect([...staged.store.stored(NAME).incidents(['Q0', 'Q2', 'Q4']).keys()]).toEqual([]);
  expect(staged.lines.filter((line) => line.startsWith('error'))).toEqual([]);
});

it.each([
  { what: 'removed', change: (path: string) => rmSync(path) },
  { what: 'replaced', change: (path: string) => renameSync(`${path}.copy`, path) },
])(
  'a store file that was $what under the exporter ends it, as what it counts from then on would be lost',
  ({ what, change }) => {
    const staged = stageCore();
    staged.core.tick(at(1), at(1));
    copyFileSync(staged.path, `${staged.path}.copy`);

    change(staged.path);

    expect(() => staged.core.tick(at(2), at(2))).toThrow(`was ${what} while it was open; restart`);
  },
);
