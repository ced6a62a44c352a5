import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { fetchText } from '../../http/fetch-text.ts';
import { parseJson } from '../../model/text.ts';
import { HOUR_MS, MINUTE_MS } from '../../model/time.ts';
import { headerOf, type ReceivedRequest, type Webhook, type WebhookVerifier } from '../webhook.ts';

const TOPIC = /^arn:aws[\w-]*:sns:([a-z0-9-]{3,}):\d{12}:[\w.-]+$/;

const shape = {
  topics: z
    .array(z.string().regex(TOPIC, 'the ARN of a topic such as arn:aws:sns:eu-west-1:123456789012:alarms'))
    .min(1)
    .describe('ARNs of the SNS topics whose messages are accepted.'),
  confirm_subscription: z
    .boolean()
    .default(false)
    .describe('Confirms subscriptions of these topics to this endpoint; without it somebody visits the SubscribeURL.'),
};
const Settings = z.object(shape);

/** A message of SNS; its signature is over these fields. */
const Message = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Message: z.string(),
  Subject: z.string().optional(),
  Timestamp: z.iso.datetime({ offset: true }),
  Token: z.string().optional(),
  SubscribeURL: z.string().optional(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.string(),
  SigningCertURL: z.string(),
});
type Message = z.output<typeof Message>;

/** In the order in which they are signed; a field that the message lacks is left out. */
const SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const satisfies Record<Message['Type'], readonly (keyof Message)[]>;

/** SNS stops to try again after an hour by default; what is older is somebody's copy. */
const AGE_MAX_MS = HOUR_MS;
/** Certificates are replaced about once a year, and there is one per region. */
const CERTIFICATES_MAX = 20;
/** A certificate that could not be fetched is not asked for again sooner: forged messages may name any. */
const FAILED_FOR_MS = MINUTE_MS;

/** Reads what is public at a URL. */
export type FetchText = (url: URL) => Promise<string>;

/** Messages of SNS topics, signed with a certificate of Amazon. */
export const snsWebhook: Webhook = {
  hasSecret: false,
  shape,
  open: (config) =>
    createSnsVerifier(config, (url) => {
      const { proxyUrl, caFile, timeoutMs } = config;
      return fetchText(url, { proxyUrl, caFile, timeoutMs, env: process.env });
    }),
};

/** The verifier of a provider's topics; `fetch` reads certificates and confirms subscriptions. */
export function createSnsVerifier({ webhook }: Pick<ProviderConfig, 'webhook'>, fetch: FetchText): WebhookVerifier {
  const { topics, confirm_subscription: isConfirmed } = Settings.parse(webhook?.settings);
  const findKey = createKeyCache(fetch);
  return {
    refuse: (headers) => {
      if (headerOf(headers, 'x-amz-sns-message-type') === undefined) return 'it is no message of SNS';
      if (headerOf(headers, 'x-amz-sns-rawdelivery') === 'true') return 'raw message delivery has no signature';
      const isListed = topics.includes(headerOf(headers, 'x-amz-sns-topic-arn') ?? '');
      return isListed ? undefined : 'its topic is not in webhook.topics';
    },
    verify: async ({ body, nowMs }) => {
      const message = parseMessage(body);
      if (message === undefined) return 'it is no signed message of SNS';
      if (!topics.includes(message.TopicArn)) return 'its topic is not in webhook.topics';
      if (nowMs - Date.parse(message.Timestamp) > AGE_MAX_MS) return 'it is older than an hour';
      const url = parseAmazonUrl(message.SigningCertURL, message.TopicArn);
      if (!url?.pathname.endsWith('.pem')) return 'its certificate is not at the SNS host of its region';
      const key = await findKey(url, nowMs);
      if (key === undefined) return `its certificate could not be read from ${url.host}`;
      return isSigned(message, key) ? undefined : 'its signature is wrong';
    },
    accepted: async ({ body }: ReceivedRequest) => {
      const message = parseMessage(body);
      if (!isConfirmed || message?.Type !== 'SubscriptionConfirmation') return;
      const url = parseAmazonUrl(message.SubscribeURL ?? '', message.TopicArn);
      if (url === undefined) throw new Error('the SubscribeURL is not at the SNS host of its region');
      await fetch(url);
    },
  };
}

function parseMessage(body: Buffer): Message | undefined {
  try {
    return Message.safeParse(parseJson(body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** A URL at the SNS host of the topic's region, and at no other: whoever chooses the host chooses the key. */
function parseAmazonUrl(text: string, topic: string): URL | undefined {
  const url = URL.parse(text);
  const region = TOPIC.exec(topic)?.[1];
  const hosts = [`sns.${region}.amazonaws.com`, `sns.${region}.amazonaws.com.cn`];
  // The whole beginning: nothing but the host may stand before the path.
  return hosts.some((host) => url?.href.startsWith(`https://${host}/`)) ? (url ?? undefined) : undefined;
}

/** Keys by the URL of their certificate. */
function createKeyCache(fetch: FetchText): (url: URL, nowMs: number) => Promise<KeyObject | undefined> {
  const keys = new Map<string, { readonly key: Promise<KeyObject | undefined>; readonly atMs: number }>();
  return async ({ href, origin, pathname }, nowMs) => {
    const known = keys.get(href);
    const key = await known?.key;
    if (known !== undefined && (key !== undefined || nowMs - known.atMs < FAILED_FOR_MS)) return key;
    const fetched = fetch(new URL(pathname, origin))
      .then(createPublicKey)
      .catch(() => undefined);
    keys.set(href, { key: fetched, atMs: nowMs });
    const [oldest] = keys.keys();
    if (keys.size > CERTIFICATES_MAX && oldest !== undefined) keys.delete(oldest);
    return fetched;
  };
}

function isSigned(message: Message, key: KeyObject): boolean {
  const text = SIGNED[message.Type].map((name) => {
    const value = message[name];
    return value === undefined ? '' : `${name}\n${value}\n`;
  });
  const algorithm = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  try {
    return verify(algorithm, Buffer.from(text.join('')), key, Buffer.from(message.Signature, 'base64'));
  } catch {
    // A key that is not RSA.
    return false;
  }
}
