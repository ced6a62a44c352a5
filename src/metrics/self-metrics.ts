import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Format, headerText, type MetricType, type Sample, sampleText } from './exposition.ts';
import type { Family } from './family.ts';

type Declared = Pick<Family, 'name' | 'type' | 'help' | 'labels'>;

/** Metrics of the exporter's own work; they start at zero with the process (what survives it is in the store). */
export const SELF_METRICS = {
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
  requestDuration: {
    name: 'mttr_exporter_api_request_duration_seconds',
    type: 'histogram',
    help: 'How long requests to the platform took, each try by itself and without waits, by the kind of request.',
    labels: ['provider', 'endpoint'],
  },
  throttled: {
    name: 'mttr_exporter_api_throttled_total',
    type: 'counter',
    help: 'Responses by which the platform asked for fewer requests.',
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
    help: 'How far the clock of this machine is ahead of the platform (its Date header); beyond 300 the time of the platform is used.',
    labels: ['provider'],
  },
  webhooks: {
    name: 'mttr_exporter_webhooks_total',
    type: 'counter',
    help: 'Webhooks and pushes by outcome: accepted, unauthorized (wrong credentials), limited (too fast), malformed.',
    labels: ['provider', 'outcome'],
  },
  webhookTruncated: {
    name: 'mttr_exporter_webhook_truncated_total',
    type: 'counter',
    help: 'Records that senders left out of their deliveries and said so.',
    labels: ['provider'],
  },
  pollChanges: {
    name: 'mttr_exporter_poll_changes_total',
    type: 'counter',
    help: 'Incidents that polls found new or changed, the first sync left out; of providers with a webhook.',
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

/** Seconds; from a quick poll to one that hangs until its deadline. */
const POLL_BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** Seconds; from a quick answer to the default time-out of a request and beyond. */
const REQUEST_BUCKETS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** No platform has half as many kinds of requests: more would be names that contain ids. */
const ENDPOINTS_MAX = 30;
/** Of the default set: gauges that call themselves totals, and families whose names end in a type. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
];

const DELIVERY_OUTCOMES = ['accepted', 'unauthorized', 'limited', 'malformed'] as const;

/** Sets and counts SELF_METRICS. */
export interface ProcessMetrics {
  polled(provider: string, poll: { readonly isUp: boolean; readonly seconds: number }): void;
  /** Creates the counters of a provider at zero, unless they exist. */
  ensureCounters(provider: string): void;
  requested(provider: string, code: string): void;
  /** A request took so long; beyond 30 endpoints of a provider they are `other`. */
  answered(provider: string, request: { readonly endpoint: string; readonly durationMs: number }): void;
  throttled(provider: string): void;
  budget(provider: string, remaining: number): void;
  clockSkew(provider: string, ms: number): void;
  delivered(provider: string, outcome: (typeof DELIVERY_OUTCOMES)[number]): void;
  /** A sender left so many records out. */
  truncated(provider: string, records: number): void;
  /** A poll of a provider with a webhook found so many incidents new or changed. */
  changesFound(provider: string, incidents: number): void;
  /** Creates the counters of deliveries at zero, unless they exist. */
  ensureDeliveryCounters(provider: string, of: { readonly isContent: boolean; readonly hasWebhook: boolean }): void;
  reloaded(isSuccessful: boolean, nowMs: number): void;
  /** Removes the series of a provider that is no longer configured. */
  forget(provider: string): Promise<void>;
  /** All of them as exposition text. */
  text(format: Format): Promise<string>;
}

export function createProcessMetrics(version: string): ProcessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Gauge(toOptions(SELF_METRICS.info, registry)).set({ version, nodeversion: process.version }, 1);
  const metrics = {
    up: new Gauge(toOptions(SELF_METRICS.up, registry)),
    duration: new Histogram({ ...toOptions(SELF_METRICS.duration, registry), buckets: POLL_BUCKETS_SECONDS }),
    polls: new Counter(toOptions(SELF_METRICS.polls, registry)),
    requests: new Counter(toOptions(SELF_METRICS.requests, registry)),
    requestDuration: new Histogram({
      ...toOptions(SELF_METRICS.requestDuration, registry),
      buckets: REQUEST_BUCKETS_SECONDS,
    }),
    throttled: new Counter(toOptions(SELF_METRICS.throttled, registry)),
    budget: new Gauge(toOptions(SELF_METRICS.budget, registry)),
    skew: new Gauge(toOptions(SELF_METRICS.skew, registry)),
  };
  const deliveries = createDeliveryMetrics(registry);
  const withCounters = new Set<string>();
  const endpoints = new Map<string, Set<string>>();
  const toEndpoint = (provider: string, endpoint: string) => {
    const known = endpoints.get(provider) ?? new Set();
    endpoints.set(provider, known);
    if (known.size < ENDPOINTS_MAX) known.add(endpoint);
    return known.has(endpoint) ? endpoint : 'other';
  };
  return {
    ...deliveries.methods,
    polled: (provider, { isUp, seconds }) => {
      metrics.up.set({ provider }, Number(isUp));
      metrics.polls.inc({ provider, outcome: isUp ? 'success' : 'failure' });
      metrics.duration.observe({ provider }, seconds);
    },
    ensureCounters: (provider) => {
      if (withCounters.has(provider)) return;
      withCounters.add(provider);
      for (const outcome of ['success', 'failure']) metrics.polls.inc({ provider, outcome }, 0);
      metrics.throttled.inc({ provider }, 0);
      metrics.duration.zero({ provider });
    },
    requested: (provider, code) => metrics.requests.inc({ provider, code }),
    answered: (provider, { endpoint, durationMs }) => {
      metrics.requestDuration.observe({ provider, endpoint: toEndpoint(provider, endpoint) }, durationMs / 1000);
    },
    throttled: (provider) => metrics.throttled.inc({ provider }),
    budget: (provider, remaining) => metrics.budget.set({ provider }, remaining),
    clockSkew: (provider, ms) => metrics.skew.set({ provider }, ms / 1000),
    reloaded: createReloadMetrics(registry),
    forget: (provider) => {
      withCounters.delete(provider);
      endpoints.delete(provider);
      return forgetProvider([...Object.values(metrics), ...Object.values(deliveries.metrics)], provider);
    },
    text: (format) => registryText(registry, format),
  };
}

function createReloadMetrics(registry: Registry): ProcessMetrics['reloaded'] {
  const successful = new Gauge(toOptions(SELF_METRICS.reloadSuccessful, registry));
  const reloadedAt = new Gauge(toOptions(SELF_METRICS.reloadedAt, registry));
  return (isSuccessful, nowMs) => {
    successful.set(Number(isSuccessful));
    if (isSuccessful) reloadedAt.set(nowMs / 1000);
  };
}

/** What comes by itself. */
function createDeliveryMetrics(registry: Registry) {
  const metrics = {
    webhooks: new Counter(toOptions(SELF_METRICS.webhooks, registry)),
    truncated: new Counter(toOptions(SELF_METRICS.webhookTruncated, registry)),
    pollChanges: new Counter(toOptions(SELF_METRICS.pollChanges, registry)),
  };
  const methods: Pick<ProcessMetrics, 'delivered' | 'truncated' | 'changesFound' | 'ensureDeliveryCounters'> = {
    delivered: (provider, outcome) => metrics.webhooks.inc({ provider, outcome }),
    truncated: (provider, records) => metrics.truncated.inc({ provider }, records),
    changesFound: (provider, incidents) => metrics.pollChanges.inc({ provider }, incidents),
    ensureDeliveryCounters: (provider, { isContent, hasWebhook }) => {
      for (const outcome of DELIVERY_OUTCOMES) metrics.webhooks.inc({ provider, outcome }, 0);
      if (isContent) metrics.truncated.inc({ provider }, 0);
      if (hasWebhook) metrics.pollChanges.inc({ provider }, 0);
    },
  };
  return { metrics, methods };
}

/** A declared family as the client library wants it. */
function toOptions<Label extends string>(
  { name, help, labels }: { readonly name: string; readonly help: string; readonly labels: readonly Label[] },
  registry: Registry,
) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}

type Labels = Partial<Record<string, string | number>>;
interface Metric {
  get(): Promise<{ readonly values: readonly { readonly labels: Labels }[] }>;
  remove(labels: Labels): void;
}

async function forgetProvider(metrics: readonly Metric[], provider: string): Promise<void> {
  for (const metric of metrics) {
    const { values } = await metric.get();
    for (const { labels } of values) {
      if (labels['provider'] !== provider) continue;
      metric.remove(Object.fromEntries(Object.entries(labels).filter(([name]) => name !== 'le')));
    }
  }
}

/** The registry written by our own exposition code, so that both halves of a page agree in names, bounds and escaping. */
async function registryText(registry: Registry, format: Format): Promise<string> {
  const families = await registry.getMetricsAsJSON();
  let text = '';
  for (const { name, help, type, values } of families) {
    text += headerText({ name, help, type: toMetricType(String(type)) }, format);
    for (const value of values) {
      // Nothing was measured yet (lag of the event loop just after the start): absent, not NaN.
      if (!Number.isNaN(value.value)) text += sampleText(name, readSample(name, value), format);
    }
  }
  return text;
}

function toMetricType(type: string): MetricType {
  if (type === 'gauge' || type === 'counter' || type === 'histogram' || type === 'summary') return type;
  return 'untyped';
}

function readSample(name: string, given: { value: number; labels?: object; metricName?: string }): Sample {
  const suffix = (given.metricName ?? name).slice(name.length);
  const pairs = Object.entries(given.labels ?? {}).filter(([, value]) => value !== undefined);
  const labels = pairs.filter(([label]) => label !== 'le').map(([label, value]) => [label, String(value)] as const);
  const bound = pairs.find(([label]) => label === 'le')?.[1];
  if (bound === undefined) return { suffix, labels, value: given.value };
  return { suffix, labels, value: given.value, le: bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound) };
}
