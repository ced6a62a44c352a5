import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { requestPath } from './addresses.ts';

/** The media type of RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json';
/** The client does not get the reason: it may hold what only operators may read. */
export const INTERNAL_ERROR = 'internal error; see the log of the exporter';

/** A problem document (RFC 9457); `errors` names the invalid parameters. */
export const Problem = z
  .strictObject({
    type: z.literal('about:blank').describe('The title is that of the status'),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What is wrong, and what was expected'),
    instance: z.string().describe('The path of the request'),
    errors: z
      .array(z.strictObject({ name: z.string().describe('The parameter'), reason: z.string() }))
      .optional()
      .describe('One for each invalid parameter'),
    refresh: z.unknown().optional().describe('The result of each provider, when a refresh failed for all of them'),
  })
  .describe('What went wrong (RFC 9457)');
export type Problem = z.infer<typeof Problem>;

/** One invalid parameter. */
export type ParameterError = NonNullable<Problem['errors']>[number];

interface ProblemOptions {
  readonly errors?: readonly ParameterError[];
  /** Seconds after which another try makes sense. */
  readonly retryAfterSeconds?: number;
  /** The result of each provider. */
  readonly refresh?: object;
}

/** A request that cannot be answered; the message is the detail of its problem document. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  readonly status: number;
  readonly errors: readonly ParameterError[];
  readonly retryAfterSeconds: number | undefined;
  readonly refresh: object | undefined;

  constructor(status: number, detail: string, { errors = [], retryAfterSeconds, refresh }: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
    this.refresh = refresh;
  }
}

/** 400: invalid parameters, each with its reason. */
export function invalidParameters(errors: readonly ParameterError[]): RequestProblem {
  const detail = errors.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  return new RequestProblem(400, detail, { errors });
}

interface ResponseContent {
  readonly type: string;
  /** A buffer is in UTF-8 already; several responses may send the same one. */
  readonly body: string | Buffer;
}

/** Ends the response with a status and content; never cached. */
export function send(response: ServerResponse, status: number, { type, body }: ResponseContent): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.statusCode = status;
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', bytes.length);
  response.end(bytes);
}

/** Ends the response with lines of plain text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, { type: 'text/plain', body: `${text}\n` });
}

/** Ends the response with a problem document for the path of the request. */
export function sendProblem(response: ServerResponse, problem: RequestProblem, instance: string): void {
  const { status, message: detail, errors, retryAfterSeconds, refresh } = problem;
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  const document: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    instance,
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
    ...(refresh && { refresh }),
  };
  send(response, status, { type: PROBLEM_TYPE, body: JSON.stringify(document) });
}

/** 405, with the methods that are allowed, such as `GET, HEAD`. */
export function sendMethodNotAllowed(request: IncomingMessage, response: ServerResponse, allowed: string): void {
  response.setHeader('Allow', allowed);
  sendText(response, 405, `${request.method} is not allowed; expected ${allowed}`);
}

/** Logs why a request failed, and answers it with a 500 that does not say why. */
export type ErrorHandler = (error: unknown, request: IncomingMessage, response: ServerResponse) => void;

export function createErrorHandler(log: Log): ErrorHandler {
  return (error, request, response) => {
    // Nobody waits for an answer any more.
    if (response.destroyed) return;
    log.error('request failed', { method: request.method, path: requestPath(request), error: messageOf(error) });
    if (response.headersSent) response.destroy();
    else sendText(response, 500, INTERNAL_ERROR);
  };
}
