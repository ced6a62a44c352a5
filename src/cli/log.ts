import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { Log, LogFields } from '../model/log.ts';

/** Least important first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line per message either way. */
export const LOG_FORMATS = ['logfmt', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Takes whole lines, each with its line feed. */
export interface LogDestination {
  write(line: string): void;
}

/** What is written, how and where. */
export interface LogOptions {
  readonly level: LogLevel;
  /** Without it: logfmt where standard error is a terminal, else json. */
  readonly format?: LogFormat | undefined;
  /** Standard error, written synchronously, unless given. */
  readonly destination?: LogDestination | undefined;
  /** Each is replaced by `<secret>` wherever it stands; read anew for each line, so that a reload may change the list. */
  readonly secrets?: readonly string[] | undefined;
}

const STANDARD_ERROR = 2;

/** A log of one line per message: level, `ts` (ISO 8601, UTC), the message as `msg`, then the fields; no host, no process. */
export function createLog(options: LogOptions): Log {
  const { secrets = [] } = options;
  const format = options.format ?? (isatty(STANDARD_ERROR) ? 'logfmt' : 'json');
  const destination = options.destination ?? pino.destination({ dest: STANDARD_ERROR, sync: true });
  const writer = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'json' ? destination : { write: (line: string) => destination.write(logfmtLine(line)) },
  );
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (writer.isLevelEnabled(level)) writer[level](withoutSecrets(fields, secrets), redacted(message, secrets));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function withoutSecrets(fields: LogFields, secrets: readonly string[]): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? redacted(value, secrets) : value]),
  );
}

function redacted(text: string, secrets: readonly string[]): string {
  // Longest first: a secret that begins like a shorter one must not leave its rest behind.
  const known = secrets.filter((secret) => secret !== '').toSorted((a, b) => b.length - a.length);
  return known.reduce((rest, secret) => rest.replaceAll(secret, '<secret>'), text);
}

/** Whitespace, the signs of logfmt itself, and everything invisible: control, format and unassigned characters. */
const NEEDS_QUOTES = /[\s="\\\p{C}]/u;
/** What JSON leaves as it is although a terminal acts on it or shows it as a line end. */
const INVISIBLE = /[\p{C}\u2028\u2029]/gu;

/**
 * A JSON log line as logfmt: `ts`, `level` and `msg` first, then the fields as they come.
 * No value can end its line or its quotes, so none can forge a line or a field.
 */
export function logfmtLine(jsonLine: string): string {
  const { ts, level, msg, ...fields }: Record<string, unknown> = JSON.parse(jsonLine);
  const pairs = Object.entries({ ts, level, msg, ...fields }).filter(([, value]) => value !== undefined);
  return `${pairs.map(([name, value]) => `${name}=${logfmtValue(String(value))}`).join(' ')}\n`;
}

function logfmtValue(text: string): string {
  if (text !== '' && !NEEDS_QUOTES.test(text)) return text;
  return JSON.stringify(text).replace(INVISIBLE, escaped);
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
