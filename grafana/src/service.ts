import { MORE_IS_GOOD, NONE_IS_GOOD, SHARE_OF_LIMIT, SLOWER_IS_BAD } from './colours.ts';
import { buildDashboard, type Section } from './dashboard.ts';
import { incidentsLink } from './links.ts';
import { bars, heatmap, stat, trend } from './panels.ts';
import { change, configured, lastResolvedMs, oldestOpenSeconds, severityRank, summed, windowed } from './promql.ts';
import { table } from './table.ts';
import { serviceVariables } from './variables.ts';

const serviceMttr = windowed('incident_mttr_minutes', 'service,severity');
const target = configured('incident_target_minutes');
/** How many times its target the mean of each severity of the service is. */
const ofTarget = `${serviceMttr} / on (severity) group_left () ${target}`;

const glance: Section = {
  id: 100,
  title: 'At a glance (all severities, providers and teams, but for what is open)',
  panels: [
    stat({
      id: 1,
      title: 'MTTR',
      description: 'Exact mean time from trigger to resolve of the incidents of the service resolved in the window.',
      unit: 'm',
      decimals: 1,
      width: 6,
      queries: [{ expression: windowed('incident_mttr_minutes', 'service'), legend: 'MTTR' }],
    }),
    stat({
      id: 2,
      title: 'Resolved (n)',
      description: 'Incidents of the service resolved in the window: what the means rest on.',
      unit: 'none',
      width: 6,
      queries: [{ expression: windowed('incident_window_resolved', 'service'), legend: 'resolved' }],
    }),
    stat({
      id: 3,
      title: 'Change',
      description:
        'MTTR of the window compared with the preceding window; above zero is slower. Nothing where history does not reach far enough back.',
      unit: 'percentunit',
      decimals: 1,
      width: 6,
      steps: SLOWER_IS_BAD,
      queries: [{ expression: change('service'), legend: 'change' }],
    }),
    stat({
      id: 4,
      title: 'Resolved before (n)',
      description: 'Incidents of the service resolved in the preceding window: what the comparison rests on.',
      unit: 'none',
      width: 6,
      queries: [{ expression: windowed('incident_baseline_resolved', 'service'), legend: 'resolved before' }],
    }),
    stat({
      id: 5,
      title: 'MTTA',
      description:
        'Mean time from trigger to the first acknowledgement by a person, of the acknowledged incidents resolved in the window.',
      unit: 'm',
      decimals: 1,
      width: 4,
      queries: [{ expression: windowed('incident_mtta_minutes', 'service'), legend: 'MTTA' }],
    }),
    stat({
      id: 6,
      title: 'Within target',
      description: 'Share of the incidents resolved in the window that recovered within the target of their severity.',
      unit: 'percentunit',
      decimals: 0,
      width: 4,
      steps: MORE_IS_GOOD,
      queries: [{ expression: windowed('incident_within_target_ratio', 'service'), legend: 'within target' }],
    }),
    stat({
      id: 7,
      title: 'Incident-free time',
      description: 'Share of the window in which no incident of the service was open.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      queries: [{ expression: windowed('incident_free_ratio', 'service'), legend: 'free' }],
    }),
    stat({
      id: 8,
      title: 'Opened',
      description: 'Incidents of the service opened in the window.',
      unit: 'none',
      width: 4,
      queries: [{ expression: windowed('incident_window_opened', 'service'), legend: 'opened' }],
    }),
    stat({
      id: 9,
      title: 'Open now',
      description: 'Incidents of the service that are open right now.',
      unit: 'none',
      width: 4,
      steps: NONE_IS_GOOD,
      queries: [{ expression: summed({ metric: 'incident_open', by: [] }), legend: 'open' }],
    }),
    stat({
      id: 10,
      title: 'Oldest open',
      description:
        'How long the oldest open incident of the service had been open at the last successful poll of its provider; zero where none is open.',
      unit: 's',
      decimals: 0,
      width: 4,
      queries: [
        {
          expression: `${oldestOpenSeconds([])} or on () 0 * ${summed({ metric: 'incident_open', by: [] })}`,
          legend: 'oldest',
        },
      ],
    }),
  ],
};

const severities: Section = {
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
      width: 24,
      rows: ['severity'],
      order: severityRank,
      columns: [
        { title: 'MTTR', expression: `max by (severity) (${serviceMttr})` },
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
  ],
};

const trends: Section = {
  id: 102,
  title: 'Trend',
  panels: [
    trend({
      id: 13,
      title: 'MTTR, median and P95',
      description:
        'Of the window as it was at each moment of the time range; dashed is the mean of the preceding window.',
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
        { expression: windowed('incident_mttr_baseline_minutes', 'service'), legend: 'MTTR before' },
      ],
    }),
    trend({
      id: 14,
      title: 'Opened and resolved in the window (n)',
      description: 'How many incidents the lines beside this panel rest on.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 9,
      queries: [
        { expression: windowed('incident_window_opened', 'service'), legend: 'opened' },
        { expression: windowed('incident_window_resolved', 'service'), legend: 'resolved' },
      ],
    }),
    heatmap({
      id: 15,
      title: 'Recovery times',
      description:
        'Incidents of the service as they were resolved, by how long they took. With exemplar storage switched on in Prometheus a blue square is one incident, with a link by its incident_id (see the data source).',
      unit: 'm',
      width: 24,
      queries: [
        {
          expression: summed({ metric: 'incident_recovery_time_minutes_bucket', by: ['le'], over: '$__rate_interval' }),
          legend: '{{le}}',
        },
      ],
    }),
  ],
};

const incidents: Section = {
  id: 103,
  title: 'Incidents',
  panels: [
    bars({
      id: 16,
      title: 'Open now by status',
      description: 'Incidents of the service that are open right now, by the status that the platform gives them.',
      unit: 'none',
      decimals: 0,
      width: 8,
      min: 0,
      steps: NONE_IS_GOOD,
      queries: [{ expression: summed({ metric: 'incident_open', by: ['status'] }), legend: '{{status}}' }],
    }),
    trend({
      id: 17,
      title: 'Open by severity',
      description: 'Incidents of the service that were open at each moment.',
      unit: 'none',
      decimals: 0,
      width: 8,
      queries: [{ expression: summed({ metric: 'incident_open', by: ['severity'] }), legend: '{{severity}}' }],
    }),
    bars({
      id: 18,
      title: 'Opened in the time range',
      description: 'Incidents of the service opened in the time range of the dashboard, as the exporter received them.',
      unit: 'none',
      decimals: 0,
      width: 8,
      min: 0,
      queries: [
        {
          expression: summed({ metric: 'incident_opened_total', by: ['severity'], over: '$__range' }),
          legend: '{{severity}}',
        },
      ],
    }),
    table({
      id: 19,
      title: 'Last resolved',
      description:
        'When the last incident of the service was resolved, by severity and provider; the time leads to the resolved incidents there, with links to the platform.',
      unit: 'dateTimeFromNow',
      width: 12,
      height: 8,
      rows: ['service', 'severity', 'provider'],
      columns: [
        {
          title: 'Resolved',
          expression: lastResolvedMs(['service', 'severity', 'provider']),
          link: incidentsLink('resolved', ['Service', 'Severity', 'Provider']),
        },
      ],
      sortedBy: 'Resolved',
    }),
    trend({
      id: 20,
      title: 'MTTR and that of all services',
      description: 'The mean of the service, and dashed the mean of all incidents.',
      unit: 'm',
      width: 12,
      dashed: '/^all services$/',
      queries: [
        { expression: windowed('incident_mttr_minutes', 'service'), legend: '{{service}}' },
        { expression: windowed('incident_mttr_minutes', 'all'), legend: 'all services' },
      ],
    }),
  ],
};

/** One service: how long its incidents take, what is open, and what is new. */
export const service = buildDashboard({
  name: 'service',
  description: 'Recovery of one service: by severity, over time, and compared with all others.',
  variables: serviceVariables(),
  sections: [glance, severities, trends, incidents],
});
