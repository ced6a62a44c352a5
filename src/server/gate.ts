import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { challenges, judgeAccess } from './access.ts';
import { answerProblem, RequestProblem } from './api/problem.ts';
import type { PasswordVerdict } from './passwords.ts';
import { answerText } from './plain-text.ts';
import type { WebSettings } from './web-settings.ts';

/** What the gate asks on each request. */
export interface GateOptions {
  readonly settings: () => WebSettings;
  readonly bearerToken: () => string | undefined;
  readonly adminToken: () => string | undefined;
  /** Paths that need no credentials and are under no limit: probes cannot log in, and must not fail from load. */
  readonly openPaths: ReadonlySet<string>;
  /** Paths below this get problem documents; others plain text. */
  readonly apiBase: string;
}

/** A step before the endpoints; it answers itself or calls `next`. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** What every request passes first: configured headers, then the limit of requests (429), then credentials (401). */
export function gate({ settings, bearerToken, adminToken, openPaths, apiBase }: GateOptions): Middleware {
  return (request, response, next) => {
    const { headers, mayPass, passwords } = settings();
    for (const name in headers) response.setHeader(name, headers[name] ?? '');
    const path = pathOf(request.url ?? '');
    if (openPaths.has(path)) {
      next();
      return;
    }
    const refuse = (status: number, why: string) => {
      if (path.startsWith(`${apiBase}/`)) answerProblem(response, new RequestProblem(status, why), path);
      else answerText(response, status, why);
    };
    if (mayPass?.(performance.now()) === false) {
      refuse(429, 'too many requests');
      return;
    }
    const credentials = { bearerToken: bearerToken(), passwords, adminToken: adminToken() };
    const letIn = (verdict: PasswordVerdict) => {
      if (verdict === 'right') {
        next();
      } else if (verdict === 'busy') {
        refuse(429, 'too many passwords are being checked');
      } else {
        response.setHeader('WWW-Authenticate', challenges(credentials));
        refuse(401, 'these credentials do not open the door');
      }
    };
    const verdict = judgeAccess(request.headers.authorization, credentials);
    if (typeof verdict === 'string') letIn(verdict);
    else verdict.then(letIn).catch(next);
  };
}

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
