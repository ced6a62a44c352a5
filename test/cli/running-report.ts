import { Readable } from 'node:stream';
import { type Surroundings, WrongUse } from '../../src/cli/command.ts';
import { type Command, parseFlags } from '../../src/cli/flags.ts';
import { ConfigError } from '../../src/config/diagnostics.ts';
import { messageOf } from '../../src/model/error-message.ts';
import type { Clock } from '../../src/model/time.ts';

/** How a command line ended. */
export interface Ended {
  readonly code: number;
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
  const surroundings: Surroundings = {
    version: 'test',
    env,
    clock: clock ?? { nowMs: () => nowMs, sleep: async () => undefined },
    input: Readable.from([]),
    output: { write: (text) => printed.push(text) },
    errors: { write: (text) => said.push(text), isTTY, columns: 100 },
  };
  const code = await codeOf(parseFlags(words, 'test'), surroundings).catch((error: unknown) => {
    said.push(`mttr-exporter: ${messageOf(error)}\n`);
    return error instanceof WrongUse || error instanceof ConfigError ? 2 : 1;
  });
  return { code, printed: printed.join(''), said: said.join('') };
}

async function codeOf(command: Command, surroundings: Surroundings): Promise<number> {
  if (command.kind === 'one-shot') return command.run(surroundings);
  if (command.kind !== 'exit') throw new Error(`${command.kind} is no command for people`);
  surroundings.errors.write(command.text);
  return command.code;
}
