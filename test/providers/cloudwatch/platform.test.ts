import { createServer } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { cloudwatch } from '../../../src/providers/cloudwatch/platform.ts';
import { startCloudwatchFake } from '../../../src/simulator/cloudwatch.ts';
import { createMemoryKnown, pollInto } from '../memory-known.ts';
import { impatientClock, providerConfig, silentObserver } from '../setup.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** Answers AssumeRole as the security token service does, and keeps what it was asked. */
async function startTokenService() {
  const asked: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      asked.push(new URLSearchParams(body));
      const expiration = new Date(Date.now() + 3_600_000).toISOString();
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(
          `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  opened.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return { url: `http://127.0.0.1:${port}`, asked };
}

async function pollWith(settings: Record<string, unknown>) {
  const fake = await startCloudwatchFake({ incidents: [], alarms: [] }, { nowMs: () => NOW_MS });
  opened.push(fake);
  const config = providerConfig('cloudwatch', { baseUrl: fake.url, settings: { regions: ['eu-west-1'], ...settings } });
  const provider = cloudwatch.create(config, { clock: impatientClock(NOW_MS), observer: silentObserver });
  opened.push(provider);
  await pollInto(createMemoryKnown(), provider, { nowMs: NOW_MS, historyStartMs: NOW_MS });
  return new Set(fake.requests.map(({ headers }) => headers.authorization?.split(/[=/]/)[1]));
}

describe('credentials come', () => {
  it('from the default chain', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'CHAINKEY');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');

    const keys = await pollWith({});

    expect(keys).toEqual(new Set(['CHAINKEY']));
  });

  it('from a role of another account, with its external id', async () => {
    const service = await startTokenService();
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'CHAINKEY');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', service.url);
    const role = 'arn:aws:iam::210987654321:role/mttr';

    const keys = await pollWith({ role_arn: role, external_id: 'between us' });

    expect(keys).toEqual(new Set(['ROLEKEY']));
    const [asked] = service.asked;
    expect([asked?.get('Action'), asked?.get('RoleArn'), asked?.get('ExternalId')]).toEqual([
      'AssumeRole',
      role,
      'between us',
    ]);
  });

  it('from nowhere, which is said at once', async () => {
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent/credentials');
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config');

    await expect(pollWith({ profile: 'absent' })).rejects.toThrow('CredentialsProviderError');
  });
});

it.each([2 * 3_600_000, -2 * 3_600_000])(
  'a signature made by a clock that is off by %i ms is made anew',
  async (offMs) => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'CHAINKEY');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const platformNow = () => Date.now() - offMs;
    const options = { nowMs: platformNow, signatureValidMs: 300_000 };
    const fake = await startCloudwatchFake({ incidents: [], alarms: [] }, options);
    opened.push(fake);
    const config = providerConfig('cloudwatch', { baseUrl: fake.url, settings: { regions: ['eu-west-1'] } });
    const clock = { ...impatientClock(0), nowMs: () => Date.now() };
    const provider = cloudwatch.create(config, { clock, observer: silentObserver });
    opened.push(provider);
    const memory = createMemoryKnown();
    const nowMs = platformNow();

    await pollInto(memory, provider, { nowMs, historyStartMs: nowMs });

    expect(memory.end?.polledUntilMs).toBe(nowMs);
    expect(provider.clockSkewMs()).toBeCloseTo(offMs, -4);
    expect(fake.requests.map(({ status }) => status)).toEqual([403, 200, 200]);
  },
);

describe('the configuration of CloudWatch', () => {
  const shape = z.strictObject(cloudwatch.shape);

  it('needs regions that look like ones', () => {
    const good = ['eu-west-1', 'us-gov-east-1', 'cn-northwest-1', 'ap-southeast-2'];

    expect(shape.safeParse({ regions: good }).success).toBe(true);
    expect(shape.safeParse({ regions: [] }).success).toBe(false);
    expect(shape.safeParse({ regions: ['Ireland'] }).error?.issues[0]?.message).toBe('a region such as eu-west-1');
  });

  it.each([
    { value: undefined, entry: undefined },
    { value: ' ', entry: undefined },
    {
      value: 'eu-west-1, us-east-1,',
      entry: { name: 'cloudwatch', type: 'cloudwatch', regions: ['eu-west-1', 'us-east-1'] },
    },
  ])('may be MTTR_CLOUDWATCH_REGIONS=$value', ({ value, entry }) => {
    const made = cloudwatch.fromEnvironment({ MTTR_CLOUDWATCH_REGIONS: value });

    expect(made).toEqual(entry);
  });
});
