import { GROUPINGS, type Grouping } from '../../config/types.ts';
import { InputError } from '../../model/input-error.ts';
import { suggest } from '../../model/text.ts';
import { STATISTICS, type Statistic } from '../../stats/rows.ts';
import { LABELS, labelsOf, type WantedLabels } from './question.ts';
import { DESCRIBED } from './statistics.ts';

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
  const near = suggest(word, [...words, ...STATISTICS.map((one) => DESCRIBED[one].metric)]);
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
