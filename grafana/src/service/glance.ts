import { MORE_IS_GOOD, NONE_IS_GOOD, SLOWER_IS_BAD } from '../colours.ts';
import { change, oldestOpenSeconds, summed, windowed } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';

const { number } = kindsOf('service');

/** How the service is, in numbers. */
export const glance: Section = {
  id: 100,
  title: 'At a glance',
  panels: [
    number({
      id: 1,
      title: 'MTTR',
      description: 'Exact mean time from trigger to resolve of the incidents of the service resolved in the window.',
      unit: 'm',
      decimals: 1,
      width: 6,
      queries: [{ expression: windowed('incident_mttr_minutes', 'service'), legend: 'MTTR' }],
      link: 'overview',
    }),
    number({
      id: 2,
      title: 'Resolved (n)',
      description: 'Incidents of the service resolved in the window: what the means rest on.',
      unit: 'none',
      width: 6,
      queries: [{ expression: windowed('incident_window_resolved', 'service'), legend: 'resolved' }],
      link: 'overview',
    }),
    number({
      id: 3,
      title: 'Change against the window before',
      description:
        'MTTR of the window against the window just before it; above zero is slower. Absent where history does not reach far enough back.',
      unit: 'percentunit',
      decimals: 1,
      width: 6,
      steps: SLOWER_IS_BAD,
      queries: [{ expression: change('service'), legend: 'change' }],
      link: 'overview',
    }),
    number({
      id: 4,
      title: 'Resolved before (n)',
      description: 'Incidents of the service resolved in the window before: what the comparison rests on.',
      unit: 'none',
      width: 6,
      queries: [{ expression: windowed('incident_baseline_resolved', 'service'), legend: 'resolved before' }],
      link: 'overview',
    }),
    number({
      id: 5,
      title: 'MTTA',
      description:
        'Mean time from trigger to the first acknowledgement by a person, of the acknowledged incidents resolved in the window.',
      unit: 'm',
      decimals: 1,
      width: 4,
      queries: [{ expression: windowed('incident_mtta_minutes', 'service'), legend: 'MTTA' }],
      link: 'targets',
    }),
    number({
      id: 6,
      title: 'Within target',
      description: 'Share of the incidents resolved in the window that recovered within the target of their severity.',
      unit: 'percentunit',
      decimals: 0,
      width: 4,
      steps: MORE_IS_GOOD,
      queries: [{ expression: windowed('incident_within_target_ratio', 'service'), legend: 'within target' }],
      link: 'targets',
    }),
    number({
      id: 7,
      title: 'Incident-free time',
      description: 'Share of the window in which no incident of the service was open.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      queries: [{ expression: windowed('incident_free_ratio', 'service'), legend: 'free' }],
      link: 'overview',
    }),
    number({
      id: 8,
      title: 'Opened',
      description: 'Incidents of the service opened in the window.',
      unit: 'none',
      width: 4,
      queries: [{ expression: windowed('incident_window_opened', 'service'), legend: 'opened' }],
      link: 'overview',
    }),
    number({
      id: 9,
      title: 'Open now',
      description: 'Incidents of the service that are open right now.',
      unit: 'none',
      width: 4,
      steps: NONE_IS_GOOD,
      queries: [{ expression: summed({ metric: 'incident_open', by: [] }), legend: 'open' }],
      link: 'overview',
    }),
    number({
      id: 10,
      title: 'Oldest open',
      description:
        'How long the oldest open incident of the service had been open when its provider was asked last; zero where none is open.',
      unit: 's',
      decimals: 0,
      width: 4,
      queries: [
        {
          expression: `${oldestOpenSeconds([])} or on () 0 * ${summed({ metric: 'incident_open', by: [] })}`,
          legend: 'oldest',
        },
      ],
      link: 'overview',
    }),
  ],
};
