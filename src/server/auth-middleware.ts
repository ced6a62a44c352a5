import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { answerProblem, RequestProblem } from './api/problem.ts';
import { authenticate, challenges } from './auth.ts';
import type { AuthResult } from './login-queue.ts';
import { requestPath } from './paths.ts';
import { answerText } from './plain-text.ts';
import type { WebSettings } from './web-settings.ts';

/** What is asked on each request. */
export interface AuthOptions {
  readonly settings: () => WebSettings;
  readonly bearerToken: () => string | undefined;
  readonly adminToken: () => string | undefined;
  /** Paths below this get problem documents; others plain text. */
  readonly apiBase: string;
}

/** A step before the endpoints; it answers itself, or calls `next`, with an error when it failed. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** What requests pass first: the limit of requests (429), then credentials (401). */
export function createAuthMiddleware({ settings, bearerToken, adminToken, apiBase }: AuthOptions): Middleware {
  const refuse = (request: IncomingMessage, response: ServerResponse, [status, why]: readonly [number, string]) => {
    const path = requestPath(request);
    if (path.startsWith(`${apiBase}/`)) answerProblem(response, new RequestProblem(status, why), path);
    else answerText(response, status, why);
  };
  return (request, response, next) => {
    const { mayPass, basicAuth } = settings();
    if (mayPass?.(performance.now()) === false) {
      refuse(request, response, [429, 'too many requests']);
      return;
    }
    const credentials = { bearerToken: bearerToken(), basicAuth, adminToken: adminToken() };
    const act = (result: AuthResult) => {
      if (result === 'granted') {
        next();
      } else if (result === 'busy') {
        refuse(request, response, [429, 'too many logins are waiting; try again later']);
      } else {
        response.setHeader('WWW-Authenticate', challenges(credentials));
        refuse(request, response, [401, 'invalid credentials']);
      }
    };
    const { headers, socket } = request;
    const client = { address: socket.remoteAddress ?? '', connection: socket };
    const result = authenticate(headers.authorization, credentials, client);
    if (typeof result === 'string') act(result);
    else result.then(act).catch(next);
  };
}
