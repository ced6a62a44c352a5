import { GROUPINGS, type Grouping } from '../../src/config/types.ts';
import { families } from '../../src/metrics/families.ts';
import type { AnyFamily, FamilySettings, RenderCache } from '../../src/metrics/family.ts';
import { SELF_METRICS } from '../../src/metrics/self-metrics.ts';
import { DoraGroup } from '../../src/stats/dora/group.ts';
import { DORA_GROUPINGS, type DoraValues } from '../../src/stats/dora/rows.ts';
import { type Row, STATISTICS, statisticsOf } from '../../src/stats/rows.ts';
import { everyChoice } from '../settings.ts';
import { readPromql, type Selector } from './promql.ts';

/** What a scrape adds to every series, and what it makes of ours where it does not honour them. */
const OF_THE_SCRAPE = ['job', 'instance', 'pod', 'namespace', 'node', 'container', 'endpoint'];

/** What Prometheus and the process' own metrics bring besides our families. */
const OF_OTHERS: Readonly<Record<string, readonly string[]>> = {
  up: [],
  ALERTS: [
    'alertname',
    'alertstate',
    'severity',
    'area',
    'incident_severity',
    'incident_rank',
    'urgency',
    'service',
    'provider',
  ],
  process_start_time_seconds: [],
  process_resident_memory_bytes: [],
  process_cpu_seconds_total: [],
  nodejs_eventloop_lag_p99_seconds: [],
  nodejs_eventloop_lag_seconds: [],
  nodejs_heap_size_used_bytes: [],
  process_open_fds: [],
  process_max_fds: [],
};

/** The groupings and windows of the configuration's defaults. */
export const DEFAULT_GROUPINGS: readonly string[] = ['all', 'severity', 'service', 'service,severity'];
export const DEFAULT_WINDOWS: readonly string[] = ['7d', '30d', '90d'];

const LABELS_OF: Readonly<Record<Grouping, readonly string[]>> = {
  all: [],
  severity: ['severity'],
  service: ['service'],
  'service,severity': ['service', 'severity'],
  team: ['team'],
  provider: ['provider'],
};

interface StoredState {
  readonly labels: readonly string[];
  /** Groupings whose rows carry it at standard detail; undefined for what is not windowed. */
  readonly groupings: ReadonlySet<Grouping> | undefined;
}

const NOTHING: FamilySettings = {
  windows: [{ name: '30d', ms: 0 }],
  severities: [],
  levels: { eliteMs: 1, highMs: 2, mediumMs: 3 },
  availability: undefined,
  bucketsMs: [],
};

function groupingsOf(family: AnyFamily): Set<Grouping> {
  const carried = GROUPINGS.filter((grouping) => {
    const row: Row = {
      grouping,
      labels: [],
      statistics: statisticsOf(grouping, everyChoice),
      values: [new Float64Array(STATISTICS.length)],
      versions: new Uint32Array(STATISTICS.length),
    };
    const doraGrouping = DORA_GROUPINGS.find((one) => one === grouping);
    const totals = new DoraGroup(doraGrouping ?? 'all', [], { windows: NOTHING.windows });
    const values = totals.values.map((window) => ({ ...window, ...allZero(window) }));
    const doraRows = doraGrouping === undefined ? [] : [{ grouping: doraGrouping, labels: [], values, version: 0 }];
    const none = { sets: [], openRows: [], deploymentStates: [], providers: [], counters: [] };
    const source = { ...none, rows: [row], doraRows };
    const kept: RenderCache = { fragmentsByKey: new WeakMap(), items: [], fragments: [] };
    family.render({ ...source, servicesOverflowed: 0, storeBytes: 0 }, NOTHING, kept);
    return kept.fragments.length > 0;
  });
  return new Set(carried);
}

function allZero(values: DoraValues): DoraValues {
  return { ...values, ...Object.fromEntries(Object.keys(values).map((name) => [name, 0])) };
}

function seriesOf({ name, type, labels }: { name: string; type: string; labels: readonly string[] }) {
  if (type !== 'histogram') return [{ name, labels }];
  const plain = ['_sum', '_count', '_created'].map((suffix) => ({ name: name + suffix, labels }));
  return [...plain, { name: `${name}_bucket`, labels: [...labels, 'le'] }];
}

function catalogue(): Map<string, StoredState> {
  const known = new Map<string, StoredState>();
  for (const [name, labels] of Object.entries(OF_OTHERS)) known.set(name, { labels, groupings: undefined });
  for (const family of families) {
    const isWindowed = family.labels.includes('window');
    const groupings = isWindowed ? groupingsOf(family) : undefined;
    for (const { name, labels } of seriesOf(family)) known.set(name, { labels, groupings });
  }
  for (const family of Object.values(SELF_METRICS)) {
    for (const { name, labels } of seriesOf(family)) known.set(name, { labels, groupings: undefined });
  }
  return known;
}

const exporter = catalogue();

/** Whether the value of a matcher chooses the word, as far as can be told without the values of variables. */
function chooses(selector: Selector, label: string, word: string): boolean {
  return selector.matchers
    .filter((matcher) => matcher.label === label)
    .every(({ operator, value }) => {
      if (value.includes('$')) return true;
      const isEqual = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(word) : value === word;
      return operator.startsWith('!') ? !isEqual : isEqual;
    });
}

function windowedProblems(selector: Selector, groupings: ReadonlySet<Grouping>): string[] {
  const { metric } = selector;
  if (!selector.namesBy) return [`${metric} names no by=`];
  if (!selector.namesWindow) return [`${metric} names no window=`];
  const chosen = GROUPINGS.filter((grouping) => chooses(selector, 'by', grouping));
  if (chosen.length === 0) return [`${metric} names a grouping that there is not`];
  const windows = DEFAULT_WINDOWS.filter((window) => chooses(selector, 'window', window));
  const carriers = chosen.filter((grouping) => groupings.has(grouping));
  const problems = windows.length === 0 ? [`${metric} names a window that is no default`] : [];
  if (carriers.length === 0) problems.push(`${metric} is not in rows by ${chosen.join(' or ')}`);
  const labels = new Set(['by', 'window', 'level', 'quantile', ...chosen.flatMap((grouping) => LABELS_OF[grouping])]);
  for (const { label } of selector.matchers) {
    if (Object.hasOwn(LABEL_WORDS, label) && !labels.has(label)) {
      problems.push(`${metric} has no label ${label} in rows by ${chosen.join(' or ')}`);
    }
  }
  return problems;
}

const LABEL_WORDS = { service: true, severity: true, team: true, provider: true };

/** A label as the exporter writes it, whatever a scrape that does not honour labels made of it. */
function ownName(label: string): string {
  return label.replace(/^exported_/, '');
}

/** The choice once for each metric that a condition on the name lets in; those that choose by no name stay as they are. */
function withNames(selector: Selector, recorded: ReadonlyMap<string, readonly string[]>): Selector[] {
  const conditions = selector.matchers.filter(({ label }) => label === '__name__');
  if (selector.metric !== '' || conditions.length === 0) return [selector];
  const fitting = [...exporter.keys(), ...recorded.keys()].filter((metric) => chooses(selector, '__name__', metric));
  const written = conditions.map(({ operator, value }) => `__name__${operator}"${value}"`).join(',');
  return (fitting.length === 0 ? [written] : fitting).map((metric) => ({ ...selector, metric }));
}

/** Labels that any series has: those are what a choice without a name chooses by. */
const ANY_LABELS = [...new Set([...exporter.values()].flatMap(({ labels }) => labels))];

/**
 * What an expression names that neither the exporter (default groupings and windows, standard detail) nor `recorded`
 * (series of recording rules with their labels) has, one sentence each; empty when all is well.
 */
export function strangersIn(
  expression: string,
  recorded: ReadonlyMap<string, readonly string[]> = new Map(),
): string[] {
  const { selectors, grouped, dropped, made, taken } = readPromql(expression);
  const problems: string[] = [];
  const labels = new Set([...OF_THE_SCRAPE, ...made]);
  for (const selector of selectors.flatMap((one) => withNames(one, recorded))) {
    const known = exporter.get(selector.metric);
    const own = selector.metric === '' ? ANY_LABELS : (recorded.get(selector.metric) ?? known?.labels);
    if (own === undefined) {
      problems.push(`there is no metric ${selector.metric}`);
      continue;
    }
    for (const label of own) labels.add(label);
    for (const { label } of selector.matchers) {
      if (label !== '__name__' && ![...OF_THE_SCRAPE, ...own].includes(ownName(label))) {
        problems.push(
          selector.metric === '' ? `no metric has a label ${label}` : `${selector.metric} has no label ${label}`,
        );
      }
    }
    const groupings = recorded.has(selector.metric) ? undefined : known?.groupings;
    if (groupings !== undefined) problems.push(...windowedProblems(selector, groupings));
  }
  const isThere = (label: string) => labels.has(ownName(label)) || labels.has(label);
  // A target may lend its own `service` to any series: dropping it is no mistake.
  const isLent = (label: string) => Object.hasOwn(LABEL_WORDS, ownName(label));
  const strange = [
    ...[...grouped, ...taken].filter((label) => label !== '__name__' && !isThere(label)),
    ...dropped.filter((label) => !isThere(label) && !isLent(label)),
  ];
  for (const label of strange) problems.push(`no series here has a label ${label}`);
  return problems;
}
