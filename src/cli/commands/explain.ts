import { BASELINE_MARGIN_MS, type Config } from '../../config/types.ts';
import { statisticsSettings } from '../../core/settings.ts';
import { DAY_MS } from '../../model/time.ts';
import { explain as explainNumber } from '../../report/explain/explain.ts';
import { DEFAULT_WINDOW, parseQuestion, type Question } from '../../report/explain/question.ts';
import { renderExplanation } from '../../report/explain/text.ts';
import { type CommandContext, defineCommand, type ParsedArgs } from '../command.ts';
import { configurationForHistory } from '../configuration.ts';
import { configFile, oneOfOrDefault, optional, outputFile, quiet, UsageError, wholeNumber } from '../flags.ts';
import { openHistorySource } from '../open-history.ts';
import { writeOutput } from '../write-file-atomic.ts';

/** Incidents that a person reads; a program gets all. */
const LISTED_IN_TEXT = 50;
/**
 * Platforms are read so much further back: an incident opened before the window may be its longest recovery. A day more
 * than a baseline needs, as the platforms are read a little later than now.
 */
const MARGIN_MS = BASELINE_MARGIN_MS + DAY_MS;

const flags = {
  configFile,
  statistic: optional(
    '--statistic <name>',
    'mttr, mtta, p95, resolved, within_target, availability, error_budget … or a metric (default: mttr)',
  ),
  window: optional('--window <duration>', `window up to the last poll (default: ${DEFAULT_WINDOW})`),
  from: optional('--from <time>', 'instead of a window: a duration before --to, a day or a time'),
  to: optional('--to <time>', 'now, a day (its end) or a time (default: now)'),
  service: optional('--service <name>', 'only this service'),
  severity: optional('--severity <name>', 'only this severity'),
  team: optional('--team <name>', 'only this team'),
  provider: optional('--provider <name>', 'only this provider'),
  output: oneOfOrDefault('--output <format>', 'output format', ['text', 'json'], 'text'),
  outputFile,
  limit: optional('--limit <n>', `incidents to list (default: ${LISTED_IN_TEXT}, in JSON all)`, wholeNumber),
  quiet,
};

/** The incidents, exclusions and arithmetic behind one windowed number. */
export const explain = defineCommand({
  name: 'explain',
  description: 'list the incidents, exclusions and arithmetic behind a number',
  operands: '[series]',
  examples: [
    ['explain --service=checkout --window=30d', 'the MTTR of a service'],
    ['explain --statistic=p95 --severity=P1 --from=2026-01-01 --to=2026-01-31', 'another statistic, for January'],
    [`explain 'incident_mtta_minutes{by="severity",severity="P1",window="7d"}'`, 'a series, as Grafana shows it'],
    ['explain --statistic=repeat --output=json', 'for a program, with all incidents'],
  ],
  flags,
  run,
});

async function run(args: ParsedArgs<typeof flags>, context: CommandContext): Promise<number> {
  const { output, outputFile: file } = args.flags;
  const [series, ...others] = args.operands;
  if (others.length > 0) {
    throw new UsageError(undefined, `expected one series, got ${args.operands.length}; does it need quotes?`);
  }
  const limit = args.flags.limit ?? (output === 'text' ? LISTED_IN_TEXT : undefined);
  const config = configurationForHistory(args.flags, context);
  const nowMs = context.clock.nowMs();
  const question = parseQuestion({ ...args.flags, series, limit }, { config, nowMs });
  const historyMs = neededHistoryMs(question, config, nowMs);
  const source = await openHistorySource({ config, historyMs, isQuiet: args.flags.quiet }, context);
  try {
    const explanation = explainNumber({ ...source, question, settings: statisticsSettings(config) });
    const json = () => `${JSON.stringify(explanation, undefined, 2)}\n`;
    writeOutput(output === 'json' ? json() : renderExplanation(explanation, config.timezone), file, context);
    return 0;
  } finally {
    source.close();
  }
}

/** The window, the one before it for baselines, and a margin; at least what the exporter reads. */
function neededHistoryMs({ window, end }: Question, { historyMs }: Config, nowMs: number): number {
  const endMs = typeof end === 'number' ? end : nowMs;
  return Math.max(historyMs, nowMs - endMs + 2 * window.ms + MARGIN_MS);
}
