import { MORE_IS_GOOD, NONE_IS_GOOD, SHARE_OF_LIMIT } from '../colours.ts';
import { configured, oldestOpenSeconds, summed, windowed } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';
import { table } from '../table.ts';
import { acknowledgement } from './expressions.ts';

const { number, bars } = kindsOf('targets');

/** The stages of an incident, each its mean. */
const STAGES = {
  'impact to trigger': 'incident_mttd_minutes',
  'to acknowledgement': 'incident_mtta_minutes',
  'to identification': 'incident_mtti_minutes',
  'to mitigation': 'incident_mttm_minutes',
  'to recovery': 'incident_mttr_minutes',
} as const;

const stages = Object.entries(STAGES)
  .map(([stage, metric]) => `label_replace(${windowed(metric, 'all')}, "stage", "${stage}", "stage", "")`)
  .join(' or ');

const ages = oldestOpenSeconds(['service', 'severity']);
const targetSeconds = `60 * ${configured('incident_target_minutes')}`;

/** Acknowledgement and the stages of an incident. */
export const response: Section = {
  id: 102,
  title: 'Response',
  panels: [
    table({
      id: 8,
      title: 'Acknowledgement by severity',
      description: 'Mean time from trigger to the first acknowledgement by a person, against the configured target.',
      unit: 'm',
      decimals: 1,
      width: 12,
      height: 8,
      from: 'targets',
      link: 'overview',
      rows: ['severity'],
      columns: [
        { title: 'MTTA', expression: windowed('incident_mtta_minutes', 'severity') },
        {
          title: 'n',
          expression: windowed('incident_window_resolved', 'severity'),
          unit: 'none',
          decimals: 0,
        },
        { title: 'Target', expression: configured('incident_acknowledgement_target_minutes'), decimals: 0 },
        { title: 'Of target', expression: acknowledgement, unit: 'percentunit', decimals: 0, steps: SHARE_OF_LIMIT },
      ],
    }),
    bars({
      id: 9,
      title: 'Stages of an incident',
      description:
        'Mean times of all incidents resolved in the window, from trigger unless said otherwise. A stage is there only where a provider has its stamp.',
      unit: 'm',
      decimals: 1,
      width: 12,
      min: 0,
      queries: [{ expression: stages, legend: '{{stage}}' }],
      link: 'overview',
    }),
    number({
      id: 10,
      title: 'Never acknowledged, in the time range',
      description:
        'Incidents resolved in the time range without an acknowledgement by a person; auto="true" when no person ended them either. Counters by service need metrics.detail: full.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 5,
      steps: NONE_IS_GOOD,
      queries: [
        {
          expression: summed({
            metric: 'incident_unacknowledged_total',
            by: ['auto'],
            over: '$__range',
            isCoarse: true,
          }),
          legend: 'auto="{{auto}}"',
        },
      ],
      link: 'overview',
    }),
    number({
      id: 11,
      title: 'Escalated and reopened, in the time range',
      description:
        'Escalations and reopenings in the time range, where the provider tells. Counters by service need metrics.detail: full.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 5,
      queries: [
        {
          expression: summed({ metric: 'incident_escalations_total', by: [], over: '$__range', isCoarse: true }),
          legend: 'escalations',
        },
        {
          expression: summed({ metric: 'incident_reopened_total', by: [], over: '$__range', isCoarse: true }),
          legend: 'reopenings',
        },
      ],
      link: 'overview',
    }),
  ],
};

/** Where targets are missed. */
export const places: Section = {
  id: 103,
  title: 'Where',
  panels: [
    bars({
      id: 12,
      title: 'Within target by service',
      description:
        'Share of the incidents of the service resolved in the window that recovered within the target of their severity.',
      unit: 'percentunit',
      decimals: 0,
      width: 12,
      height: 11,
      min: 0,
      max: 1,
      steps: MORE_IS_GOOD,
      queries: [{ expression: windowed('incident_within_target_ratio', 'service'), legend: '{{service}}' }],
      link: 'service',
    }),
    table({
      id: 13,
      title: 'Open against target',
      description:
        'How long the oldest open incident had been open when its provider was asked last, and which share of the target that is; above 100 % it is late.',
      unit: 's',
      decimals: 0,
      width: 12,
      height: 11,
      from: 'targets',
      link: 'service',
      rows: ['service', 'severity'],
      columns: [
        { title: 'Open for', expression: ages },
        {
          title: 'Of target',
          expression: `${ages} / on (severity) group_left () (${targetSeconds})`,
          unit: 'percentunit',
          steps: SHARE_OF_LIMIT,
        },
      ],
      sortedBy: 'Of target',
    }),
    number({
      id: 14,
      title: 'Alerts firing',
      description:
        'Needs the bundled recording and alerting rules in Prometheus, and is empty without them: how many of the Mttr alerts fire.',
      unit: 'none',
      decimals: 0,
      width: 24,
      steps: NONE_IS_GOOD,
      queries: [
        {
          expression:
            'count(ALERTS{alertname=~"Mttr.*",alertstate="firing"}) or on () 0 * count(incident_recovery_time_minutes)',
          legend: 'firing',
        },
      ],
      link: 'health',
    }),
  ],
};
