import { parseDuration } from '../../config/durations.ts';
import { type Config, GROUPINGS, type Grouping } from '../../config/types.ts';
import { formatList } from '../../model/format.ts';
import { InputError } from '../../model/input-error.ts';
import { suggest } from '../../model/text.ts';
import { STATISTICS, type Statistic } from '../../stats/rows.ts';
import { LABELS, type Label, type LabelQuery, type LabelSet } from '../filter.ts';
import { parsePeriod } from '../period.ts';
import { STATISTIC_INFO } from '../statistic-info.ts';
import type { WindowEnd } from '../timeline.ts';

/** One number that is to be explained. */
export interface Question {
  readonly statistic: Statistic;
  readonly labels: LabelSet;
  /** The grouping of the row; absent: the one of the labels. */
  readonly by?: Grouping | undefined;
  readonly window: { readonly name: string; readonly ms: number };
  readonly end: WindowEnd;
  /** Incidents that are listed with their timestamps; all without it. */
  readonly limit?: number | undefined;
}

/** What may be asked, as it was given; flags of the command and parameters of the API have these names. */
export interface QuestionInput extends LabelQuery {
  /** A series as Prometheus shows it, instead of a statistic, a window and labels. */
  readonly series?: string | undefined;
  readonly statistic?: string | undefined;
  readonly window?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Incidents that are listed; all without it. */
  readonly limit?: number | undefined;
}

/** Where neither a window nor a period is named. */
export const DEFAULT_WINDOW = '30d';

/** Makes a question of what was given; throws an InputError that names the field. */
export function parseQuestion(
  input: QuestionInput,
  { config, nowMs }: { readonly config: Pick<Config, 'timezone'>; readonly nowMs: number },
): Question {
  const { statistic, labels, by, window } = parseRow(input);
  const { from, to, limit } = input;
  if (from === undefined && to === undefined) {
    return { statistic, labels, by, window: parseWindow(window ?? DEFAULT_WINDOW), end: 'read', limit };
  }
  if (window !== undefined) {
    const problem = `cannot be combined with ${from === undefined ? 'to' : 'from'}`;
    throw new InputError({ field: 'window', problem, expected: 'one of the two' });
  }
  const asked = { from: from ?? DEFAULT_WINDOW, to: to ?? 'now' };
  const { spanMs, end } = parsePeriod({ ...asked, nowMs, timezone: config.timezone });
  return { statistic, labels, by, window: { name: `${asked.from} to ${asked.to}`, ms: spanMs }, end, limit };
}

function parseWindow(name: string): Question['window'] {
  const ms = parseDuration(name);
  if (ms !== undefined && ms >= 1) return { name, ms };
  const expected = 'a duration such as 7d or 12h';
  throw new InputError({ field: 'window', value: name, problem: 'is not a valid window', expected });
}

/** The series that is named, completed by the other fields; both may not say the same thing. */
function parseRow(input: QuestionInput): ParsedSeries {
  const { series, statistic, window = input.from ?? input.to } = input;
  if (series === undefined) {
    const wanted = statistic === undefined ? 'mttr' : parseStatistic(statistic, 'statistic');
    return { statistic: wanted, labels: addLabels({}, input), by: undefined, window: input.window };
  }
  const parsed = parseSeries(series);
  if (statistic !== undefined) throw toGivenTwice('statistic', statistic, STATISTIC_INFO[parsed.statistic].name);
  if (parsed.window !== undefined && window !== undefined) {
    throw toGivenTwice(findWindowField(input), window, parsed.window);
  }
  return { ...parsed, window: parsed.window ?? input.window, labels: addLabels(parsed.labels, input) };
}

function findWindowField({ window, from }: QuestionInput): string {
  if (window !== undefined) return 'window';
  return from === undefined ? 'to' : 'from';
}

function addLabels(selected: LabelSet, input: QuestionInput): LabelSet {
  const labels: Partial<Record<Label, string>> = {};
  for (const label of LABELS) {
    const [value, other] = [input[label], selected[label]];
    if (value !== undefined && other !== undefined) throw toGivenTwice(label, value, other);
    const wanted = value ?? other;
    if (wanted !== undefined) labels[label] = wanted;
  }
  return labels;
}

function toGivenTwice(field: string, value: string, bySeries: string): InputError {
  const problem = `is given, and ${JSON.stringify(bySeries)} by the series`;
  return new InputError({ field, value, problem, expected: 'one of the two' });
}

/** What a series' name and labels say of a question. */
export interface ParsedSeries {
  readonly statistic: Statistic;
  readonly labels: LabelSet;
  readonly by: Grouping | undefined;
  /** As written. */
  readonly window: string | undefined;
}

const SERIES = /^\s*(?<metric>[a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{(?<matchers>[^]*)\})?\s*$/;
const MATCHER = /\s*(?<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"(?<value>(?:[^"\\\n]|\\.)*)"\s*(?:,|$)/y;
const SERIES_EXPECTED = `a statistic such as mttr, or a series such as incident_mttr_minutes{by="service",service="checkout",window="30d"}`;
/** The level is read off the mean. */
const LEVEL_METRIC = 'incident_performance_level';
/** The recorded series that Prometheus keeps of one gauge has its own name. */
const RECORDED = { metric: 'incident_recovery_time_minutes', by: 'service,severity', window: '30d' } as const;

/**
 * Reads a statistic (`mttr`, `within_target`), the name of a metric, or a series as Prometheus and Grafana show it. Labels
 * that no row has (`instance`, `job`) are ignored. Throws an InputError.
 */
export function parseSeries(text: string): ParsedSeries {
  const { metric, matchers } = SERIES.exec(text)?.groups ?? {};
  const labels = parseMatchers(matchers ?? '', text);
  const name = metric ?? labels.get('__name__');
  if (name === undefined) {
    throw new InputError({ field: 'series', value: text, problem: 'names no metric', expected: SERIES_EXPECTED });
  }
  const recorded = name === RECORDED.metric ? RECORDED : undefined;
  const by = parseGrouping(recorded?.by ?? labels.get('by'));
  const own = (by === undefined ? LABELS : findLabels(by)).flatMap((label) => {
    // Prometheus moves a label aside where the target has one of that name.
    const value = labels.get(`exported_${label}`) ?? labels.get(label);
    return value === undefined ? [] : [[label, value] as const];
  });
  return {
    statistic: recorded === undefined ? parseStatistic(name, 'series', labels) : 'mttr',
    labels: Object.fromEntries(own),
    by,
    window: recorded?.window ?? labels.get('window'),
  };
}

/**
 * The statistic of this name, or of this metric; one of quantiles needs the label `quantile`, one of stages `stage`. Throws
 * an InputError.
 */
export function parseStatistic(
  name: string,
  field: 'statistic' | 'series',
  labels: ReadonlyMap<string, string> = new Map(),
): Statistic {
  if (name === LEVEL_METRIC) return 'mttr';
  const found = STATISTICS.filter((one) => {
    const { name: own, metric } = STATISTIC_INFO[one];
    return [one, own, metric].includes(name) || (name === 'median' && one === 'p50');
  });
  const [only, ...others] = found;
  if (only === undefined) throw toUnknownStatistic(name, field);
  if (others.length === 0) return only;
  const label = STATISTIC_INFO[only].stage === undefined ? 'quantile' : 'stage';
  const toValue = (one: Statistic) => String(STATISTIC_INFO[one][label]);
  const given = label === 'quantile' ? String(Number(labels.get(label))) : labels.get(label);
  const wanted = found.find((one) => toValue(one) === given);
  if (wanted !== undefined) return wanted;
  const expected = `one of ${formatList(found.map(toValue))}`;
  throw new InputError({ field, problem: `${name} needs a ${label}`, expected });
}

function toUnknownStatistic(value: string, field: string): InputError {
  const names = STATISTICS.map((one) => STATISTIC_INFO[one].name);
  const near = suggest(value, [...names, ...STATISTICS.map((one) => STATISTIC_INFO[one].metric)]);
  const problem = 'is not a statistic';
  if (near !== undefined) return new InputError({ field, value, problem: `${problem}; did you mean ${near}?` });
  return new InputError({ field, value, problem, expected: `one of ${formatList(names)}, or a windowed metric` });
}

function parseGrouping(by: string | undefined): Grouping | undefined {
  const grouping = GROUPINGS.find((one) => one === by);
  if (grouping !== undefined || by === undefined) return grouping;
  const problem = `by=${JSON.stringify(by)} is not a grouping`;
  throw new InputError({ field: 'series', problem, expected: `one of ${GROUPINGS.join(' ')}` });
}

function parseMatchers(matchers: string, text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  MATCHER.lastIndex = 0;
  for (let end = 0; matchers.slice(end).trim() !== ''; end = MATCHER.lastIndex) {
    const { name, value } = MATCHER.exec(matchers)?.groups ?? {};
    if (name === undefined || value === undefined) {
      const problem = `cannot be read from ${JSON.stringify(matchers.slice(end).trim())} on`;
      throw new InputError({ field: 'series', value: text, problem, expected: 'label="value"' });
    }
    found.set(name, unescape(value));
  }
  return found;
}

/** As in the exposition: `\\`, `\"` and `\n`. */
function unescape(value: string): string {
  return value.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}

/** The row that a question is about: its grouping, and the labels that narrow it further. */
export interface QuestionRow {
  readonly grouping: Grouping;
  /** In the order of the grouping. */
  readonly values: readonly string[];
  readonly isNarrowed: boolean;
}

/** The most telling first: a provider outside the overall rows has its own only. */
const GROUPINGS_BY_CHOICE: readonly Grouping[] = ['provider', 'service,severity', 'service', 'team', 'severity', 'all'];

/** The row of a grouping, or of the one that fits the labels best. Throws an InputError when it lacks a label. */
export function findQuestionRow({ labels, by }: Pick<Question, 'labels' | 'by'>): QuestionRow {
  const fitting = GROUPINGS_BY_CHOICE.find((one) => findLabels(one).every((label) => labels[label] !== undefined));
  const grouping = by ?? fitting ?? 'all';
  const names = findLabels(grouping);
  const values = names.map((name) => {
    const value = labels[name];
    if (value !== undefined) return value;
    throw new InputError({ field: 'series', problem: `by="${grouping}" needs a ${name}; none is given` });
  });
  const given = LABELS.filter((label) => labels[label] !== undefined);
  return { grouping, values, isNarrowed: given.length > names.length };
}

/** The labels that a row of this grouping carries. */
function findLabels(grouping: Grouping): readonly Label[] {
  return LABELS.filter((label) => grouping.split(',').includes(label));
}
