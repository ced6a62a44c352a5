/** The fields of a log line: chosen values, never foreign objects (their fields may contain secrets or people). */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A logger: a static message and fields, one line each; an undefined field is left out. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
