import { Option } from 'commander';
import { z } from 'zod';
import type { Config } from '../../config/types.ts';
import { InputError } from '../../model/input-error.ts';
import type { Filter } from '../../report/filter.ts';
import { type Period, parsePeriod } from '../../report/period.ts';
import { STEPS } from '../../report/trend-steps.ts';
import { WrongUse } from '../command.ts';
import { configFlag, repeatable } from '../flag-options.ts';

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
