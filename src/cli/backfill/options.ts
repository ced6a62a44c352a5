import { Option } from 'commander';
import { z } from 'zod';
import { durationText, parseDuration } from '../../config/durations.ts';
import type { Config, Grouping } from '../../config/types.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import { parsePeriod } from '../../report/period.ts';
import { WrongUse, wrongUseOf } from '../command.ts';
import { configFlag, repeatable } from '../flags.ts';
import { backfillFamilies } from './gauge-replay.ts';

/** Who we are to a receiver of remote write, as the flags say. */
export interface CredentialFlags {
  readonly bearerTokenFile: string | undefined;
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  /** Lines of `Name: value`. */
  readonly headerFile: string | undefined;
  readonly tenant: string | undefined;
}

const Values = z.object({
  'config.file': z.string().optional(),
  from: z.string().default('90d'),
  to: z.string().optional(),
  step: z.string().default('5m'),
  by: z.string().array().default([]),
  window: z.string().array().default([]),
  partial: z.boolean().default(false),
  label: z.string().array().default([]),
  outputDirectory: z.string().optional(),
  remoteWrite: z.string().optional(),
  'remoteWrite.bearerTokenFile': z.string().optional(),
  'remoteWrite.username': z.string().optional(),
  'remoteWrite.passwordFile': z.string().optional(),
  'remoteWrite.headerFile': z.string().optional(),
  'remoteWrite.tenant': z.string().optional(),
  quiet: z.boolean().default(false),
});

/** Where samples shall go: files in a folder, or the address of a receiver of remote write. */
export type Target = { readonly folder: string } | { readonly url: string };

/** What was asked for; times, labels and choices are still as they were written. */
export type Request = Omit<z.infer<typeof Values>, 'outputDirectory' | 'remoteWrite'> & {
  readonly target: Target;
  readonly credentials: CredentialFlags;
};

/** The flags of `backfill`. */
export function backfillFlags(): Option[] {
  return [
    configFlag(),
    new Option('--output-directory <directory>', 'write OpenMetrics files there, one a day, for promtool'),
    new Option('--remote-write <url>', 'send to this receiver instead, such as http://localhost:9090/api/v1/write'),
    new Option('--from <time>', 'first instant: a span such as 90d, a day, an instant (default: 90d)'),
    new Option('--to <time>', 'last instant (default: now with --remote-write, else 3h ago)'),
    new Option('--step <duration>', 'between two samples (default: 5m, the most that leaves no holes in graphs)'),
    repeatable('--by <grouping>', 'only rows by this, repeatable (default: all groupings of the configuration)'),
    repeatable('--window <window>', 'only this window, repeatable (default: all windows of the configuration)'),
    new Option('--partial', 'also windows that begin before history does; they rest on less than they say'),
    repeatable('--label <name=value>', 'that the scrape adds, repeatable (default: job and instance mttr-exporter)'),
    new Option('--remote-write.bearer-token-file <file>', 'token for the receiver'),
    new Option('--remote-write.username <name>', 'name for the receiver (basic authentication)'),
    new Option('--remote-write.password-file <file>', 'password that goes with the name'),
    new Option('--remote-write.header-file <file>', 'headers for the receiver, a line of Name: value each'),
    new Option('--remote-write.tenant <id>', 'sent as X-Scope-OrgID (Mimir)'),
    new Option('--quiet', 'no progress and no notes'),
  ];
}

/** The flags as commander gives them; throws WrongUse unless there is exactly one target. */
export function readRequest(values: Readonly<Record<string, unknown>>): Request {
  const { outputDirectory, remoteWrite, ...request } = Values.parse(values);
  const credentials = {
    bearerTokenFile: request['remoteWrite.bearerTokenFile'],
    username: request['remoteWrite.username'],
    passwordFile: request['remoteWrite.passwordFile'],
    headerFile: request['remoteWrite.headerFile'],
    tenant: request['remoteWrite.tenant'],
  };
  if (outputDirectory !== undefined && remoteWrite === undefined) {
    const stray = Object.values(credentials).find((one) => one !== undefined);
    if (stray !== undefined) throw new WrongUse('--remote-write.… flags need --remote-write <url>');
    if (outputDirectory === '') throw new WrongUse('--output-directory: expected the name of a directory');
    return { ...request, credentials, target: { folder: outputDirectory } };
  }
  if (remoteWrite !== undefined && outputDirectory === undefined) {
    return { ...request, credentials, target: { url: remoteWrite } };
  }
  throw new WrongUse('expected either --output-directory <directory> or --remote-write <url>');
}

const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.+)$/s;

/** Labels that the shipped scrape settings add to every series. */
const SCRAPED = [
  ['job', 'mttr-exporter'],
  ['instance', 'mttr-exporter'],
] as const;

/** What a scrape adds: the usual labels, replaced and joined by those of `--label NAME=VALUE`; an empty list leaves it at the usual ones. */
export function addedLabels(words: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const own = new Set(backfillFamilies.flatMap(({ labels }) => labels));
  const labels = new Map<string, string>(SCRAPED);
  for (const word of words) {
    const [, name = '', value = ''] = LABEL.exec(word) ?? [];
    if (name === '' || name.startsWith('__')) {
      throw new WrongUse(`--label: "${word}" is no label; expected NAME=VALUE, such as instance=mttr-exporter`);
    }
    if (own.has(name)) throw new WrongUse(`--label: ${name} is a label that the exporter sets itself`);
    labels.set(name, value);
  }
  return [...labels];
}

/** The configuration with only these groupings and windows of it; all without. Throws WrongUse for others. */
export function narrowed(
  config: Config,
  { by, windows }: { readonly by: readonly string[]; readonly windows: readonly string[] },
): Config {
  const groupings = chosen<Grouping>('by', by, new Map(config.groupings.map((one) => [one, one])));
  const spans = chosen('window', windows, new Map(config.windows.map((one) => [one.name, one])));
  return { ...config, groupings, windows: spans };
}

function chosen<Value>(flag: string, words: readonly string[], known: ReadonlyMap<string, Value>): readonly Value[] {
  for (const word of words) {
    if (known.has(word)) continue;
    const names = [...known.keys()].join(' ');
    throw new WrongUse(`--${flag}: "${word}" is not in the configuration; expected one of: ${names}`);
  }
  return [...known].filter(([word]) => words.length === 0 || words.includes(word)).map(([, value]) => value);
}

/** Prometheus looks 5 minutes back for a sample: a larger step leaves holes in graphs that are finer than it. */
export const LOOKBACK_MS = 5 * MINUTE_MS;

/**
 * What Prometheus holds outside of blocks: when it starts, it drops what it had received up to the end of the newest block,
 * so blocks of these hours would take live samples away (https://prometheus.io/docs/prometheus/latest/storage/).
 */
export const HEAD_MS = 3 * HOUR_MS;

/** Instants of the past; milliseconds, both ends included. */
export interface Plan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export interface PlanInput {
  readonly from: string;
  /** Without it: now for `remote write`, else as late as is safe for blocks. */
  readonly to: string | undefined;
  readonly step: string;
  readonly isPushed: boolean;
  readonly nowMs: number;
  readonly timezone: string;
}

/** Reads the flags of the period; throws WrongUse. */
export function planOf({ from, to, step, isPushed, nowMs, timezone }: PlanInput): Plan {
  const until = to ?? (isPushed ? 'now' : new Date(nowMs - HEAD_MS).toISOString());
  try {
    const { fromMs, toMs } = parsePeriod({ from, to: until, nowMs, timezone });
    return { fromMs, toMs, stepMs: stepOf(step, toMs - fromMs) };
  } catch (error) {
    throw wrongUseOf(error);
  }
}

function stepOf(text: string, spanMs: number): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < SECOND_MS || ms % SECOND_MS !== 0) {
    throw new WrongUse(`--step: "${text}" is no step; expected whole seconds, 1s or more, such as 5m`);
  }
  if (ms > spanMs) throw new WrongUse(`--step: ${text} is longer than the period, which is ${durationText(spanMs)}`);
  return ms;
}

/** The instants, a list for each day (UTC): multiples of the step, and the end, where the live series go on. */
export function daysOf({ fromMs, toMs, stepMs }: Plan): readonly (readonly number[])[] {
  const days: number[][] = [];
  let today = Number.NaN;
  const add = (ms: number) => {
    const day = Math.floor(ms / DAY_MS);
    if (day !== today) days.push([]);
    today = day;
    days.at(-1)?.push(ms);
  };
  for (let ms = Math.ceil(fromMs / stepMs) * stepMs; ms < toMs; ms += stepMs) add(ms);
  add(toMs);
  return days;
}

/** How many instants there are in a plan. */
export function countInstants({ fromMs, toMs, stepMs }: Plan): number {
  return Math.max(0, Math.ceil(toMs / stepMs) - Math.ceil(fromMs / stepMs)) + 1;
}
