import { readFileSync, statSync } from 'node:fs';
import { ConfigError } from '../config/diagnostics.ts';
import { secretValues } from '../config/http-settings.ts';
import { configFromEnvironment, findConfigFile, type LoadedConfig, loadConfig } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { messageOf } from '../model/error-message.ts';
import { platforms } from '../providers/registry.ts';
import type { CommandContext } from './command.ts';
import { UsageError } from './flags.ts';

/**
 * Reads the given file, else the default one, else the environment; throws ConfigError, or UsageError where the file
 * cannot be read. A report may end at any time of the past (`hasAnyEnd`), metrics end now.
 */
export function readConfiguration(
  flag: string | undefined,
  { env, clock }: Pick<CommandContext, 'env' | 'clock'>,
  {
    hasAnyEnd = false,
    readFile = (path) => readFileSync(path, 'utf8'),
  }: { readonly hasAnyEnd?: boolean; readonly readFile?: ReadFile } = {},
): LoadedConfig {
  try {
    const filename = findConfigFile({
      flag,
      exists: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
    });
    if (filename === undefined) return configFromEnvironment({ env, platforms });
    return loadConfig({
      env,
      platforms,
      nowMs: clock.nowMs(),
      hasAnyEnd,
      text: readTextFile(filename, readFile),
      filename,
      readFile,
    });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new UsageError(undefined, messageOf(error), { cause: error });
  }
}

/** The configuration of a command that reads history; its warnings go to standard error. */
export function configurationForHistory(
  { configFile, quiet = false }: { readonly configFile: string | undefined; readonly quiet?: boolean },
  context: CommandContext,
): Config {
  const { config, warnings } = readConfiguration(configFile, context, { hasAnyEnd: true });
  if (!quiet) for (const warning of warnings) context.stderr.write(`warning: ${warning}\n`);
  return config;
}

/** Everything of a configuration that no log line may show. */
export function findSecrets({ providers, web }: Config): string[] {
  const keys = providers.flatMap(({ type, settings, webhook }) => {
    const names = platforms.find((platform) => platform.type === type)?.secrets ?? [];
    return [...names.flatMap((name) => secretValues(settings[name])), ...(webhook?.secrets ?? [])];
  });
  return [...keys, web.bearerToken, web.adminToken].flatMap((secret) =>
    typeof secret === 'string' && secret !== '' ? [secret] : [],
  );
}

/** Returns a file's text; throws when it cannot be read. */
type ReadFile = (path: string) => string;

/** The text of a file; the error names the file and the reason. */
export function readTextFile(filename: string, readFile: ReadFile = (path) => readFileSync(path, 'utf8')): string {
  try {
    return readFile(filename);
  } catch (error) {
    throw new Error(`cannot read ${filename}: ${messageOf(error)}`, { cause: error });
  }
}
