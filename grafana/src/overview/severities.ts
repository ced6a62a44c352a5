import { LEVELS, MORE_IS_GOOD, SHARE_OF_LIMIT, SLOWER_IS_BAD } from '../colours.ts';
import { change, configured, level, windowed } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';
import { table } from '../table.ts';

const { bars } = kindsOf('overview');

/** Each severity against its target and against the window before. */
export const severities: Section = {
  id: 101,
  title: 'By severity',
  panels: [
    table({
      id: 7,
      title: 'Recovery against targets',
      description:
        'Mean, median and high quantiles of the time to recover, with the number of incidents (n) that each rests on, the configured target and the share within it. Quantiles are exact. A severity without a target has none.',
      unit: 'm',
      decimals: 1,
      width: 24,
      from: 'overview',
      link: 'targets',
      rows: ['severity'],
      columns: [
        { title: 'Level', expression: level('severity'), unit: 'none', decimals: 0, mappings: LEVELS },
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
          title: 'Within target',
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
    bars({
      id: 8,
      title: 'MTTR as a share of its target',
      description: 'Above 100 % the mean recovery of the severity misses its target.',
      unit: 'percentunit',
      decimals: 0,
      width: 12,
      min: 0,
      steps: SHARE_OF_LIMIT,
      queries: [
        {
          expression: `${windowed('incident_mttr_minutes', 'severity')} / ${configured('incident_target_minutes')}`,
          legend: '{{severity}}',
        },
      ],
      link: 'targets',
    }),
    bars({
      id: 9,
      title: 'Change against the window before',
      description:
        'MTTR of the window against the window just before it; above zero is slower. The table above says how many incidents each of the two rests on.',
      unit: 'percentunit',
      decimals: 0,
      width: 12,
      steps: SLOWER_IS_BAD,
      queries: [{ expression: change('severity'), legend: '{{severity}}' }],
      link: 'service',
    }),
  ],
};
