import { Readable } from 'node:stream';
import type { CommandContext } from '../../src/cli/command.ts';
import { type ParsedCommandLine, parseCommandLine } from '../../src/cli/command-line.ts';
import { UsageError } from '../../src/cli/flags.ts';
import { ConfigError } from '../../src/config/diagnostics.ts';
import { messageOf } from '../../src/model/error-message.ts';
import type { Clock } from '../../src/model/time.ts';

/** How a command line ended. */
export interface Ended {
  readonly code: number | undefined;
  readonly printed: string;
  /** What stands on standard error. */
  readonly said: string;
}

export interface CommandLine {
  readonly words: readonly string[];
  /** The time stands still there, unless there is a clock. */
  readonly nowMs?: number;
  readonly clock?: Clock;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A person looks at standard error. */
  readonly isTTY?: boolean;
}

/** Runs a command for people as the program does, in this process. */
export async function runLine({ words, nowMs = 0, clock, env = {}, isTTY = false }: CommandLine): Promise<Ended> {
  const printed: string[] = [];
  const said: string[] = [];
  const context: CommandContext = {
    version: 'test',
    env,
    clock: clock ?? { nowMs: () => nowMs, sleep: async () => undefined },
    stdin: Readable.from([]),
    stdout: { write: (text) => printed.push(text) },
    stderr: { write: (text) => said.push(text), isTTY, columns: 100 },
  };
  const code = await runParsed(parseCommandLine(words, 'test'), context).catch((error: unknown) => {
    said.push(`mttr-exporter: ${messageOf(error)}\n`);
    return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
  });
  return { code, printed: printed.join(''), said: said.join('') };
}

async function runParsed(command: ParsedCommandLine, context: CommandContext): Promise<number | undefined> {
  if (command.kind === 'command') return command.run(context);
  if (command.kind !== 'print') throw new Error('completion writes to the standard output of the process');
  context.stderr.write(command.text);
  return command.code;
}
