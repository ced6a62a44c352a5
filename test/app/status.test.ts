import { expect, it } from 'vitest';
import type { WindowStats } from '../../src/server/status-page/view.ts';
import type { Parsed } from '../e2e/page.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, START_MS, stageEngine, told } from '../metrics/stage.ts';

const INCIDENTS = [
  told({ id: 'Q1', triggeredAtMs: START_MS - DAY_MS, resolved: 10 }),
  told({ id: 'Q2', triggeredAtMs: START_MS - 2 * DAY_MS, resolved: 47 }),
  told({ id: 'Q3', triggeredAtMs: START_MS - 3 * DAY_MS, resolved: 100, priority: 'P2', service: 'search' }),
  told({ id: 'Q4', triggeredAtMs: START_MS - 10 * DAY_MS, resolved: 7, priority: 'P2' }),
  told({ id: 'Q5', triggeredAtMs: START_MS - 3 * HOUR_MS }),
  told({ id: 'Q6', triggeredAtMs: START_MS - 4 * HOUR_MS, service: 'search', acknowledged: 3 }),
];
const ALARM = {
  region: 'eu-west-1',
  name: 'cpu',
  kind: 'MetricAlarm' as const,
  tags: { service: 'checkout', severity: 'P1' },
};

/** What `/metrics` says of the same row, under the names of the page. */
function statsOn(page: Parsed, labels: Record<string, string>): WindowStats {
  const value = (name: string, more = {}) => page.value(name, { ...labels, ...more });
  const levels = ['elite', 'high', 'medium', 'low'];
  return {
    mttrMinutes: value('incident_mttr_minutes'),
    medianMinutes: value('incident_recovery_quantile_minutes', { quantile: '0.5' }),
    p95Minutes: value('incident_recovery_quantile_minutes', { quantile: '0.95' }),
    baselineMinutes: value('incident_mttr_baseline_minutes'),
    withinTarget: value('incident_within_target_ratio'),
    incidentFree: value('incident_free_ratio'),
    availability: value('incident_availability_ratio'),
    errorBudgetMinutes: value('incident_error_budget_minutes'),
    opened: value('incident_window_opened'),
    resolved: value('incident_window_resolved'),
    level: levels.find((level) => value('incident_performance_level', { level }) === 1),
  };
}

it.each(['7d', '30d', '90d'])('the status page has the very numbers of /metrics, over %s', async (window) => {
  const more = 'availability: { severities: [P1, P2] }';
  const stage = await stageEngine({ incidents: INCIDENTS, more });
  await stage.live(0);

  const page = await stage.scrape();
  const { overall, severities = [], services = [] } = await stage.status(window);

  expect(overall).toEqual(statsOn(page, { by: 'all', window }));
  expect([overall?.availability, overall?.errorBudgetMinutes]).toEqual([expect.any(Number), expect.any(Number)]);
  expect(severities.map(({ name }) => name)).toEqual(['P1', 'P2', 'P3', 'P4', 'P5']);
  for (const { name, title, targetMinutes, objective, openNow, ...stats } of severities) {
    expect(stats).toEqual(statsOn(page, { by: 'severity', window, severity: name }));
    expect(targetMinutes).toBe(page.value('incident_target_minutes', { severity: name }));
    expect(objective).toBe(page.value('incident_target_objective_ratio', { severity: name }));
    expect(openNow).toBe(page.sum('incident_open', { severity: name }));
    expect(title).toBeTypeOf('string');
  }
  expect(services.map(({ name }) => name).toSorted()).toEqual(['checkout', 'search']);
  for (const { name, openNow, level, ...stats } of services) {
    const { level: none, ...shown } = statsOn(page, { by: 'service', window, service: name });
    expect(stats).toEqual(shown);
    expect([openNow, none]).toEqual([page.sum('incident_open', { service: name }), undefined]);
    expect(level).toBe((stats.mttrMinutes ?? 0) < 60 ? 'elite' : 'high');
  }
});

it('severities come worst first, by their rank', async () => {
  const severities = '[{ name: SEV2 }, { name: minor, rank: 9 }, { name: SEV1 }, { name: outage, rank: 0 }]';
  const stage = await stageEngine({
    more: `default_severities: false\nseverities: ${severities}`,
    incidents: INCIDENTS,
  });
  await stage.live(0);

  const { severities: shown = [], availabilityObjective } = await stage.status();

  expect(shown.map(({ name }) => name)).toEqual(['outage', 'SEV1', 'SEV2', 'minor']);
  expect(availabilityObjective).toBeUndefined();
});

it('an alarm that is kept out of every grouping is listed as open and counted in no row', async () => {
  const incidents = INCIDENTS.slice(0, 1);
  const alarm = {
    ...ALARM,
    changes: [
      { atMs: START_MS - 2 * HOUR_MS, state: 'OK' as const },
      { atMs: START_MS - HOUR_MS, state: 'ALARM' as const },
    ],
  };
  const stage = await stageEngine({ incidents, alarms: [alarm] });
  await stage.live(0);

  const { open, services = [], providers } = await stage.status();

  expect(
    open.oldest.map(({ provider, service, severity, dueAtMs = 0, triggeredAtMs }) => [
      provider,
      service,
      severity,
      dueAtMs - triggeredAtMs,
    ]),
  ).toEqual([['aws', 'checkout', 'P1', 30 * MINUTE_MS]]);
  expect(services.map(({ name, openNow }) => [name, openNow])).toEqual([['checkout', 0]]);
  expect(providers.map(({ name, openIncidents }) => [name, openIncidents])).toEqual([
    ['pd', 0],
    ['aws', 1],
  ]);
});

it.each([
  { windows: '[7d, 30d, 90d]', asked: undefined, shown: '30d' },
  { windows: '[7d, 30d, 90d]', asked: '7d', shown: '7d' },
  { windows: '[7d, 30d, 90d]', asked: '8d', shown: '30d' },
  { windows: '[1d, 90d]', asked: undefined, shown: '1d' },
  { windows: '[28d, 90d]', asked: undefined, shown: '28d' },
])('of the windows $windows the page shows $shown when $asked is asked for', async ({ windows, asked, shown }) => {
  const stage = await stageEngine({ more: `windows: ${windows}` });

  const { window } = await stage.status(asked);

  expect(window).toBe(shown);
});

it('a provider is shown with its allowance and with what it has', async () => {
  const stage = await stageEngine({ incidents: INCIDENTS });
  const [before] = (await stage.status()).providers;
  await stage.live(0);

  const [after] = (await stage.status()).providers;

  expect(before).toMatchObject({
    state: 'first sync',
    synced: false,
    heldIncidents: 0,
    allowance: { left: undefined },
  });
  expect(after).toMatchObject({ state: 'up', synced: true, heldIncidents: 6, openIncidents: 2, waitingRecords: 0 });
  expect(after?.allowance).toMatchObject({ requests: 10_000, perMs: 1000 });
  expect(after?.allowance?.left).toBeTypeOf('number');
});

it('a provider that synced and holds nothing is a problem', async () => {
  const stage = await stageEngine();
  await stage.live(0);

  const { issues } = await stage.status();

  expect(issues.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'problem pd adds nothing to any number: it holds no incidents: is it the right account, and can the key read all teams?',
  ]);
});

it('before anything is known there are no rows, and none of zeros', async () => {
  const stage = await stageEngine();

  const { overall, severities, services, trend, open } = await stage.status();

  expect([overall, severities, services, trend]).toEqual([undefined, undefined, undefined, undefined]);
  expect(open).toEqual({ oldest: [], total: 0 });
});
