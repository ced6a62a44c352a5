import { Option } from 'commander';
import { parseDuration } from '../config/durations.ts';
import { messageOf } from '../model/error-message.ts';
import { formatDuration } from '../model/format.ts';
import { InputError } from '../model/input-error.ts';
import { parseListenAddress } from '../server/addresses.ts';
import { LOG_FORMATS, LOG_LEVELS } from './log.ts';

/** Wrong flags or arguments, or a configuration that cannot be used: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The flag, environment variable or key that is wrong, as a user writes it; undefined where it is no single one. */
  readonly source: string | undefined;
  /** What is wrong and what was expected, without the source. */
  readonly reason: string;

  constructor(source: string | undefined, reason: string, options?: ErrorOptions) {
    super(source === undefined ? reason : `${source}: ${reason}`, options);
    this.source = source;
    this.reason = reason;
  }
}

/** An InputError becomes a UsageError of the flag with the name of its field; any other error is returned as it is. */
export function toUsageError(error: unknown): unknown {
  if (!(error instanceof InputError)) return error;
  const { field, reason } = error;
  // The series is an argument of `explain`.
  const source = field === undefined || field === 'series' ? field : `--${field}`;
  return new UsageError(source, reason, { cause: error });
}

/** Returns what `work` returns; whatever it throws becomes a UsageError with this source. */
export function orUsageError<Result>(source: string | undefined, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new UsageError(source, messageOf(error), { cause: error });
  }
}

/** One flag: help, completion and parsing are made of it. */
export interface Flag<Value> {
  /** In commander's syntax: `--output-file <file>`; the last long name is the one in messages. */
  readonly syntax: string;
  readonly description: string;
  readonly choices?: readonly string[];
  /** Gets the text of each time that it is given; throws what is wrong, without naming the flag. */
  readonly parse: (texts: readonly string[]) => Value;
}

/** The flags of a command by the names that its code uses. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

export type FlagValues<Declared extends Flags> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Flag<infer Value> ? Value : never;
};

/** A flag with a value; the last one given counts, undefined when there is none. */
export function optional(syntax: string, description: string): Flag<string | undefined>;
export function optional<Value>(
  syntax: string,
  description: string,
  parse: (text: string) => Value,
): Flag<Value | undefined>;
export function optional(
  syntax: string,
  description: string,
  parse: (text: string) => unknown = String,
): Flag<unknown> {
  return { syntax, description, parse: (texts) => texts.map(parse).at(-1) };
}

/** A flag with a value and a default, which the help shows. */
export function withDefault<Value>(
  syntax: string,
  description: string,
  fallback: string,
  parse: (text: string) => Value,
): Flag<Value> {
  const text = `${description} (default: ${fallback})`;
  return { syntax, description: text, parse: (texts) => parse(texts.at(-1) ?? fallback) };
}

/** A flag that may be given several times, as its description should say. */
export function repeatable(
  syntax: string,
  description: string,
  parse: (text: string) => string = String,
): Flag<readonly string[]> {
  return { syntax, description, parse: (texts) => texts.map(parse) };
}

/** A flag whose value is one of a few words. */
export function oneOf<Choice extends string>(
  syntax: string,
  description: string,
  choices: readonly Choice[],
): Flag<Choice | undefined> {
  const parse = (text: string) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Error(`"${text}" is unknown; expected one of ${choices.join(', ')}`);
    return found;
  };
  return { syntax, description, choices, parse: (texts) => texts.map(parse).at(-1) };
}

/** The same with a default, which the help shows. */
export function oneOfOrDefault<Choice extends string>(
  syntax: string,
  description: string,
  choices: readonly Choice[],
  fallback: Choice,
): Flag<Choice> {
  const { parse, ...flag } = oneOf(syntax, `${description} (default: ${fallback})`, choices);
  return { ...flag, parse: (texts) => parse(texts) ?? fallback };
}

/** A flag without a value. */
export function toggle(syntax: string, description: string): Flag<boolean> {
  return { syntax, description, parse: (texts) => texts.length > 0 };
}

/** Reads a duration of at least and at most so many milliseconds. */
export function durationBetween(minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms === undefined || ms < minMs) {
      throw new Error(`"${text}" is not a duration; expected ${formatDuration(minMs)} or more, such as 30s or 5m`);
    }
    if (ms > maxMs) throw new Error(`"${text}" is too long; expected at most ${formatDuration(maxMs)}`);
    return ms;
  };
}

/** Reads a whole number from 0. */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`"${text}" is not a whole number; expected 0 or more`);
}

/** Refuses the empty name that an unset shell variable leaves. */
export function toFileName(text: string): string {
  if (text === '') throw new Error('expected a file name');
  return text;
}

/** Flags that several commands have. */
export const configFile = optional(
  '--config, --config.file <file>',
  'configuration file (default: config/mttr-exporter.yml if it exists, else the environment)',
  toFileName,
);
export const webConfigFile = optional(
  '--web.config.file <file>',
  'TLS and authentication, in the format of the exporter-toolkit',
  toFileName,
);
export const listenAddresses: Flag<readonly string[]> = {
  syntax: '--web.listen-address <address>',
  description: 'address to listen on, repeatable (default: :16887)',
  parse: (texts) => (texts.length === 0 ? [':16887'] : texts.map((text) => parseListenAddress(text).text)),
};
export const logFlags = {
  logLevel: oneOfOrDefault('--log.level <level>', 'lowest level to log', LOG_LEVELS, 'info'),
  logFormat: oneOf(
    '--log.format <format>',
    'format of log lines (default: logfmt on a terminal, else json)',
    LOG_FORMATS,
  ),
};
export const outputFile = optional('--output-file <file>', 'write FILE atomically instead of standard output');
export const quiet = toggle('--quiet', 'no progress and no warnings');

/** The flags as commander has them; each collects its texts. Made anew for each command line. */
export function toOptions(flags: Flags): Option[] {
  return Object.values(flags).map(({ syntax, description, choices = [] }) => {
    const option = new Option(syntax, description);
    if (option.isBoolean()) return option;
    const texts: string[] = [];
    if (choices.length > 0) option.choices(choices);
    return option.argParser((text) => {
      texts.push(text);
      return texts;
    });
  });
}

/** Parses what commander has collected for these flags, by its names for them; throws UsageError. */
export function parseFlags<Declared extends Flags>(
  flags: Declared,
  collected: Readonly<Record<string, unknown>>,
): FlagValues<Declared>;
export function parseFlags(flags: Flags, collected: Readonly<Record<string, unknown>>): FlagValues<Flags> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, { syntax, description, parse }]) => {
      const option = new Option(syntax, description);
      const value = collected[option.attributeName()];
      const given = value === true ? [''] : [];
      const texts = Array.isArray(value) ? value.map(String) : given;
      return [name, orUsageError(option.long ?? syntax, () => parse(texts))];
    }),
  );
}
