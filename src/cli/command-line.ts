import { CommanderError, Command as Parser } from 'commander';
import { z } from 'zod';
import type { Asked, OneShot, Surroundings } from './command.ts';
import { backfill } from './commands/backfill.ts';
import { completion, suggest } from './commands/completion.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { importFiles } from './commands/import.ts';
import { postmortem } from './commands/postmortem.ts';
import { report } from './commands/report.ts';
import { checkFlag, configFlag, listenFlag, logFlags, replayFlag, webConfigFlag, webFlags } from './flags.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './log.ts';

/** Exit code for wrong flags, arguments or configuration; 1 is for what failed. */
export const EXIT_WRONG_USE = 2;

/** `format` is absent when it is left to the terminal. */
export interface LogFlags {
  readonly level: LogLevel;
  readonly format: LogFormat | undefined;
}

/** How to serve; everything was checked to be well-formed. */
export interface WebFlags {
  /** One or more of `host:port`, `:port`, `[IPv6]:port`. */
  readonly listenAddresses: readonly string[];
  readonly configFile: string | undefined;
  readonly telemetryPath: string;
  readonly routePrefix: string | undefined;
  readonly externalUrl: string | undefined;
  readonly enableLifecycle: boolean;
}

/** The commands for people, in the order of the help. */
export const oneShots: readonly OneShot[] = [report, backfill, explain, postmortem, importFiles, doctor, completion];

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'serve'; readonly configFile: string | undefined; readonly web: WebFlags; readonly log: LogFlags }
  | { readonly kind: 'check'; readonly configFile: string | undefined; readonly webConfigFile: string | undefined }
  | {
      readonly kind: 'demo';
      readonly replayFile: string | undefined;
      readonly listenAddresses: readonly string[];
      readonly log: LogFlags;
    }
  /** A command for people; resolves with its exit code. */
  | { readonly kind: 'one-shot'; readonly run: (surroundings: Surroundings) => Promise<number> }
  /** Nothing to run: print `text` (help and version to standard output, else to standard error) and end with `code`. */
  | { readonly kind: 'exit'; readonly code: 0 | typeof EXIT_WRONG_USE; readonly text: string };

/** Where `serve` and `demo` listen unless told otherwise. */
const DEFAULT_LISTEN_ADDRESSES = [':16887'];
const DEFAULT_TELEMETRY_PATH = '/metrics';

/** Flags under commander's names for them: after a hyphen in camel case. */
const Values = z.object({
  'config.file': z.string().optional(),
  'config.check': z.boolean().default(false),
  'web.listenAddress': z.string().array().default(DEFAULT_LISTEN_ADDRESSES),
  'web.config.file': z.string().optional(),
  'web.telemetryPath': z.string().default(DEFAULT_TELEMETRY_PATH),
  'web.routePrefix': z.string().optional(),
  'web.externalUrl': z.string().optional(),
  'web.enableLifecycle': z.boolean().default(false),
  'log.level': z.enum(LOG_LEVELS).default('info'),
  'log.format': z.enum(LOG_FORMATS).optional(),
  replay: z.string().optional(),
});
type Values = z.infer<typeof Values>;

/**
 * Reads the words after the program's name; runs nothing. `version` is the program's own.
 * Wrong flags or arguments yield an `exit` with code 2 and one message.
 */
export function parseFlags(words: readonly string[], version: string): Command {
  if (words[0] === 'complete' && words[1] === '--') {
    return { kind: 'one-shot', run: () => suggest(commands, words.slice(2)) };
  }
  const asked: Command[] = [];
  const printed: string[] = [];
  try {
    program({ version, asked, printed }).parse(commandFirst(words), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const code = error.exitCode === 0 ? 0 : EXIT_WRONG_USE;
    return { kind: 'exit', code, text: printed.join('') || `mttr-exporter: ${error.message}\n` };
  }
  const [command] = asked;
  if (command === undefined) throw new Error('the command line was neither understood nor refused');
  return command;
}

/** Moves the command to the front: flags may stand before it, but commander reads those as the default command's. */
function commandFirst(words: readonly string[]): string[] {
  const options = commands.flatMap((command) => command.flags());
  const takesNextWord = (flag: string) => options.some((one) => one.required && [one.long, one.short].includes(flag));
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) return [word, ...words.toSpliced(index, 1)];
    if (takesNextWord(word)) index += 1;
  }
  return [...words];
}

interface Parsing {
  readonly version: string;
  /** Receives the command. */
  readonly asked: Command[];
  /** Receives help, version or the message about what is wrong. */
  readonly printed: string[];
}

function program({ version, asked, printed }: Parsing): Parser {
  const print = (text: string) => void printed.push(text);
  const parser = new Parser('mttr-exporter')
    .description('Prometheus exporter for recovery times: polls incident platforms, serves exact MTTR metrics.')
    .version(`mttr-exporter ${version} (node ${process.version})`, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: print,
      outputError: (text) => print(text.replace('error:', 'mttr-exporter:')),
    });
  const [serve] = commands.map((command) => addCommand(parser, command, asked));
  parser.addHelpText('after', () => `\n${serve?.helpInformation()}\n${EXIT_CODES}`);
  return parser;
}

/** A command as the parser knows it. */
interface Subcommand extends Pick<OneShot, 'name' | 'description' | 'flags' | 'words' | 'examples'> {
  read(asked: Asked): Command;
}

function addCommand(parser: Parser, command: Subcommand, asked: Command[]): Parser {
  const subcommand = parser
    .command(command.name, { isDefault: command.name === 'serve' })
    .description(command.description)
    .allowExcessArguments()
    .action(() => {
      const words = subcommand.args;
      const [word] = words;
      if (word !== undefined && command.words === undefined) {
        subcommand.error(`error: unknown command or argument '${word}'; ${KNOWN_COMMANDS}`);
      }
      asked.push(command.read({ values: subcommand.opts(), words }));
    });
  if (command.words !== undefined) subcommand.argument(command.words);
  for (const flag of command.flags()) subcommand.addOption(flag);
  subcommand.addHelpText('after', () => exampleText(command.examples));
  return subcommand;
}

function exampleText(examples: OneShot['examples']): string {
  const lines = examples.map(([line, meaning]) => `  # ${meaning}\n  mttr-exporter ${line}`);
  return `\nExamples:\n${lines.join('\n')}\n`;
}

const commands: readonly Subcommand[] = [
  {
    name: 'serve',
    description: 'poll and serve /metrics (the default)',
    flags: () => [configFlag(), checkFlag(), listenFlag(), ...webFlags(), ...logFlags()],
    examples: [
      ['--config.file=mttr-exporter.yml', 'one configuration file, the default address'],
      ['--web.listen-address=127.0.0.1:9000 --web.config.file=web.yml', 'another address, with TLS and passwords'],
    ],
    read: ({ values }) => toServe(Values.parse(values)),
  },
  {
    name: 'check',
    description: 'check the configuration, offline',
    flags: () => [configFlag(), webConfigFlag()],
    examples: [['check --config.file=mttr-exporter.yml', 'before a reload; says what is wrong, and where']],
    read: ({ values }) => toCheck(Values.parse(values)),
  },
  ...oneShots.map((one) => ({
    ...one,
    read: (asked: Asked): Command => ({ kind: 'one-shot', run: (surroundings) => one.run(asked, surroundings) }),
  })),
  {
    name: 'demo',
    description: 'serve an invented organisation, or a file of outages',
    flags: () => [replayFlag(), listenFlag(), ...logFlags()],
    examples: [
      ['demo', 'invented incidents that open and are resolved while one watches'],
      ['demo --replay=outages.ndjson', 'outages of a file, moved so that the last one ends now'],
    ],
    read: ({ values }) => toDemo(Values.parse(values)),
  },
];
const KNOWN_COMMANDS = `the commands are ${commands.map(({ name }) => name).join(', ')}`;
const EXIT_CODES =
  'Exit codes: 0 when all went well, 1 for what failed, 2 for wrong flags, arguments or configuration.';

function toServe(values: Values): Command {
  if (values['config.check']) return toCheck(values);
  const web = {
    listenAddresses: values['web.listenAddress'],
    configFile: values['web.config.file'],
    telemetryPath: values['web.telemetryPath'],
    routePrefix: values['web.routePrefix'],
    externalUrl: values['web.externalUrl'],
    enableLifecycle: values['web.enableLifecycle'],
  };
  return { kind: 'serve', configFile: values['config.file'], web, log: toLog(values) };
}

function toCheck(values: Values): Command {
  return { kind: 'check', configFile: values['config.file'], webConfigFile: values['web.config.file'] };
}

function toDemo(values: Values): Command {
  const listenAddresses = values['web.listenAddress'];
  return { kind: 'demo', replayFile: values.replay, listenAddresses, log: toLog(values) };
}

function toLog(values: Values): LogFlags {
  return { level: values['log.level'], format: values['log.format'] };
}
