import { LEVELS, NONE_IS_GOOD, SLOWER_IS_BAD } from '../colours.ts';
import { change, level, oldestOpenSeconds, summed, windowed } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';

const { number } = kindsOf('overview');

/** How things are, in six numbers. */
export const glance: Section = {
  id: 100,
  title: 'At a glance',
  panels: [
    number({
      id: 1,
      title: 'Level',
      description:
        'Level of the mean time to recover of all incidents: elite, high, medium or low, by the bounds that the exporter is configured with (by default below 1 h, 1 d, 7 d).',
      unit: 'none',
      width: 4,
      mappings: LEVELS,
      queries: [{ expression: level('all'), legend: 'level' }],
      link: 'targets',
    }),
    number({
      id: 2,
      title: 'MTTR',
      description:
        'Exact mean time from trigger to resolve of all incidents resolved in the window. Judge it by the number beside it.',
      unit: 'm',
      decimals: 1,
      width: 4,
      queries: [{ expression: windowed('incident_mttr_minutes', 'all'), legend: 'MTTR' }],
      link: 'service',
    }),
    number({
      id: 3,
      title: 'Resolved (n)',
      description: 'Incidents resolved in the window: what the mean rests on.',
      unit: 'none',
      width: 4,
      queries: [{ expression: windowed('incident_window_resolved', 'all'), legend: 'resolved' }],
      link: 'service',
    }),
    number({
      id: 4,
      title: 'Change against the window before',
      description:
        'MTTR of the window against the window just before it; above zero is slower. Absent where history does not reach far enough back.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      steps: SLOWER_IS_BAD,
      queries: [{ expression: change('all'), legend: 'change' }],
      link: 'service',
    }),
    number({
      id: 5,
      title: 'Open now',
      description: 'Incidents that are open right now, of the providers that count in every grouping.',
      unit: 'none',
      width: 4,
      steps: NONE_IS_GOOD,
      queries: [{ expression: summed({ metric: 'incident_open', by: [] }), legend: 'open' }],
      link: 'service',
    }),
    number({
      id: 6,
      title: 'Oldest open',
      description: 'How long the oldest open incident had been open when its provider was asked last.',
      unit: 's',
      decimals: 0,
      width: 4,
      queries: [{ expression: oldestOpenSeconds([]), legend: 'oldest' }],
      link: 'service',
    }),
  ],
};
