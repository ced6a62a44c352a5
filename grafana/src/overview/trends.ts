import { LEVELS } from '../colours.ts';
import { configured, level, oldestOpenSeconds, summed, windowed } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';
import { table } from '../table.ts';

const { trend, timeline, heatmap } = kindsOf('overview');

/** How it went, and each recovery. */
export const trends: Section = {
  id: 102,
  title: 'Trend',
  panels: [
    trend({
      id: 10,
      title: 'MTTR and targets',
      description:
        'The mean of the window as it was at each moment of the time range; dashed are the targets. Choose a longer range for a longer trend.',
      unit: 'm',
      width: 24,
      height: 9,
      dashed: '/target$/',
      queries: [
        { expression: windowed('incident_mttr_minutes', 'severity'), legend: '{{severity}}' },
        { expression: configured('incident_target_minutes'), legend: '{{severity}} target' },
      ],
      link: 'targets',
    }),
    timeline({
      id: 11,
      title: 'Level',
      description: 'Level of each severity as it was at each moment.',
      unit: 'none',
      width: 12,
      mappings: LEVELS,
      queries: [{ expression: level('severity'), legend: '{{severity}}' }],
      link: 'targets',
    }),
    trend({
      id: 12,
      title: 'Resolved in the window (n)',
      description: 'How many incidents the means beside it rest on.',
      unit: 'none',
      width: 12,
      queries: [{ expression: windowed('incident_window_resolved', 'severity'), legend: '{{severity}}' }],
      link: 'service',
    }),
    heatmap({
      id: 13,
      title: 'Recovery times',
      description:
        'Incidents as they were resolved, by how long they took. With exemplar storage switched on in Prometheus a diamond is one incident, and its incident_id leads to it at the platform (see the data source).',
      unit: 'm',
      width: 24,
      queries: [
        {
          expression: summed({
            metric: 'incident_recovery_time_minutes_bucket',
            by: ['le'],
            over: '$__rate_interval',
          }),
          legend: '{{le}}',
        },
      ],
      link: 'service',
    }),
  ],
};
/** What is open. */
export const openNow: Section = {
  id: 103,
  title: 'Open incidents',
  panels: [
    trend({
      id: 14,
      title: 'Open by severity',
      description: 'Incidents that were open at each moment, of the providers that count in every grouping.',
      unit: 'none',
      decimals: 0,
      width: 12,
      queries: [{ expression: summed({ metric: 'incident_open', by: ['severity'] }), legend: '{{severity}}' }],
      link: 'service',
    }),
    table({
      id: 15,
      title: 'Oldest open',
      description: 'Where something is open: since how long when the provider was asked last, and how many.',
      unit: 's',
      decimals: 0,
      width: 12,
      height: 8,
      from: 'overview',
      link: 'service',
      rows: ['service', 'severity'],
      columns: [
        { title: 'Open for', expression: oldestOpenSeconds(['service', 'severity']) },
        {
          title: 'Open',
          expression: `${summed({ metric: 'incident_open', by: ['service', 'severity'] })} > 0`,
          unit: 'none',
        },
      ],
      sortedBy: 'Open for',
    }),
  ],
};
