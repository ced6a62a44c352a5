import { describe, expect, it } from 'vitest';
import type { World } from '../../src/simulator/world.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, START_MS, told } from '../metrics/stage.ts';
import {
  CLOUDWATCH,
  changeIn,
  HISTORY_MS,
  KINDS,
  type Kind,
  past,
  type RefreshStage,
  refreshStage,
} from './refresh-stage.ts';

const UNTOUCHED = { added: 0, changed: 0, deleted: 0, rejected: 0, unverified: 0 };

/** Two incidents of the past, one that is open all the time, and one that is resolved after counting began. */
function invent(): World {
  const incidents = [
    past('Q0', START_MS - 60 * DAY_MS, 30),
    past('Q1', START_MS - 20 * DAY_MS, 30),
    past('Q2', START_MS - DAY_MS),
    past('Q3', START_MS + MINUTE_MS, 10),
  ];
  return { incidents, alarms: [] };
}

/** Synced, with Q3 counted ten days ago. */
async function synced(kind: Kind): Promise<RefreshStage> {
  const staged = await refreshStage(kind, invent());
  await staged.live(0);
  await staged.live(HOUR_MS);
  await staged.live(10 * DAY_MS);
  return staged;
}

const PAGERDUTY = KINDS[0] ?? CLOUDWATCH;

describe.each(KINDS)('reading $says again', (kind) => {
  it('finds a silent change of long ago, which becomes a revision and not a second recovery', async () => {
    const staged = await synced(kind);
    const before = staged.counted();
    changeIn(staged.world, { ...past('Q3', START_MS + MINUTE_MS, 10), priority: 'P2' });
    await staged.live(MINUTE_MS);
    const afterPoll = staged.revisions();

    const refreshed = await staged.refresh();

    expect(afterPoll).toEqual({});
    expect(refreshed).toMatchObject({ ...UNTOUCHED, changed: 1, unchanged: 3 });
    expect(staged.revisions()).toEqual({ severity: 1 });
    expect([before, staged.counted()]).toEqual([1, 1]);
  });

  it('finds an incident that no poll saw, and counts it once', async () => {
    const staged = await synced(kind);
    staged.world.incidents = [...staged.world.incidents, past('Q4', START_MS + 2 * DAY_MS, 10)];

    const refreshed = await staged.refresh();
    const again = await staged.refresh();

    expect(refreshed).toMatchObject({ ...UNTOUCHED, added: 1, unchanged: 4 });
    expect(again).toMatchObject({ ...UNTOUCHED, unchanged: 5 });
    expect(staged.counted()).toBe(2);
  });

  it('finds out that an incident was deleted, which becomes a revision', async () => {
    const staged = await synced(kind);
    changeIn(staged.world, { ...past('Q3', START_MS + MINUTE_MS, 10), deletedAtMs: START_MS + DAY_MS });

    const refreshed = await staged.refresh();
    const again = await staged.refresh();

    expect(refreshed).toMatchObject({ ...UNTOUCHED, deleted: 1, unchanged: 3 });
    expect(again).toMatchObject({ ...UNTOUCHED, unchanged: 3 });
    expect(staged.revisions()).toEqual({ deleted: 1 });
    expect(staged.counted()).toBe(1);
  });

  it('says in a dry run what would change, and leaves the store as it is', async () => {
    const staged = await synced(kind);
    changeIn(staged.world, { ...past('Q3', START_MS + MINUTE_MS, 10), priority: 'P2' });
    changeIn(staged.world, { ...past('Q1', START_MS - 20 * DAY_MS, 30), deletedAtMs: START_MS });
    staged.world.incidents = [...staged.world.incidents, past('Q4', START_MS + 2 * DAY_MS, 10)];
    const before = staged.content();

    const dry = await staged.refresh({ isDryRun: true });
    const after = staged.content();
    const real = await staged.refresh();

    expect(dry).toMatchObject({ added: 1, changed: 1, deleted: 1, unchanged: 2 });
    expect(after).toBe(before);
    expect({ ...real, requests: 0 }).toEqual({ ...dry, requests: 0 });
  });

  it('ends as a poll ends: the end moves on, the beginning of the history stays, and polls go on', async () => {
    const staged = await synced(kind);
    const before = staged.store.provider('one');

    await staged.refresh({ spanMs: DAY_MS });
    const after = staged.store.provider('one');
    staged.world.incidents = [...staged.world.incidents, past('Q4', START_MS + 10 * DAY_MS + HOUR_MS, 10)];
    await staged.live(2 * HOUR_MS);

    expect(after.historyStartMs).toBe(before.historyStartMs);
    expect(after.polledUntilMs).toBe(START_MS + 10 * DAY_MS + HOUR_MS);
    expect(staged.counted()).toBe(2);
  });

  it('reads only as far back as requested', async () => {
    const staged = await synced(kind);
    changeIn(staged.world, { ...past('Q1', START_MS - 20 * DAY_MS, 30), priority: 'P2' });
    changeIn(staged.world, { ...past('Q3', START_MS + MINUTE_MS, 10), priority: 'P2' });

    const short = await staged.refresh({ spanMs: 15 * DAY_MS, isDryRun: true });
    const long = await staged.refresh({ spanMs: 40 * DAY_MS, isDryRun: true });

    expect(short).toMatchObject({ ...UNTOUCHED, changed: 1 });
    expect(long).toMatchObject({ ...UNTOUCHED, changed: 2 });
  });

  it('counts nothing as deleted when the platform lists nothing at all', async () => {
    const staged = await synced(kind);
    staged.world.incidents = staged.world.incidents.filter(({ id }) => id === 'none');

    const refreshed = await staged.refresh({ isDryRun: true });

    expect(refreshed).toMatchObject({ deleted: 1, unverified: 4 });
  });

  it('writes nothing when the platform fails in the middle', async () => {
    const staged = await synced(kind);
    staged.world.incidents = [...staged.world.incidents, past('Q4', START_MS + 2 * DAY_MS, 10)];
    const before = staged.content();
    const { requests } = await staged.refresh({ isDryRun: true });
    const body = { message: 'no' };
    staged.afterRequests(Math.floor(requests / 2), () => {
      staged.fake.faults.push({ times: Number.POSITIVE_INFINITY, answer: { status: 400, body } });
    });

    const refreshRunner = staged.refresh();

    await expect(refreshRunner).rejects.toThrow('400');
    expect(staged.content()).toBe(before);
  });
});

describe('reading again', () => {
  it('keeps the timestamps that an incident has from the log when it is counted', async () => {
    const staged = await synced(PAGERDUTY);
    staged.world.incidents = [
      ...staged.world.incidents,
      told({ id: 'Q4', triggeredAtMs: START_MS + 2 * DAY_MS, acknowledged: 2, escalated: [3], resolved: 10 }),
    ];

    await staged.refresh();

    const [incident] = staged.store.stored('one').incidents(['Q4']).values();
    const timings = staged.store.labelSets().map(({ groups }) => groups.timings?.acknowledgement.counts);
    const unacknowledged = staged.store.labelSets().map(({ groups }) => groups.changes?.unacknowledged);
    expect(incident?.acknowledgedAtMs).toBe(START_MS + 2 * DAY_MS + 2 * MINUTE_MS);
    expect(timings).toContainEqual([2, 0, 0]);
    expect(unacknowledged).toContain(0);
  });

  it('finds state changes of alarms that the platform showed too late for polls', async () => {
    const late = { shownAfterMs: 3 * DAY_MS };
    const changes = [
      { atMs: START_MS + HOUR_MS, state: 'ALARM' as const, ...late },
      { atMs: START_MS + 2 * HOUR_MS, state: 'OK' as const, ...late },
    ];
    const alarm = { region: 'eu-west-1', name: 'disk', kind: 'MetricAlarm', tags: { service: 'search' } } as const;
    const other = { ...alarm, name: 'cpu', changes: changes.map(({ shownAfterMs: _late, ...change }) => change) };
    const staged = await refreshStage(CLOUDWATCH, { incidents: [], alarms: [{ ...alarm, changes }, other] });
    await staged.live(0);
    await staged.live(DAY_MS);
    await staged.live(4 * DAY_MS);
    const before = staged.counted();

    const refreshed = await staged.refresh();
    const again = await staged.refresh();

    expect(before).toBe(1);
    expect(refreshed).toMatchObject({ ...UNTOUCHED, added: 1 });
    expect(again).toMatchObject(UNTOUCHED);
    expect(staged.counted()).toBe(2);
  });

  it('is refused while the first sync is not complete', async () => {
    const staged = await refreshStage(PAGERDUTY, invent());

    const refreshRunner = staged.refresh();

    await expect(refreshRunner).rejects.toThrow('its first sync is not complete');
    expect(staged.fake.requests).toEqual([]);
  });

  it('waits for the poll that is under way, and the next poll waits for it', async () => {
    const staged = await synced(PAGERDUTY);
    const order: string[] = [];
    const at = (what: string) => () => void order.push(what);

    const works = [
      staged.live(0).then(at('poll')),
      staged.refresh().then(at('refresh')),
      staged.live(0).then(at('next poll')),
    ];
    await Promise.all(works);

    expect(order).toEqual(['poll', 'refresh', 'next poll']);
  });

  it('writes nothing when it is ended before its end', async () => {
    const staged = await synced(PAGERDUTY);
    staged.world.incidents = [...staged.world.incidents, past('Q4', START_MS + 2 * DAY_MS, 10)];
    const before = staged.content();
    const ending = new AbortController();

    const refreshRunner = staged.refresh({ signal: ending.signal });
    ending.abort(new Error('enough'));

    await expect(refreshRunner).rejects.toThrow('enough');
    expect(staged.content()).toBe(before);
  });

  it('reports how many requests it made', async () => {
    const staged = await synced(PAGERDUTY);
    const before = staged.fake.requests.length;

    const { requests } = await staged.refresh({ spanMs: HISTORY_MS });

    expect(requests).toBe(staged.fake.requests.length - before);
    expect(requests).toBeGreaterThan(3);
  });
});

it('leaves imported history alone that the platform has long forgotten', async () => {
  const staged = await synced(PAGERDUTY);
  const [last] = staged.store.stored(staged.poller.name).incidents(['Q1']).values();
  if (last === undefined) throw new Error('the platform told of no Q1');
  const name = staged.poller.name;
  const span = { fromMs: START_MS - 100 * DAY_MS, untilMs: START_MS };
  staged.store.import(
    { provider: name, isOnlySource: false, nowMs: START_MS },
    [[{ ...last, id: 'forgotten', imported: true }]],
    span,
  );

  const refreshed = await staged.refresh();

  expect(refreshed).toMatchObject({ ...UNTOUCHED, unchanged: 4 });
});
