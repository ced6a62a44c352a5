import { type ServerResponse, STATUS_CODES } from 'node:http';
import { z } from 'zod';

/** The media type of RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json';

/** A problem document (RFC 9457); `errors` names the parameters that are wrong. */
export const Problem = z
  .strictObject({
    type: z.literal('about:blank').describe('The title says it all: it is that of the status'),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What is wrong, and what was expected'),
    instance: z.string().describe('The path that was asked for'),
    errors: z
      .array(z.strictObject({ name: z.string().describe('The parameter'), reason: z.string() }))
      .optional()
      .describe('One for each parameter that is wrong'),
    refresh: z.unknown().optional().describe('What became of each provider, when a refresh failed for all of them'),
  })
  .describe('What went wrong (RFC 9457)');
export type Problem = z.infer<typeof Problem>;

/** One parameter that is wrong. */
export type ParameterError = NonNullable<Problem['errors']>[number];

interface ProblemOptions {
  readonly errors?: readonly ParameterError[];
  /** Seconds after which another try makes sense. */
  readonly retryAfterSeconds?: number;
}

/** A request that cannot be answered; the message is the detail of its problem document. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  readonly status: number;
  readonly errors: readonly ParameterError[];
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, detail: string, { errors = [], retryAfterSeconds }: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** 400: parameters that are wrong, each with its reason. */
export function wrongParameters(errors: readonly ParameterError[]): RequestProblem {
  const detail = errors.map(({ name, reason }) => `${name} ${reason}`).join('; ');
  return new RequestProblem(400, detail, { errors });
}

/** The document of a problem, for the path that was asked for. */
export function problemOf(problem: RequestProblem, instance: string): Problem {
  const { status, message, errors } = problem;
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    instance,
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
  };
}

/** Ends the answer with a problem document; never cached. */
export function answerProblem(response: ServerResponse, problem: RequestProblem, instance: string): void {
  if (problem.retryAfterSeconds !== undefined) response.setHeader('Retry-After', problem.retryAfterSeconds);
  answerJson(response, {
    status: problem.status,
    type: PROBLEM_TYPE,
    text: JSON.stringify(problemOf(problem, instance)),
  });
}

interface JsonAnswer {
  readonly status: number;
  readonly type?: string;
  /** A buffer is JSON in UTF-8; several answers may send the same one. */
  readonly text: string | Buffer;
}

/** Ends the answer with JSON; never cached. */
export function answerJson(response: ServerResponse, { status, type = 'application/json', text }: JsonAnswer): void {
  const body = typeof text === 'string' ? Buffer.from(text) : text;
  response.statusCode = status;
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
