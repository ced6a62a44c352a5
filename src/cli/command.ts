import type { Readable } from 'node:stream';
import type { Option } from 'commander';
import { InputError } from '../model/input-error.ts';
import type { Clock } from '../model/time.ts';

/** Wrong flags or arguments: exit code 2 and the message. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

/** Where a command writes. */
export interface Output {
  write(text: string): unknown;
  /** A person looks at it. */
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
}

/** All that a command uses of the world around it; tests pass their own. */
export interface Surroundings {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly input: Readable;
  readonly output: Output;
  /** For progress, warnings and errors. */
  readonly errors: Output;
}

/** What stands on the command line of one command. */
export interface Asked {
  /** By commander's names of the flags (`--config.file` is `config.file`, `--output-file` is `outputFile`); unchecked. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The words that are no flags, after the command's name. */
  readonly words: readonly string[];
}

/** A command that does one thing for a person and ends. */
export interface OneShot {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly description: string;
  /** Words that it takes, as commander writes them: `<id>`, `<file...>`; none when absent. */
  readonly words?: string;
  /** For its help: command lines without the program's name, each with what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Made anew for each command line. */
  flags(): Option[];
  /**
   * Resolves with the exit code. Throws WrongUse for wrong flags or arguments and ConfigError for a wrong configuration
   * (exit code 2), anything else for what failed (exit code 1).
   */
  run(asked: Asked, surroundings: Surroundings): Promise<number>;
}

/** What was typed is wrong: a WrongUse that names its flag; anything else is given back as it is. */
export function wrongUseOf(error: unknown): unknown {
  if (!(error instanceof InputError)) return error;
  const { field, reason } = error;
  return new WrongUse(field === undefined ? reason : `${flagOf(field)}: ${reason}`, { cause: error });
}

/** A series is a word of `explain`, not a flag. */
function flagOf(field: string): string {
  return field === 'series' ? field : `--${field}`;
}
