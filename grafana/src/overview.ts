import { availabilityAtAGlance } from './availability.ts';
import { FEW_REPEATS, LEVELS, MORE_IS_GOOD, NONE_IS_GOOD, SLOWER_IS_BAD } from './colours.ts';
import { buildDashboard, type Section } from './dashboard.ts';
import { incidentsLink } from './links.ts';
import { bars, heatmap, stat, timeline, trend } from './panels.ts';
import {
  change,
  changeOf,
  configured,
  lastResolvedMs,
  levelOfChosen,
  mttr,
  oldestOpenSeconds,
  performanceLevel,
  resolved,
  severityRank,
  shareWithinTarget,
  summed,
  windowed,
} from './promql.ts';
import { table } from './table.ts';
import { incidentVariables } from './variables.ts';

const glance: Section = {
  id: 100,
  title: 'At a glance (MTTR, resolved, change and level: all providers and teams)',
  panels: [
    stat({
      id: 1,
      title: 'Level',
      description:
        'Level of the mean time to recover: elite, high, medium or low, by the bounds that the exporter is configured with (by default below 1 h, 1 d, 7 d). Of everything, or of one chosen severity; the exporter has none for other choices.',
      unit: 'none',
      width: 4,
      mappings: LEVELS,
      queries: [{ expression: levelOfChosen(), legend: 'level' }],
    }),
    stat({
      id: 2,
      title: 'MTTR',
      description:
        'Exact mean time from trigger to resolve of the incidents resolved in the window. Judge it by the number beside it.',
      unit: 'm',
      decimals: 1,
      width: 4,
      queries: [{ expression: mttr, legend: 'MTTR' }],
    }),
    stat({
      id: 3,
      title: 'Resolved (n)',
      description: 'Incidents resolved in the window: what the mean rests on.',
      unit: 'none',
      width: 4,
      queries: [{ expression: resolved, legend: 'resolved' }],
    }),
    stat({
      id: 4,
      title: 'Change',
      description:
        'MTTR of the window compared with the preceding window; above zero is slower. Nothing where history does not reach far enough back, or where services and severities are narrowed both: the exporter has no preceding window of that.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      steps: SLOWER_IS_BAD,
      queries: [{ expression: changeOf(), legend: 'change' }],
    }),
    stat({
      id: 5,
      title: 'Open now',
      description: 'Incidents that are open right now, of the providers that count in every grouping.',
      unit: 'none',
      width: 4,
      steps: NONE_IS_GOOD,
      queries: [{ expression: summed({ metric: 'incident_open', by: [] }), legend: 'open' }],
    }),
    stat({
      id: 6,
      title: 'Oldest open',
      description: 'How long the oldest open incident had been open at the last successful poll of its provider.',
      unit: 's',
      decimals: 0,
      width: 4,
      queries: [{ expression: oldestOpenSeconds([]), legend: 'oldest' }],
    }),
    availabilityAtAGlance,
  ],
};

const severities: Section = {
  id: 101,
  title: 'By severity (all services, providers and teams)',
  panels: [
    table({
      id: 7,
      title: 'Recovery compared with targets',
      description:
        'Mean, median and high quantiles of the time to recover, with the number of incidents (n) that each rests on, the configured target and the share within it. Quantiles are exact. A severity without a target has none.',
      unit: 'm',
      decimals: 1,
      width: 24,
      rows: ['severity'],
      order: severityRank,
      columns: [
        { title: 'Level', expression: performanceLevel('severity'), unit: 'none', decimals: 0, mappings: LEVELS },
        { title: 'MTTR', expression: windowed('incident_mttr_minutes', 'severity') },
        { title: 'n', expression: windowed('incident_window_resolved', 'severity'), unit: 'none', decimals: 0 },
        { title: 'Target', expression: configured('incident_target_minutes'), decimals: 0 },
        {
          title: 'Median',
          expression: windowed('incident_recovery_quantile_minutes', 'severity', { quantile: '0.5' }),
        },
        { title: 'P90', expression: windowed('incident_recovery_quantile_minutes', 'severity', { quantile: '0.9' }) },
        { title: 'P95', expression: windowed('incident_recovery_quantile_minutes', 'severity', { quantile: '0.95' }) },
        {
          title: 'In target',
          expression: windowed('incident_within_target_ratio', 'severity'),
          unit: 'percentunit',
          steps: MORE_IS_GOOD,
        },
        { title: 'Change', expression: change('severity'), unit: 'percentunit', steps: SLOWER_IS_BAD },
        {
          title: 'n before',
          expression: windowed('incident_baseline_resolved', 'severity'),
          unit: 'none',
          decimals: 0,
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
      id: 10,
      title: 'MTTR and targets',
      description:
        'The mean of the window as it was at each moment of the time range, on a logarithmic axis; dashed are the targets, and the grey lines are 5 min, 30 min, 1 h, 4 h, 1 d and 1 w. Choose a longer range for a longer trend.',
      unit: 'm',
      width: 24,
      height: 9,
      isLogarithmic: true,
      dashed: '/target$/',
      queries: [
        { expression: windowed('incident_mttr_minutes', 'severity'), legend: '{{severity}}' },
        { expression: configured('incident_target_minutes'), legend: '{{severity}} target' },
      ],
    }),
    timeline({
      id: 11,
      title: 'Level',
      description: 'Level of each severity as it was at each moment.',
      unit: 'none',
      width: 12,
      mappings: LEVELS,
      queries: [{ expression: performanceLevel('severity'), legend: '{{severity}}' }],
    }),
    trend({
      id: 12,
      title: 'Resolved in the window (n)',
      description: 'How many incidents the means above rest on.',
      unit: 'none',
      width: 12,
      queries: [{ expression: windowed('incident_window_resolved', 'severity'), legend: '{{severity}}' }],
    }),
    heatmap({
      id: 13,
      title: 'Recovery times',
      description:
        'Incidents as they were resolved, by how long they took. With exemplar storage switched on in Prometheus a blue square is one incident, with a link by its incident_id (see the data source).',
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
    trend({
      id: 14,
      title: 'Open by severity',
      description: 'Incidents that were open at each moment, of the providers that count in every grouping.',
      unit: 'none',
      decimals: 0,
      width: 8,
      height: 9,
      queries: [{ expression: summed({ metric: 'incident_open', by: ['severity'] }), legend: '{{severity}}' }],
    }),
    table({
      id: 15,
      title: 'Oldest open',
      description:
        'Where something is open: since how long at the last poll of its provider, and how many. The time leads to the incidents.',
      unit: 's',
      decimals: 0,
      width: 8,
      rows: ['service', 'severity'],
      columns: [
        {
          title: 'Open for',
          expression: oldestOpenSeconds(['service', 'severity']),
          link: incidentsLink('open', ['Service', 'Severity']),
        },
        {
          title: 'Open',
          expression: `${summed({ metric: 'incident_open', by: ['service', 'severity'] })} > 0`,
          unit: 'none',
        },
      ],
      sortedBy: 'Open for',
    }),
    table({
      id: 28,
      title: 'Last resolved',
      description:
        'When the last incident of each service, severity and provider was resolved; the time leads to the resolved incidents there, with links to the platform.',
      unit: 'dateTimeFromNow',
      width: 8,
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
  ],
};

const quality: Section = {
  id: 104,
  title: 'Compliance, frequency and repeats',
  isCollapsed: true,
  panels: [
    bars({
      id: 16,
      title: 'Within target',
      description: 'Share of the incidents resolved in the window that recovered within the target of their severity.',
      unit: 'percentunit',
      decimals: 0,
      width: 8,
      min: 0,
      max: 1,
      steps: MORE_IS_GOOD,
      queries: [{ expression: windowed('incident_within_target_ratio', 'severity'), legend: '{{severity}}' }],
    }),
    bars({
      id: 17,
      title: 'Opened in the window',
      description: 'How many incidents were opened in the window.',
      unit: 'none',
      decimals: 0,
      width: 8,
      min: 0,
      queries: [{ expression: windowed('incident_window_opened', 'severity'), legend: '{{severity}}' }],
    }),
    bars({
      id: 18,
      title: 'Time between failures (MTBF)',
      description: 'Minutes of the window without an open incident of the severity, per incident opened in it.',
      unit: 'm',
      decimals: 1,
      width: 8,
      min: 0,
      queries: [{ expression: windowed('incident_mtbf_minutes', 'severity'), legend: '{{severity}}' }],
    }),
    bars({
      id: 19,
      title: 'Repeats',
      description:
        'Share of the incidents opened in the window whose trouble another one, opened earlier in the window, had too. Much of it means that causes are not removed.',
      unit: 'percentunit',
      decimals: 0,
      width: 6,
      min: 0,
      max: 1,
      steps: FEW_REPEATS,
      queries: [{ expression: windowed('incident_repeat_ratio', 'severity'), legend: '{{severity}}' }],
    }),
    bars({
      id: 20,
      title: 'Incident-free time',
      description: 'Share of the window in which no incident of the severity was open.',
      unit: 'percentunit',
      decimals: 1,
      width: 6,
      min: 0,
      max: 1,
      queries: [{ expression: windowed('incident_free_ratio', 'severity'), legend: '{{severity}}' }],
    }),
    bars({
      id: 21,
      title: 'Escalated',
      description: 'Share of the incidents resolved in the window, of those providers that report escalations.',
      unit: 'percentunit',
      decimals: 0,
      width: 6,
      min: 0,
      max: 1,
      queries: [{ expression: windowed('incident_escalated_ratio', 'severity'), legend: '{{severity}}' }],
    }),
    bars({
      id: 27,
      title: 'Reopened',
      description: 'Share of the incidents resolved in the window, of those providers that report reopenings.',
      unit: 'percentunit',
      decimals: 0,
      width: 6,
      min: 0,
      max: 1,
      queries: [{ expression: windowed('incident_reopened_ratio', 'severity'), legend: '{{severity}}' }],
    }),
    trend({
      id: 22,
      title: 'Opened in an hour',
      description: 'Incidents opened in the hour before each moment, as the exporter received them.',
      unit: 'none',
      decimals: 1,
      width: 12,
      queries: [
        {
          expression: summed({ metric: 'incident_opened_total', by: ['severity'], over: '1h' }),
          legend: '{{severity}}',
        },
      ],
    }),
    trend({
      id: 23,
      title: 'Within target, as resolved',
      description:
        'Share within target of what was resolved in the hour before each moment, counted by the histogram; severities without a target are left out.',
      unit: 'percentunit',
      width: 12,
      queries: [{ expression: shareWithinTarget('1h', ['severity']), legend: '{{severity}}' }],
    }),
  ],
};

const services: Section = {
  id: 105,
  title: 'By service',
  isCollapsed: true,
  panels: [
    table({
      id: 24,
      title: 'Services',
      description: 'Each service in the window, slowest first; its name leads to its dashboard.',
      unit: 'm',
      decimals: 1,
      width: 24,
      rows: ['service'],
      columns: [
        { title: 'MTTR', expression: windowed('incident_mttr_minutes', 'service') },
        { title: 'n', expression: windowed('incident_window_resolved', 'service'), unit: 'none', decimals: 0 },
        { title: 'Median', expression: windowed('incident_recovery_quantile_minutes', 'service', { quantile: '0.5' }) },
        { title: 'P95', expression: windowed('incident_recovery_quantile_minutes', 'service', { quantile: '0.95' }) },
        { title: 'MTTA', expression: windowed('incident_mtta_minutes', 'service') },
        {
          title: 'In target',
          expression: windowed('incident_within_target_ratio', 'service'),
          unit: 'percentunit',
          steps: MORE_IS_GOOD,
        },
        { title: 'Change', expression: change('service'), unit: 'percentunit', steps: SLOWER_IS_BAD },
        { title: 'Free time', expression: windowed('incident_free_ratio', 'service'), unit: 'percentunit' },
      ],
      sortedBy: 'MTTR',
    }),
  ],
};

/** How long recovery takes, and whether it gets better. */
export const overview = buildDashboard({
  name: 'overview',
  description:
    'How long it takes to recover from incidents: by severity, compared with targets and with the preceding window.',
  variables: incidentVariables(),
  sections: [glance, severities, trends, incidents, quality, services],
});
