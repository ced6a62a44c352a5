import { MORE_IS_GOOD } from '../colours.ts';
import { shareWithinTarget, summed, windowed } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';

const { bars, trend } = kindsOf('overview');

/** What the times alone do not say. */
export const quality: Section = {
  id: 104,
  title: 'Compliance, frequency and repeats',
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
      link: 'targets',
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
      link: 'service',
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
      link: 'service',
    }),
    bars({
      id: 19,
      title: 'Repeats',
      description:
        'Share of the incidents opened in the window whose trouble another one, opened earlier in the window, had too. Much of it means that causes are not removed.',
      unit: 'percentunit',
      decimals: 0,
      width: 8,
      min: 0,
      max: 1,
      steps: ['green', [0.1, 'orange']],
      queries: [{ expression: windowed('incident_repeat_ratio', 'severity'), legend: '{{severity}}' }],
      link: 'service',
    }),
    bars({
      id: 20,
      title: 'Incident-free time',
      description: 'Share of the window in which no incident of the severity was open.',
      unit: 'percentunit',
      decimals: 1,
      width: 8,
      min: 0,
      max: 1,
      queries: [{ expression: windowed('incident_free_ratio', 'severity'), legend: '{{severity}}' }],
      link: 'service',
    }),
    bars({
      id: 21,
      title: 'Escalated and reopened',
      description: 'Shares of the incidents resolved in the window, of those providers that can tell.',
      unit: 'percentunit',
      decimals: 0,
      width: 8,
      min: 0,
      max: 1,
      queries: [
        { expression: windowed('incident_escalated_ratio', 'severity'), legend: '{{severity}} escalated' },
        { expression: windowed('incident_reopened_ratio', 'severity'), legend: '{{severity}} reopened' },
      ],
      link: 'targets',
    }),
    trend({
      id: 22,
      title: 'Opened in an hour',
      description: 'Incidents opened in the hour before each moment, as they were learnt.',
      unit: 'none',
      decimals: 1,
      width: 12,
      queries: [
        {
          expression: `${summed({ metric: 'incident_opened_total', by: ['severity'], over: '1h' })} `,
          legend: '{{severity}}',
        },
      ],
      link: 'service',
    }),
    trend({
      id: 23,
      title: 'Within target, as resolved',
      description:
        'Share within target of what was resolved in the hour before each moment, counted by the histogram; severities without a target are left out.',
      unit: 'percentunit',
      width: 12,
      queries: [{ expression: shareWithinTarget('1h', ['severity']), legend: '{{severity}}' }],
      link: 'targets',
    }),
  ],
};
