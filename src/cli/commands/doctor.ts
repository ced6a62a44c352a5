import type { Config, ProviderConfig } from '../../config/types.ts';
import { formatDuration } from '../../model/format.ts';
import { DAY_MS } from '../../model/time.ts';
import { type CommandContext, defineCommand, type ParsedArgs } from '../command.ts';
import { configurationForHistory } from '../configuration.ts';
import { countSharedDeploymentSeries } from '../doctor/deployment-series.ts';
import { checkProvider, openForChecks } from '../doctor/provider-check.ts';
import { type DoctorReport, findOverallVerdict, renderJson, renderText } from '../doctor/report.ts';
import { countSharedSeries } from '../doctor/series-count.ts';
import {
  configFile,
  durationBetween,
  oneOfOrDefault,
  optional,
  orUsageError,
  UsageError,
  withDefault,
} from '../flags.ts';

/** Nobody waits longer, and a timer of more than 2^31-1 ms (24 days) would fire at once. */
const TIMEOUT_MAX_MS = DAY_MS;

const flags = {
  configFile,
  provider: optional('--provider <name>', 'only this provider'),
  output: oneOfOrDefault('--output <format>', 'output format', ['text', 'json'], 'text'),
  timeoutMs: withDefault(
    '--timeout <duration>',
    `limit for each provider, at most ${formatDuration(TIMEOUT_MAX_MS)}`,
    // Enough for a dozen calls at the slowest rate limit, some of them retried.
    '1m',
    durationBetween(1, TIMEOUT_MAX_MS),
  ),
};

/** Asks each platform once for all that polls need, and reports what is wrong, its impact and the expected load. */
export const doctor = defineCommand({
  name: 'doctor',
  description: 'try each provider: credentials, permissions, clock, expected requests and series',
  examples: [
    ['doctor --config.file=mttr-exporter.yml', 'all providers; exit code 1 if one will not work'],
    ['doctor --provider=pagerduty --output=json', 'one provider, for a program'],
  ],
  flags,
  run,
});

async function run(args: ParsedArgs<typeof flags>, context: CommandContext): Promise<number> {
  const { provider, output, timeoutMs } = args.flags;
  const config = configurationForHistory(args.flags, context);
  const providers = selectProviders(config, provider);
  const report = await checkProviders({ ...config, providers }, timeoutMs, context);
  const { isTTY, columns } = context.stdout;
  context.stdout.write(
    output === 'json' ? renderJson(report) : renderText(report, isTTY === true ? columns : undefined),
  );
  return findOverallVerdict(report.providers) === 'failed' ? 1 : 0;
}

function selectProviders({ providers }: Config, name: string | undefined): readonly ProviderConfig[] {
  const selected = providers.filter((one) => name === undefined || one.name === name);
  if (selected.length > 0) return selected;
  const known = providers.map((one) => one.name).join(', ');
  throw new UsageError('--provider', `"${name}" is unknown (known: ${known})`);
}

async function checkProviders(config: Config, timeoutMs: number, context: CommandContext): Promise<DoctorReport> {
  const { clock, stderr, version } = context;
  // A CA file that cannot be read, or an invalid URL, is a wrong configuration.
  const opened = orUsageError(undefined, () => openForChecks(config, clock));
  try {
    const names = config.providers.map(({ name }) => name).join(', ');
    if (stderr.isTTY === true) stderr.write(`checking ${names} …\n`);
    const providers = await Promise.all(opened.map((one) => checkProvider(one, { config, clock, timeoutMs })));
    const sources = opened.map(({ series }) => series);
    const shared = (await countSharedSeries(config, sources, version)) + countSharedDeploymentSeries(config);
    const sum = (of: 'seen' | 'atMost') => providers.reduce((all, { series }) => all + series[of], shared);
    const without = providers.filter(({ hasSample }) => !hasSample).map((one) => one.config.name);
    return { version, providers, series: { seen: sum('seen'), atMost: sum('atMost'), without } };
  } finally {
    await Promise.all(opened.map(({ provider }) => provider.close()));
  }
}
