/** The groupings that the dashboards ask for, as the label `by` writes them. */
export type Grouping = 'all' | 'severity' | 'service' | 'service,severity' | 'team' | 'provider';

type Matchers = Readonly<Record<string, string>>;

const LABELS: Readonly<Record<Grouping, readonly string[]>> = {
  all: [],
  severity: ['severity'],
  service: ['service'],
  'service,severity': ['service', 'severity'],
  team: ['team'],
  provider: ['provider'],
};

function chosen(labels: readonly string[]): string[] {
  return labels.map((label) => `${label}=~"$${label}"`);
}

function selector(metric: string, matchers: readonly string[]): string {
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`;
}

function exactly(matchers: Matchers): string[] {
  return Object.entries(matchers).map(([label, value]) => `${label}="${value}"`);
}

/** The rows of a windowed family in the chosen window, one series per group; replicas show the same numbers, so the greatest is any. */
export function windowed(metric: string, by: Grouping, matchers: Matchers = {}): string {
  const wanted = [`by="${by}"`, 'window="$window"', ...exactly(matchers), ...chosen(LABELS[by])];
  return greatest(LABELS[by], selector(metric, wanted));
}

/** The rows by severity of a windowed family in all windows, one series per severity and window. */
export function inAllWindows(metric: string): string {
  return greatest(['severity', 'window'], selector(metric, ['by="severity"', 'window=~".+"', ...chosen(['severity'])]));
}

function greatest(labels: readonly string[], of: string): string {
  return labels.length === 0 ? `max(${of})` : `max by (${labels.join(', ')}) (${of})`;
}

/** A configured gauge that has only a severity. */
export function configured(metric: string): string {
  return greatest(['severity'], selector(metric, chosen(['severity'])));
}

/** A gauge of the exporter itself, one series per chosen provider. */
export function ofProviders(metric: string): string {
  return greatest(['provider'], selector(metric, chosen(['provider'])));
}

const OVERALL = 'mttr_exporter_provider_overall{provider=~"$provider"}';

/** Of the chosen providers those that count in every grouping; where only others are chosen, those. */
function withoutDoubles(expression: string): string {
  return `(${expression} and on (provider) (max by (provider) (${OVERALL}) >= scalar(max(${OVERALL}))))`;
}

const BASE = ['provider', 'service', 'severity', 'team'];
/** Families that have no service unless `metrics.detail` is `full`. */
const COARSE = ['provider', 'severity'];

interface Summed {
  readonly metric: string;
  readonly by: readonly string[];
  /** A span for `increase`; none for a gauge. */
  readonly over?: string;
  /** The family has only provider and severity, unless the exporter is told to give every detail. */
  readonly isCoarse?: boolean;
  readonly matchers?: Matchers;
}

/** A cumulative family or a gauge of open incidents, of the chosen providers, services, severities and teams, added up. */
export function summed({ metric, by, over, isCoarse = false, matchers = {} }: Summed): string {
  const series = selector(metric, [...chosen(isCoarse ? COARSE : BASE), ...exactly(matchers)]);
  const grown = over === undefined ? series : `increase(${series}[${over}])`;
  const total = withoutDoubles(`max without (instance, pod) (${grown})`);
  return by.length === 0 ? `sum(${total})` : `sum by (${by.join(', ')}) (${total})`;
}

/** Recoveries of severities that have a target, within the span and within the target. */
export function shareWithinTarget(over: string, by: readonly string[]): string {
  const all = summed({ metric: 'incident_recovery_time_minutes_count', by, over });
  const withTarget = all.replace(
    `[${over}])`,
    `[${over}]) and on (provider, service, severity) incident_within_target_total`,
  );
  return `${summed({ metric: 'incident_within_target_total', by, over })} / (${withTarget} > 0)`;
}

/**
 * Seconds that the oldest open incident of each group had been open when its provider was asked last: as all windows do, the age
 * stands still while a provider is silent.
 */
export function oldestOpenSeconds(by: readonly string[]): string {
  const oldest = selector('incident_open_oldest_timestamp_seconds', chosen(BASE));
  const asked = ofProviders('mttr_exporter_last_success_timestamp_seconds');
  const ages = withoutDoubles(`${asked} - on (provider) group_right max without (instance, pod) (${oldest})`);
  return greatest(by, ages);
}

/** The level that the MTTR reaches as a number: 1 elite, 2 high, 3 medium, 4 low. */
export function level(by: Grouping): string {
  const parts = ['elite', 'high', 'medium', 'low'].map((word, index) => {
    const matchers = [`by="${by}"`, 'window="$window"', ...chosen(LABELS[by]), `level="${word}"`];
    return `${index + 1} * ${selector('incident_performance_level', matchers)}`;
  });
  return greatest(LABELS[by], parts.join(' or '));
}

/** Change of the MTTR against the window before: 0.1 is ten percent slower. */
export function change(by: Grouping): string {
  return `${windowed('incident_mttr_minutes', by)} / ${windowed('incident_mttr_baseline_minutes', by)} - 1`;
}

/** The rows of a grouping that is not configured by default, else the one of all incidents under the name `all`. */
export function orOverall(metric: string, by: 'provider' | 'team'): string {
  const overall = `label_replace(${windowed(metric, 'all')}, "${by}", "all", "${by}", "")`;
  return `${windowed(metric, by)} or on () ${overall}`;
}
