import { describe, expect, it } from 'vitest';
import type { SimulatedAlarm, SimulatedEvent, SimulatedIncident } from '../../src/simulator/world.ts';
import { type EngineStage, HOUR_MS, MINUTE_MS, START_MS, type Story, stageEngine, told } from '../metrics/stage.ts';
import type { Parsed } from './page.ts';

const P1 = { provider: 'pd', severity: 'P1' };
const CHECKOUT = { ...P1, service: 'checkout' };
/** Everything is shown with the page after a scrape. */
const AT_ONCE = 'metrics: { new_series_hold: 0s }';

/** An exporter that has synced and whose zeros were scraped. */
async function watching(
  incidents: readonly SimulatedIncident[] = [],
  alarms: SimulatedAlarm[] = [],
): Promise<EngineStage> {
  const seen = told({ id: 'Q0', triggeredAtMs: START_MS - HOUR_MS, acknowledged: 1, resolved: 10 });
  const stage = await stageEngine({ incidents: [seen, ...incidents], alarms, more: AT_ONCE });
  await stage.live(0);
  await stage.scrape();
  return stage;
}

/** A poll, then the page that shows all of it. */
async function liveTo(stage: EngineStage, minutes: number): Promise<Parsed> {
  await stage.live(START_MS + minutes * MINUTE_MS - stage.nowMs());
  await stage.scrape();
  await stage.wait(0);
  return stage.scrape();
}

const story = (change: Partial<Story> = {}): SimulatedIncident =>
  told({ id: 'Q1', triggeredAtMs: START_MS + MINUTE_MS, ...change });

/** Goes on with the life of Q1. */
function happen(stage: EngineStage, kind: SimulatedEvent['kind'], atMinutes: number): void {
  stage.world.incidents = stage.world.incidents.map((one) =>
    one.id === 'Q1'
      ? { ...one, events: [...one.events, { kind, atMs: START_MS + atMinutes * MINUTE_MS, by: 'person' as const }] }
      : one,
  );
}

function change(stage: EngineStage, changed: Partial<SimulatedIncident>): void {
  stage.world.incidents = stage.world.incidents.map((one) => (one.id === 'Q1' ? { ...one, ...changed } : one));
}

const revisions = (page: Parsed) =>
  Object.fromEntries(
    ['reopened', 'severity', 'service', 'resolved_at', 'triggered_at', 'merged', 'deleted'].flatMap((label) => {
      const value = page.value('incident_revisions_total', { provider: 'pd', change: label });
      return value === 0 ? [] : [[label, value]];
    }),
  );

describe('what is counted as it happens', () => {
  it('an opening when it is seen, its recovery when it is over', async () => {
    const stage = await watching([story({ resolved: 20 })]);

    const opened = await liveTo(stage, 5);
    const resolved = await liveTo(stage, 25);

    const counts = (page: Parsed) => [
      page.value('incident_opened_total', CHECKOUT),
      page.value('incident_recovery_time_minutes_count', CHECKOUT),
      page.value('incident_open', { ...CHECKOUT, status: 'triggered' }),
      page.value('incident_open_oldest_timestamp_seconds', CHECKOUT),
    ];
    expect(counts(opened)).toEqual([1, 0, 1, (START_MS + MINUTE_MS) / 1000]);
    expect(counts(resolved)).toEqual([1, 1, 0, undefined]);
    expect(resolved.value('incident_recovery_time_minutes_sum', CHECKOUT)).toBe(20);
  });

  it('nothing of what was over before', async () => {
    const stage = await watching();

    const page = await liveTo(stage, 1);

    expect(page.sum('incident_recovery_time_minutes_count', {})).toBe(0);
    expect(page.sum('incident_opened_total', {})).toBe(0);
    expect(page.value('incident_window_resolved', { by: 'all', window: '7d' })).toBe(1);
  });

  it('the recovery, but not the opening, of what was open before', async () => {
    const stage = await watching([told({ id: 'Q1', triggeredAtMs: START_MS - HOUR_MS, resolved: 90 })]);

    const page = await liveTo(stage, 40);

    expect(page.value('incident_opened_total', CHECKOUT)).toBe(0);
    expect(page.value('incident_recovery_time_minutes_count', CHECKOUT)).toBe(1);
    expect(page.value('incident_recovery_time_minutes_sum', CHECKOUT)).toBe(90);
  });

  it.each([
    { says: 'on the target is within it', resolved: 30, within: 1 },
    { says: 'after it is not', resolved: 30.5, within: 0 },
  ])('a recovery $says', async ({ resolved, within }) => {
    const stage = await watching([story({ resolved })]);

    const page = await liveTo(stage, 60);

    expect(page.value('incident_recovery_time_minutes_count', CHECKOUT)).toBe(1);
    expect(page.value('incident_within_target_total', CHECKOUT)).toBe(within);
    expect(page.value('incident_recovery_time_minutes_bucket', { ...CHECKOUT, le: '30' })).toBe(within);
  });

  it('each escalation once, however many polls see it', async () => {
    const stage = await watching([story({ escalated: [3, 7] })]);

    const first = await liveTo(stage, 5);
    const second = await liveTo(stage, 9);
    const third = await liveTo(stage, 12);

    const counts = [first, second, third].map((page) => page.value('incident_escalations_total', P1));
    expect(counts).toEqual([1, 2, 2]);
  });

  it.each([
    { says: 'a person acknowledged: nowhere', change: { acknowledged: 1 }, counts: [0, 0] },
    { says: 'nobody acknowledged and a person resolved: auto is false', change: {}, counts: [1, 0] },
    { says: 'nobody acknowledged nor resolved: auto is true', change: { by: 'integration' }, counts: [0, 1] },
    {
      says: 'an integration acknowledged: as if nobody had',
      change: { acknowledged: 1, by: 'integration' },
      counts: [0, 1],
    },
    { says: 'it ended by time-out: auto is true', change: { by: 'timeout' }, counts: [0, 1] },
  ] as const)('what $says', async ({ change: given, counts }) => {
    const stage = await watching([story({ resolved: 10, ...given })]);

    const page = await liveTo(stage, 15);

    const count = (auto: string) => page.value('incident_unacknowledged_total', { ...P1, auto });
    expect([count('false'), count('true')]).toEqual(counts);
    expect(page.value('incident_acknowledgement_time_minutes_count', P1)).toBe(counts[0] + counts[1] === 0 ? 1 : 0);
  });
});

describe('what changes after it was counted', () => {
  it('a reopened incident leaves the windows, comes back with its new end, and is counted once', async () => {
    const stage = await watching([story({ resolved: 10 })]);
    const counted = await liveTo(stage, 15);

    happen(stage, 'reopen', 20);
    const reopened = await liveTo(stage, 25);
    happen(stage, 'resolve', 41);
    const again = await liveTo(stage, 45);

    const windowed = (page: Parsed) => [
      page.value('incident_window_resolved', { by: 'severity', window: '7d', severity: 'P1' }),
      page.value('incident_recovery_max_minutes', { by: 'severity', window: '7d', severity: 'P1' }),
      page.value('incident_recovery_time_minutes_count', CHECKOUT),
      page.value('incident_reopened_total', P1),
      page.sum('incident_open', CHECKOUT),
    ];
    expect(windowed(counted)).toEqual([2, 10, 1, 0, 0]);
    expect(windowed(reopened)).toEqual([1, 10, 1, 1, 1]);
    expect(windowed(again)).toEqual([2, 40, 1, 1, 0]);
    expect([counted, reopened, again].map(revisions)).toEqual([{}, { reopened: 1 }, { reopened: 1, resolved_at: 1 }]);
    expect(again.value('incident_recovery_time_minutes_sum', CHECKOUT)).toBe(10);
  });

  it.each([
    { label: 'severity', changed: { priority: 'P2' } },
    { label: 'service', changed: { service: { id: 'S-mail', name: 'mail' } } },
  ])('another $label is a revision; what was counted stays where it was', async ({ label, changed }) => {
    const stage = await watching([story({ resolved: 10 })]);
    await liveTo(stage, 15);
    happen(stage, 'reopen', 20);
    await liveTo(stage, 25);

    change(stage, changed);
    const page = await liveTo(stage, 30);

    expect(revisions(page)).toEqual({ reopened: 1, [label]: 1 });
    expect(page.value('incident_recovery_time_minutes_count', CHECKOUT)).toBe(1);
    expect(page.sum('incident_open', CHECKOUT)).toBe(0);
    expect(page.sum('incident_open', {})).toBe(1);
  });

  it('a deleted incident leaves what is open; what was counted stays', async () => {
    const stage = await watching([story({ resolved: 10 })]);
    await liveTo(stage, 15);
    happen(stage, 'reopen', 20);
    await liveTo(stage, 25);

    change(stage, { deletedAtMs: START_MS + 26 * MINUTE_MS });
    const page = await liveTo(stage, 30);

    expect(revisions(page)).toEqual({ reopened: 1, deleted: 1 });
    expect(page.sum('incident_open', {})).toBe(0);
    expect(page.value('incident_opened_total', CHECKOUT)).toBe(1);
    expect(page.value('incident_window_opened', { by: 'all', window: '7d' })).toBe(1);
  });

  it('a merged incident stays opened and is resolved nowhere', async () => {
    const stage = await watching([story()]);
    await liveTo(stage, 5);

    happen(stage, 'merge', 7);
    const page = await liveTo(stage, 10);

    expect(page.value('incident_opened_total', CHECKOUT)).toBe(1);
    expect(page.value('incident_recovery_time_minutes_count', CHECKOUT)).toBe(0);
    expect(page.value('incident_window_opened', { by: 'all', window: '7d' })).toBe(2);
    expect(page.value('incident_window_resolved', { by: 'all', window: '7d' })).toBe(1);
    expect(page.sum('incident_open', {})).toBe(0);
  });
});

describe('a provider that is kept out of the whole', () => {
  const alarm: SimulatedAlarm = {
    region: 'eu-west-1',
    name: 'queue is long',
    kind: 'MetricAlarm',
    tags: { service: 'orders', severity: 'P2' },
    changes: [
      { atMs: START_MS + MINUTE_MS, state: 'ALARM' },
      { atMs: START_MS + 5 * MINUTE_MS, state: 'OK' },
    ],
  };
  const everywhere = 'groupings: [all, severity, service, "service,severity", team, provider]';

  it('is in the rows of its own name only; its counters are there for everybody', async () => {
    const stage = await stageEngine({
      incidents: [story({ resolved: 10 })],
      alarms: [alarm],
      more: `${AT_ONCE}\n${everywhere}`,
    });
    await stage.live(0);
    await stage.scrape();

    const page = await liveTo(stage, 20);

    const grouped = (by: string) => page.sum('incident_window_resolved', { by, window: '7d' });
    expect(['all', 'severity', 'service', 'service,severity', 'team'].map(grouped)).toEqual([1, 1, 1, 1, 1]);
    expect(page.value('incident_window_resolved', { by: 'provider', window: '7d', provider: 'aws' })).toBe(1);
    expect(page.value('incident_mttr_minutes', { by: 'provider', window: '7d', provider: 'aws' })).toBe(4);
    expect(page.value('incident_mttr_minutes', { by: 'all', window: '7d' })).toBe(10);
    expect(page.text).not.toMatch(/by="service[^}]*service="orders"/);
    const labels = { provider: 'aws', service: 'orders', severity: 'P2' };
    expect(page.value('incident_recovery_time_minutes_count', labels)).toBe(1);
    expect(page.value('mttr_exporter_provider_overall', { provider: 'aws' })).toBe(0);
    expect(page.value('mttr_exporter_provider_overall', { provider: 'pd' })).toBe(1);
  });

  it('does not hold still what the others show, nor moves their windows', async () => {
    const stage = await stageEngine({
      incidents: [story({ resolved: 10 })],
      alarms: [alarm],
      more: `${AT_ONCE}\n${everywhere}`,
    });
    await stage.live(0);

    const page = await liveTo(stage, 20);

    expect(page.value('incident_free_ratio', { by: 'all', window: '7d' })).toBeCloseTo(1 - 10 / (7 * 24 * 60), 9);
    expect(page.value('incident_free_ratio', { by: 'provider', window: '7d', provider: 'aws' })).toBeCloseTo(
      1 - 4 / (7 * 24 * 60),
      9,
    );
  });
});

it('a service whose name the platform cut in the middle of a character is counted on, also after a restart', async () => {
  const service = 'checkout \ud83d';
  const before = told({ id: 'Q1', service, triggeredAtMs: START_MS + MINUTE_MS, resolved: 10 });
  const after = told({ id: 'Q2', service, triggeredAtMs: START_MS + 20 * MINUTE_MS, resolved: 10 });
  const stage = await watching([before, after]);
  const first = await liveTo(stage, 15);

  await stage.restart();
  const second = await liveTo(stage, 35);

  const counts = [first, second].map((page) => [
    page.value('incident_recovery_time_minutes_count', { ...P1, service: 'checkout \ufffd' }),
    page.value('incident_window_resolved', { by: 'service', window: '7d', service: 'checkout \ufffd' }),
  ]);
  expect(counts).toEqual([
    [1, 1],
    [2, 2],
  ]);
});
