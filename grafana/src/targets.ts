import { availability } from './availability.ts';
import { MORE_IS_GOOD, NONE_IS_GOOD, SHARE_LEFT, SHARE_OF_LIMIT } from './colours.ts';
import { buildDashboard, type Section } from './dashboard.ts';
import { incidentsLink, RUNBOOK_LINK, SERVICE_LINK } from './links.ts';
import { bars, stat, trend } from './panels.ts';
import {
  configured,
  FIRING_ALERTS,
  inAllWindows,
  oldestOpenSeconds,
  severityRank,
  shareWithinTarget,
  stageTargets,
  summed,
  windowed,
  withinStageTargets,
} from './promql.ts';
import { table } from './table.ts';
import { incidentVariables } from './variables.ts';

/** The part of the incidents that should be within target. */
const objective = configured('incident_target_objective_ratio');
/** The part that was. */
const within = windowed('incident_within_target_ratio', 'severity');
/** On how many incidents that rests: the target of a severity is one for all of them. */
const resolved = windowed('incident_window_resolved', 'severity');
/** Incidents that may miss the target, and those that did; only for severities that have a target. */
const allowedMisses = `${resolved} * (1 - ${objective})`;
const misses = `${resolved} * (1 - ${within})`;
/** How much of the budget is used: 1 is all of it. */
const used = `(1 - ${within}) / (1 - ${objective})`;
/** What is left of the budget; below zero it is overdrawn. */
const left = `1 - ${used}`;
const usedInAllWindows = `(1 - (${inAllWindows('incident_within_target_ratio')})) / on (severity) group_left () (1 - ${objective})`;
/** The use of the budget by what was resolved in a day. */
const burnRate = `(1 - ${shareWithinTarget('1d', ['severity'])}) / (1 - ${objective})`;
/** Mean to acknowledge as a share of its target. */
const acknowledgement = `${windowed('incident_mtta_minutes', 'severity')} / ${configured('incident_acknowledgement_target_minutes')}`;

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

function unacknowledged(auto: 'true' | 'false'): string {
  return summed({
    metric: 'incident_unacknowledged_total',
    by: [],
    over: '$__range',
    isWide: true,
    matchers: { auto },
  });
}

const alerts: Section = {
  id: 104,
  title: 'Alerts',
  panels: [
    stat({
      id: 14,
      title: 'Alerts firing',
      description:
        'Needs the bundled recording and alerting rules in Prometheus, and is empty without them: how many of the Mttr alerts fire.',
      unit: 'none',
      decimals: 0,
      width: 4,
      height: 7,
      steps: NONE_IS_GOOD,
      queries: [
        {
          expression: `count(${FIRING_ALERTS}) or on () 0 * count(incident_recovery_time_minutes)`,
          legend: 'firing',
        },
      ],
    }),
    table({
      id: 16,
      title: 'Which alerts fire',
      description:
        'Needs the bundled recording and alerting rules in Prometheus: the Mttr alerts that fire. The name of an alert leads to its runbook.',
      unit: 'none',
      width: 20,
      height: 7,
      rows: [
        { label: 'alertname', title: 'Alert', link: RUNBOOK_LINK },
        { label: 'severity', title: 'Urgency' },
        { label: 'incident_severity', title: 'Severity' },
        { label: 'service', title: 'Service', link: SERVICE_LINK },
        { label: 'provider', title: 'Provider' },
      ],
      columns: [
        {
          title: 'Firing',
          expression: `max by (alertname, severity, incident_severity, service, provider) (${FIRING_ALERTS})`,
        },
      ],
      isLabelsOnly: true,
      emptyText: 'no alert fires',
    }),
  ],
};

const budget: Section = {
  id: 100,
  title: 'Error budget',
  panels: [
    stat({
      id: 1,
      title: 'Within target, everything',
      description: 'Share of the incidents resolved in the window that recovered within the target of their severity.',
      unit: 'percentunit',
      decimals: 1,
      width: 6,
      height: 8,
      steps: MORE_IS_GOOD,
      queries: [{ expression: windowed('incident_within_target_ratio', 'all'), legend: 'within target' }],
    }),
    stat({
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
    }),
    bars({
      id: 3,
      title: 'Budget left',
      description:
        'The objective allows a share of the incidents to miss the target; this is what is left of that share. Below zero it is overdrawn.',
      unit: 'percentunit',
      decimals: 0,
      width: 12,
      min: 0,
      max: 1,
      steps: SHARE_LEFT,
      queries: [{ expression: left, legend: '{{severity}}' }],
    }),
    table({
      id: 4,
      title: 'Targets by severity',
      description:
        'Configured target and objective, the share within target with the number of incidents (n) that it rests on, and misses: how many the objective allows, how many there were. The burn rate is that of the last day: at 1 the budget goes just as fast as it comes back.',
      unit: 'none',
      width: 24,
      rows: ['severity'],
      order: severityRank,
      columns: [
        { title: 'Target', expression: configured('incident_target_minutes'), unit: 'm', decimals: 0 },
        { title: 'Objective', expression: objective, unit: 'percentunit', decimals: 0 },
        { title: 'In target', expression: within, unit: 'percentunit', decimals: 1 },
        { title: 'n', expression: resolved, decimals: 0 },
        { title: 'Allowed', expression: allowedMisses, decimals: 1 },
        { title: 'Misses', expression: misses, decimals: 0 },
        { title: 'Budget used', expression: used, unit: 'percentunit', decimals: 0, steps: SHARE_OF_LIMIT },
        { title: 'Burn rate', expression: burnRate, decimals: 1, steps: SHARE_OF_LIMIT },
      ],
    }),
  ],
};

const burn: Section = {
  id: 101,
  title: 'Burn',
  panels: [
    trend({
      id: 6,
      title: 'Budget used',
      description: 'The use of the budget of the window as it was at each moment; the budget ends at 100 %.',
      unit: 'percentunit',
      width: 12,
      height: 10,
      queries: [{ expression: used, legend: '{{severity}}' }],
    }),
    trend({
      id: 15,
      title: 'Burn rate of the last day',
      description:
        'The share of misses among what was resolved in the day before each moment, as a multiple of the share that the objective allows: above 1 the budget shrinks.',
      unit: 'none',
      decimals: 1,
      width: 12,
      height: 10,
      pointsMax: 240,
      queries: [{ expression: burnRate, legend: '{{severity}}' }],
    }),
    bars({
      id: 5,
      title: 'Budget used, by window (bars end at 300 %)',
      description:
        'The use of the budget in every configured window. High in a short one only: something new. High in the long ones too: the target is missed as a rule. Look at n before acting.',
      unit: 'percentunit',
      decimals: 0,
      width: 12,
      height: 12,
      min: 0,
      max: 3,
      steps: SHARE_OF_LIMIT,
      queries: [{ expression: usedInAllWindows, legend: '{{severity}} in {{window}}' }],
    }),
    trend({
      id: 7,
      title: 'Within target and objective',
      description: 'Share within target of the window as it was at each moment; dashed is the objective.',
      unit: 'percentunit',
      width: 12,
      height: 12,
      dashed: '/objective$/',
      queries: [
        { expression: within, legend: '{{severity}}' },
        { expression: objective, legend: '{{severity}} objective' },
      ],
    }),
  ],
};

const response: Section = {
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
      rows: ['severity'],
      order: severityRank,
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
        'Mean times of all incidents resolved in the window, from trigger unless said otherwise. A stage is there only where a provider has its timestamp.',
      unit: 'm',
      decimals: 1,
      width: 12,
      min: 0,
      queries: [{ expression: stages, legend: '{{stage}}' }],
    }),
    table({
      id: 21,
      title: 'Stages against targets',
      description:
        'The configured targets of the stages of an incident, and the share of the incidents resolved in the window within them, of those that have the timestamp of the stage.',
      unit: 'm',
      decimals: 0,
      width: 24,
      emptyText: 'no stage has a target',
      rows: ['severity', 'stage'],
      columns: [
        { title: 'Target', expression: stageTargets },
        { title: 'In target', expression: withinStageTargets, unit: 'percentunit', steps: MORE_IS_GOOD },
      ],
    }),
    stat({
      id: 10,
      title: 'Never acknowledged, in the time range',
      description:
        'Incidents resolved in the time range without an acknowledgement by a person: those that a person ended, and those that ended by themselves. By service only with metrics.detail: full.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 5,
      steps: NONE_IS_GOOD,
      queries: [
        { expression: unacknowledged('false'), legend: 'ended by a person' },
        { expression: unacknowledged('true'), legend: 'ended by no person' },
      ],
    }),
    stat({
      id: 11,
      title: 'Escalated and reopened, in the time range',
      description:
        'Escalations and reopenings in the time range, where the provider reports them. By service only with metrics.detail: full.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 5,
      queries: [
        {
          expression: summed({ metric: 'incident_escalations_total', by: [], over: '$__range', isWide: true }),
          legend: 'escalations',
        },
        {
          expression: summed({ metric: 'incident_reopened_total', by: [], over: '$__range', isWide: true }),
          legend: 'reopenings',
        },
      ],
    }),
  ],
};

const where: Section = {
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
    }),
    table({
      id: 13,
      title: 'Open against target',
      description:
        'How long the oldest open incident had been open at the last poll of its provider, and which share of the target that is; above 100 % it is late.',
      unit: 's',
      decimals: 0,
      width: 12,
      height: 11,
      rows: ['service', 'severity'],
      columns: [
        { title: 'Open for', expression: ages, link: incidentsLink('open', ['Service', 'Severity']) },
        {
          title: 'Of target',
          expression: `${ages} / on (severity) group_left () (${targetSeconds})`,
          unit: 'percentunit',
          steps: SHARE_OF_LIMIT,
        },
      ],
      sortedBy: 'Of target',
    }),
  ],
};

/** Whether targets are met, and what the objectives still allow. */
export const targets = buildDashboard({
  name: 'targets',
  description:
    'Recovery and acknowledgement compared with the configured targets, and what is left of the error budget.',
  variables: incidentVariables(),
  sections: [alerts, budget, burn, availability, response, where],
});
