import { SHARE_OF_LIMIT } from '../colours.ts';
import { configured, summed, windowed } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';
import { table } from '../table.ts';

const { bars, trend, heatmap } = kindsOf('service');

const mttr = windowed('incident_mttr_minutes', 'service,severity');
const target = configured('incident_target_minutes');
/** How many times its target the mean of each severity of the service is. */
const ofTarget = `${mttr} / on (severity) group_left () ${target}`;

/** The service by severity. */
export const severities: Section = {
  id: 101,
  title: 'By severity',
  panels: [
    table({
      id: 11,
      title: 'MTTR by severity',
      description:
        'Mean time to recover of each severity of the service, with the number of incidents (n) that it rests on. Quantiles per service and severity need metrics.detail: full.',
      unit: 'm',
      decimals: 1,
      width: 12,
      from: 'service',
      link: 'targets',
      rows: ['severity'],
      columns: [
        { title: 'MTTR', expression: `max by (severity) (${mttr})` },
        {
          title: 'n',
          expression: `max by (severity) (${windowed('incident_window_resolved', 'service,severity')})`,
          unit: 'none',
          decimals: 0,
        },
        { title: 'Target', expression: target, decimals: 0 },
        {
          title: 'Of target',
          expression: `max by (severity) (${ofTarget})`,
          unit: 'percentunit',
          decimals: 0,
          steps: SHARE_OF_LIMIT,
        },
      ],
    }),
    bars({
      id: 12,
      title: 'MTTR as a share of its target',
      description: 'Above 100 % the mean recovery of the severity misses its target.',
      unit: 'percentunit',
      decimals: 0,
      width: 12,
      height: 9,
      min: 0,
      steps: SHARE_OF_LIMIT,
      queries: [{ expression: ofTarget, legend: '{{severity}}' }],
      link: 'targets',
    }),
  ],
};

/** The service over time. */
export const trends: Section = {
  id: 102,
  title: 'Trend',
  panels: [
    trend({
      id: 13,
      title: 'MTTR, median and P95',
      description: 'Of the window as it was at each moment of the time range; dashed is the mean of the window before.',
      unit: 'm',
      width: 12,
      height: 9,
      dashed: '/before$/',
      queries: [
        { expression: windowed('incident_mttr_minutes', 'service'), legend: 'MTTR' },
        {
          expression: windowed('incident_recovery_quantile_minutes', 'service', { quantile: '0.5' }),
          legend: 'median',
        },
        { expression: windowed('incident_recovery_quantile_minutes', 'service', { quantile: '0.95' }), legend: 'P95' },
        { expression: windowed('incident_mttr_baseline_minutes', 'service'), legend: 'MTTR of the window before' },
      ],
      link: 'overview',
    }),
    trend({
      id: 14,
      title: 'Opened and resolved in the window (n)',
      description: 'How many incidents the lines beside it rest on.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 9,
      queries: [
        { expression: windowed('incident_window_opened', 'service'), legend: 'opened' },
        { expression: windowed('incident_window_resolved', 'service'), legend: 'resolved' },
      ],
      link: 'overview',
    }),
    heatmap({
      id: 15,
      title: 'Recovery times',
      description:
        'Incidents of the service as they were resolved, by how long they took. With exemplar storage switched on in Prometheus a diamond is one incident, and its incident_id leads to it at the platform (see the data source).',
      unit: 'm',
      width: 24,
      queries: [
        {
          expression: summed({ metric: 'incident_recovery_time_minutes_bucket', by: ['le'], over: '$__rate_interval' }),
          legend: '{{le}}',
        },
      ],
      link: 'overview',
    }),
  ],
};
