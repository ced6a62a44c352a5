import { parseDuration } from '../../config/durations.ts';
import { nearest } from '../../config/near.ts';
import type { Reader } from '../../config/reading.ts';
import { type Config, GROUPINGS, type Grouping } from '../../config/types.ts';
import { InputError } from '../../model/input-error.ts';
import type { FacetLabels } from '../../model/stored.ts';
import { STATISTICS, type Statistic, type StatisticsSettings } from '../../stats/rows.ts';
import type { History } from '../../store/history.ts';
import { parsePeriod } from '../period.ts';
import { DESCRIBED } from '../statistic-info.ts';
import type { End, ReportedProvider } from '../timeline.ts';

export const LABELS = ['service', 'severity', 'team', 'provider'] as const;
export type Label = (typeof LABELS)[number];
export type WantedLabels = Readonly<Partial<Record<Label, string>>>;

/** One number that is to be explained. */
export interface Question {
  readonly statistic: Statistic;
  readonly labels: WantedLabels;
  /** The grouping of the row; absent: the one of the labels. */
  readonly by?: Grouping | undefined;
  readonly window: { readonly name: string; readonly ms: number };
  readonly end: End;
  /** Incidents that are listed with their stamps; all without it. */
  readonly limit?: number | undefined;
}

export interface ExplainInput {
  readonly question: Question;
  readonly history: History;
  /** As configured; its windows and groupings only say what `/metrics` shows. */
  readonly settings: StatisticsSettings;
  /** How long closed incidents are kept. */
  readonly retentionMs: number;
  readonly providers: readonly ReportedProvider[];
  readonly reader: (provider: string) => Reader | undefined;
}

/** The row that a question is about: its grouping, and the labels that narrow it further. */
export interface Group {
  readonly grouping: Grouping;
  /** In the order of the grouping. */
  readonly values: readonly string[];
  readonly isNarrowed: boolean;
}

/** The most telling first: a provider outside the overall rows has its own only. */
const CHOICE: readonly Grouping[] = ['provider', 'service,severity', 'service', 'team', 'severity', 'all'];

/** The row of a grouping, or of the one that fits the labels best. Throws an InputError when it lacks a label. */
export function groupOf({ labels, by }: Pick<Question, 'labels' | 'by'>): Group {
  const grouping = by ?? CHOICE.find((one) => labelsOf(one).every((label) => labels[label] !== undefined)) ?? 'all';
  const names = labelsOf(grouping);
  const values = names.map((name) => {
    const value = labels[name];
    if (value === undefined) throw new InputError('series', `by="${grouping}" needs a ${name}; none is given`);
    return value;
  });
  const given = LABELS.filter((label) => labels[label] !== undefined);
  return { grouping, values, isNarrowed: given.length > names.length };
}

/** The labels that a row of this grouping carries. */
export function labelsOf(grouping: Grouping): readonly Label[] {
  return LABELS.filter((label) => grouping.split(',').includes(label));
}

/** Whether an incident of these labels is asked for. */
export function isWanted(labels: WantedLabels, found: FacetLabels): boolean {
  return LABELS.every((label) => labels[label] === undefined || labels[label] === found[label]);
}

/** What may be asked, as it was typed; flags of the command and parameters of the API have these names. */
export interface QuestionInput extends Readonly<Partial<Record<Label, string | undefined>>> {
  /** A series as Prometheus shows it, instead of a statistic, a window and labels. */
  readonly series?: string | undefined;
  readonly statistic?: string | undefined;
  readonly window?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Incidents that are listed; all without it. */
  readonly limit?: number | undefined;
}

export interface QuestionContext {
  readonly config: Pick<Config, 'timezone'>;
  readonly nowMs: number;
}

/** Where neither a window nor a period is named. */
export const DEFAULT_WINDOW = '30d';

/** Makes a question of what was typed; throws an InputError that names the field. */
export function parseQuestion(input: QuestionInput, context: QuestionContext): Question {
  const { statistic, labels, by, window } = select(input);
  return { statistic, labels, by, ...parseSpan(input, window, context), limit: input.limit };
}

/** The series that is named, completed by the other fields; both may not say the same thing. */
function select(input: QuestionInput): Selected {
  const { series, statistic, window = input.from ?? input.to } = input;
  if (series === undefined) {
    const wanted = statistic === undefined ? 'mttr' : parseStatistic(statistic);
    return { statistic: wanted, labels: addLabels({}, input), by: undefined, window: input.window };
  }
  const selected = parseSelector(series);
  if (statistic !== undefined) throw twice('statistic', statistic, DESCRIBED[selected.statistic].word);
  if (selected.window !== undefined && window !== undefined) throw twice(windowField(input), window, selected.window);
  return { ...selected, window: selected.window ?? input.window, labels: addLabels(selected.labels, input) };
}

function windowField({ window, from }: QuestionInput): string {
  if (window !== undefined) return 'window';
  return from === undefined ? 'to' : 'from';
}

function addLabels(selected: WantedLabels, input: QuestionInput): WantedLabels {
  const given = LABELS.flatMap((label) => {
    const value = input[label];
    if (value === undefined) return [];
    if (selected[label] !== undefined) throw twice(label, value, selected[label]);
    return [[label, value] as const];
  });
  return { ...selected, ...Object.fromEntries(given) };
}

function twice(field: string, value: string, selected: string): InputError {
  const [here, there] = [value, selected].map((one) => JSON.stringify(one));
  return new InputError(field, `${here} is given, and ${there} by the series; expected one of the two`);
}

function parseSpan(
  { from, to }: QuestionInput,
  window: string | undefined,
  { config, nowMs }: QuestionContext,
): Pick<Question, 'window' | 'end'> {
  if (from === undefined && to === undefined) return { window: parseWindow(window ?? DEFAULT_WINDOW), end: 'read' };
  if (window !== undefined) {
    const other = from === undefined ? 'to' : 'from';
    throw new InputError('window', `cannot be combined with ${other}; expected one of the two`);
  }
  const asked = { from: from ?? DEFAULT_WINDOW, to: to ?? 'now' };
  const { spanMs, end } = parsePeriod({ ...asked, nowMs, timezone: config.timezone });
  return { window: { name: `${asked.from} to ${asked.to}`, ms: spanMs }, end };
}

function parseWindow(name: string): Question['window'] {
  const ms = parseDuration(name);
  if (ms === undefined || ms < 1) {
    throw new InputError('window', `${JSON.stringify(name)} is not a span; expected a duration such as 7d or 12h`);
  }
  return { name, ms };
}

/** What a series' name and labels say of a question. */
export interface Selected {
  readonly statistic: Statistic;
  readonly labels: WantedLabels;
  readonly by: Grouping | undefined;
  /** As written. */
  readonly window: string | undefined;
}

const SERIES = /^\s*(?<metric>[a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{(?<matchers>[^]*)\})?\s*$/;
const MATCHER = /\s*(?<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"(?<value>(?:[^"\\\n]|\\.)*)"\s*(?:,|$)/y;
const EXPECTED = `expected a statistic such as mttr, or a series such as incident_mttr_minutes{by="service",service="checkout",window="30d"}`;
/** The level is read off the mean. */
const LEVEL_METRIC = 'incident_performance_level';
/** The recorded series that Prometheus keeps of one gauge has its own name. */
const RECORDED = { metric: 'incident_recovery_time_minutes', by: 'service,severity', window: '30d' } as const;

/**
 * Reads a statistic (`mttr`, `within_target`), the name of a metric, or a series as Prometheus and Grafana show it. Labels
 * that no row has (`instance`, `job`) are let by. Throws an InputError.
 */
export function parseSelector(text: string): Selected {
  const { metric, matchers } = SERIES.exec(text)?.groups ?? {};
  const labels = matchersIn(matchers ?? '', text);
  const name = metric ?? labels.get('__name__');
  if (name === undefined) throw new InputError('series', `${JSON.stringify(text)} names no metric; ${EXPECTED}`);
  const recorded = name === RECORDED.metric ? RECORDED : undefined;
  const by = groupingOf(recorded?.by ?? labels.get('by'));
  const carried = by === undefined ? LABELS : labelsOf(by);
  const own = carried.flatMap((label) => {
    // Prometheus moves a label aside where the target has one of that name.
    const value = labels.get(`exported_${label}`) ?? labels.get(label);
    return value === undefined ? [] : [[label, value] as const];
  });
  return {
    statistic:
      recorded === undefined ? parseStatistic(name, { field: 'series', quantile: labels.get('quantile') }) : 'mttr',
    labels: Object.fromEntries(own),
    by,
    window: recorded?.window ?? labels.get('window'),
  };
}

interface StatisticInput {
  /** Which field has the word. */
  readonly field?: 'statistic' | 'series';
  readonly quantile?: string | undefined;
}

/** The statistic of this word, or of this metric; a metric of quantiles needs the quantile. Throws an InputError. */
export function parseStatistic(word: string, { field = 'statistic', quantile }: StatisticInput = {}): Statistic {
  const called = STATISTICS.filter((one) => {
    const { word: own, metric } = DESCRIBED[one];
    return [one, own, metric].includes(word) || (word === 'median' && one === 'p50');
  });
  if (word === LEVEL_METRIC) return 'mttr';
  const [only, ...others] = called;
  if (only === undefined) throw unknownStatistic(word, field);
  if (others.length === 0) return only;
  const wanted = called.find((one) => DESCRIBED[one].quantile === Number(quantile));
  if (wanted !== undefined) return wanted;
  const words = called.map((one) => DESCRIBED[one].quantile).join(', ');
  throw new InputError(field, `${word} needs a quantile: one of ${words}`);
}

function unknownStatistic(word: string, field: string): InputError {
  const words = STATISTICS.map((one) => DESCRIBED[one].word);
  const near = nearest(word, [...words, ...STATISTICS.map((one) => DESCRIBED[one].metric)]);
  const hint =
    near === undefined ? `expected one of ${words.join(', ')}, or a windowed metric` : `did you mean ${near}?`;
  return new InputError(field, `${JSON.stringify(word)} is not a statistic; ${hint}`);
}

function groupingOf(by: string | undefined): Grouping | undefined {
  if (by === undefined) return undefined;
  const grouping = GROUPINGS.find((one) => one === by);
  if (grouping === undefined) {
    throw new InputError(
      'series',
      `by=${JSON.stringify(by)} is not a grouping; expected one of ${GROUPINGS.join(' ')}`,
    );
  }
  return grouping;
}

function matchersIn(matchers: string, text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  MATCHER.lastIndex = 0;
  for (let end = 0; matchers.slice(end).trim() !== ''; end = MATCHER.lastIndex) {
    const { name, value } = MATCHER.exec(matchers)?.groups ?? {};
    if (name === undefined || value === undefined) {
      const rest = JSON.stringify(matchers.slice(end).trim());
      throw new InputError('series', `expected label="value" at ${rest} of ${JSON.stringify(text)}`);
    }
    found.set(name, unescaped(value));
  }
  return found;
}

/** As in the exposition: `\\`, `\"` and `\n`. */
function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}
