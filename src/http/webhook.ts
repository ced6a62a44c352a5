import { SECOND_MS } from '../model/time.ts';
import { createPosts, type PostsOptions } from './posts.ts';

/** A message that got lost is better sent by hand than three times by us. */
const TRIES_MAX = 3;
const TIMEOUT_MS = 30 * SECOND_MS;
const HEADERS = { accept: '*/*', 'content-type': 'application/json; charset=utf-8' };

/** A message for a webhook. */
export interface WebhookPost extends Pick<PostsOptions, 'clock' | 'env'> {
  /** Its path is a secret: who knows it may post. It is in no message. */
  readonly url: string;
  /** Sent as JSON. */
  readonly message: unknown;
}

/**
 * Posts one message; what the other side cannot do now (429, 5xx, silence) is tried again. Throws RequestError with its
 * text when it refused, and an Error when the address is of no use.
 */
export async function postWebhook({ url: address, message, clock, env }: WebhookPost): Promise<void> {
  const url = webhookOf(address);
  const parts = url.pathname.split('/').filter((part) => part.length > 7);
  const posts = createPosts({
    url,
    shownAs: url.origin,
    headers: HEADERS,
    secrets: [address, url.href, url.pathname, ...parts],
    timeoutMs: TIMEOUT_MS,
    triesMax: TRIES_MAX,
    clock,
    env,
  });
  try {
    await posts.post(Buffer.from(JSON.stringify(message)), new AbortController().signal);
  } finally {
    await posts.close();
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
