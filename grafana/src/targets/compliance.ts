import { LEFT, MORE_IS_GOOD, SHARE_OF_LIMIT } from '../colours.ts';
import { configured, shareWithinTarget, windowed } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';
import { table } from '../table.ts';
import { allowedMisses, left, misses, objective, resolved, used, usedInAllWindows, within } from './expressions.ts';

const { number, bars, trend } = kindsOf('targets');

/** Targets, objectives, and what is left. */
export const budget: Section = {
  id: 100,
  title: 'Error budget',
  panels: [
    number({
      id: 1,
      title: 'Within target, all severities',
      description: 'Share of the incidents resolved in the window that recovered within the target of their severity.',
      unit: 'percentunit',
      decimals: 1,
      width: 6,
      height: 8,
      steps: MORE_IS_GOOD,
      queries: [{ expression: windowed('incident_within_target_ratio', 'all'), legend: 'within target' }],
      link: 'overview',
    }),
    number({
      id: 2,
      title: 'Within target, in the time range',
      description:
        'The same share of what was resolved in the time range of the dashboard, counted by the histogram; severities without a target are left out.',
      unit: 'percentunit',
      decimals: 1,
      width: 6,
      height: 8,
      steps: MORE_IS_GOOD,
      queries: [{ expression: shareWithinTarget('$__range', []), legend: 'within target' }],
      link: 'overview',
    }),
    bars({
      id: 3,
      title: 'Budget left',
      description:
        'The objective allows a share of the incidents to miss the target; this is what is left of that share. Below zero it is overdrawn.',
      unit: 'percentunit',
      decimals: 0,
      width: 12,
      max: 1,
      steps: LEFT,
      queries: [{ expression: left, legend: '{{severity}}' }],
      link: 'service',
    }),
    table({
      id: 4,
      title: 'Targets by severity',
      description:
        'Configured target and objective, the share within target with the number of incidents (n) that it rests on, and misses: how many the objective allows, how many there were.',
      unit: 'none',
      width: 24,
      from: 'targets',
      link: 'overview',
      rows: ['severity'],
      columns: [
        { title: 'Target', expression: configured('incident_target_minutes'), unit: 'm', decimals: 0 },
        { title: 'Objective', expression: objective, unit: 'percentunit', decimals: 0 },
        { title: 'Within target', expression: within, unit: 'percentunit', decimals: 1 },
        { title: 'n', expression: resolved, decimals: 0 },
        { title: 'Misses allowed', expression: allowedMisses, decimals: 1 },
        { title: 'Misses', expression: misses, decimals: 0 },
        { title: 'Budget used', expression: used, unit: 'percentunit', decimals: 0, steps: SHARE_OF_LIMIT },
      ],
    }),
  ],
};

/** How fast the budget goes. */
export const burn: Section = {
  id: 101,
  title: 'Burn',
  panels: [
    bars({
      id: 5,
      title: 'Budget used, by window',
      description:
        'The use of the budget in every configured window. High in a short one only: something new. High in the long ones too: the target is missed as a rule. Look at n before acting.',
      unit: 'percentunit',
      decimals: 0,
      width: 12,
      height: 10,
      min: 0,
      steps: SHARE_OF_LIMIT,
      queries: [{ expression: usedInAllWindows, legend: '{{severity}} in {{window}}' }],
      link: 'overview',
    }),
    trend({
      id: 6,
      title: 'Budget used',
      description: 'The use of the budget of the window as it was at each moment; the budget ends at 100 %.',
      unit: 'percentunit',
      width: 12,
      height: 10,
      queries: [{ expression: used, legend: '{{severity}}' }],
      link: 'overview',
    }),
    trend({
      id: 7,
      title: 'Within target and objective',
      description: 'Share within target of the window as it was at each moment; dashed is the objective.',
      unit: 'percentunit',
      width: 24,
      dashed: '/objective$/',
      queries: [
        { expression: within, legend: '{{severity}}' },
        { expression: objective, legend: '{{severity}} objective' },
      ],
      link: 'overview',
    }),
  ],
};
