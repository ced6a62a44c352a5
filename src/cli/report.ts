import type { Config } from '../config/types.ts';
import { postWebhook } from '../http/post-client.ts';
import { messageOf } from '../model/error-message.ts';
import { DAY_MS } from '../model/time.ts';
import { resolveFilter } from '../report/filter.ts';
import type { Period } from '../report/period.ts';
import { renderCsv } from '../report/render/csv.ts';
import { renderJson } from '../report/render/json.ts';
import { renderMarkdown } from '../report/render/markdown.ts';
import { renderSlack, toSlackMessage } from '../report/render/slack.ts';
import { renderText } from '../report/render/text.ts';
import { makeReport, type Report } from '../report/report.ts';
import { writeOut } from './atomic-file.ts';
import type { Asked, OneShot, Surroundings } from './command.ts';
import { configurationOf, readHistory } from './reading.ts';
import { askedFilter, type OUTPUTS, periodOf, type Request, readRequest, reportFlags } from './report/request.ts';
import { webhookOf } from './report/webhook.ts';
import { wrongUseOf } from './wrong-use.ts';

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
    await postWebhook({ url: webhook, message: toSlackMessage(made), clock, env });
  } catch (error) {
    throw new Error(`the report was not posted to Slack: ${messageOf(error)}`, { cause: error });
  }
  if (!quiet) surroundings.errors.write('posted to Slack\n');
}
