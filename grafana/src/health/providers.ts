import { NONE_IS_GOOD, YES_NO } from '../colours.ts';
import { ofProviders } from '../expressions.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';
import { table } from '../table.ts';

const { number, bars, trend, timeline } = kindsOf('health');

/** Whether data are whole and fresh. */
export const freshness: Section = {
  id: 100,
  title: 'Providers',
  panels: [
    table({
      id: 1,
      title: 'Providers',
      description:
        'Whether the last poll succeeded, whether the first sync is complete, whether the provider counts in every grouping, and how old its data are.',
      unit: 'none',
      decimals: 0,
      width: 24,
      height: 7,
      from: 'health',
      link: 'overview',
      rows: ['provider'],
      columns: [
        { title: 'Up', expression: ofProviders('mttr_exporter_provider_up'), mappings: YES_NO },
        { title: 'Synced', expression: ofProviders('mttr_exporter_provider_synced'), mappings: YES_NO },
        { title: 'Overall', expression: ofProviders('mttr_exporter_provider_overall') },
        {
          title: 'Age of data',
          expression: `time() - ${ofProviders('mttr_exporter_last_success_timestamp_seconds')}`,
          unit: 's',
          steps: ['green', [600, 'orange'], [3600, 'red']],
        },
        {
          title: 'Counting since',
          expression: `1000 * ${ofProviders('mttr_exporter_counting_since_timestamp_seconds')}`,
          unit: 'dateTimeFromNow',
        },
        {
          title: 'History begins',
          expression: `1000 * ${ofProviders('mttr_exporter_history_start_timestamp_seconds')}`,
          unit: 'dateTimeFromNow',
        },
      ],
    }),
    timeline({
      id: 2,
      title: 'Last poll succeeded',
      description: 'Whether the last poll of each provider had succeeded at each moment.',
      unit: 'none',
      width: 12,
      mappings: YES_NO,
      queries: [{ expression: ofProviders('mttr_exporter_provider_up'), legend: '{{provider}}' }],
      link: 'overview',
    }),
    trend({
      id: 3,
      title: 'Age of data',
      description:
        'Time since the instant up to which the last successful poll asked. While it grows, the rows of the provider stand still.',
      unit: 's',
      width: 12,
      queries: [
        {
          expression: `time() - ${ofProviders('mttr_exporter_last_success_timestamp_seconds')}`,
          legend: '{{provider}}',
        },
      ],
      link: 'overview',
    }),
  ],
};

/** What is asked of the platforms. */
export const requests: Section = {
  id: 101,
  title: 'Polls and requests',
  panels: [
    trend({
      id: 4,
      title: 'Polls',
      description: 'Polls by outcome in the five minutes before each moment.',
      unit: 'none',
      width: 12,
      queries: [
        {
          expression: 'sum by (provider, outcome) (increase(mttr_exporter_polls_total{provider=~"$provider"}[5m]))',
          legend: '{{provider}} {{outcome}}',
        },
      ],
      link: 'overview',
    }),
    trend({
      id: 5,
      title: 'Mean duration of a poll',
      description: 'How long polls took.',
      unit: 's',
      width: 12,
      queries: [
        {
          expression:
            'sum by (provider) (rate(mttr_exporter_poll_duration_seconds_sum{provider=~"$provider"}[$__rate_interval])) / sum by (provider) (rate(mttr_exporter_poll_duration_seconds_count{provider=~"$provider"}[$__rate_interval]))',
          legend: '{{provider}}',
        },
      ],
      link: 'overview',
    }),
    trend({
      id: 6,
      title: 'Requests',
      description: 'Requests per second to the platform by HTTP status; error is a request without an answer.',
      unit: 'reqps',
      width: 12,
      queries: [
        {
          expression:
            'sum by (provider, code) (rate(mttr_exporter_api_requests_total{provider=~"$provider"}[$__rate_interval]))',
          legend: '{{provider}} {{code}}',
        },
      ],
      link: 'overview',
    }),
    bars({
      id: 7,
      title: 'Allowance left',
      description: 'Requests left in the current allowance of the provider.',
      unit: 'none',
      decimals: 0,
      width: 6,
      min: 0,
      queries: [{ expression: ofProviders('mttr_exporter_api_budget_remaining'), legend: '{{provider}}' }],
      link: 'overview',
    }),
    bars({
      id: 8,
      title: 'Throttled in the time range',
      description: 'Answers by which the platform asked for fewer requests.',
      unit: 'none',
      decimals: 0,
      width: 6,
      min: 0,
      steps: NONE_IS_GOOD,
      queries: [
        {
          expression:
            'sum by (provider) (increase(mttr_exporter_api_throttled_total{provider=~"$provider"}[$__range]))',
          legend: '{{provider}}',
        },
      ],
      link: 'overview',
    }),
  ],
};

/** What was made of the answers. */
export const records: Section = {
  id: 102,
  title: 'Records',
  panels: [
    bars({
      id: 9,
      title: 'Incidents held',
      description: 'Incidents that the exporter holds: open, resolved, and excluded by filters or merges.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 9,
      min: 0,
      queries: [
        {
          expression: 'max by (provider, state) (mttr_exporter_incidents{provider=~"$provider"})',
          legend: '{{provider}} {{state}}',
        },
      ],
      link: 'overview',
    }),
    number({
      id: 10,
      title: 'Rejected records',
      description: 'Records that were not taken, ever, by reason: malformed, without an id, with impossible times.',
      unit: 'none',
      decimals: 0,
      width: 6,
      height: 9,
      steps: NONE_IS_GOOD,
      queries: [
        {
          expression:
            'sum by (reason) (max without (instance, pod) (mttr_exporter_incidents_rejected_total{provider=~"$provider"}))',
          legend: '{{reason}}',
        },
      ],
      link: 'overview',
    }),
    number({
      id: 11,
      title: 'Severity not mapped',
      description:
        'Incidents that took the default severity, ever: their own is unknown to the configuration, or missing. The status page lists the names.',
      unit: 'none',
      decimals: 0,
      width: 6,
      height: 9,
      steps: NONE_IS_GOOD,
      queries: [
        {
          expression:
            'sum by (reason) (max without (instance, pod) (mttr_exporter_severity_unmapped_total{provider=~"$provider"}))',
          legend: '{{reason}}',
        },
      ],
      link: 'overview',
    }),
    trend({
      id: 12,
      title: 'Corrections after counting',
      description:
        'Incidents that changed after the histogram counted them, in the hour before each moment. Gauges follow, counters keep what was counted.',
      unit: 'none',
      width: 24,
      queries: [
        {
          expression:
            'sum by (change) (max without (instance, pod) (increase(incident_revisions_total{provider=~"$provider"}[1h])))',
          legend: '{{change}}',
        },
      ],
      link: 'overview',
    }),
  ],
};
