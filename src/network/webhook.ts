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

/** A message that got lost is better sent by hand than three times by us. */
const TRIES_MAX = 3;
const TIMEOUT_MS = 30 * SECOND_MS;
/** A single message needs no pace, but all calls go through one. */
const RATE_LIMIT = { requests: 100, perMs: SECOND_MS };

/** A message for a webhook. */
export interface WebhookPost {
  /** Its path is a secret: who knows it may post. It is in no message. */
  readonly url: string;
  /** Sent as JSON. */
  readonly message: unknown;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Posts one message; what the other side cannot do now (429, 5xx, silence) is tried again. Throws RequestError with its
 * text when it refused, and an Error when the address is of no use.
 */
export async function postWebhook({ url: address, message, clock, env }: WebhookPost): Promise<void> {
  const url = webhookOf(address);
  const route = { proxyUrl: undefined, caFile: undefined, env };
  const agents = agentsFor(route);
  const secrets = [address, url.href, url.pathname, ...url.pathname.split('/').filter((part) => part.length > 7)];
  const redactor = createRedactor([...secrets, url.search.slice(1), ...proxySecrets(route)]);
  const pace = createPace({ rateLimit: RATE_LIMIT, clock });
  const observer = { onRequest: () => undefined, onThrottled: () => undefined, onBudget: () => undefined };
  const { signal } = new AbortController();
  const call = createCalls({
    pace,
    clock,
    observer,
    redactor,
    timeoutMs: TIMEOUT_MS,
    closing: signal,
    triesMax: TRIES_MAX,
  });
  const body = Buffer.from(JSON.stringify(message));
  const headers = { accept: '*/*', 'content-type': 'application/json; charset=utf-8' };
  try {
    await call({
      label: `POST ${url.origin}`,
      attempt: async (attemptSignal) =>
        readAnswer(await send({ url, headers, agents, signal: attemptSignal, body }), clock.nowMs()),
      signal,
    });
  } finally {
    await pace.close();
    agents.httpAgent.destroy();
    agents.httpsAgent.destroy();
  }
}

/** The address as a URL; throws, without its text, when it is none of http or https. */
function webhookOf(address: string): URL {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Error('the address of the webhook is of no use; expected one that begins with https://');
  }
  return url;
}

function readAnswer({ status, headers, text }: Sent, nowMs: number): Attempted<undefined> {
  const allowance = allowanceOf({ status, headers, nowMs });
  if (status >= 200 && status < 300) return { value: undefined, status, allowance };
  throw new AttemptFailure(text.trim() === '' ? (STATUS_CODES[status] ?? 'no reason given') : text, {
    status,
    retry: status === 429 || status >= 500,
    throttled: status === 429,
    allowance,
  });
}
