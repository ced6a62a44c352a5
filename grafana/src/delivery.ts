import { LEVELS, MORE_FAILURES_ARE_BAD } from './colours.ts';
import { buildDashboard, type Section } from './dashboard.ts';
import { bars, stat, trend } from './panels.ts';
import { deliveryLevel, deployed, failingSince, windowed } from './promql.ts';
import { table } from './table.ts';
import { deliveryVariables } from './variables.ts';

const UNREAD = 'no provider of deployments';
const MEDIAN = { quantile: '0.5' } as const;

const keys: Section = {
  id: 100,
  title: 'The four keys and rework (all services, teams and providers)',
  panels: [
    stat({
      id: 1,
      title: 'Deployments per day',
      description: 'Successful deployments per day of the covered window.',
      unit: 'none',
      decimals: 2,
      width: 4,
      emptyText: UNREAD,
      queries: [{ expression: windowed('dora_deployment_frequency_per_day', 'all'), legend: 'per day' }],
    }),
    stat({
      id: 2,
      title: 'Lead time',
      description: 'Median time from commit to production of the changes that were first deployed in the window.',
      unit: 'm',
      decimals: 1,
      width: 4,
      queries: [{ expression: windowed('dora_lead_time_quantile_minutes', 'all', MEDIAN), legend: 'median' }],
    }),
    stat({
      id: 3,
      title: 'Change failure',
      description:
        'Share of the deployments finished in the window that failed, were rolled back or were followed by an incident.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      queries: [{ expression: windowed('dora_change_failure_ratio', 'all'), legend: 'failed' }],
    }),
    stat({
      id: 4,
      title: 'Recovery time',
      description: 'Median time to recover of the failed deployments that recovered in the window.',
      unit: 'm',
      decimals: 1,
      width: 4,
      queries: [{ expression: windowed('dora_recovery_time_quantile_minutes', 'all', MEDIAN), legend: 'median' }],
    }),
    stat({
      id: 5,
      title: 'Rework',
      description:
        'Share of the deployments finished in the window that repaired: rollbacks, hot fixes, and successes after failures.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      queries: [{ expression: windowed('dora_rework_ratio', 'all'), legend: 'rework' }],
    }),
    stat({
      id: 6,
      title: 'Level',
      description: 'The worst of the four levels, once all of them are known.',
      unit: 'none',
      width: 4,
      mappings: LEVELS,
      queries: [{ expression: deliveryLevel('all', 'overall'), legend: 'level' }],
    }),
    stat({
      id: 7,
      title: 'Levels of the four keys',
      description: 'The level that each of the four keys reaches in the window (dora.levels).',
      unit: 'none',
      width: 24,
      mappings: LEVELS,
      queries: [
        { expression: deliveryLevel('all', 'deployment_frequency'), legend: 'deployment frequency' },
        { expression: deliveryLevel('all', 'lead_time'), legend: 'lead time' },
        { expression: deliveryLevel('all', 'change_failure'), legend: 'change failure' },
        { expression: deliveryLevel('all', 'recovery_time'), legend: 'recovery time' },
      ],
    }),
  ],
};

/** A key over time with what it was in the window before. */
function keyTrend(spec: {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly now: string;
  readonly before: string;
}) {
  const { now, before, description, ...rest } = spec;
  return trend({
    ...rest,
    description: `${description} Dashed: the preceding window, where history reaches far enough back.`,
    width: 12,
    dashed: 'before',
    queries: [
      { expression: now, legend: 'now' },
      { expression: before, legend: 'before' },
    ],
  });
}

const trends: Section = {
  id: 101,
  title: 'Trend (all services, teams and providers)',
  panels: [
    keyTrend({
      id: 10,
      title: 'Deployments per day, over time',
      description: 'Successful deployments per day of the covered window.',
      unit: 'none',
      now: windowed('dora_deployment_frequency_per_day', 'all'),
      before: windowed('dora_deployment_frequency_baseline_per_day', 'all'),
    }),
    keyTrend({
      id: 11,
      title: 'Lead time, over time',
      description: 'Median time from commit to production.',
      unit: 'm',
      now: windowed('dora_lead_time_quantile_minutes', 'all', MEDIAN),
      before: windowed('dora_lead_time_baseline_minutes', 'all'),
    }),
    keyTrend({
      id: 12,
      title: 'Change failure, over time',
      description: 'Share of the deployments that failed.',
      unit: 'percentunit',
      now: windowed('dora_change_failure_ratio', 'all'),
      before: windowed('dora_change_failure_baseline_ratio', 'all'),
    }),
    keyTrend({
      id: 13,
      title: 'Recovery time, over time',
      description: 'Median time to recover of failed deployments.',
      unit: 'm',
      now: windowed('dora_recovery_time_quantile_minutes', 'all', MEDIAN),
      before: windowed('dora_recovery_time_baseline_minutes', 'all'),
    }),
  ],
};

const services: Section = {
  id: 102,
  title: 'By service (all teams and providers)',
  panels: [
    table({
      id: 20,
      title: 'The four keys by service',
      description: 'Lead time and recovery time are medians; what rests on too few is empty (dora.minimum_sample).',
      unit: 'm',
      decimals: 1,
      width: 24,
      emptyText: UNREAD,
      rows: ['service'],
      columns: [
        {
          title: 'Per day',
          expression: windowed('dora_deployment_frequency_per_day', 'service'),
          unit: 'none',
          decimals: 2,
        },
        { title: 'Lead time', expression: windowed('dora_lead_time_quantile_minutes', 'service', MEDIAN) },
        {
          title: 'Change failure',
          expression: windowed('dora_change_failure_ratio', 'service'),
          unit: 'percentunit',
          steps: MORE_FAILURES_ARE_BAD,
        },
        { title: 'Recovery time', expression: windowed('dora_recovery_time_quantile_minutes', 'service', MEDIAN) },
        { title: 'Rework', expression: windowed('dora_rework_ratio', 'service'), unit: 'percentunit' },
        { title: 'Level', expression: deliveryLevel('service', 'overall'), unit: 'none', mappings: LEVELS },
      ],
      sortedBy: 'Per day',
    }),
    table({
      id: 21,
      title: 'What the numbers of a service rest on',
      description: 'How many deployments, changes, failed deployments and recoveries there were in the window.',
      unit: 'none',
      width: 24,
      emptyText: UNREAD,
      rows: ['service'],
      columns: [
        { title: 'Deployments', expression: windowed('dora_window_deployments', 'service') },
        { title: 'Changes', expression: windowed('dora_window_changes', 'service') },
        { title: 'Failed', expression: windowed('dora_window_failures', 'service') },
        { title: 'Recovered', expression: windowed('dora_window_recoveries', 'service') },
      ],
      sortedBy: 'Deployments',
    }),
  ],
};

const now: Section = {
  id: 103,
  title: 'Now, and where the time goes',
  panels: [
    table({
      id: 30,
      title: 'Failing now',
      description: 'Where the newest deployment failed and nothing recovered it, with the time of that failure.',
      unit: 'dateTimeAsIso',
      width: 12,
      emptyText: 'nothing fails',
      rows: ['provider', 'service', 'environment'],
      columns: [{ title: 'Failed at', expression: failingSince }],
      sortedBy: 'Failed at',
    }),
    bars({
      id: 31,
      title: 'Stages of the lead time (all services)',
      description:
        'Mean time from first commit to pull request, to merge, and to production; only with lead_time: pull_requests.',
      unit: 'm',
      decimals: 1,
      width: 12,
      height: 9,
      min: 0,
      emptyText: 'pull requests are not read',
      queries: [{ expression: windowed('dora_lead_time_stage_minutes', 'all', {}, ['stage']), legend: '{{stage}}' }],
    }),
    trend({
      id: 32,
      title: 'Deployments that ended, by outcome',
      description: 'How many deployments of the chosen providers and services ended in each step.',
      unit: 'none',
      width: 24,
      queries: [{ expression: deployed('$__rate_interval'), legend: '{{outcome}}' }],
    }),
  ],
};

export const delivery = buildDashboard({
  name: 'delivery',
  description:
    'How often is deployed, how long changes take, how many deployments fail and how fast they recover: the four DORA keys and rework, by service.',
  variables: deliveryVariables(),
  sections: [keys, trends, services, now],
});
