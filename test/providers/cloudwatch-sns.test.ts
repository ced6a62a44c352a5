import { sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createSnsVerifier } from '../../src/providers/cloudwatch/sns.ts';

const read = (name: string) => readFileSync(new URL(`../http/${name}`, import.meta.url), 'utf8');
const CERTIFICATE = read('localhost.pem');
const KEY = read('localhost-key.pem');
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:alarms';
const CERT_URL = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem';
const NOW_MS = Date.parse('2026-10-01T09:00:05Z');

const notification = {
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: TOPIC,
  Subject: 'ALARM: "checkout-5xx" in EU (Ireland)',
  Message: '{"AlarmName":"checkout-5xx"}',
  Timestamp: '2026-10-01T09:00:00.180Z',
  SigningCertURL: CERT_URL,
};
const confirmation = {
  Type: 'SubscriptionConfirmation',
  MessageId: '1',
  TopicArn: TOPIC,
  Message: 'You have chosen to subscribe',
  SubscribeURL: 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t',
  Timestamp: '2026-10-01T09:00:00.180Z',
  Token: 't',
  SigningCertURL: CERT_URL,
};
type Unsigned = Readonly<Record<string, string>>;

/** As the official validators build the text. */
function signed(message: Unsigned, version: '1' | '2' = '2'): Unsigned {
  const names = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const text = names.map((name) => (message[name] === undefined ? '' : `${name}\n${message[name]}\n`)).join('');
  const signature = sign(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256', Buffer.from(text), KEY);
  return { ...message, SignatureVersion: version, Signature: signature.toString('base64') };
}

function stage({ confirms = false, text = CERTIFICATE }: { confirms?: boolean; text?: string | undefined } = {}) {
  const fetched: string[] = [];
  const webhook = { secrets: [], settings: { topics: [TOPIC], confirm_subscription: confirms } };
  const verifier = createSnsVerifier({ webhook }, async (url) => {
    fetched.push(url.href);
    return text;
  });
  const receive = async (message: Unsigned, nowMs = NOW_MS) => {
    const headers = { 'x-amz-sns-message-type': message['Type'] ?? '', 'x-amz-sns-topic-arn': TOPIC };
    const request = { headers, body: Buffer.from(JSON.stringify(message)), nowMs };
    const refusal = verifier.refuse(headers) ?? (await verifier.verify(request));
    if (refusal === undefined) await verifier.accepted?.(request);
    return refusal;
  };
  return { verifier, fetched, receive };
}

it.each(['1', '2'] as const)('accepts a notification of a listed topic, signature version %s', async (version) => {
  const { receive, fetched } = stage();

  expect(await receive(signed(notification, version))).toBeUndefined();
  expect(await receive(signed({ ...notification, MessageId: '2' }, version))).toBeUndefined();
  expect(fetched).toEqual([CERT_URL]);
});

it.each([
  { says: 'a changed message', change: { Message: '{}' }, refusal: 'its signature is wrong' },
  { says: 'another signature version', change: { SignatureVersion: '1' }, refusal: 'its signature is wrong' },
  { says: 'an unknown version', change: { SignatureVersion: '3' }, refusal: 'it is no signed message of SNS' },
  { says: 'another topic', change: { TopicArn: `${TOPIC}2` }, refusal: 'its topic is not in webhook.topics' },
])('refuses $says', async ({ change, refusal }) => {
  const { receive } = stage();

  expect(await receive({ ...signed(notification), ...change })).toBe(refusal);
});

it.each([
  'http://sns.eu-west-1.amazonaws.com/a.pem',
  'https://sns.eu-west-1.amazonaws.com.evil.example/a.pem',
  'https://evil.example/sns.eu-west-1.amazonaws.com/a.pem',
  'https://sns.eu-west-1.amazonaws.com@evil.example/a.pem',
  'https://user@sns.eu-west-1.amazonaws.com/a.pem',
  'https://sns.eu-west-1.amazonaws.com:8443/a.pem',
  'https://s3.eu-west-1.amazonaws.com/a.pem',
  'https://sns.us-east-1.amazonaws.com/a.pem',
  'https://sns.eu-west-1.amazonaws.com/a.txt',
  'no URL',
])('fetches no certificate from %s', async (url) => {
  const { receive, fetched } = stage();

  const refusal = await receive(signed({ ...notification, SigningCertURL: url }));

  expect(refusal).toBe('its certificate is not at the SNS host of its region');
  expect(fetched).toEqual([]);
});

it('refuses what is older than an hour, raw deliveries, and messages of other senders', async () => {
  const { verifier, receive } = stage();

  expect(await receive(signed(notification), NOW_MS + 3_600_000)).toBe('it is older than an hour');
  expect(verifier.refuse({})).toBe('it is no message of SNS');
  const raw = {
    'x-amz-sns-message-type': 'Notification',
    'x-amz-sns-rawdelivery': 'true',
    'x-amz-sns-topic-arn': TOPIC,
  };
  expect(verifier.refuse(raw)).toBe('raw message delivery has no signature');
  const other = { 'x-amz-sns-message-type': 'Notification', 'x-amz-sns-topic-arn': `${TOPIC}2` };
  expect(verifier.refuse(other)).toBe('its topic is not in webhook.topics');
});

it('asks once in a minute for a certificate that cannot be read', async () => {
  const { receive, fetched } = stage({ text: 'not found' });
  const message = signed(notification);

  const refusals = [await receive(message), await receive(message), await receive(message, NOW_MS + 60_000)];

  expect(new Set(refusals)).toEqual(new Set(['its certificate could not be read from sns.eu-west-1.amazonaws.com']));
  expect(fetched).toHaveLength(2);
});

it('confirms a subscription only where that is configured, and only at the host of the region', async () => {
  const [manual, automatic] = [stage(), stage({ confirms: true })];

  expect(await manual.receive(signed(confirmation))).toBeUndefined();
  expect(await automatic.receive(signed(confirmation))).toBeUndefined();
  const elsewhere = signed({ ...confirmation, SubscribeURL: 'https://evil.example/?Action=ConfirmSubscription' });
  await expect(automatic.receive(elsewhere)).rejects.toThrow('the SubscribeURL is not at the SNS host of its region');

  expect(manual.fetched).toEqual([CERT_URL]);
  expect(automatic.fetched).toEqual([CERT_URL, confirmation.SubscribeURL]);
});
