import { readFile } from 'node:fs/promises';
import { openProviders } from '../../app/providers.ts';
import type { Config } from '../../config/types.ts';
import { createProcessMetrics } from '../../metrics/self-metrics.ts';
import { messageOf } from '../../model/error-message.ts';
import { platforms } from '../../providers/registry.ts';
import { parseWebConfig } from '../../server/web-config.ts';
import { loadTlsOptions } from '../../server/web-settings.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { readConfiguration, readTextFile } from '../configuration.ts';
import { configFile, UsageError, webConfigFile } from '../flags.ts';
import { createLog } from '../log.ts';
import { readPeriod } from './report.ts';

/** Checks configuration, web configuration and certificates, offline. */
export const check = defineCommand({
  name: 'check',
  description: 'check the configuration offline',
  flags: { configFile, webConfigFile },
  examples: [['check --config.file=mttr-exporter.yml', 'before a reload: what is wrong, and in which line']],
  run: ({ flags }, context) => checkConfiguration(flags, context, { hasAnyEnd: true }),
});

/** Resolves with exit code 0; throws UsageError that says what is wrong. With `hasAnyEnd` reports may end at any time, as `report` has it. */
export async function checkConfiguration(
  files: { readonly configFile: string | undefined; readonly webConfigFile: string | undefined },
  context: CommandContext,
  { hasAnyEnd = false }: { readonly hasAnyEnd?: boolean } = {},
): Promise<number> {
  const { clock, version, stdout, stderr } = context;
  try {
    const { warnings, config } = readConfiguration(files.configFile, context, { hasAnyEnd });
    await checkWebConfig(files.webConfigFile);
    const log = createLog({ level: 'error' });
    const opened = openProviders({ config, platforms, clock, log, metrics: createProcessMetrics(version) });
    for (const { provider } of opened) await provider.close();
    for (const warning of [...warnings, ...checkReportEnd(config, clock.nowMs())])
      stderr.write(`warning: ${warning}\n`);
    stdout.write(`configuration is valid; providers: ${config.providers.map(({ name }) => name).join(', ')}\n`);
    return 0;
  } catch (error) {
    throw new UsageError(undefined, messageOf(error), { cause: error });
  }
}

/** A warning where only reports can end as configured; throws UsageError where they cannot either. */
function checkReportEnd(config: Config, nowMs: number): string[] {
  const { timeRange } = config;
  if (timeRange === undefined || timeRange.end === 'now') return [];
  readPeriod({ from: undefined, to: undefined }, config, nowMs);
  const end = JSON.stringify(timeRange.end);
  return [`time_range.end_date is for reports only: serve does not start with ${end}; it expects now`];
}

/** The certificates too: whether they can be read and belong together. */
async function checkWebConfig(file: string | undefined): Promise<void> {
  const tls = file === undefined ? undefined : parseWebConfig(readTextFile(file), file).tls;
  if (tls !== undefined) await loadTlsOptions(tls, (path) => readFile(path, 'utf8'));
}
