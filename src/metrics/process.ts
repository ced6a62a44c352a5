import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Format, MetricType, Sample } from './exposition.ts';
import { headerText, sampleText } from './exposition.ts';
import { OWN_FAMILIES } from './own-families.ts';

/** Seconds; from a quick poll to one that hangs until its deadline. */
const POLL_BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** Of the default set: gauges that call themselves totals, and families whose names end in a type. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
];

/** What the exporter says of its own work; counts begin anew with the process. */
export interface ProcessMetrics {
  polled(provider: string, poll: { readonly isUp: boolean; readonly seconds: number }): void;
  /** Makes the counters of a provider exist at zero, unless they do. */
  born(provider: string): void;
  requested(provider: string, code: string): void;
  throttled(provider: string): void;
  budget(provider: string, remaining: number): void;
  clockSkew(provider: string, ms: number): void;
  reloaded(isSuccessful: boolean, nowMs: number): void;
  /** Series of a provider that is no longer configured leave. */
  forget(provider: string): Promise<void>;
  /** All of them as exposition text. */
  text(format: Format): Promise<string>;
}

export function createProcessMetrics(version: string): ProcessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Gauge(of(OWN_FAMILIES.info, registry)).set({ version, nodeversion: process.version }, 1);
  const metrics = {
    up: new Gauge(of(OWN_FAMILIES.up, registry)),
    duration: new Histogram({ ...of(OWN_FAMILIES.duration, registry), buckets: POLL_BUCKETS_SECONDS }),
    polls: new Counter(of(OWN_FAMILIES.polls, registry)),
    requests: new Counter(of(OWN_FAMILIES.requests, registry)),
    throttled: new Counter(of(OWN_FAMILIES.throttled, registry)),
    budget: new Gauge(of(OWN_FAMILIES.budget, registry)),
    skew: new Gauge(of(OWN_FAMILIES.skew, registry)),
  };
  const reloadSuccessful = new Gauge(of(OWN_FAMILIES.reloadSuccessful, registry));
  const reloadedAt = new Gauge(of(OWN_FAMILIES.reloadedAt, registry));
  const born = new Set<string>();
  return {
    polled: (provider, { isUp, seconds }) => {
      metrics.up.set({ provider }, Number(isUp));
      metrics.polls.inc({ provider, outcome: isUp ? 'success' : 'failure' });
      metrics.duration.observe({ provider }, seconds);
    },
    born: (provider) => {
      if (born.has(provider)) return;
      born.add(provider);
      for (const outcome of ['success', 'failure']) metrics.polls.inc({ provider, outcome }, 0);
      metrics.throttled.inc({ provider }, 0);
      metrics.duration.zero({ provider });
    },
    requested: (provider, code) => metrics.requests.inc({ provider, code }),
    throttled: (provider) => metrics.throttled.inc({ provider }),
    budget: (provider, remaining) => metrics.budget.set({ provider }, remaining),
    clockSkew: (provider, ms) => metrics.skew.set({ provider }, ms / 1000),
    reloaded: (isSuccessful, nowMs) => {
      reloadSuccessful.set(Number(isSuccessful));
      if (isSuccessful) reloadedAt.set(nowMs / 1000);
    },
    forget: (provider) => {
      born.delete(provider);
      return forgetProvider(Object.values(metrics), provider);
    },
    text: (format) => registryText(registry, format),
  };
}

/** A declared family as the client library wants it. */
function of<Label extends string>(
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

/** The registry in our own words, so that both halves of a page agree in names, bounds and escaping. */
async function registryText(registry: Registry, format: Format): Promise<string> {
  const families = await registry.getMetricsAsJSON();
  let text = '';
  for (const { name, help, type, values } of families) {
    text += headerText({ name, help, type: typeOf(String(type)) }, format);
    for (const value of values) {
      // Nothing was measured yet (lag of the event loop just after the start): absent, not NaN.
      if (!Number.isNaN(value.value)) text += sampleText(name, readSample(name, value), format);
    }
  }
  return text;
}

function typeOf(word: string): MetricType {
  if (word === 'gauge' || word === 'counter' || word === 'histogram' || word === 'summary') return word;
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
