import type { Config } from '../../config/types.ts';
import { DAY_MS } from '../../model/time.ts';
import { type Delivery, makeDelivery, resolveDeliveryFilter } from '../../report/dora/delivery.ts';
import {
  renderDeliveryCsv,
  renderDeliveryJson,
  renderDeliveryMarkdown,
  renderDeliveryText,
} from '../../report/dora/render.ts';
import { type CommandContext, defineCommand, type ParsedArgs } from '../command.ts';
import { configurationForHistory } from '../configuration.ts';
import { configFile, oneOf, optional, outputFile, quiet, repeatable, toggle, UsageError } from '../flags.ts';
import { openHistorySource } from '../open-history.ts';
import { writeOutput } from '../write-file-atomic.ts';
import { readPeriod } from './report.ts';

/** Platforms are read so much further back: a comparison demands 30 days before the preceding period, and a day more for its polls. */
const MARGIN_MS = 31 * DAY_MS;

const OUTPUTS = ['text', 'json', 'markdown', 'csv'] as const;
const RENDERERS: Readonly<Record<(typeof OUTPUTS)[number], (delivery: Delivery) => string>> = {
  text: renderDeliveryText,
  json: renderDeliveryJson,
  markdown: renderDeliveryMarkdown,
  csv: renderDeliveryCsv,
};

const flags = {
  configFile,
  from: optional('--from <time>', 'start: a duration before --to, a day or a time (default: 30d)'),
  to: optional('--to <time>', 'end: now, a day (its end) or a time (default: now)'),
  services: repeatable('--service <name>', 'only this service, repeatable'),
  teams: repeatable('--team <name>', 'only this team, repeatable'),
  compare: toggle('--compare', 'compare with the preceding period'),
  output: oneOf('--output <format>', 'output format (default: text)', OUTPUTS),
  outputFile,
  quiet,
};

/** The four keys and rework of a period: from the store, or from the platforms where there is none. */
export const dora = defineCommand({
  name: 'dora',
  description: 'report the four DORA keys and rework of a period as text, JSON, Markdown or CSV',
  examples: [
    ['dora --config.file=mttr-exporter.yml', 'the last 30 days, by service'],
    ['dora --from=2026-01-01 --to=2026-01-31 --compare', 'January, compared with December'],
    ['dora --service=checkout --output=json', 'one service, for a program'],
  ],
  flags,
  run,
});

async function run(args: ParsedArgs<typeof flags>, context: CommandContext): Promise<number> {
  const { output, outputFile: file } = args.flags;
  const config = configurationForHistory(args.flags, context);
  const delivery = await createDelivery(args.flags, config, context);
  writeOutput(RENDERERS[output ?? 'text'](delivery), file, context);
  return 0;
}

async function createDelivery(
  { services, teams, compare: isCompared, quiet: isQuiet, ...given }: ParsedArgs<typeof flags>['flags'],
  config: Config,
  context: CommandContext,
): Promise<Delivery> {
  if (config.providers.every(({ deployments }) => deployments === undefined)) {
    throw new UsageError('providers', 'none has deployments; expected one with source: deployments');
  }
  const nowMs = context.clock.nowMs();
  const period = readPeriod(given, config, nowMs);
  const neededMs = nowMs - period.fromMs + (isCompared ? period.spanMs : 0) + MARGIN_MS;
  const historyMs = Math.max(config.historyMs, neededMs);
  const source = await openHistorySource({ config, historyMs, isQuiet }, context);
  try {
    const filter = resolveDeliveryFilter({ services, teams }, source.history);
    return makeDelivery({ ...source, config, period, filter, isCompared, nowMs });
  } finally {
    source.close();
  }
}
