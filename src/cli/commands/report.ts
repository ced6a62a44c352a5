import { Option } from 'commander';
import { z } from 'zod';
import type { Config } from '../../config/types.ts';
import { postWebhook } from '../../http/post-client.ts';
import { messageOf } from '../../model/error-message.ts';
import { InputError } from '../../model/input-error.ts';
import { DAY_MS } from '../../model/time.ts';
import { STEPS } from '../../report/calendar.ts';
import { type Filter, resolveFilter } from '../../report/filter.ts';
import { type Period, parsePeriod } from '../../report/period.ts';
import { renderCsv } from '../../report/render/csv.ts';
import { renderJson } from '../../report/render/json.ts';
import { renderMarkdown } from '../../report/render/markdown.ts';
import { renderSlack, slackMessage } from '../../report/render/slack.ts';
import { renderText } from '../../report/render/text.ts';
import { makeReport, type Report } from '../../report/report.ts';
import { type Asked, type OneShot, type Surroundings, WrongUse, wrongUseOf } from '../command.ts';
import { readText } from '../configuration.ts';
import { configFlag, repeatable } from '../flags.ts';
import { configurationOf, readHistory } from '../open-history.ts';
import { writeOut } from '../write-file-atomic.ts';

/**
 * Platforms are asked so much further back: what was opened before the period may be its longest recovery. A day more than
 * a comparison demands, as the platforms are asked a little later than now.
 */
const MARGIN_MS = 31 * DAY_MS;

const RENDERERS: Readonly<Record<(typeof OUTPUTS)[number], (report: Report) => string>> = {
  text: renderText,
  json: renderJson,
  markdown: renderMarkdown,
  csv: renderCsv,
  slack: renderSlack,
};

/** Recovery times of a period for people and programs: from the store, or from the platforms where there is none. */
export const report: OneShot = {
  name: 'report',
  description: 'recovery times of a period: text, JSON, Markdown, CSV, Slack',
  examples: [
    ['report --config.file=mttr-exporter.yml', 'the last 30 days'],
    ['report --from=2026-01-01 --to=2026-01-31 --trend=week --compare', 'January by week, beside December'],
    ['report --service=checkout --severity=P1 --output=json', 'a part of it, for a program'],
    ['report --from=7d --slack-webhook-file=/run/secrets/slack', 'the weekly post'],
  ],
  flags: reportFlags,
  run,
};

async function run({ values }: Asked, surroundings: Surroundings): Promise<number> {
  const request = readRequest(values);
  const webhook = webhookOf(request, surroundings);
  const config = configurationOf(request['config.file'], { surroundings, isQuiet: request.quiet });
  const nowMs = surroundings.clock.nowMs();
  const period = periodOf(request, config, nowMs);
  const made = await reportOf({ request, config, period, nowMs, surroundings });
  await hand(made, { request, webhook, surroundings });
  return 0;
}

interface Making {
  readonly request: Request;
  readonly config: Config;
  readonly period: Period;
  readonly nowMs: number;
  readonly surroundings: Surroundings;
}

async function reportOf({ request, config, period, nowMs, surroundings }: Making): Promise<Report> {
  const historyMs = neededHistory(config, { nowMs, period, isCompared: request.compare });
  const source = await readHistory(config, historyMs, { surroundings, isQuiet: request.quiet });
  const { history, retentionMs } = source;
  try {
    const filter = resolveFilter(askedFilter(request), { names: history.names(), severities: config.severities });
    return makeReport({
      ...source,
      config: { ...config, retentionMs },
      period,
      filter,
      step: request.trend,
      isCompared: request.compare,
      nowMs,
    });
  } catch (error) {
    throw wrongUseOf(error);
  } finally {
    source.close();
  }
}

/** As far back as the daemon asks, so that its numbers are these, and further for an older period. */
function neededHistory(
  config: Config,
  { nowMs, period, isCompared }: { nowMs: number; period: Period; isCompared: boolean },
): number {
  const before = isCompared ? period.spanMs : 0;
  return Math.max(config.historyMs, nowMs - period.fromMs + before + MARGIN_MS);
}

interface Handing {
  readonly request: Request;
  readonly webhook: string | undefined;
  readonly surroundings: Surroundings;
}

/** Prints, writes and posts as asked; a post alone prints no report. */
async function hand(made: Report, { request, webhook, surroundings }: Handing): Promise<void> {
  const { output = 'text', outputFile, quiet } = request;
  const { clock, env } = surroundings;
  if (webhook === undefined || request.output !== undefined || outputFile !== undefined) {
    writeOut(RENDERERS[output](made), outputFile, surroundings);
  }
  if (webhook === undefined) return;
  try {
    await postWebhook({ url: webhook, message: slackMessage(made), clock, env });
  } catch (error) {
    throw new Error(`the report was not posted to Slack: ${messageOf(error)}`, { cause: error });
  }
  if (!quiet) surroundings.errors.write('posted to Slack\n');
}

/** The forms of a report. */
export const OUTPUTS = ['text', 'json', 'markdown', 'csv', 'slack'] as const;

/** What a report covers unless the command line or the short form of the configuration says otherwise. */
const DEFAULT_FROM = '30d';
const DEFAULT_TO = 'now';

const Values = z.object({
  'config.file': z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  severity: z.string().array().default([]),
  service: z.string().array().default([]),
  team: z.string().array().default([]),
  trend: z.enum(STEPS).optional(),
  compare: z.boolean().default(false),
  output: z.enum(OUTPUTS).optional(),
  outputFile: z.string().optional(),
  slackWebhook: z.boolean().default(false),
  slackWebhookFile: z.string().optional(),
  quiet: z.boolean().default(false),
});

/** What stands on the command line, well-formed. */
export type Request = z.infer<typeof Values>;

/** The flags of a report. */
export function reportFlags(): Option[] {
  return [
    configFlag(),
    new Option('--from <time>', `a span before --to, a day or an instant (default: ${DEFAULT_FROM})`),
    new Option('--to <time>', `now, a day (to its end) or an instant (default: ${DEFAULT_TO})`),
    repeatable('--severity <name>', 'only this severity, repeatable'),
    repeatable('--service <name>', 'only this service, repeatable'),
    repeatable('--team <name>', 'only this team, repeatable'),
    new Option('--trend <step>', 'a line for each part of the period').choices(STEPS),
    new Option('--compare', 'beside the period before, which is as long'),
    new Option('--output <format>', 'default: text').choices(OUTPUTS),
    new Option('--output-file <file>', 'write there, whole or not at all, instead of to standard output'),
    new Option('--slack-webhook', 'post to the webhook whose address is in MTTR_SLACK_WEBHOOK'),
    new Option('--slack-webhook-file <file>', 'post to the webhook whose address is in this file'),
    new Option('--quiet', 'no progress and no warnings'),
  ];
}

/** Reads the values of these flags, which commander has checked. */
export function readRequest(values: Readonly<Record<string, unknown>>): Request {
  return Values.parse(values);
}

/** The period that is asked for; throws WrongUse that names the flag, or the key of the configuration that it comes from. */
export function periodOf(
  { from, to }: Pick<Request, 'from' | 'to'>,
  { timezone, timeRange }: Pick<Config, 'timezone' | 'timeRange'>,
  nowMs: number,
): Period {
  const asked = { from: from ?? timeRange?.start ?? DEFAULT_FROM, to: to ?? timeRange?.end ?? DEFAULT_TO };
  try {
    return parsePeriod({ ...asked, nowMs, timezone });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const isFlag = timeRange === undefined || (error.field === 'from' ? from : to) !== undefined;
    const key = error.field === 'from' ? 'time_range.start_date, as ' : 'time_range.end_date, as ';
    throw new WrongUse(`${isFlag ? '' : key}--${error.message}`, { cause: error });
  }
}

/** The names that are asked for, as they were typed. */
export function askedFilter({ severity, service, team }: Request): Filter {
  return { severities: severity, services: service, teams: team };
}

/** Where the address may stand: an argument would show it to everybody who lists processes. */
const VARIABLE = 'MTTR_SLACK_WEBHOOK';

/** The address to post to; undefined when nobody asked. Throws WrongUse, without the address, which is a secret. */
export function webhookOf(
  { slackWebhook, slackWebhookFile }: Pick<Request, 'slackWebhook' | 'slackWebhookFile'>,
  { env }: Pick<Surroundings, 'env'>,
): string | undefined {
  if (slackWebhookFile !== undefined)
    return checked(fileText(slackWebhookFile), `--slack-webhook-file ${slackWebhookFile}`);
  if (!slackWebhook) return undefined;
  const address = env[VARIABLE]?.trim() ?? '';
  if (address === '') {
    throw new WrongUse(`--slack-webhook: expected the address in ${VARIABLE}, or in a file with --slack-webhook-file`);
  }
  return checked(address, VARIABLE);
}

function checked(address: string, place: string): string {
  const url = URL.parse(address);
  if (url !== null && /^https?:$/.test(url.protocol)) return address;
  throw new WrongUse(`${place}: holds no address of a webhook; expected one that begins with https://`);
}

function fileText(file: string): string {
  try {
    return readText(file).trim();
  } catch (error) {
    throw new WrongUse(`--slack-webhook-file: ${messageOf(error)}`, { cause: error });
  }
}
