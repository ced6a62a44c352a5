import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../model/log.ts';
import { requestPath } from './paths.ts';

/** Ends the answer with a status and lines of plain text; never cached. */
export function answerText(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(`${text}\n`);
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/** 405, with the methods that there are, such as `GET, HEAD`. */
export function answerMethodNotAllowed(request: IncomingMessage, response: ServerResponse, allowed: string): void {
  response.setHeader('Allow', allowed);
  answerText(response, 405, `${request.method} is not allowed; expected ${allowed}`);
}

/** A request that went wrong inside: the client gets a 500 without the reason, the log gets the reason. */
export type FailureHandler = (error: unknown, request: IncomingMessage, response: ServerResponse) => void;

export function createFailureHandler(log: Log): FailureHandler {
  return (error, request, response) => {
    // Nobody waits for an answer any more.
    if (response.destroyed) return;
    const message = error instanceof Error ? error.message : String(error);
    log.error('request failed', { method: request.method, path: requestPath(request), error: message });
    if (response.headersSent) response.destroy();
    else answerText(response, 500, 'this request failed; the log says why');
  };
}
