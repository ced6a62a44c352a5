/** What went wrong with a request, without anything secret: method, path, status, the platform's code and message. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** The parsed error body, secrets removed; for the platform's own codes. */
  readonly body: unknown;

  constructor(message: string, details: { status?: number | undefined; body?: unknown } = {}) {
    super(message);
    this.status = details.status;
    this.body = details.body;
  }
}
