import type { Family } from './family.ts';

type Declared = Pick<Family, 'name' | 'type' | 'help' | 'labels'>;

/** What the exporter counts of its own work, apart from what the store remembers; begins anew with the process. */
export const OWN_FAMILIES = {
  info: {
    name: 'mttr_exporter_build_info',
    type: 'gauge',
    help: 'A constant 1, labelled by version and Node version.',
    labels: ['version', 'nodeversion'],
  },
  up: {
    name: 'mttr_exporter_provider_up',
    type: 'gauge',
    help: '1 when the last poll of the provider succeeded, 0 when it failed.',
    labels: ['provider'],
  },
  duration: {
    name: 'mttr_exporter_poll_duration_seconds',
    type: 'histogram',
    help: 'How long polls took.',
    labels: ['provider'],
  },
  polls: {
    name: 'mttr_exporter_polls_total',
    type: 'counter',
    help: 'Polls by outcome.',
    labels: ['provider', 'outcome'],
  },
  requests: {
    name: 'mttr_exporter_api_requests_total',
    type: 'counter',
    help: 'Requests to the platform by HTTP status; error without an answer.',
    labels: ['provider', 'code'],
  },
  throttled: {
    name: 'mttr_exporter_api_throttled_total',
    type: 'counter',
    help: 'Answers by which the platform asked for fewer requests.',
    labels: ['provider'],
  },
  budget: {
    name: 'mttr_exporter_api_budget_remaining',
    type: 'gauge',
    help: 'Requests left in the current allowance.',
    labels: ['provider'],
  },
  skew: {
    name: 'mttr_exporter_clock_skew_seconds',
    type: 'gauge',
    help: 'How far the clock of this machine is ahead of the platform (its Date header); beyond 300 the time of the platform is taken.',
    labels: ['provider'],
  },
  reloadSuccessful: {
    name: 'mttr_exporter_config_last_reload_successful',
    type: 'gauge',
    help: '1 when the last attempt to load the configuration succeeded.',
    labels: [],
  },
  reloadedAt: {
    name: 'mttr_exporter_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    help: 'When a configuration was loaded successfully last.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, Declared>>;
