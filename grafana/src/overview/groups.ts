import { MORE_IS_GOOD, SLOWER_IS_BAD } from '../colours.ts';
import { change, orOverall, windowed } from '../expressions.ts';
import type { Section } from '../page.ts';
import { type Column, table } from '../table.ts';

/** The mean of each group and how many incidents it rests on; of everything where the exporter does not group so. */
function meanOf(by: 'provider' | 'team'): Column[] {
  return [
    { title: 'MTTR', expression: orOverall('incident_mttr_minutes', by) },
    { title: 'n', expression: orOverall('incident_window_resolved', by), unit: 'none', decimals: 0 },
  ];
}

/** Who it is about. */
export const groups: Section = {
  id: 105,
  title: 'By service, provider and team',
  panels: [
    table({
      id: 24,
      title: 'Services',
      description: 'Each service in the window, slowest first; its name leads to its page.',
      unit: 'm',
      decimals: 1,
      width: 24,
      from: 'overview',
      link: 'service',
      rows: ['service'],
      columns: [
        { title: 'MTTR', expression: windowed('incident_mttr_minutes', 'service') },
        { title: 'n', expression: windowed('incident_window_resolved', 'service'), unit: 'none', decimals: 0 },
        { title: 'Median', expression: windowed('incident_recovery_quantile_minutes', 'service', { quantile: '0.5' }) },
        { title: 'P95', expression: windowed('incident_recovery_quantile_minutes', 'service', { quantile: '0.95' }) },
        { title: 'MTTA', expression: windowed('incident_mtta_minutes', 'service') },
        {
          title: 'Within target',
          expression: windowed('incident_within_target_ratio', 'service'),
          unit: 'percentunit',
          steps: MORE_IS_GOOD,
        },
        { title: 'Change', expression: change('service'), unit: 'percentunit', steps: SLOWER_IS_BAD },
        { title: 'Incident-free', expression: windowed('incident_free_ratio', 'service'), unit: 'percentunit' },
      ],
      sortedBy: 'MTTR',
    }),
    table({
      id: 25,
      title: 'MTTR by provider',
      description:
        'Needs the grouping provider in the configuration of the exporter; without it there is one row for all.',
      unit: 'm',
      decimals: 1,
      width: 12,
      height: 8,
      from: 'overview',
      link: 'health',
      rows: ['provider'],
      columns: meanOf('provider'),
      sortedBy: 'MTTR',
    }),
    table({
      id: 26,
      title: 'MTTR by team',
      description: 'Needs the grouping team in the configuration of the exporter; without it there is one row for all.',
      unit: 'm',
      decimals: 1,
      width: 12,
      height: 8,
      from: 'overview',
      link: 'service',
      rows: ['team'],
      columns: meanOf('team'),
      sortedBy: 'MTTR',
    }),
  ],
};
