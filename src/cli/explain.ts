import { Option } from 'commander';
import { z } from 'zod';
import type { Config } from '../config/types.ts';
import { statisticsSettings } from '../core/settings.ts';
import { DAY_MS } from '../model/time.ts';
import { explain as explainNumber } from '../report/explain/explain.ts';
import type { Explanation } from '../report/explain/explanation.ts';
import { DEFAULT_WINDOW, parseQuestion, type Question } from '../report/explain/question.ts';
import { renderExplanation } from '../report/explain/text.ts';
import { BASELINE_REACH_MS } from '../stats/evaluate.ts';
import { writeOut } from './atomic-file.ts';
import { type Asked, type OneShot, type Surroundings, WrongUse } from './command.ts';
import { configFlag } from './flag-options.ts';
import { configurationOf, readHistory } from './reading.ts';
import { wrongUseOf } from './wrong-use.ts';

const OUTPUTS = ['text', 'json'] as const;
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
  const [series, ...others] = words;
  if (others.length > 0) throw new WrongUse(`expected one series, not ${words.length}; does it need quotes?`);
  const limit = limitOf(asked);
  const reading = { surroundings, isQuiet: asked.quiet };
  const config = configurationOf(asked['config.file'], reading);
  try {
    const nowMs = surroundings.clock.nowMs();
    const question = parseQuestion({ ...asked, series, limit }, { config, nowMs });
    const source = await readHistory(config, neededHistory(question, { config, nowMs }), reading);
    try {
      const explanation = explainNumber({ ...source, question, settings: statisticsSettings(config) });
      hand(explanation, { asked, config, surroundings });
    } finally {
      source.close();
    }
    return 0;
  } catch (error) {
    throw wrongUseOf(error);
  }
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

function limitOf({ limit, output }: Values): number | undefined {
  if (limit === undefined) return output === 'text' ? LISTED_IN_TEXT : undefined;
  if (!/^[0-9]{1,9}$/.test(limit))
    throw new WrongUse(`--limit: expected a whole number from 0, got ${JSON.stringify(limit)}`);
  return Number(limit);
}

/** The window, the one before it for baselines, and some more; at least what the exporter reads. */
function neededHistory({ window, end }: Question, { config, nowMs }: { config: Config; nowMs: number }): number {
  const endMs = typeof end === 'number' ? end : nowMs;
  return Math.max(config.historyMs, nowMs - endMs + 2 * window.ms + MARGIN_MS);
}
