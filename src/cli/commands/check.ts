import { readFile } from 'node:fs/promises';
import { openProviders } from '../../app/providers.ts';
import { createProcessMetrics } from '../../metrics/self-metrics.ts';
import { messageOf } from '../../model/error-message.ts';
import { platforms } from '../../providers/registry.ts';
import { parseWebConfig } from '../../server/web-config.ts';
import { loadTlsOptions } from '../../server/web-settings.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { readConfiguration, readTextFile } from '../configuration.ts';
import { configFile, UsageError, webConfigFile } from '../flags.ts';
import { createLog } from '../log.ts';

/** Checks configuration, web configuration and certificates, offline. */
export const check = defineCommand({
  name: 'check',
  description: 'check the configuration offline',
  flags: { configFile, webConfigFile },
  examples: [['check --config.file=mttr-exporter.yml', 'before a reload: what is wrong, and in which line']],
  run: ({ flags }, context) => checkConfiguration(flags, context),
});

/** Resolves with exit code 0; throws UsageError that says what is wrong. */
export async function checkConfiguration(
  files: { readonly configFile: string | undefined; readonly webConfigFile: string | undefined },
  context: CommandContext,
): Promise<number> {
  const { clock, version, stdout, stderr } = context;
  try {
    const { warnings, config } = readConfiguration(files.configFile, context);
    await checkWebConfig(files.webConfigFile);
    const log = createLog({ level: 'error' });
    const opened = openProviders({ config, platforms, clock, log, metrics: createProcessMetrics(version) });
    for (const { provider } of opened) await provider.close();
    for (const warning of warnings) stderr.write(`warning: ${warning}\n`);
    stdout.write(`configuration is valid; providers: ${config.providers.map(({ name }) => name).join(', ')}\n`);
    return 0;
  } catch (error) {
    throw new UsageError(undefined, messageOf(error), { cause: error });
  }
}

/** The certificates too: whether they can be read and belong together. */
async function checkWebConfig(file: string | undefined): Promise<void> {
  const tls = file === undefined ? undefined : parseWebConfig(readTextFile(file), file).tls;
  if (tls !== undefined) await loadTlsOptions(tls, (path) => readFile(path, 'utf8'));
}
