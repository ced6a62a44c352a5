import { Option } from 'commander';
import { z } from 'zod';
import { durationText, parseDuration } from '../../config/durations.ts';
import type { Config, ProviderConfig } from '../../config/types.ts';
import { messageOf } from '../../model/error-message.ts';
import { DAY_MS, MINUTE_MS } from '../../model/time.ts';
import { type Asked, type OneShot, type Surroundings, WrongUse } from '../command.ts';
import { examinePatient, openPatients, type Patient } from '../doctor/provider-check.ts';
import { jsonReport, type Report, textReport, verdictOnAll } from '../doctor/report.ts';
import { sharedSeries } from '../doctor/series-count.ts';
import { configFlag } from '../flags.ts';
import { configurationOf } from '../open-history.ts';

const OUTPUTS = ['text', 'json'] as const;
/** Enough for a dozen calls at the slowest allowance, with some tried again. */
const TIMEOUT_DEFAULT_MS = MINUTE_MS;
/** Nobody waits longer, and a timer of more than 2^31-1 ms (24 days) would fire at once. */
const TIMEOUT_MAX_MS = DAY_MS;

const Values = z.object({
  'config.file': z.string().optional(),
  provider: z.string().optional(),
  output: z.enum(OUTPUTS).default('text'),
  timeout: z.string().default(durationText(TIMEOUT_DEFAULT_MS)),
});

/** Asks each platform once for all that polls need, and says what is wrong, what is lost and what it will take. */
export const doctor: OneShot = {
  name: 'doctor',
  description: 'try each provider: credentials, rights, clock, requests and series to expect',
  examples: [
    ['doctor --config.file=mttr-exporter.yml', 'all providers; exit code 1 when one will not work'],
    ['doctor --provider=pagerduty --output=json', 'one of them, for a program'],
  ],
  flags: () => [
    configFlag(),
    new Option('--provider <name>', 'only the provider of that name'),
    new Option('--output <format>', 'default: text').choices(OUTPUTS),
    new Option(
      '--timeout <duration>',
      `for each provider, at most ${durationText(TIMEOUT_MAX_MS)} (default: ${durationText(TIMEOUT_DEFAULT_MS)})`,
    ),
  ],
  run,
};

async function run({ values }: Asked, surroundings: Surroundings): Promise<number> {
  const { 'config.file': flag, provider, output, timeout } = Values.parse(values);
  const timeoutMs = timeoutOf(timeout);
  const config = configurationOf(flag, { surroundings, isQuiet: false });
  const asked = chosen(config, provider);
  const report = await examine({ ...config, providers: asked }, { timeoutMs, ...surroundings });
  const { isTTY, columns } = surroundings.output;
  const width = isTTY === true ? columns : undefined;
  surroundings.output.write(output === 'json' ? jsonReport(report) : textReport(report, width));
  return verdictOnAll(report.providers) === 'failed' ? 1 : 0;
}

function timeoutOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 1) {
    throw new WrongUse(`--timeout: "${text}" is no time; expected a duration such as 30s or 2m`);
  }
  if (ms <= TIMEOUT_MAX_MS) return ms;
  throw new WrongUse(`--timeout: "${text}" is too long; expected at most ${durationText(TIMEOUT_MAX_MS)}`);
}

function chosen({ providers }: Config, name: string | undefined): readonly ProviderConfig[] {
  const found = providers.filter((one) => name === undefined || one.name === name);
  if (found.length > 0) return found;
  const names = providers.map((one) => one.name).join(', ');
  throw new WrongUse(`--provider: no provider is called "${name}"; expected one of ${names}`);
}

async function examine(config: Config, given: Surroundings & { readonly timeoutMs: number }): Promise<Report> {
  const { clock, errors, timeoutMs, version } = given;
  const patients = opened(config, given);
  try {
    if (errors.isTTY === true) errors.write(`asking ${config.providers.map(({ name }) => name).join(', ')} …\n`);
    const examined = await Promise.all(patients.map((one) => examinePatient(one, { config, clock, timeoutMs })));
    const shared = await sharedSeries(
      config,
      patients.map(({ teller }) => teller),
      version,
    );
    const sum = (of: 'seen' | 'atMost') => examined.reduce((all, { series }) => all + series[of], shared);
    const without = examined.filter(({ isSeen }) => !isSeen).map((one) => one.config.name);
    return { version, providers: examined, series: { seen: sum('seen'), atMost: sum('atMost'), without } };
  } finally {
    await Promise.all(patients.map(({ provider }) => provider.close()));
  }
}

/** A CA file that cannot be read, or an address of no use, is a wrong configuration. */
function opened(config: Config, { clock }: Surroundings): readonly Patient[] {
  try {
    return openPatients(config, clock);
  } catch (error) {
    throw new WrongUse(messageOf(error), { cause: error });
  }
}
