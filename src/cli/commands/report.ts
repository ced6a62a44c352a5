import type { Config } from '../../config/types.ts';
import { postWebhook } from '../../http/post-client.ts';
import { messageOf } from '../../model/error-message.ts';
import { InputError } from '../../model/input-error.ts';
import { DAY_MS } from '../../model/time.ts';
import { hasDeployments } from '../../report/dora/dora-input.ts';
import { resolveFilter } from '../../report/filter.ts';
import { type Period, parsePeriod } from '../../report/period.ts';
import { renderCsv } from '../../report/render/csv.ts';
import { renderJson } from '../../report/render/json.ts';
import { renderMarkdown } from '../../report/render/markdown.ts';
import { renderSlack, toSlackMessage } from '../../report/render/slack.ts';
import { renderText } from '../../report/render/text.ts';
import { makeReport, type Report } from '../../report/report.ts';
import { STEPS } from '../../report/trend-steps.ts';
import { type CommandContext, defineCommand, type ParsedArgs } from '../command.ts';
import { configurationForHistory, readTextFile } from '../configuration.ts';
import {
  configFile,
  type FlagValues,
  oneOf,
  optional,
  orUsageError,
  outputFile,
  quiet,
  repeatable,
  toggle,
  UsageError,
} from '../flags.ts';
import { openHistorySource } from '../open-history.ts';
import { writeOutput } from '../write-file-atomic.ts';

/**
 * Platforms are read so much further back: an incident opened before the period may be its longest recovery. A day more
 * than a comparison needs, as the platforms are read a little later than now.
 */
const MARGIN_MS = 31 * DAY_MS;
/** The period unless flags or the short form of the configuration set another. */
const DEFAULT_FROM = '30d';
const DEFAULT_TO = 'now';
/** An argument would show the URL, which is a secret, to everybody who lists processes. */
const WEBHOOK_VARIABLE = 'MTTR_SLACK_WEBHOOK';

const OUTPUTS = ['text', 'json', 'markdown', 'csv', 'slack'] as const;
const RENDERERS: Readonly<Record<(typeof OUTPUTS)[number], (report: Report) => string>> = {
  text: renderText,
  json: renderJson,
  markdown: renderMarkdown,
  csv: renderCsv,
  slack: renderSlack,
};

const flags = {
  configFile,
  from: optional('--from <time>', `start: a duration before --to, a day or a time (default: ${DEFAULT_FROM})`),
  to: optional('--to <time>', `end: now, a day (its end) or a time (default: ${DEFAULT_TO})`),
  severities: repeatable('--severity <name>', 'only this severity, repeatable'),
  services: repeatable('--service <name>', 'only this service, repeatable'),
  teams: repeatable('--team <name>', 'only this team, repeatable'),
  trend: oneOf('--trend <step>', 'add one line per step of the period', STEPS),
  compare: toggle('--compare', 'compare with the preceding period'),
  output: oneOf('--output <format>', 'output format (default: text)', OUTPUTS),
  outputFile,
  slackWebhook: toggle('--slack-webhook', `post to the webhook URL in ${WEBHOOK_VARIABLE}`),
  slackWebhookFile: optional('--slack-webhook-file <file>', 'post to the webhook URL in this file'),
  quiet,
};
type ReportFlags = FlagValues<typeof flags>;

/** Recovery times of a period: from the store, or from the platforms where there is none. */
export const report = defineCommand({
  name: 'report',
  description: 'report recovery times of a period as text, JSON, Markdown, CSV or to Slack',
  examples: [
    ['report --config.file=mttr-exporter.yml', 'the last 30 days'],
    ['report --from=2026-01-01 --to=2026-01-31 --trend=week --compare', 'January by week, compared with December'],
    ['report --service=checkout --severity=P1 --output=json', 'one service and severity, for a program'],
    ['report --from=7d --slack-webhook-file=/run/secrets/slack', 'the weekly post'],
  ],
  flags,
  run,
});

async function run(args: ParsedArgs<typeof flags>, context: CommandContext): Promise<number> {
  const { output, outputFile: file, quiet: isQuiet } = args.flags;
  const webhook = findWebhook(args.flags, context);
  const config = configurationForHistory(args.flags, context);
  const made = await createReport(args.flags, config, context);
  // A post alone prints no report.
  if (webhook === undefined || output !== undefined || file !== undefined) {
    writeOutput(RENDERERS[output ?? 'text'](made), file, context);
  }
  if (webhook === undefined) return 0;
  try {
    await postWebhook({ url: webhook, message: toSlackMessage(made), clock: context.clock, env: context.env });
  } catch (error) {
    throw new Error(`cannot post the report to Slack: ${messageOf(error)}`, { cause: error });
  }
  if (!isQuiet) context.stderr.write('posted to Slack\n');
  return 0;
}

async function createReport(reportFlags: ReportFlags, config: Config, context: CommandContext): Promise<Report> {
  const { severities, services, teams, compare: isCompared, trend: step, quiet: isQuiet } = reportFlags;
  const nowMs = context.clock.nowMs();
  const period = readPeriod(reportFlags, config, nowMs);
  // As far back as the daemon reads, so that its numbers are the same, and further for an older period.
  const neededMs = nowMs - period.fromMs + (isCompared ? period.spanMs : 0) + MARGIN_MS;
  const historyMs = Math.max(config.historyMs, neededMs);
  const source = await openHistorySource({ config, historyMs, isQuiet }, context);
  try {
    const known = { names: source.history.names(), severities: config.severities };
    const filter = resolveFilter({ severities, services, teams }, known);
    const { retentionMs } = source;
    const deployments = hasDeployments(config) ? config : undefined;
    const given = { period, filter, step, isCompared, nowMs, deployments };
    return makeReport({ ...source, ...given, config: { ...config, retentionMs } });
  } finally {
    source.close();
  }
}

/** The period of a report: that of the flags, else of the configuration. Throws InputError of the flag, or UsageError of the key of the configuration that the end comes from. */
export function readPeriod(
  { from, to }: Pick<ReportFlags, 'from' | 'to'>,
  { timezone, timeRange }: Config,
  nowMs: number,
): Period {
  try {
    return parsePeriod({
      from: from ?? timeRange?.start ?? DEFAULT_FROM,
      to: to ?? timeRange?.end ?? DEFAULT_TO,
      nowMs,
      timezone,
    });
  } catch (error) {
    if (!(error instanceof InputError) || timeRange === undefined) throw error;
    const { field, reason } = error;
    if ((field === 'from' ? from : to) !== undefined) throw error;
    throw new UsageError(`time_range.${field === 'from' ? 'start_date' : 'end_date'}`, reason, { cause: error });
  }
}

/** The URL to post to, if any; messages never contain it. */
function findWebhook(reportFlags: ReportFlags, { env }: Pick<CommandContext, 'env'>): string | undefined {
  const { slackWebhook: isFromEnvironment, slackWebhookFile: file } = reportFlags;
  if (file !== undefined) {
    const text = orUsageError('--slack-webhook-file', () => readTextFile(file));
    return checkWebhook(text.trim(), `--slack-webhook-file ${file}`);
  }
  if (!isFromEnvironment) return undefined;
  const url = env[WEBHOOK_VARIABLE]?.trim() ?? '';
  if (url !== '') return checkWebhook(url, WEBHOOK_VARIABLE);
  throw new UsageError('--slack-webhook', `${WEBHOOK_VARIABLE} is not set; set it, or use --slack-webhook-file`);
}

function checkWebhook(text: string, source: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new UsageError(source, 'contains no webhook URL; expected one that begins with https://');
}
