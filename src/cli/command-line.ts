import { Command as CommanderCommand, CommanderError } from 'commander';
import type { Command, RunnableCommand } from './command.ts';
import { backfill } from './commands/backfill.ts';
import { check } from './commands/check.ts';
import { completion, suggest } from './commands/completion.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { dora } from './commands/dora.ts';
import { explain } from './commands/explain.ts';
import { importFiles } from './commands/import.ts';
import { postmortem } from './commands/postmortem.ts';
import { report } from './commands/report.ts';
import { serve } from './commands/serve.ts';
import { toOptions, UsageError } from './flags.ts';

/** Exit code for wrong flags, arguments or configuration; 1 is for what failed. */
export const EXIT_USAGE = 2;

/** In the order of the help; the first is the default. */
export const commands: readonly Command[] = [
  serve,
  check,
  report,
  dora,
  backfill,
  explain,
  postmortem,
  importFiles,
  doctor,
  completion,
  demo,
];

/** What the command line asks for. */
export type ParsedCommandLine =
  | ({ readonly kind: 'command'; readonly name: string; readonly isDaemon: boolean } & RunnableCommand)
  /** Answers the completion script of a shell. */
  | { readonly kind: 'completion'; readonly run: () => Promise<number> }
  /** Nothing to run: print `text` (help and version to standard output, else to standard error) and end with `code`. */
  | { readonly kind: 'print'; readonly code: 0 | typeof EXIT_USAGE; readonly text: string };

/** Parses the arguments after the program's name; runs nothing. What is wrong becomes one message with code 2. */
export function parseCommandLine(args: readonly string[], version: string): ParsedCommandLine {
  if (args[0] === 'complete' && args[1] === '--') {
    return { kind: 'completion', run: () => suggest(commands, args.slice(2)) };
  }
  let parsed: ParsedCommandLine | undefined;
  let printed = '';
  const print = (text: string) => {
    printed += text;
  };
  const program = createProgram(version, print, (command) => {
    parsed = command;
  });
  try {
    program.parse(commandFirst(args), { from: 'user' });
  } catch (error) {
    if (error instanceof UsageError)
      return { kind: 'print', code: EXIT_USAGE, text: `mttr-exporter: ${error.message}\n` };
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'print', code: error.exitCode === 0 ? 0 : EXIT_USAGE, text: printed };
  }
  if (parsed === undefined) throw new Error('commander has neither run nor refused the command');
  return parsed;
}

/** Moves the command to the front: flags may precede it, but commander takes those for flags of the default command. */
function commandFirst(args: readonly string[]): string[] {
  const options = commands.flatMap(({ flags }) => toOptions(flags));
  const takesValue = (flag: string) => options.some((one) => one.required && [one.long, one.short].includes(flag));
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (!arg.startsWith('-')) return [arg, ...args.toSpliced(index, 1)];
    if (takesValue(arg)) index += 1;
  }
  return [...args];
}

/** `print` gets help, version or the message about what is wrong. */
function createProgram(
  version: string,
  print: (text: string) => void,
  onCommand: (command: ParsedCommandLine) => void,
): CommanderCommand {
  const program = new CommanderCommand('mttr-exporter')
    .description('Prometheus exporter for recovery times: polls incident platforms and serves exact MTTR metrics.')
    .version(`mttr-exporter ${version} (node ${process.version})`, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: print,
      outputError: (text) => print(text.replace('error:', 'mttr-exporter:')),
    });
  const [first] = commands.map((command) => addCommand(program, command, onCommand));
  program.addHelpText('after', () => `\n${first?.helpInformation()}\n${EXIT_CODES}`);
  return program;
}

const EXIT_CODES = 'Exit codes: 0 success, 1 failure, 2 wrong flags, arguments or configuration.';

function addCommand(program: CommanderCommand, command: Command, onCommand: (parsed: ParsedCommandLine) => void) {
  const { name, description, operands, flags, examples, isDaemon = false } = command;
  const subcommand = program
    .command(name, { isDefault: command === commands[0] })
    .description(description)
    .allowExcessArguments()
    .action(() => {
      const { args } = subcommand;
      if (operands === undefined && args[0] !== undefined) {
        const known = commands.map((one) => one.name).join(', ');
        throw new UsageError(undefined, `unknown command or argument '${args[0]}'; commands: ${known}`);
      }
      onCommand({ kind: 'command', name, isDaemon, ...command.parse(subcommand.opts(), args) });
    });
  if (operands !== undefined) subcommand.argument(operands);
  for (const option of toOptions(flags)) subcommand.addOption(option);
  const lines = examples.map(([line, meaning]) => `  # ${meaning}\n  mttr-exporter ${line}\n`);
  return subcommand.addHelpText('after', `\nExamples:\n${lines.join('')}`);
}
