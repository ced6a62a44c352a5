import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { systemClock } from '../../src/model/time.ts';
import { platforms } from '../../src/providers/registry.ts';
import {
  bearer,
  hmacHex,
  sharedToken,
  standardWebhooks,
  verifyAny,
  type WebhookVerifier,
} from '../../src/providers/webhook.ts';
import { providerConfig } from '../settings.ts';

type Headers = Readonly<Record<string, string>>;

const observer = { onRequest: () => undefined, onThrottled: () => undefined, onBudget: () => undefined };

/** The verifier of a provider of this type with these secrets. */
function open(type: string, secrets: readonly string[], settings: ProviderConfig['settings'] = {}): WebhookVerifier {
  const webhook = platforms.find((one) => one.type === type)?.webhook;
  if (webhook === undefined) throw new Error(`${type} declares no webhook`);
  return webhook.open(providerConfig({ type, webhook: { secrets, settings } }), { clock: systemClock, observer });
}

/** True when the delivery would be accepted. */
async function accepts(verifier: WebhookVerifier, headers: Headers, body = ''): Promise<boolean> {
  if (verifier.refuse(headers) !== undefined) return false;
  return (await verifier.verify({ headers, body: Buffer.from(body), nowMs: 0 })) === undefined;
}

const hex = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

const PAGERDUTY = '{"event":{"id":"01E","event_type":"incident.triggered","title":"café"}}';
const PD_1 = 'v1=8d87f6c2602f16e8e06cffda9ebf2bb00affa2129d9f9341ea346bb75be43a62';
const PD_2 = 'v1=54d97c9dff34a5f9fe620ddac02e43e5789fe36b9c9a502b52b85a2ad877f7c2';
/** Published by Svix. */
const SVIX = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  body: '{"test": 2432232314}',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const svix = (change: Partial<typeof SVIX> = {}): Headers => {
  const { id, timestamp, signature } = { ...SVIX, ...change };
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
};

describe('a delivery is accepted as its platform signs it', () => {
  it.each([
    { says: 'PagerDuty', type: 'pagerduty', secrets: ['pd-secret-1'], signature: PD_1 },
    {
      says: 'PagerDuty, both secrets of a rotation',
      type: 'pagerduty',
      secrets: ['pd-secret-2'],
      signature: `${PD_1}, ${PD_2}`,
    },
    { says: 'PagerDuty, one of ours', type: 'pagerduty', secrets: ['pd-secret-2', 'pd-secret-1'], signature: PD_1 },
    {
      says: 'PagerDuty, beside another version',
      type: 'pagerduty',
      secrets: ['pd-secret-1'],
      signature: `v2=00,${PD_1}`,
    },
  ])('$says', async ({ type, secrets, signature }) => {
    const verifier = open(type, secrets);

    expect(await accepts(verifier, { 'x-pagerduty-signature': signature }, PAGERDUTY)).toBe(true);
    expect(await accepts(verifier, { 'x-pagerduty-signature': signature }, `${PAGERDUTY} `)).toBe(false);
  });

  it('GitHub, by its published example', async () => {
    const verifier = verifyAny(
      [hmacHex({ header: 'x-hub-signature-256', prefix: 'sha256=' })],
      ["It's a Secret to Everybody"],
    );
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

    expect(await accepts(verifier, { 'x-hub-signature-256': signature }, 'Hello, World!')).toBe(true);
    expect(await accepts(verifier, { 'x-hub-signature-256': signature.slice(7) }, 'Hello, World!')).toBe(false);
    expect(await accepts(verifier, { 'x-hub-signature': signature }, 'Hello, World!')).toBe(false);
  });

  it('Standard Webhooks, by the published example of Svix, under both names of the headers', async () => {
    const verifier = open('incidentio', [SVIX.secret]);
    const old = Object.fromEntries(
      Object.entries(svix()).map(([name, value]) => [name.replace('webhook', 'svix'), value]),
    );

    expect(await accepts(verifier, svix(), SVIX.body)).toBe(true);
    expect(await accepts(verifier, old, SVIX.body)).toBe(true);
    expect(await accepts(verifier, svix({ signature: `v1,AAAA v1a,x ${SVIX.signature}` }), SVIX.body)).toBe(true);
    for (const change of [{ id: 'msg_2' }, { timestamp: '1614265331' }, { signature: 'v1,AAAA' }, { signature: '' }]) {
      expect(await accepts(verifier, svix(change), SVIX.body)).toBe(false);
    }
  });

  it('GitLab, by its token or by Standard Webhooks', async () => {
    const verifier = verifyAny([sharedToken('x-gitlab-token'), standardWebhooks], [SVIX.secret]);

    expect(await accepts(verifier, { 'x-gitlab-token': SVIX.secret })).toBe(true);
    expect(await accepts(verifier, svix(), SVIX.body)).toBe(true);
    expect(await accepts(verifier, { 'x-gitlab-token': 'wrong' })).toBe(false);
    // A wrong token beside a right signature is a wrong configuration, and still authentic.
    expect(await accepts(verifier, { ...svix(), 'x-gitlab-token': 'wrong' }, SVIX.body)).toBe(true);
  });

  it('Grafana, with a time and without', async () => {
    const header = 'x-grafana-alerting-signature';
    const timed = verifyAny([hmacHex({ header, timestampHeader: 'X-Time' })], ['g']);
    const signature = '04d08c09af773b7dd950fd72ed709c71c3f7e773d869e7bb587b9be03067ba5d';

    expect(await accepts(timed, { [header]: signature, 'x-time': '1790845200' }, '{}')).toBe(true);
    expect(await accepts(timed, { [header]: signature, 'x-time': '1790845201' }, '{}')).toBe(false);
    expect(await accepts(verifyAny([hmacHex({ header })], ['g']), { [header]: hex('g', '{}') }, '{}')).toBe(true);
  });

  it('Rootly, over time and body', async () => {
    const verifier = open('rootly', ['r']);
    const body = '{"event":{}}';
    const signature = hex('r', `1492774588${body}`);

    expect(await accepts(verifier, { 'x-rootly-signature': `t=1492774588,v1=${signature}` }, body)).toBe(true);
    expect(await accepts(verifier, { 'x-rootly-signature': `t=1492774589,v1=${signature}` }, body)).toBe(false);
    expect(await accepts(verifier, { 'x-rootly-signature': signature }, body)).toBe(false);
  });

  it.each(['opsgenie', 'jsm'])('%s, by bearer token or password', async (type) => {
    const verifier = open(type, ['a secret:with/colon', 'old']);

    expect(await accepts(verifier, { authorization: 'bearer a secret:with/colon' })).toBe(true);
    expect(await accepts(verifier, { authorization: basic('anybody:a secret:with/colon') })).toBe(true);
    expect(await accepts(verifier, { authorization: 'Bearer old' })).toBe(true);
    for (const authorization of ['Bearer wrong', 'Bearer', 'a', basic('old:'), basic('old'), 'Basic ?', '']) {
      expect(await accepts(verifier, { authorization })).toBe(false);
    }
    expect(await accepts(verifier, {})).toBe(false);
  });
});

it('says what a delivery lacks without any of its content', () => {
  const verifier = open('pagerduty', ['s']);

  expect(verifier.refuse({})).toBe('it lacks a signature in the header x-pagerduty-signature');
  expect(verifyAny([bearer], ['s']).refuse({ authorization: 'Bearer hunter2' })).toBe('the secret is wrong');
});

it('needs no body to refuse what headers decide', () => {
  expect(verifyAny([bearer, standardWebhooks], ['s']).refuse(svix())).toBeUndefined();
  expect(verifyAny([bearer, standardWebhooks], ['s']).refuse({ authorization: 'Bearer x' })).toBe(
    'the secret is wrong',
  );
});

it('every platform with a webhook refuses a delivery without credentials', () => {
  const declared = platforms.filter(({ webhook }) => webhook !== undefined);

  expect(declared.length).toBeGreaterThan(4);
  for (const { type } of declared) {
    const settings = { topics: ['arn:aws:sns:eu-west-1:123456789012:alarms'] };
    expect([type, open(type, ['s'], settings).refuse({})]).toEqual([type, expect.any(String)]);
  }
});
