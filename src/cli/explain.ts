import { Option } from 'commander';
import { z } from 'zod';
import { parseDuration } from '../config/durations.ts';
import type { Config } from '../config/types.ts';
import { statisticsSettings } from '../core/settings.ts';
import { DAY_MS } from '../model/time.ts';
import { explain as explainNumber } from '../report/explain/explain.ts';
import type { Explanation } from '../report/explain/explanation.ts';
import { LABELS, type Question, type WantedLabels } from '../report/explain/question.ts';
import { parseSelector, parseStatistic, type Selected } from '../report/explain/selector.ts';
import { renderExplanation } from '../report/explain/text.ts';
import { parsePeriod } from '../report/period.ts';
import { BASELINE_REACH_MS } from '../stats/evaluate.ts';
import { writeOut } from './atomic-file.ts';
import { type Asked, type OneShot, type Surroundings, WrongUse } from './command.ts';
import { configFlag } from './flag-options.ts';
import { configurationOf, readHistory } from './reading.ts';
import { wrongUseOf } from './wrong-use.ts';

const OUTPUTS = ['text', 'json'] as const;
const DEFAULT_WINDOW = '30d';
/** Incidents that a person reads; a program gets all. */
const LISTED_IN_TEXT = 50;
/**
 * Platforms are asked so much further back: what was opened before the window may be its longest recovery. A day more than
 * a baseline demands, as the platforms are asked a little later than now.
 */
const MARGIN_MS = BASELINE_REACH_MS + DAY_MS;

const Values = z.object({
  'config.file': z.string().optional(),
  statistic: z.string().optional(),
  window: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  service: z.string().optional(),
  severity: z.string().optional(),
  team: z.string().optional(),
  provider: z.string().optional(),
  output: z.enum(OUTPUTS).default('text'),
  outputFile: z.string().optional(),
  limit: z.string().optional(),
  quiet: z.boolean().default(false),
});
type Values = z.infer<typeof Values>;

/** The incidents, exclusions and arithmetic behind one windowed number. */
export const explain: OneShot = {
  name: 'explain',
  description: 'which incidents, exclusions and arithmetic stand behind a number',
  words: '[series]',
  examples: [
    ['explain --service=checkout --window=30d', 'the MTTR of a service'],
    ['explain --statistic=p95 --severity=P1 --from=2026-01-01 --to=2026-01-31', 'another statistic, of a January'],
    [`explain 'incident_mtta_minutes{by="severity",severity="P1",window="7d"}'`, 'a series, as Grafana shows it'],
    ['explain --statistic=repeat --output=json', 'for a program, with all incidents'],
  ],
  flags: () => [
    configFlag(),
    new Option(
      '--statistic <name>',
      'mttr, mtta, p95, stddev, resolved, within_target, free … or a metric (default: mttr)',
    ),
    new Option('--window <span>', `until where the providers were read (default: ${DEFAULT_WINDOW})`),
    new Option('--from <time>', 'instead of a window: a span before --to, a day or an instant'),
    new Option('--to <time>', 'now, a day (to its end) or an instant (default: now)'),
    new Option('--service <name>', 'of this service'),
    new Option('--severity <name>', 'of this severity'),
    new Option('--team <name>', 'of this team'),
    new Option('--provider <name>', 'of this provider'),
    new Option('--output <format>', 'default: text').choices(OUTPUTS),
    new Option('--output-file <file>', 'write there, whole or not at all, instead of to standard output'),
    new Option('--limit <n>', `incidents that are listed (default: ${LISTED_IN_TEXT}, in JSON all)`),
    new Option('--quiet', 'no progress and no warnings'),
  ],
  run,
};

async function run({ values, words }: Asked, surroundings: Surroundings): Promise<number> {
  const asked = Values.parse(values);
  const reading = { surroundings, isQuiet: asked.quiet };
  const selected = asWrongUse(() => selectedOf(asked, words));
  const config = configurationOf(asked['config.file'], reading);
  const nowMs = surroundings.clock.nowMs();
  const question = asWrongUse(() => questionOf(asked, selected, { config, nowMs }));
  const historyMs = neededHistory(question, { config, nowMs });
  const source = await readHistory(config, historyMs, reading);
  try {
    const explanation = explainNumber({ ...source, question, settings: statisticsSettings(config) });
    hand(explanation, { asked, config, surroundings });
    return 0;
  } catch (error) {
    throw wrongUseOf(error);
  } finally {
    source.close();
  }
}

/** The question that flags and words ask; throws WrongUse for what cannot be understood. */
export function questionAsked(asked: Values, words: readonly string[], context: Context): Question {
  return asWrongUse(() => questionOf(asked, selectedOf(asked, words), context));
}

function hand(
  explanation: Explanation,
  { asked, config, surroundings }: { asked: Values; config: Config; surroundings: Surroundings },
): void {
  const text =
    asked.output === 'json'
      ? `${JSON.stringify(explanation, undefined, 2)}\n`
      : renderExplanation(explanation, config.timezone);
  writeOut(text, asked.outputFile, surroundings);
}

function asWrongUse<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    throw wrongUseOf(error);
  }
}

/** The series that is named, completed by flags. Throws when both say the same thing. */
function selectedOf(asked: Values, words: readonly string[]): Selected {
  const [series, ...others] = words;
  if (others.length > 0) throw new WrongUse(`expected one series, not ${words.length}; does it need quotes?`);
  const named: Selected =
    series === undefined ? { statistic: 'mttr', labels: {}, by: undefined, window: undefined } : parseSelector(series);
  if (series !== undefined && asked.statistic !== undefined) throw twice('statistic');
  if (named.window !== undefined && (asked.window ?? asked.from ?? asked.to) !== undefined) throw twice('window');
  const statistic = asked.statistic === undefined ? named.statistic : parseStatistic(asked.statistic);
  return { ...named, statistic, window: named.window ?? asked.window, labels: labelsOf(asked, named.labels) };
}

function labelsOf(asked: Values, named: WantedLabels): WantedLabels {
  const given = LABELS.flatMap((label) => {
    const value = asked[label];
    if (value === undefined) return [];
    if (named[label] !== undefined) throw twice(label);
    return [[label, value] as const];
  });
  return { ...named, ...Object.fromEntries(given) };
}

function twice(what: string): WrongUse {
  return new WrongUse(`--${what} is given by the series already; expected one of the two`);
}

interface Context {
  readonly config: Config;
  readonly nowMs: number;
}

function questionOf(asked: Values, { statistic, labels, by, window }: Selected, context: Context): Question {
  return { statistic, labels, by, ...spanOf(asked, window, context), limit: limitOf(asked) };
}

function spanOf({ from, to }: Values, window: string | undefined, context: Context): Pick<Question, 'window' | 'end'> {
  if (from === undefined && to === undefined) return { window: windowOf(window ?? DEFAULT_WINDOW), end: 'read' };
  if (window !== undefined)
    throw new WrongUse('--window and --from or --to exclude each other; expected one of the two');
  const asked = { from: from ?? DEFAULT_WINDOW, to: to ?? 'now' };
  const { spanMs, end } = parsePeriod({ ...asked, nowMs: context.nowMs, timezone: context.config.timezone });
  return { window: { name: `${asked.from} to ${asked.to}`, ms: spanMs }, end };
}

function windowOf(name: string): Question['window'] {
  const ms = parseDuration(name);
  if (ms === undefined || ms < 1) {
    throw new WrongUse(`--window: ${JSON.stringify(name)} is no span; expected a duration such as 7d or 12h`);
  }
  return { name, ms };
}

function limitOf({ limit, output }: Values): number | undefined {
  if (limit === undefined) return output === 'text' ? LISTED_IN_TEXT : undefined;
  if (!/^[0-9]{1,9}$/.test(limit))
    throw new WrongUse(`--limit: expected a whole number from 0, got ${JSON.stringify(limit)}`);
  return Number(limit);
}

/** The window, the one before it for baselines, and some more; at least what the exporter reads. */
function neededHistory({ window, end }: Question, { config, nowMs }: Context): number {
  const endMs = typeof end === 'number' ? end : nowMs;
  return Math.max(config.historyMs, nowMs - endMs + 2 * window.ms + MARGIN_MS);
}
