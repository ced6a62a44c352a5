import { STATUS_CODES } from 'node:http';
import { type Clock, SECOND_MS } from '../model/time.ts';
import { createAgents, proxySecrets } from './agents.ts';
import { AttemptError } from './errors.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createRedactor } from './redact.ts';
import { parseRateLimit } from './response.ts';
import { type AttemptResult, createRetry } from './retry.ts';
import { type RawResponse, sendRequest } from './transport.ts';

/** Only keeps a receiver that answers at once from getting requests without any pause. */
const RATE_LIMIT = { requests: 100, perMs: SECOND_MS };

export interface PostClientOptions {
  readonly url: URL;
  /** The part of the URL that is no secret; names it in messages. */
  readonly displayUrl: string;
  /** Sent with each request, credentials included. */
  readonly headers: Readonly<Record<string, string>>;
  /** Removed from every message, as are the query of the URL and the password of a proxy. */
  readonly secrets: readonly string[];
  /** Of one try. */
  readonly timeoutMs: number;
  readonly triesMax: number;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Posts to one URL. */
export interface PostClient {
  /**
   * One request; 5xx, 429 and no answer are retried after `Retry-After` or else a backoff. Throws RequestError with the
   * receiver's own text when it refused, or when all tries failed.
   */
  post(body: Uint8Array, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Creates the client of one receiver; throws when a proxy URL is invalid. No request is made. */
export function createPostClient(options: PostClientOptions): PostClient {
  const { url, displayUrl, headers, secrets, timeoutMs, triesMax, clock, env } = options;
  const connection = { proxyUrl: undefined, caFile: undefined, env };
  const agents = createAgents(connection);
  const redactor = createRedactor([...secrets, url.search.slice(1), ...proxySecrets(connection)]);
  const rateLimiter = createRateLimiter({ rateLimit: RATE_LIMIT, clock });
  const closing = new AbortController();
  const observer = { onRequest: () => undefined, onThrottled: () => undefined, onBudget: () => undefined };
  const retry = { rateLimiter, clock, observer, redactor, timeoutMs, triesMax, closing: closing.signal };
  const withRetries = createRetry(retry);
  return {
    async post(body, signal) {
      const attempt = async (attemptSignal: AbortSignal) =>
        checkAccepted(await sendRequest({ url, headers, agents, signal: attemptSignal, body }), clock.nowMs());
      // Its path is a secret, and nobody observes it.
      const request = { method: 'POST', host: url.host, path: '', endpoint: '' };
      await withRetries({ label: `POST ${displayUrl}`, request, attempt, signal });
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort(new Error('the connection to the receiver was closed'));
      await rateLimiter.close();
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

/** Any 2xx means accepted; the text of any other response is the receiver's reason, thrown as AttemptError. */
function checkAccepted({ status, headers, text }: RawResponse, nowMs: number): AttemptResult<undefined> {
  const rateLimit = parseRateLimit({ status, headers, nowMs });
  if (status >= 200 && status < 300) return { value: undefined, status, rateLimit };
  const isRedirect = status >= 300 && status < 400;
  const reason = text.trim() === '' ? (STATUS_CODES[status] ?? 'no reason given') : text;
  throw new AttemptError(isRedirect ? 'redirects are not followed' : reason, {
    status,
    retry: status === 429 || status >= 500,
    throttled: status === 429,
    rateLimit,
  });
}

/** A lost message is better sent again by a person than three times by us. */
const WEBHOOK_TRIES_MAX = 3;
const WEBHOOK_TIMEOUT_MS = 30 * SECOND_MS;
const WEBHOOK_HEADERS = { accept: '*/*', 'content-type': 'application/json; charset=utf-8' };
/** Shorter parts of a webhook's path are words of the service and not secret. */
const SECRET_PART_MIN = 8;

interface WebhookMessage extends Pick<PostClientOptions, 'clock' | 'env'> {
  /** Its path is a secret, as whoever knows it may post; no message contains it. */
  readonly url: string;
  /** Sent as JSON. */
  readonly message: unknown;
}

/**
 * Posts one message; 429, 5xx and no answer are retried. Throws RequestError with the receiver's text when it refused,
 * and an Error when the URL is invalid.
 */
export async function postWebhook({ url: address, message, clock, env }: WebhookMessage): Promise<void> {
  const url = parseWebhookUrl(address);
  const parts = url.pathname.split('/').filter((part) => part.length >= SECRET_PART_MIN);
  const client = createPostClient({
    url,
    displayUrl: url.origin,
    headers: WEBHOOK_HEADERS,
    secrets: [address, url.href, url.pathname, ...parts],
    timeoutMs: WEBHOOK_TIMEOUT_MS,
    triesMax: WEBHOOK_TRIES_MAX,
    clock,
    env,
  });
  try {
    await client.post(Buffer.from(JSON.stringify(message)), new AbortController().signal);
  } finally {
    await client.close();
  }
}

/** Throws without the text of the URL, which is a secret. */
function parseWebhookUrl(address: string): URL {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Error('invalid webhook URL: expected one that begins with https://');
  }
  return url;
}
