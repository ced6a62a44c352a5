import { gzipSync } from 'node:zlib';
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RequestError } from '../../src/http/errors.ts';
import { startFake } from '../../src/simulator/platform.ts';
import {
  catchReason,
  closeAll,
  instantClock,
  neverAborted,
  openClient,
  recordRequests,
  respondInOrder,
  startServer,
} from './setup.ts';

beforeEach(() => {
  nock.disableNetConnect();
  nock.enableNetConnect('127.0.0.1');
});

afterEach(async () => {
  await closeAll();
  const unused = nock.pendingMocks();
  nock.cleanAll();
  nock.enableNetConnect();
  if (unused.length > 0) throw new Error(`never requested: ${unused.join(', ')}`);
});

const healthy = { answer: () => ({ status: 200, body: { ok: true } }), throttled: () => ({ status: 429, body: {} }) };

async function startFakeWithClient(overrides: Parameters<typeof openClient>[1] = {}) {
  const fake = await startFake(healthy, {});
  const observed = recordRequests();
  const client = openClient(fake.url, { observer: observed, ...overrides });
  return { fake, observed, client };
}

describe('a request', () => {
  it('goes below the base URL with its headers, and repeats the names of lists as they are written', async () => {
    nock('https://api.test')
      .matchHeader('authorization', 'Token token=abc')
      .matchHeader('accept', 'application/vnd.pagerduty+json;version=2')
      .get(
        '/v2/incidents?statuses%5B%5D=triggered&statuses%5B%5D=acknowledged&limit=100&since=2026-01-01T00%3A00%3A00%2B01%3A00',
      )
      .reply(200, { incidents: [] });
    const headers = { Authorization: 'Token token=abc', Accept: 'application/vnd.pagerduty+json;version=2' };
    const client = openClient('https://api.test/v2/', { headers });

    const response = await client.get(
      '/incidents',
      { 'statuses[]': ['triggered', 'acknowledged'], limit: 100, since: '2026-01-01T00:00:00+01:00', team: undefined },
      neverAborted(),
    );

    expect(response).toMatchObject({
      status: 200,
      body: { incidents: [] },
      headers: { 'content-type': 'application/json' },
    });
  });

  it('follows an absolute URL of the same origin', async () => {
    nock('https://api.test').get('/v2/alerts?offset=20').reply(200, { data: [] });
    const client = openClient('https://api.test');

    const response = await client.get('https://api.test/v2/alerts?offset=20', {}, neverAborted());

    expect(response.body).toEqual({ data: [] });
  });

  it.each(['another port', 'a host after two slashes', 'a host after backslashes'])(
    'never reaches %s',
    async (what) => {
      const own = await startServer(respondInOrder({ status: 200 }));
      const other = await startServer(respondInOrder({ status: 200 }));
      const paths: Record<string, string> = {
        'another port': `${other.url}/next?page=2`,
        'a host after two slashes': `//127.0.0.1:${other.port}/next`,
        'a host after backslashes': `\\\\127.0.0.1:${other.port}/next`,
      };
      const client = openClient(own.url);

      const error = await catchReason(client.get(paths[what] ?? '', {}, neverAborted()));

      expect(error).toBeInstanceOf(RequestError);
      expect(String(error)).toBe(`RequestError: GET ${other.url}: refused: requests are only sent to ${own.url}`);
      expect([...own.requests, ...other.requests]).toEqual([]);
    },
  );

  it.each([
    { baseUrl: 'api.test', message: 'base_url: expected a URL that begins with http:// or https://' },
    { baseUrl: 'ftp://api.test', message: 'base_url: expected a URL that begins with http:// or https://' },
    { baseUrl: 'https://me:pw@api.test', message: 'base_url: expected a URL without user name and password' },
  ])('refuses $baseUrl as a base URL', ({ baseUrl, message }) => {
    expect(() => openClient(baseUrl)).toThrow(new Error(message));
  });

  it('refuses a token with a line break at once', () => {
    expect(() => openClient('https://api.test', { headers: { Authorization: 'abc\n' } })).toThrow(
      new Error('header Authorization: the credential contains a character that HTTP does not allow (a line break?)'),
    );
  });
});

describe('tries', () => {
  it.each([
    'reset',
    'truncate',
    { status: 503, body: '<html>' },
    { status: 500, body: {} },
    { status: 408, body: {} },
  ] as const)('continue after one %j', async (answer) => {
    const { fake, observed, client } = await startFakeWithClient();
    fake.faults.push({ times: 1, answer });

    const { body } = await client.get('/x', {}, neverAborted());

    expect(body).toEqual({ ok: true });
    expect(observed.codes).toHaveLength(2);
  });

  it.each([
    {
      says: 'a proxy says 503 in HTML',
      answer: { status: 503, body: '<html>' },
      reason: '503 after 5 tries: Service Unavailable',
    },
    {
      says: 'the platform says 500',
      answer: { status: 500, body: { error: { message: 'Sorry' } } },
      reason: '500 after 5 tries: Sorry',
    },
    {
      says: 'HTML comes with 200',
      answer: { status: 200, body: ' <html>' },
      reason: '200 after 5 tries: the response is a web page, expected JSON',
    },
    {
      says: 'a JSON string comes with 200',
      answer: { status: 200, body: '"hello"' },
      reason: '200 after 5 tries: the response is not a complete JSON object (7 characters)',
    },
    {
      says: 'nothing comes with 200',
      answer: { status: 200, body: '' },
      reason: '200 after 5 tries: the response is empty, expected JSON',
    },
    {
      says: 'the connection is reset',
      answer: 'reset',
      reason: 'no answer after 5 tries: socket hang up (ECONNRESET)',
    },
    {
      says: 'JSON is cut off',
      answer: 'truncate',
      reason: '200 after 5 tries: the response is not a complete JSON object (5 characters)',
    },
  ] as const)('end after the fifth when $says', async ({ answer, reason }) => {
    const { fake, observed, client } = await startFakeWithClient();
    fake.faults.push({ times: 9, answer });

    const error = await catchReason(client.get('/incidents', { since: 'x' }, neverAborted()));

    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ message: `GET /incidents: ${reason}` });
    expect(fake.requests).toHaveLength(5);
    expect(observed.codes).toHaveLength(5);
  });

  it.each([400, 401, 402, 403, 404, 422])('are not repeated after a %i', async (status) => {
    const { fake, observed, client } = await startFakeWithClient();
    fake.faults.push({
      times: 9,
      answer: { status, body: { message: 'No', errors: { query: 'too long' }, code: 40301 } },
    });

    const error = await catchReason(client.get('/v2/alerts', {}, neverAborted()));

    expect(error).toMatchObject({
      message: `GET /v2/alerts: ${status}: No; query: too long`,
      status,
      body: { code: 40301 },
    });
    expect(observed.codes).toEqual([String(status)]);
  });

  it('say what is in a list of errors', async () => {
    const { fake, client } = await startFakeWithClient();
    const body = { type: 'validation_error', errors: [{ code: 'x', message: 'page_size is too large' }] };
    fake.faults.push({ times: 9, answer: { status: 422, body } });

    const error = await catchReason(client.get('/v2/incidents', {}, neverAborted()));

    expect(error).toMatchObject({ message: 'GET /v2/incidents: 422: page_size is too large' });
  });

  it('wait a random time that doubles', async () => {
    const clock = instantClock();
    const { fake, client } = await startFakeWithClient({ clock });
    fake.faults.push({ times: 9, answer: { status: 500, body: {} } });

    await catchReason(client.get('/x', {}, neverAborted()));

    expect(clock.waitsMs).toHaveLength(4);
    clock.waitsMs.forEach((ms, index) => expect(ms).toBeLessThanOrEqual(500 * 2 ** index));
    expect(new Set(clock.waitsMs).size).toBeGreaterThan(1);
  });

  it('continue after a connection that was cut within the body', async () => {
    let count = 0;
    const { url } = await startServer((_, response) => {
      count += 1;
      if (count > 1) return void response.end('{"ok":true}');
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"ok"', () => response.destroy());
    });
    const observed = recordRequests();
    const client = openClient(url, { observer: observed });

    const { body } = await client.get('/x', {}, neverAborted());

    expect(body).toEqual({ ok: true });
    expect(observed.codes).toEqual(['error', '200']);
  });

  it('cover a host that refuses connections', async () => {
    const gone = await startServer(respondInOrder({ status: 200 }));
    await closeAll();
    const client = openClient(gone.url);

    const error = await catchReason(client.get('/x', {}, neverAborted()));

    expect(error).toMatchObject({
      message: expect.stringMatching(/^GET \/x: no answer after 5 tries: .*ECONNREFUSED/),
    });
  });
});

describe('a response that is refused', () => {
  it('is a redirect, which is reported with its host and not followed', async () => {
    const other = await startServer(respondInOrder({ status: 200 }));
    const own = await startServer(respondInOrder({ status: 302, headers: { location: `${other.url}/login?token=1` } }));
    const client = openClient(own.url);

    const error = await catchReason(client.get('/x', {}, neverAborted()));

    expect(error).toMatchObject({
      message: `GET /x: 302: redirect to ${other.url}; redirects are not followed, check base_url`,
      status: 302,
    });
    expect(other.requests).toEqual([]);
    expect(own.requests).toHaveLength(1);
  });

  it('is a gzip bomb, which is stopped at 32 MiB and not retried', async () => {
    const bomb = gzipSync(Buffer.alloc(33 * 1024 * 1024, ' '));
    const own = await startServer((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const client = openClient(own.url);

    const error = await catchReason(client.get('/x', {}, neverAborted()));

    expect(error).toMatchObject({ message: 'GET /x: no answer: the response is larger than 32 MiB' });
    expect(own.requests).toHaveLength(1);
  });

  it('has a message that is cut and put on one line', async () => {
    const own = await startServer(
      respondInOrder({ status: 400, body: { error: `a\r\nlevel=info\u0085 ${'b'.repeat(1000)}` } }),
    );
    const client = openClient(own.url);

    const error = await catchReason(client.get('/x', {}, neverAborted()));

    expect(error).toMatchObject({ message: expect.stringMatching(/^GET \/x: 400: a level=info b{1,300}…$/) });
  });
});
