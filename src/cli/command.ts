import type { Readable } from 'node:stream';
import type { Clock } from '../model/time.ts';
import { type Flags, type FlagValues, parseFlags, toUsageError } from './flags.ts';

/** Where a command writes. */
export interface Output {
  write(text: string): unknown;
  /** It is a terminal. */
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
}

/** What a command uses of its process; tests pass their own. */
export interface CommandContext {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stdin: Readable;
  readonly stdout: Output;
  /** For progress, warnings and errors. */
  readonly stderr: Output;
}

/** What was given on the command line of one command. */
export interface ParsedArgs<Declared extends Flags = Flags> {
  readonly flags: FlagValues<Declared>;
  /** The arguments that are no flags, without the command's name. */
  readonly operands: readonly string[];
}

/** One command of the program, for help, completion and parsing. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly description: string;
  /** In commander's syntax: `<id>`, `<file...>`; it takes none when absent. */
  readonly operands?: string;
  /** For its help: command lines without the program's name, each with what it does. */
  readonly examples: readonly (readonly [line: string, description: string])[];
  readonly flags: Flags;
  /** It runs until a signal ends it, and handles signals itself. */
  readonly isDaemon?: true;
  /** Checks the flags as commander has collected them; throws UsageError. */
  parse(collected: Readonly<Record<string, unknown>>, operands: readonly string[]): RunnableCommand;
}

/** A command with its flags and arguments. */
export interface RunnableCommand extends ParsedArgs {
  /**
   * Resolves with the exit code, or with undefined while a daemon runs. Throws UsageError and ConfigError for exit code 2,
   * anything else for exit code 1.
   */
  run(context: CommandContext): Promise<number | undefined>;
}

type Definition<Declared extends Flags> = Omit<Command, 'flags' | 'parse'> & {
  readonly flags: Declared;
  readonly run: (args: ParsedArgs<Declared>, context: CommandContext) => Promise<number | undefined>;
};

/** Declares a command; the types of its flags' values come from their declarations. */
export function defineCommand<Declared extends Flags>({ run, ...command }: Definition<Declared>): Command {
  return {
    ...command,
    parse: (collected, operands) => {
      const args = { flags: parseFlags(command.flags, collected), operands };
      return {
        ...args,
        run: async (context) => {
          try {
            return await run(args, context);
          } catch (error) {
            throw toUsageError(error);
          }
        },
      };
    },
  };
}
