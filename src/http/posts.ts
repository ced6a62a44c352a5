import { STATUS_CODES } from 'node:http';
import { type Clock, SECOND_MS } from '../model/time.ts';
import { agentsFor, proxySecrets } from './agents.ts';
import { allowanceOf } from './allowance.ts';
import type { Attempted } from './attempts.ts';
import { createCalls } from './calls.ts';
import { AttemptFailure } from './failure.ts';
import { createPace } from './pace.ts';
import { createRedactor } from './redact.ts';
import { type Sent, send } from './send.ts';

/** All calls go through a pace; this one only keeps a receiver that answers at once from being asked without any pause. */
const RATE_LIMIT = { requests: 100, perMs: SECOND_MS };

/** What is posted to, and how patiently. */
export interface PostsOptions {
  readonly url: URL;
  /** What messages call the address: the part of it that is no secret. */
  readonly shownAs: string;
  /** Sent with each request, credentials included. */
  readonly headers: Readonly<Record<string, string>>;
  /** Removed from every message, as are the query of the address and the password of a proxy. */
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  readonly triesMax: number;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The way to one address that takes what is posted. */
export interface Posts {
  /**
   * One request; 5xx, 429 and silence are tried again as `Retry-After` or else backoff says. Throws RequestError with the
   * receiver's own text when it refused, or when all tries failed.
   */
  post(body: Uint8Array, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Readies the way; throws when a proxy's address is of no use. No request is made. */
export function createPosts(options: PostsOptions): Posts {
  const { url, shownAs, headers, secrets, timeoutMs, triesMax, clock, env } = options;
  const route = { proxyUrl: undefined, caFile: undefined, env };
  const agents = agentsFor(route);
  const redactor = createRedactor([...secrets, url.search.slice(1), ...proxySecrets(route)]);
  const pace = createPace({ rateLimit: RATE_LIMIT, clock });
  const closing = new AbortController();
  const observer = { onRequest: () => undefined, onThrottled: () => undefined, onBudget: () => undefined };
  const call = createCalls({ pace, clock, observer, redactor, timeoutMs, triesMax, closing: closing.signal });
  return {
    async post(body, signal) {
      const attempt = async (attemptSignal: AbortSignal) =>
        readAnswer(await send({ url, headers, agents, signal: attemptSignal, body }), clock.nowMs());
      await call({ label: `POST ${shownAs}`, attempt, signal });
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort(new Error('the connection to the receiver was closed'));
      await pace.close();
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

/** Any 2xx is a yes; the text of anything else is the receiver's reason. */
function readAnswer({ status, headers, text }: Sent, nowMs: number): Attempted<undefined> {
  const allowance = allowanceOf({ status, headers, nowMs });
  if (status >= 200 && status < 300) return { value: undefined, status, allowance };
  const isRedirect = status >= 300 && status < 400;
  const reason = text.trim() === '' ? (STATUS_CODES[status] ?? 'no reason given') : text;
  throw new AttemptFailure(isRedirect ? 'a redirect, which is not followed' : reason, {
    status,
    retry: status === 429 || status >= 500,
    throttled: status === 429,
    allowance,
  });
}
