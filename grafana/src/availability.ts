import { LEFT, SHARE_OF_LIMIT, UNJUDGED } from './colours.ts';
import type { Section } from './dashboard.ts';
import { stat, trend } from './panels.ts';
import { availabilityBudgetUsed, availabilityObjective, overAllWindows, windowed } from './promql.ts';
import { table } from './table.ts';

const UNCONFIGURED = 'availability is not configured';

/** Availability, its objective and its error budget in one line. */
export const availabilityAtAGlance = stat({
  id: 29,
  title: 'Availability and error budget',
  description:
    'Share of the window without an open incident of the severities of availability, the objective, and how many minutes of the error budget are left; below zero it is overspent. Empty unless availability is configured.',
  unit: 'percentunit',
  decimals: 3,
  width: 24,
  steps: LEFT,
  emptyText: UNCONFIGURED,
  queries: [
    { expression: windowed('incident_availability_ratio', 'all'), legend: 'available' },
    { expression: availabilityObjective, legend: 'objective' },
    { expression: windowed('incident_error_budget_minutes', 'all'), legend: 'error budget left' },
  ],
  overrides: {
    available: UNJUDGED,
    objective: UNJUDGED,
    'error budget left': [
      { id: 'unit', value: 'm' },
      { id: 'decimals', value: 1 },
    ],
  },
});

/** Of everything and of each service, with what is left of the error budget. */
export const availability: Section = {
  id: 105,
  title: 'Availability (all severities, providers and teams; empty unless availability is configured)',
  panels: [
    stat({
      id: 17,
      title: 'Available',
      description: 'Share of the window without an open incident of the severities of availability.',
      unit: 'percentunit',
      decimals: 3,
      width: 4,
      height: 8,
      emptyText: UNCONFIGURED,
      queries: [
        { expression: windowed('incident_availability_ratio', 'all'), legend: 'available' },
        { expression: availabilityObjective, legend: 'objective' },
      ],
    }),
    stat({
      id: 18,
      title: 'Error budget left',
      description:
        'Minutes of the window that may still be spent with an open incident of the severities of availability; below zero it is overspent.',
      unit: 'm',
      decimals: 1,
      width: 4,
      height: 8,
      steps: LEFT,
      emptyText: UNCONFIGURED,
      queries: [{ expression: windowed('incident_error_budget_minutes', 'all'), legend: 'left' }],
    }),
    trend({
      id: 19,
      title: 'Error budget left, by window',
      description: 'Minutes of the budget of every window that were left at each moment; below zero it was overspent.',
      unit: 'm',
      width: 16,
      emptyText: UNCONFIGURED,
      queries: [{ expression: overAllWindows('incident_error_budget_minutes'), legend: '{{window}}' }],
    }),
    table({
      id: 20,
      title: 'Availability by service',
      description:
        'Share of the window in which no incident of the service and of the severities of availability was open, what is left of its error budget, and which share of it is used: each service has a budget of its own.',
      unit: 'percentunit',
      decimals: 3,
      width: 24,
      emptyText: UNCONFIGURED,
      rows: ['service'],
      columns: [
        { title: 'Available', expression: windowed('incident_availability_ratio', 'service') },
        {
          title: 'Budget left',
          expression: windowed('incident_error_budget_minutes', 'service'),
          unit: 'm',
          decimals: 1,
        },
        {
          title: 'Budget used',
          expression: availabilityBudgetUsed,
          decimals: 0,
          steps: SHARE_OF_LIMIT,
        },
      ],
      sortedBy: 'Budget used',
    }),
  ],
};
