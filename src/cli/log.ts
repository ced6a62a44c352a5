import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { Log, LogFields } from '../model/log.ts';
import { logfmtLine } from './logfmt.ts';

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
