import { readFileSync, statSync } from 'node:fs';
import { configFromEnvironment, findConfigFile, type LoadedConfig, loadConfig } from '../config/load.ts';
import type { PlatformSettings } from '../config/types.ts';
import { messageOf } from '../model/error-message.ts';

export interface ConfigurationInput {
  /** `--config.file` */
  readonly flag: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platforms: readonly PlatformSettings[];
  readonly nowMs: number;
  /** `time_range.end_date` may be anything (for reports). */
  readonly hasAnyEnd?: boolean;
}

/** The configuration from the given file, else from a default one, else from the environment; throws with what is wrong. */
export function readConfiguration({ flag, ...input }: ConfigurationInput): LoadedConfig {
  const { env, platforms } = input;
  const filename = findConfigFile({
    flag,
    exists: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
  });
  if (filename === undefined) return configFromEnvironment({ env, platforms });
  const readFile = (path: string) => readFileSync(path, 'utf8');
  return loadConfig({ ...input, text: readText(filename), filename, readFile });
}

/** The text of a file; the error names the file and the reason. */
export function readText(filename: string): string {
  try {
    return readFileSync(filename, 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${filename}: ${messageOf(error)}`, { cause: error });
  }
}
