import { FRESH, NONE, NONE_IS_GOOD, SETTING, YES_NO } from './colours.ts';
import { buildDashboard, type Section } from './dashboard.ts';
import { bars, stat, timeline, trend } from './panels.ts';
import { ofProviders } from './promql.ts';
import { table } from './table.ts';
import { exporterVariables } from './variables.ts';

/** Only processes of the exporter, whatever else the data source scrapes. */
function ofExporter(expression: string): string {
  return `${expression} and on (job, instance) mttr_exporter_build_info`;
}

const freshness: Section = {
  id: 100,
  title: 'Providers',
  panels: [
    table({
      id: 1,
      title: 'Providers',
      description:
        'Whether the last poll succeeded, whether the first sync is complete, whether the provider counts in every grouping (overall), and how old its data are.',
      unit: 'none',
      decimals: 0,
      width: 24,
      height: 7,
      rows: ['provider'],
      columns: [
        { title: 'Up', expression: ofProviders('mttr_exporter_provider_up'), mappings: YES_NO },
        { title: 'Synced', expression: ofProviders('mttr_exporter_provider_synced'), mappings: YES_NO },
        { title: 'Overall', expression: ofProviders('mttr_exporter_provider_overall'), mappings: SETTING },
        {
          title: 'Age of data',
          expression: `time() - ${ofProviders('mttr_exporter_last_success_timestamp_seconds')}`,
          unit: 's',
          steps: FRESH,
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
    }),
    trend({
      id: 3,
      title: 'Age of data',
      description: 'Time since the last successful poll. While it grows, the numbers of the provider stand still.',
      unit: 's',
      width: 12,
      queries: [
        {
          expression: `time() - ${ofProviders('mttr_exporter_last_success_timestamp_seconds')}`,
          legend: '{{provider}}',
        },
      ],
    }),
  ],
};

const requests: Section = {
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
    }),
    trend({
      id: 6,
      title: 'Requests',
      description: 'Requests per second to the platform by HTTP status; error is a request without a response.',
      unit: 'reqps',
      width: 12,
      queries: [
        {
          expression:
            'sum by (provider, code) (rate(mttr_exporter_api_requests_total{provider=~"$provider"}[$__rate_interval]))',
          legend: '{{provider}} {{code}}',
        },
      ],
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
    }),
    bars({
      id: 8,
      title: 'Throttled in the time range',
      description: 'Responses by which the platform asked for fewer requests.',
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
    }),
  ],
};

const records: Section = {
  id: 102,
  title: 'Records',
  panels: [
    bars({
      id: 9,
      title: 'Incidents in the store',
      description: 'Incidents in the store: open, resolved, and excluded by filters or merges.',
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
    }),
    stat({
      id: 10,
      title: 'Rejected records',
      description: 'Records that were rejected, ever, by reason: malformed, without an id, with impossible times.',
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
    }),
    stat({
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
    }),
  ],
};

const process: Section = {
  id: 103,
  title: 'Process and store',
  panels: [
    stat({
      id: 13,
      title: 'Version',
      description: 'Version of the exporter and of Node.js, each that runs.',
      unit: 'none',
      width: 6,
      isNameOnly: true,
      queries: [
        {
          expression: 'count by (version, nodeversion) (mttr_exporter_build_info)',
          legend: '{{version}} on Node.js {{nodeversion}}',
        },
      ],
    }),
    stat({
      id: 14,
      title: 'Last reload succeeded',
      description: 'Whether the last attempt to load the configuration succeeded; if not, the one before is in force.',
      unit: 'none',
      width: 6,
      mappings: YES_NO,
      queries: [{ expression: 'min(mttr_exporter_config_last_reload_successful)', legend: 'reload' }],
    }),
    stat({
      id: 15,
      title: 'Configuration loaded',
      description: 'When a configuration was loaded successfully last.',
      unit: 'dateTimeFromNow',
      width: 6,
      queries: [
        { expression: '1000 * max(mttr_exporter_config_last_reload_success_timestamp_seconds)', legend: 'loaded' },
      ],
    }),
    stat({
      id: 16,
      title: 'Services without own numbers',
      description:
        'Services beyond metrics.max_services: their incidents count as service="other". Raise the limit, or merge services by services.rename.',
      unit: 'none',
      decimals: 0,
      width: 6,
      steps: NONE_IS_GOOD,
      mappings: NONE,
      queries: [{ expression: 'max(mttr_exporter_services_overflowed)', legend: 'overflowed' }],
    }),
    trend({
      id: 17,
      title: 'Store',
      description: 'Size of the store with its write-ahead log.',
      unit: 'bytes',
      width: 12,
      queries: [{ expression: 'max(mttr_exporter_store_bytes)', legend: 'store' }],
    }),
    trend({
      id: 18,
      title: 'Memory',
      description: 'Resident memory and the part of it that is the heap of Node.',
      unit: 'bytes',
      width: 12,
      queries: [
        { expression: ofExporter('process_resident_memory_bytes'), legend: '{{instance}} resident' },
        { expression: ofExporter('nodejs_heap_size_used_bytes'), legend: '{{instance}} heap' },
      ],
    }),
    trend({
      id: 19,
      title: 'Processor',
      description: 'Share of one processor core.',
      unit: 'percentunit',
      width: 12,
      queries: [
        { expression: ofExporter('rate(process_cpu_seconds_total[$__rate_interval])'), legend: '{{instance}}' },
      ],
    }),
    trend({
      id: 20,
      title: 'Event loop',
      description: 'How late the event loop was in 99 % of its turns: a scrape waits as long.',
      unit: 's',
      width: 12,
      queries: [{ expression: ofExporter('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}}' }],
    }),
  ],
};

/** Whether what the other dashboards show can be trusted. */
export const health = buildDashboard({
  name: 'health',
  description:
    'Whether the exporter gets its data: freshness, polls and requests, rejected records, process and store.',
  variables: exporterVariables(),
  sections: [freshness, requests, records, process],
});
