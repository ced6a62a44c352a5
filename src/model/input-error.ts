/**
 * What a person or a program asked cannot be answered as it was asked. Each surface names the field in its own way:
 * `--from` on the command line, `from` among the parameters of the API.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** Undefined where no single field is wrong. */
  readonly field: string | undefined;
  /** One line that follows the name of the field: what is wrong, what was expected. */
  readonly reason: string;

  constructor(field: string | undefined, reason: string, options?: ErrorOptions) {
    super(field === undefined ? reason : `${field}: ${reason}`, options);
    this.field = field;
    this.reason = reason;
  }
}
