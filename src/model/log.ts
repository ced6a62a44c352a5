/** What may stand beside a message: chosen values, never foreign objects (their fields may hold secrets or people). */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where rooms say what happened: a static message and fields; one line each, an undefined field is left out. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
