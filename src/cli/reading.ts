import { ConfigError } from '../config/diagnostics.ts';
import type { Config } from '../config/types.ts';
import { messageOf } from '../model/error-message.ts';
import { platforms } from '../providers/registry.ts';
import { type Surroundings, WrongUse } from './command.ts';
import { readConfiguration } from './configuration.ts';
import { type HistorySource, openSource } from './history-source.ts';
import { createLog } from './log.ts';
import { createReadingProgress } from './reading-progress.ts';
import { secretsOf } from './secrets.ts';

export interface ReadingInput {
  readonly surroundings: Surroundings;
  /** No progress and no warnings. */
  readonly isQuiet: boolean;
}

/** The configuration of a command for people, its warnings told; a file that cannot be read is wrong use, too. */
export function configurationOf(flag: string | undefined, { surroundings, isQuiet }: ReadingInput): Config {
  const { env, clock, errors } = surroundings;
  try {
    const { config, warnings } = readConfiguration({ flag, env, platforms, nowMs: clock.nowMs(), hasAnyEnd: true });
    if (!isQuiet) for (const warning of warnings) errors.write(`warning: ${warning}\n`);
    return config;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new WrongUse(messageOf(error), { cause: error });
  }
}

/** Opens the store, or reads the platforms that far back where there is none, with progress on a terminal. */
export async function readHistory(
  config: Config,
  historyMs: number,
  { surroundings, isQuiet }: ReadingInput,
): Promise<HistorySource> {
  const { clock, errors, version } = surroundings;
  const log = createLog({ level: 'error', destination: errors, secrets: secretsOf(config, platforms) });
  const progress = createReadingProgress({ output: errors, isQuiet, nowMs: clock.nowMs(), historyMs });
  let isComplete = false;
  try {
    const source = await openSource({
      config,
      platforms,
      clock,
      log,
      version,
      historyMs,
      onRead: (provider, page) => progress.read(provider, page),
    });
    isComplete = true;
    return source;
  } finally {
    progress.end({ isComplete });
  }
}
