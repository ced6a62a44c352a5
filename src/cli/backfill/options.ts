import { parseDuration } from '../../config/durations.ts';
import type { Config, Grouping } from '../../config/types.ts';
import { formatDuration } from '../../model/format.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import { parsePeriod } from '../../report/period.ts';
import { configFile, type FlagValues, optional, quiet, repeatable, toggle, UsageError, withDefault } from '../flags.ts';
import { backfillFamilies } from './gauge-replay.ts';

/** Prometheus looks 5 minutes back for a sample: a larger step leaves gaps in graphs of a higher resolution. */
export const LOOKBACK_MS = 5 * MINUTE_MS;

/**
 * What Prometheus keeps outside of blocks: when it starts, it drops what it had scraped before the end of the newest block,
 * so blocks of these hours would remove live samples (https://prometheus.io/docs/prometheus/latest/storage/).
 */
export const HEAD_MS = 3 * HOUR_MS;

export const backfillFlags = {
  configFile,
  outputDirectory: optional('--output-directory <directory>', 'write OpenMetrics files, one per day, for promtool'),
  remoteWriteUrl: optional(
    '--remote-write <url>',
    'send to this remote-write endpoint instead, such as http://localhost:9090/api/v1/write',
  ),
  from: withDefault('--from <time>', 'first sample: a duration such as 90d, a day or a time', '90d', String),
  to: optional('--to <time>', 'last sample (default: now with --remote-write, else 3h ago)'),
  step: withDefault('--step <duration>', 'time between samples; more than 5m leaves gaps in graphs', '5m', String),
  groupings: repeatable('--by <grouping>', 'only this grouping, repeatable (default: all of the configuration)'),
  windows: repeatable('--window <window>', 'only this window, repeatable (default: all of the configuration)'),
  partial: toggle('--partial', 'include windows that begin before the history and so cover only a part of it'),
  labels: repeatable(
    '--label <name=value>',
    'label that your scrape adds, repeatable (default: job and instance mttr-exporter)',
  ),
  bearerTokenFile: optional('--remote-write.bearer-token-file <file>', 'bearer token of the endpoint'),
  username: optional('--remote-write.username <name>', 'user name of the endpoint (basic authentication)'),
  passwordFile: optional('--remote-write.password-file <file>', 'password of that user'),
  headerFile: optional('--remote-write.header-file <file>', 'HTTP headers, one "Name: value" per line'),
  tenant: optional('--remote-write.tenant <id>', 'tenant, sent as X-Scope-OrgID (Mimir)'),
  quiet,
};
export type BackfillFlags = FlagValues<typeof backfillFlags>;

/** Labels that the scrape configurations we ship add to every series. */
const SCRAPE_LABELS = [
  ['job', 'mttr-exporter'],
  ['instance', 'mttr-exporter'],
] as const;

/** The labels that a scrape adds: ours, replaced and extended by those of `--label`. */
export function externalLabels(texts: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const own = new Set(backfillFamilies.flatMap(({ labels }) => labels));
  const labels = new Map<string, string>(SCRAPE_LABELS);
  for (const text of texts) {
    const [, name = '', value = ''] = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.+)$/s.exec(text) ?? [];
    if (name === '' || name.startsWith('__')) {
      throw new UsageError('--label', `"${text}" is not a label; expected NAME=VALUE, such as instance=mttr-exporter`);
    }
    if (own.has(name)) throw new UsageError('--label', `the exporter sets ${name} itself`);
    labels.set(name, value);
  }
  return [...labels];
}

/** The configuration with only the selected groupings and windows of it; all where none is selected. */
export function selectRows(config: Config, { groupings, windows }: BackfillFlags): Config {
  const byName = new Map(config.windows.map((one) => [one.name, one]));
  return {
    ...config,
    groupings: select<Grouping>('--by', groupings, new Map(config.groupings.map((one) => [one, one]))),
    windows: select('--window', windows, byName),
  };
}

function select<Value>(
  flag: string,
  names: readonly string[],
  configured: ReadonlyMap<string, Value>,
): readonly Value[] {
  for (const name of names) {
    if (configured.has(name)) continue;
    const known = [...configured.keys()].join(', ');
    throw new UsageError(flag, `"${name}" is not in the configuration (known: ${known})`);
  }
  return [...configured].filter(([name]) => names.length === 0 || names.includes(name)).map(([, value]) => value);
}

/** Times of samples, in milliseconds; both ends included. */
export interface SamplePlan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** Throws InputError and UsageError. Without `--to` files end as late as is safe for blocks, remote write now. */
export function readSamplePlan(flags: BackfillFlags, timezone: string, nowMs: number): SamplePlan {
  const { from, to, step, remoteWriteUrl } = flags;
  const end = to ?? (remoteWriteUrl === undefined ? new Date(nowMs - HEAD_MS).toISOString() : 'now');
  const { fromMs, toMs } = parsePeriod({ from, to: end, nowMs, timezone });
  return { fromMs, toMs, stepMs: readStep(step, toMs - fromMs) };
}

function readStep(text: string, periodMs: number): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < SECOND_MS || ms % SECOND_MS !== 0) {
    throw new UsageError('--step', `"${text}" is not a step; expected whole seconds, 1s or more, such as 5m`);
  }
  if (ms <= periodMs) return ms;
  throw new UsageError('--step', `${text} is longer than the period, which is ${formatDuration(periodMs)}`);
}

/** The times of the samples, one list per day (UTC): multiples of the step, and the end, where the live series go on. */
export function groupByDay({ fromMs, toMs, stepMs }: SamplePlan): readonly (readonly number[])[] {
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

/** How many times there are in a plan. */
export function countTimes({ fromMs, toMs, stepMs }: SamplePlan): number {
  return Math.max(0, Math.ceil(toMs / stepMs) - Math.ceil(fromMs / stepMs)) + 1;
}
