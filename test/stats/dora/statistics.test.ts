import { describe, expect, it } from 'vitest';
import { DEPLOYMENT_FLAGS, type DeploymentLabels, type DeploymentSummary } from '../../../src/model/deployment.ts';
import type { IncidentSummary } from '../../../src/model/stored.ts';
import { levelValues } from '../../../src/stats/dora/group.ts';
import { type BlamingIncident, type DoraSettings, findLevel, LEVEL_METRICS } from '../../../src/stats/dora/rows.ts';
import { createDoraStatistics } from '../../../src/stats/dora/statistics.ts';
import { LEVELS } from '../../../src/stats/rows.ts';
import {
  blaming,
  DAY_MS,
  deployment,
  deploymentLabels,
  doraProvider,
  doraSettings,
  HOUR_MS,
  MINUTE_MS,
  NOW_MS,
  toMap,
} from './stage.ts';

interface Case {
  readonly deployments: readonly DeploymentSummary[];
  readonly incidents?: readonly BlamingIncident[];
  readonly settings?: Partial<DoraSettings>;
  readonly subjects?: Readonly<Record<number, DeploymentLabels>>;
  readonly providers?: readonly ReturnType<typeof doraProvider>[];
}

function compute({ deployments, incidents = [], settings = {}, subjects = {}, providers }: Case) {
  const chosen = doraSettings(settings);
  const statistics = createDoraStatistics({
    settings: chosen,
    labels: (row) => subjects[row] ?? deploymentLabels(),
    toBlaming: ({ row }) => incidents.find((incident) => incident.row === row),
  });
  const ofIncidents = doraProvider('pagerduty', { policy: undefined });
  for (const provider of [...(providers ?? [doraProvider('github')]), ofIncidents]) statistics.advance(provider);
  for (const one of deployments) statistics.put(one);
  for (const { row } of incidents) statistics.putIncident({ row } as IncidentSummary);
  statistics.rebuild();
  return { statistics, rows: toMap(statistics.rows(), chosen), all: toMap(statistics.rows(), chosen).get('all@30d') };
}

const failure = (row: number, agoMs: number, changes: Partial<DeploymentSummary> = {}) =>
  deployment(row, agoMs, { outcome: 'failure', ...changes });
const daily = (count: number) => Array.from({ length: count }, (_, day) => deployment(day + 1, (count - day) * DAY_MS));

describe('worked examples that others published', () => {
  // https://gitlab.com/gitlab-org/gitlab/-/issues/444295: ten deployments, one a day.
  it.each([
    { says: 'an incident on the first and on the last day: 0.2', days: [10, 1], ratio: 0.2 },
    { says: 'two incidents on the first day: 0.1', days: [10, 10], ratio: 0.1 },
  ])('GitLab: $says', ({ days, ratio }) => {
    const incidents = days.map((day, at) => blaming(at + 1, day * DAY_MS - (at + 1) * HOUR_MS, HOUR_MS));

    const { all } = compute({ deployments: daily(10), incidents });

    expect(all).toMatchObject({ deployments: 10, changeFailure: ratio });
  });

  it('GitLab: twenty incidents after the first of twenty releases are 1/20, not 20/20', () => {
    const incidents = Array.from({ length: 20 }, (_, at) => blaming(at + 1, 20 * DAY_MS - (at + 1) * HOUR_MS, HOUR_MS));

    const { all } = compute({ deployments: daily(20), incidents });

    expect(all).toMatchObject({ failures: 1, changeFailure: 1 / 20, recoveries: 1 });
  });
});

describe('a failed change', () => {
  it.each([
    { says: 'a failure', deployments: [failure(1, DAY_MS)], failures: 1 },
    { says: 'no cancelled one', deployments: [deployment(1, DAY_MS, { outcome: 'cancelled' })], failures: 0 },
    {
      says: 'the one that a rollback takes back, not the rollback, nor those before',
      deployments: [
        deployment(1, 4 * DAY_MS),
        deployment(2, 3 * DAY_MS),
        deployment(3, 2 * DAY_MS, { flags: DEPLOYMENT_FLAGS.rollback }),
      ],
      failures: 1,
    },
    {
      says: 'each failure of a chain',
      deployments: [failure(1, 3 * HOUR_MS), failure(2, 2 * HOUR_MS), deployment(3, HOUR_MS)],
      failures: 2,
    },
    { says: 'a flaky one', deployments: [failure(1, HOUR_MS), deployment(2, HOUR_MS - MINUTE_MS)], failures: 1 },
    { says: 'an expired one', deployments: [failure(1, 20 * DAY_MS), deployment(2, HOUR_MS)], failures: 1 },
  ])('is $says', ({ deployments, failures }) => {
    const { all } = compute({ deployments });

    expect(all).toMatchObject({ failures });
  });

  it.each([
    { says: 'at the end of the deployment', agoMs: 2 * DAY_MS, failures: 1 },
    { says: 'just within incident_within', agoMs: DAY_MS, failures: 1 },
    { says: 'just after incident_within', agoMs: DAY_MS - 1, failures: 0 },
    { says: 'before the deployment', agoMs: 2 * DAY_MS + 1, failures: 0 },
  ])('is one with an incident $says: $failures', ({ agoMs, failures }) => {
    const { all } = compute({ deployments: [deployment(1, 2 * DAY_MS)], incidents: [blaming(1, agoMs)] });

    expect(all).toMatchObject({ failures });
  });

  it('an incident blames the deployment that was live, not the one before', () => {
    const deployments = [deployment(1, 3 * HOUR_MS), deployment(2, 2 * HOUR_MS)];

    const { statistics } = compute({ deployments, incidents: [blaming(1, 2 * HOUR_MS)] });

    expect(statistics.facts(1)?.reasons).toEqual([]);
    expect(statistics.facts(2)?.reasons).toEqual(['incident']);
  });

  it('two repositories with one service are both live', () => {
    const subjects = { 2: deploymentLabels({ repository: 'acme/checkout-old' }) };
    const deployments = [deployment(1, 3 * HOUR_MS), deployment(2, 2 * HOUR_MS, { subjectRow: 2 })];

    const { rows } = compute({ deployments, subjects, incidents: [blaming(1, HOUR_MS, MINUTE_MS)] });

    expect(rows.get('service checkout@30d')).toMatchObject({ deployments: 2, failures: 2, recoveries: 2 });
  });

  it('an incident blames by the newest name of its service', () => {
    let service = 'Checkout (old)';
    const statistics = createDoraStatistics({
      settings: doraSettings(),
      labels: () => deploymentLabels(),
      toBlaming: () => blaming(1, HOUR_MS, MINUTE_MS, service),
    });
    for (const name of ['github', 'pagerduty']) statistics.advance(doraProvider(name));
    statistics.put(deployment(1, 2 * HOUR_MS));
    statistics.putIncident({ row: 1 } as IncidentSummary);
    statistics.rebuild();
    const before = statistics.facts(1)?.reasons;

    service = 'checkout';
    statistics.rebuild();

    expect([before, statistics.facts(1)?.reasons]).toEqual([[], ['incident']]);
  });

  it('counts only for the reasons that are configured', () => {
    const deployments = [failure(1, 3 * DAY_MS), deployment(2, 2 * DAY_MS)];
    const incidents = [blaming(1, 2 * DAY_MS - 1, HOUR_MS)];

    const { all } = compute({ deployments, incidents, settings: { failureFrom: ['rollback'] } });

    expect(all).toMatchObject({ failures: 0, recoveries: 0, changeFailure: 0 });
  });
});

describe('the recovery', () => {
  it.each([
    {
      says: 'of a chain goes from the first failure to the success',
      deployments: [failure(1, 3 * HOUR_MS), failure(2, 2 * HOUR_MS), deployment(3, HOUR_MS)],
      expected: { recoveries: 1, recoveryMean: 120 },
    },
    {
      says: 'that is flaky is in no statistic',
      deployments: [failure(1, HOUR_MS), deployment(2, HOUR_MS - 4 * MINUTE_MS)],
      expected: { recoveries: 0 },
    },
    {
      says: 'of five minutes is not flaky',
      deployments: [failure(1, HOUR_MS), deployment(2, HOUR_MS - 5 * MINUTE_MS)],
      expected: { recoveries: 1, recoveryMean: 5 },
    },
    {
      says: 'that has expired is in no statistic',
      deployments: [failure(1, 8 * DAY_MS), deployment(2, DAY_MS - 1)],
      expected: { recoveries: 0 },
    },
    {
      says: 'of a rolled back deployment ends with the rollback, whatever incidents it caused',
      deployments: [deployment(1, 2 * HOUR_MS), deployment(2, HOUR_MS, { flags: DEPLOYMENT_FLAGS.rollback })],
      incidents: [blaming(1, 2 * HOUR_MS - MINUTE_MS, MINUTE_MS)],
      expected: { recoveries: 1, recoveryMean: 60 },
    },
    {
      says: 'of a deployment with several incidents is that of the first',
      deployments: [deployment(1, 10 * HOUR_MS)],
      incidents: [blaming(2, 8 * HOUR_MS, 7 * MINUTE_MS), blaming(1, 9 * HOUR_MS, 40 * MINUTE_MS)],
      expected: { failures: 1, recoveries: 1, recoveryMean: 40 },
    },
    {
      says: 'counts in the window in which it ended, the failure in that of its deployment',
      deployments: [failure(1, 32 * DAY_MS), deployment(2, 29 * DAY_MS)],
      expected: { deployments: 1, failures: 0, recoveries: 1, recoveryMean: 3 * 24 * 60 },
    },
  ])('$says', ({ deployments, incidents = [], expected }) => {
    const { all } = compute({ deployments, incidents });

    expect(all).toMatchObject(expected);
    expect('recoveryMean' in (all ?? {})).toBe(expected.recoveries > 0);
  });
});

describe('lead time', () => {
  const changes = [1, 2, 3, 4].map((hours) => ({ authoredAtMs: NOW_MS - DAY_MS - hours * HOUR_MS }));

  it('is over the changes of the deployments of the window, those authored later left out', () => {
    const later = { authoredAtMs: NOW_MS - DAY_MS + 1 };

    const { all } = compute({ deployments: [deployment(1, DAY_MS, { changes: [...changes, later] })] });

    expect(all).toMatchObject({ changes: 4, leadTimeMean: 150, leadTimeMedian: 150, leadTime90: 60 * 3.7 });
  });

  it('begins with the first commit of the pull request, with means of the stages', () => {
    const policy = { openWindowMs: undefined, flakyBelowMs: 0, leadTime: 'pull_requests' as const };
    const endMs = NOW_MS - DAY_MS;
    const pullRequest = {
      authoredAtMs: endMs - HOUR_MS,
      firstCommitAtMs: endMs - 10 * HOUR_MS,
      openedAtMs: endMs - 6 * HOUR_MS,
      mergedAtMs: endMs - HOUR_MS,
    };
    const direct = { authoredAtMs: endMs - 2 * HOUR_MS };

    const { all } = compute({
      deployments: [deployment(1, DAY_MS, { changes: [pullRequest, direct] })],
      providers: [doraProvider('github', { policy })],
    });

    expect(all).toMatchObject({ changes: 2, leadTimeMean: 360, coding: 240, review: 300, deployment: 60 });
  });

  it('is absent where changes are not read', () => {
    const policy = { openWindowMs: undefined, flakyBelowMs: 0, leadTime: 'off' as const };

    const { all } = compute({
      deployments: [deployment(1, DAY_MS, { changes })],
      providers: [doraProvider('github', { policy })],
    });

    expect(all).toMatchObject({ deployments: 1, changes: 0 });
    expect(all).not.toHaveProperty('leadTimeMean');
  });
});

describe('rework', () => {
  it.each([
    { says: 'a hot-fix branch', deployments: [deployment(1, HOUR_MS, { ref: 'hotfix/login' })], rework: 1 },
    { says: 'a full ref', deployments: [deployment(1, HOUR_MS, { ref: 'refs/heads/revert-7' })], rework: 1 },
    { says: 'another branch', deployments: [deployment(1, HOUR_MS, { ref: 'main' })], rework: 0 },
    {
      says: 'the success that ends a flaky failure',
      deployments: [failure(1, HOUR_MS), deployment(2, HOUR_MS - 1)],
      rework: 0.5,
    },
    {
      says: 'a rollback',
      deployments: [deployment(1, 2 * HOUR_MS), deployment(2, HOUR_MS, { flags: DEPLOYMENT_FLAGS.rollback })],
      rework: 0.5,
    },
  ])('$says: $rework', ({ deployments, rework }) => {
    const { all } = compute({ deployments });

    expect(all).toMatchObject({ rework });
  });
});

describe('windows', () => {
  it('include their end and not their start', () => {
    const deployments = [deployment(1, 0), deployment(2, 30 * DAY_MS - 1), deployment(3, 30 * DAY_MS)];

    expect(compute({ deployments }).all).toMatchObject({ deployments: 2 });
  });

  it('end where each provider was read; a row of several covers what all of them cover', () => {
    const subjects = { 2: deploymentLabels({ provider: 'gitlab', service: 'search' }) };
    const providers = [
      doraProvider('github', { historyStartMs: NOW_MS - 10 * DAY_MS }),
      doraProvider('gitlab', { endMs: NOW_MS - 2 * DAY_MS }),
    ];
    const deployments = [
      ...[1, 5, 9].map((days) => deployment(days, days * DAY_MS)),
      // The first is younger than what was read; the last is older than what both cover.
      ...[1, 3, 31].map((days) => deployment(days + 100, days * DAY_MS, { subjectRow: 2 })),
    ];

    const { rows } = compute({ deployments, subjects, providers });

    expect(rows.get('provider github@30d')).toMatchObject({ deployments: 3, frequencyPerDay: 0.3 });
    expect(rows.get('provider gitlab@30d')).toMatchObject({ deployments: 2, frequencyPerDay: 2 / 30 });
    expect(rows.get('all@30d')).toMatchObject({ deployments: 5, frequencyPerDay: 3 / 8 });
  });

  it('have a baseline only where history begins 30 days before it', () => {
    const deployments = [deployment(1, 31 * DAY_MS), failure(2, 32 * DAY_MS)];
    const providerWith = (days: number) => [doraProvider('github', { historyStartMs: NOW_MS - days * DAY_MS })];

    expect(compute({ deployments, providers: providerWith(89) }).all).not.toHaveProperty('changeFailureBaseline');
    expect(compute({ deployments, providers: providerWith(90) }).all).toMatchObject({
      frequencyBaseline: 1 / 30,
      changeFailureBaseline: 0.5,
      recoveryBaseline: 24 * 60,
    });
  });

  it('say nothing of what rests on too few, and zero only of counts and frequency', () => {
    const { all } = compute({ deployments: daily(4), settings: { minimumSample: 5 } });

    expect(all).toEqual({
      deployments: 4,
      changes: 0,
      failures: 0,
      recoveries: 0,
      frequencyPerDay: 4 / 30,
      frequencyBaseline: 0,
      deploymentFrequencyLevel: 2,
    });
    expect(compute({ deployments: daily(5), settings: { minimumSample: 5 } }).all).toMatchObject({
      changeFailure: 0,
      rework: 0,
    });
  });

  it('count only the configured environments, of providers whose first sync is complete', () => {
    const subjects = {
      2: deploymentLabels({ environment: 'staging', platformEnvironment: 'staging' }),
      3: deploymentLabels({ provider: 'not synced', service: 'search' }),
    };
    const deployments = [2, 3].map((row) => deployment(row, HOUR_MS, { subjectRow: row }));

    const { rows } = compute({ deployments, subjects });

    expect([...rows.keys()]).toEqual(['all@30d']);
    expect(rows.get('all@30d')).toMatchObject({ deployments: 0 });
  });
});

describe('levels', () => {
  const at = (perDay: number, minutes: number, changeFailure: number, recovery: number) => ({
    perDay,
    minutes,
    changeFailure,
    recovery,
  });
  const dayMinutes = 24 * 60;

  it.each([
    { ...at(1, dayMinutes - 1, 0.15, 59), level: 'elite' },
    { ...at(1 / 7, dayMinutes, 0.3, 60), level: 'high' },
    { ...at(1 / 30, 7 * dayMinutes, 0.45, dayMinutes), level: 'medium' },
    { ...at(1 / 31, 30 * dayMinutes, 0.46, 7 * dayMinutes), level: 'low' },
  ])('$level: $perDay a day, lead time $minutes min, failure $changeFailure, recovery $recovery min', (given) => {
    const levels = levelValues(
      {
        frequencyPerDay: given.perDay,
        leadTimeMedian: given.minutes,
        changeFailure: given.changeFailure,
        recoveryMedian: given.recovery,
      },
      doraSettings().levels,
    );

    expect(Object.values(levels).map((index) => LEVELS[index])).toEqual(LEVEL_METRICS.map(() => given.level));
  });

  it('overall is the worst of the four, and unknown while one of them is', () => {
    const deployments = Array.from({ length: 30 }, (_, day) => deployment(day + 1, day * DAY_MS));
    const { statistics } = compute({ deployments });
    const values = statistics.rows()[0]?.values[0];

    expect(values && LEVEL_METRICS.map((metric) => findLevel(values, metric))).toEqual([
      'elite',
      undefined,
      'elite',
      undefined,
      undefined,
    ]);
  });
});

describe('the newest deployments', () => {
  it('say when the last of each outcome ended, and whether it fails now, per environment', () => {
    const subjects = { 2: deploymentLabels({ environment: 'staging', platformEnvironment: 'staging' }) };
    const deployments = [
      deployment(1, 3 * HOUR_MS),
      failure(2, 2 * HOUR_MS),
      deployment(3, HOUR_MS, { outcome: 'cancelled' }),
      deployment(4, HOUR_MS, { subjectRow: 2 }),
    ];

    const { statistics } = compute({ deployments, subjects });

    const labels = { provider: 'github', service: 'checkout' };
    const lastAtMs = { success: NOW_MS - 3 * HOUR_MS, failure: NOW_MS - 2 * HOUR_MS, cancelled: NOW_MS - HOUR_MS };
    expect(statistics.states()).toEqual([
      { ...labels, environment: 'production', lastAtMs, isFailing: true },
      {
        ...labels,
        environment: 'staging',
        lastAtMs: { success: NOW_MS - HOUR_MS, failure: undefined, cancelled: undefined },
        isFailing: false,
      },
    ]);
  });
});
