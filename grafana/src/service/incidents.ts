import { NONE_IS_GOOD } from '../colours.ts';
import { summed, windowed } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';

const { bars, trend } = kindsOf('service');

/** What is open and what was opened. */
export const incidents: Section = {
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
      link: 'overview',
    }),
    trend({
      id: 17,
      title: 'Open by severity',
      description: 'Incidents of the service that were open at each moment.',
      unit: 'none',
      decimals: 0,
      width: 8,
      queries: [{ expression: summed({ metric: 'incident_open', by: ['severity'] }), legend: '{{severity}}' }],
      link: 'overview',
    }),
    bars({
      id: 18,
      title: 'Opened in the time range',
      description: 'Incidents of the service opened in the time range of the dashboard, as they were learnt.',
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
      link: 'overview',
    }),
    bars({
      id: 19,
      title: 'Last resolved',
      description: 'When the last incident of the service was resolved, by severity.',
      unit: 'dateTimeFromNow',
      width: 12,
      queries: [
        {
          expression:
            '1000 * max by (severity) (incident_last_resolved_timestamp_seconds{provider=~"$provider",service=~"$service",severity=~"$severity",team=~"$team"})',
          legend: '{{severity}}',
        },
      ],
      link: 'overview',
    }),
    trend({
      id: 20,
      title: 'MTTR beside all services',
      description: 'The mean of the service, and dashed the mean of all incidents.',
      unit: 'm',
      width: 12,
      dashed: '/^all services$/',
      queries: [
        { expression: windowed('incident_mttr_minutes', 'service'), legend: '{{service}}' },
        { expression: windowed('incident_mttr_minutes', 'all'), legend: 'all services' },
      ],
      link: 'overview',
    }),
  ],
};
