/** The groupings that the dashboards ask for, as the label `by` writes them. */
export type Grouping = 'all' | 'severity' | 'service' | 'service,severity';

type Matchers = Readonly<Record<string, string>>;

const LABELS: Readonly<Record<Grouping, readonly string[]>> = {
  all: [],
  severity: ['severity'],
  service: ['service'],
  'service,severity': ['service', 'severity'],
};

/** Matchers of the values that are chosen on the dashboard. */
function chosen(labels: readonly string[]): string[] {
  return labels.map((label) => `${label}=~"$${label}"`);
}

function selector(metric: string, matchers: readonly string[]): string {
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`;
}

function exactly(matchers: Matchers): string[] {
  return Object.entries(matchers).map(([label, value]) => `${label}="${value}"`);
}

function maximum(labels: readonly string[], of: string): string {
  return labels.length === 0 ? `max(${of})` : `max by (${labels.join(', ')}) (${of})`;
}

/** The rows of a windowed family in the chosen window, one series per group; replicas show the same numbers, so the maximum is any. */
export function windowed(
  metric: string,
  by: Grouping,
  matchers: Matchers = {},
  /** Labels besides those of the grouping that tell series apart. */
  others: readonly string[] = [],
): string {
  const all = [`by="${by}"`, 'window="$window"', ...exactly(matchers), ...chosen(LABELS[by])];
  return maximum([...LABELS[by], ...others], selector(metric, all));
}

/**
 * The rows by severity of a windowed family in all windows, one series per severity and window: first the windows with short names
 * (7d), then the longer ones (30d, 90d), as Prometheus keeps the order of the sides of `or`.
 */
export function inAllWindows(metric: string): string {
  return ['.{1,2}', '.{3,}']
    .map((window) => selector(metric, ['by="severity"', `window=~"${window}"`, ...chosen(['severity'])]))
    .map((rows) => maximum(['severity', 'window'], rows))
    .join(' or ');
}

/** The exact mean over the chosen groups of a grouping: each group's mean counts as often as it has incidents. */
function meanOver(by: Grouping, mean: string, count: string): string {
  const counts = windowed(count, by);
  return `sum(${windowed(mean, by)} * ${counts}) / sum(${counts} > 0)`;
}

/** The mean time to recover of the chosen services and severities together. */
export const mttr = meanOver('service,severity', 'incident_mttr_minutes', 'incident_window_resolved');
/** How many recoveries that mean rests on. */
export const resolved = `sum(${windowed('incident_window_resolved', 'service,severity')})`;

/** A sample where every service, or every severity, is chosen. */
function everyChosen(by: 'service' | 'severity'): string {
  const every = `count(${maximum([by], `incident_window_resolved{by="${by}",window="$window"}`)})`;
  return `count(${windowed('incident_window_resolved', by)}) == ${every}`;
}

/**
 * The change of the mean against the preceding window, of the chosen services or of the chosen severities. The exporter has no
 * preceding window by both, so nothing where both are narrowed.
 */
export function changeOf(): string {
  const [services, severities] = (['service', 'severity'] as const).map((by) => {
    const now = meanOver(by, 'incident_mttr_minutes', 'incident_window_resolved');
    const before = meanOver(by, 'incident_mttr_baseline_minutes', 'incident_baseline_resolved');
    return `(${now}) / (${before}) - 1`;
  });
  return `(${services} and on () (${everyChosen('severity')})) or on () (${severities} and on () (${everyChosen('service')}))`;
}

/** The level of everything or of the one chosen severity; nothing for any other choice, of which the exporter has no level. */
export function levelOfChosen(): string {
  const [services, severities] = [everyChosen('service'), everyChosen('severity')];
  const isSingle = `count(${windowed('incident_window_resolved', 'severity')}) == 1`;
  return [
    `(${performanceLevel('all')} and on () (${services}) and on () (${severities}))`,
    `(max(${performanceLevel('severity')}) and on () (${isSingle}) and on () (${services}))`,
  ].join(' or on () ');
}

/** A configured gauge that has only a severity. */
export function configured(metric: string): string {
  return maximum(['severity'], selector(metric, chosen(['severity'])));
}

/** How bad each severity is, 0 the worst: orders rows by severity. */
export const severityRank = configured('incident_severity_rank');

/** Share of the time that should be available; absent where `availability` is not configured. */
export const availabilityObjective = 'max(incident_availability_objective_ratio)';

/** How much of the error budget of availability each service has used: 1 is all of it. */
export const availabilityBudgetUsed = `(1 - ${windowed('incident_availability_ratio', 'service')}) / (1 - scalar(${availabilityObjective}))`;

/** A windowed gauge of everything in all windows, one series per window, the shorter ones first. */
export function overAllWindows(metric: string): string {
  return ['.{1,2}', '.{3,}']
    .map((window) => maximum(['window'], selector(metric, ['by="all"', `window=~"${window}"`])))
    .join(' or ');
}

/** The configured targets of the stages, one series per severity and stage. */
export const stageTargets = maximum(
  ['severity', 'stage'],
  selector('incident_stage_target_minutes', chosen(['severity'])),
);
/** The share of the incidents within them. */
export const withinStageTargets = maximum(
  ['severity', 'stage'],
  selector('incident_stage_within_target_ratio', ['by="severity"', 'window="$window"', ...chosen(['severity'])]),
);

/** A gauge of the exporter itself, one series per chosen provider. */
export function ofProviders(metric: string): string {
  return maximum(['provider'], selector(metric, chosen(['provider'])));
}

const OVERALL = 'mttr_exporter_provider_overall{provider=~"$provider"}';

/** Of the chosen providers those that count in every grouping; where only others are chosen, those. */
function withoutDoubles(expression: string): string {
  return `(${expression} and on (provider) (max by (provider) (${OVERALL}) >= scalar(max(${OVERALL}))))`;
}

const BASE = ['provider', 'service', 'severity', 'team'];
/** Labels of families that have no service unless `metrics.detail` is `full`. */
const WIDE = ['provider', 'severity'];

interface Sum {
  readonly metric: string;
  readonly by: readonly string[];
  /** A span for `increase`; none for a gauge. */
  readonly over?: string;
  /** The family has only provider and severity, unless the exporter gives every detail. */
  readonly isWide?: boolean;
  readonly matchers?: Matchers;
  /** The variable that the severity is taken from. */
  readonly severity?: 'severity' | 'worst';
}

/**
 * A cumulative family or a gauge of open incidents, of the chosen providers, services, severities and teams, added up. Each replica
 * first for itself, without the labels that are not asked for: comparing replicas and providers is then a matter of few series.
 */
export function summed({ metric, by, over, isWide = false, matchers = {}, severity = 'severity' }: Sum): string {
  const labels = chosen(isWide ? WIDE : BASE).map((one) => one.replace('"$severity"', `"$${severity}"`));
  const series = selector(metric, [...labels, ...exactly(matchers)]);
  const grown = over === undefined ? series : `increase(${series}[${over}])`;
  const dropped = BASE.filter((label) => label !== 'provider' && !by.includes(label));
  const total = withoutDoubles(`max without (instance, pod) (sum without (${dropped.join(', ')}) (${grown}))`);
  return by.length === 0 ? `sum(${total})` : `sum by (${by.join(', ')}) (${total})`;
}

/** The share within target of the recoveries within the span; only of severities that have a target. */
export function shareWithinTarget(over: string, by: readonly 'severity'[]): string {
  const all = `(${summed({ metric: 'incident_recovery_time_minutes_count', by: ['severity'], over })} and on (severity) ${configured('incident_target_minutes')})`;
  const withTarget = by.length === 0 ? `sum(${all})` : all;
  return `${summed({ metric: 'incident_within_target_total', by, over })} / (${withTarget} > 0)`;
}

/**
 * Seconds that the oldest open incident of each group had been open at the last successful poll of its provider: as all windows do,
 * the age stands still while a provider is silent.
 */
export function oldestOpenSeconds(by: readonly string[]): string {
  const oldest = selector('incident_open_oldest_timestamp_seconds', chosen(BASE));
  const polled = ofProviders('mttr_exporter_last_success_timestamp_seconds');
  const ages = withoutDoubles(`${polled} - on (provider) group_right max without (instance, pod) (${oldest})`);
  return maximum(by, ages);
}

/** When the last incident of each group was resolved, in milliseconds since 1970. */
export function lastResolvedMs(by: readonly string[]): string {
  return `1000 * ${maximum(by, selector('incident_last_resolved_timestamp_seconds', chosen(BASE)))}`;
}

/** The level that the MTTR reaches as a number: 1 elite, 2 high, 3 medium, 4 low. */
export function performanceLevel(by: Grouping): string {
  const parts = ['elite', 'high', 'medium', 'low'].map((word, index) => {
    const matchers = [`by="${by}"`, 'window="$window"', ...chosen(LABELS[by]), `level="${word}"`];
    return `${index + 1} * ${selector('incident_performance_level', matchers)}`;
  });
  return maximum(LABELS[by], parts.join(' or '));
}

/** The level of one of the four keys, or the overall one, as a number: 1 elite, 2 high, 3 medium, 4 low. */
export function deliveryLevel(by: 'all' | 'service', metric: string): string {
  const parts = ['elite', 'high', 'medium', 'low'].map((word, index) => {
    const matchers = [`by="${by}"`, 'window="$window"', ...chosen(LABELS[by]), ...exactly({ metric, level: word })];
    return `${index + 1} * (${selector('dora_performance_level', matchers)} == 1)`;
  });
  return maximum(LABELS[by], parts.join(' or '));
}

const DEPLOYMENT = ['provider', 'service', 'environment'];

/** When the newest deployment failed, in milliseconds since 1970, of those that nothing recovered. */
export const failingSince = (() => {
  const own = chosen(['provider', 'service']);
  const failed = selector('deployment_last_timestamp_seconds', [...own, 'outcome="failure"']);
  const failing = maximum(DEPLOYMENT, selector('deployment_failing', own));
  return `1000 * ${maximum(DEPLOYMENT, failed)} and on (${DEPLOYMENT.join(', ')}) (${failing} == 1)`;
})();

/** Deployments that ended within the span, by outcome. */
export function deployed(over: string): string {
  const series = selector('deployments_total', chosen(['provider', 'service']));
  return `sum by (outcome) (max without (instance, pod) (increase(${series}[${over}])))`;
}

/** When deployments of the chosen providers and services ended, one series per outcome. */
export const deploymentsEnded = (() => {
  const series = selector('deployment_last_timestamp_seconds', chosen(['provider', 'service']));
  return `max without (instance, pod) (changes(${series}[$__rate_interval])) > 0`;
})();

/** Change of the MTTR against the preceding window: 0.1 is ten percent slower. */
export function change(by: Grouping): string {
  return `${windowed('incident_mttr_minutes', by)} / ${windowed('incident_mttr_baseline_minutes', by)} - 1`;
}

/** Alerts of the bundled rules that fire. */
export const FIRING_ALERTS = 'ALERTS{alertname=~"Mttr.*",alertstate="firing"}';
/** Those about incidents that want somebody: the others may fire for weeks and would shade every line. */
export const URGENT_RECOVERY_ALERTS =
  'ALERTS{alertname=~"Mttr.*",alertstate="firing",area="recovery",severity=~"critical|warning"}';
