import { gzipSync } from 'node:zlib';
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RequestError } from '../../src/http/errors.ts';
import { startFake } from '../../src/simulator/platform.ts';
import { closeAll, failureOf, inTurn, never, openDoor, quickClock, serve, takeNotes } from './setup.ts';

beforeEach(() => {
  nock.disableNetConnect();
  nock.enableNetConnect('127.0.0.1');
});

afterEach(async () => {
  await closeAll();
  const unused = nock.pendingMocks();
  nock.cleanAll();
  nock.enableNetConnect();
  if (unused.length > 0) throw new Error(`never asked for: ${unused.join(', ')}`);
});

const healthy = { answer: () => ({ status: 200, body: { ok: true } }), throttled: () => ({ status: 429, body: {} }) };

async function fakeDoor(overrides: Parameters<typeof openDoor>[1] = {}) {
  const fake = await startFake(healthy, {});
  const notes = takeNotes();
  const door = openDoor(fake.url, { observer: notes, ...overrides });
  return { fake, notes, door };
}

describe('what is sent', () => {
  it('goes below the base URL with its headers, and repeats the names of lists as they are written', async () => {
    nock('https://api.test')
      .matchHeader('authorization', 'Token token=abc')
      .matchHeader('accept', 'application/vnd.pagerduty+json;version=2')
      .get(
        '/v2/incidents?statuses%5B%5D=triggered&statuses%5B%5D=acknowledged&limit=100&since=2026-01-01T00%3A00%3A00%2B01%3A00',
      )
      .reply(200, { incidents: [] });
    const headers = { Authorization: 'Token token=abc', Accept: 'application/vnd.pagerduty+json;version=2' };
    const door = openDoor('https://api.test/v2/', { headers });

    const answer = await door.get(
      '/incidents',
      { 'statuses[]': ['triggered', 'acknowledged'], limit: 100, since: '2026-01-01T00:00:00+01:00', team: undefined },
      never(),
    );

    expect(answer).toMatchObject({
      status: 200,
      body: { incidents: [] },
      headers: { 'content-type': 'application/json' },
    });
  });

  it('follows an absolute address of the same origin', async () => {
    nock('https://api.test').get('/v2/alerts?offset=20').reply(200, { data: [] });
    const door = openDoor('https://api.test');

    const answer = await door.get('https://api.test/v2/alerts?offset=20', {}, never());

    expect(answer.body).toEqual({ data: [] });
  });

  it.each(['another port', 'a host after two slashes', 'a host after backslashes'])(
    'never reaches %s',
    async (what) => {
      const own = await serve(inTurn({ status: 200 }));
      const other = await serve(inTurn({ status: 200 }));
      const paths: Record<string, string> = {
        'another port': `${other.url}/next?page=2`,
        'a host after two slashes': `//127.0.0.1:${other.port}/next`,
        'a host after backslashes': `\\\\127.0.0.1:${other.port}/next`,
      };
      const door = openDoor(own.url);

      const error = await failureOf(door.get(paths[what] ?? '', {}, never()));

      expect(error).toBeInstanceOf(RequestError);
      expect(String(error)).toBe(`RequestError: GET ${other.url}: refused, as requests only go to ${own.url}`);
      expect([...own.requests, ...other.requests]).toEqual([]);
    },
  );

  it.each([
    { baseUrl: 'api.test', message: 'base_url: expected an address that begins with http:// or https://' },
    { baseUrl: 'ftp://api.test', message: 'base_url: expected an address that begins with http:// or https://' },
    { baseUrl: 'https://me:pw@api.test', message: 'base_url: expected an address without user name and password' },
  ])('refuses $baseUrl as a base URL', ({ baseUrl, message }) => {
    expect(() => openDoor(baseUrl)).toThrow(new Error(message));
  });

  it('refuses a token with a line break at once', () => {
    expect(() => openDoor('https://api.test', { headers: { Authorization: 'abc\n' } })).toThrow(
      new Error('header Authorization: the credential holds a character that HTTP does not allow (a line break?)'),
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
  ] as const)('get over one %j', async (answer) => {
    const { fake, notes, door } = await fakeDoor();
    fake.faults.push({ times: 1, answer });

    const { body } = await door.get('/x', {}, never());

    expect(body).toEqual({ ok: true });
    expect(notes.codes).toHaveLength(2);
  });

  it.each([
    {
      says: 'a proxy says 503 in HTML',
      answer: { status: 503, body: '<html>' },
      told: '503 after 5 tries: Service Unavailable',
    },
    {
      says: 'the platform says 500',
      answer: { status: 500, body: { error: { message: 'Sorry' } } },
      told: '500 after 5 tries: Sorry',
    },
    {
      says: 'HTML comes with 200',
      answer: { status: 200, body: ' <html>' },
      told: '200 after 5 tries: the answer is a web page, expected JSON',
    },
    {
      says: 'a JSON string comes with 200',
      answer: { status: 200, body: '"hello"' },
      told: '200 after 5 tries: the answer is not whole JSON (7 characters)',
    },
    {
      says: 'nothing comes with 200',
      answer: { status: 200, body: '' },
      told: '200 after 5 tries: the answer is empty, expected JSON',
    },
    { says: 'the connection is reset', answer: 'reset', told: 'no answer after 5 tries: socket hang up (ECONNRESET)' },
    {
      says: 'JSON is cut off',
      answer: 'truncate',
      told: '200 after 5 tries: the answer is not whole JSON (5 characters)',
    },
  ] as const)('end after the fifth when $says', async ({ answer, told }) => {
    const { fake, notes, door } = await fakeDoor();
    fake.faults.push({ times: 9, answer });

    const error = await failureOf(door.get('/incidents', { since: 'x' }, never()));

    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ message: `GET /incidents: ${told}` });
    expect(fake.requests).toHaveLength(5);
    expect(notes.codes).toHaveLength(5);
  });

  it.each([400, 401, 402, 403, 404, 422])('are not repeated after a %i', async (status) => {
    const { fake, notes, door } = await fakeDoor();
    fake.faults.push({
      times: 9,
      answer: { status, body: { message: 'No', errors: { query: 'too long' }, code: 40301 } },
    });

    const error = await failureOf(door.get('/v2/alerts', {}, never()));

    expect(error).toMatchObject({
      message: `GET /v2/alerts: ${status}: No; query: too long`,
      status,
      body: { code: 40301 },
    });
    expect(notes.codes).toEqual([String(status)]);
  });

  it('wait a random time that doubles and is the same for nobody', async () => {
    const clock = quickClock();
    const { fake, door } = await fakeDoor({ clock });
    fake.faults.push({ times: 9, answer: { status: 500, body: {} } });

    await failureOf(door.get('/x', {}, never()));

    expect(clock.waitsMs).toHaveLength(4);
    clock.waitsMs.forEach((ms, index) => expect(ms).toBeLessThanOrEqual(500 * 2 ** index));
    expect(new Set(clock.waitsMs).size).toBeGreaterThan(1);
  });

  it('tell of a connection that was cut within the body, and go on', async () => {
    let count = 0;
    const { url } = await serve((_, response) => {
      count += 1;
      if (count > 1) return void response.end('{"ok":true}');
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"ok"', () => response.destroy());
    });
    const notes = takeNotes();
    const door = openDoor(url, { observer: notes });

    const { body } = await door.get('/x', {}, never());

    expect(body).toEqual({ ok: true });
    expect(notes.codes).toEqual(['error', '200']);
  });

  it('cover a host that refuses connections', async () => {
    const gone = await serve(inTurn({ status: 200 }));
    await closeAll();
    const door = openDoor(gone.url);

    const error = await failureOf(door.get('/x', {}, never()));

    expect(error).toMatchObject({
      message: expect.stringMatching(/^GET \/x: no answer after 5 tries: .*ECONNREFUSED/),
    });
  });
});

describe('answers that are refused', () => {
  it('follows no redirect and says where it led', async () => {
    const other = await serve(inTurn({ status: 200 }));
    const own = await serve(inTurn({ status: 302, headers: { location: `${other.url}/login?token=1` } }));
    const door = openDoor(own.url);

    const error = await failureOf(door.get('/x', {}, never()));

    expect(error).toMatchObject({
      message: `GET /x: 302: a redirect to ${other.url}, which is not followed; is base_url right?`,
      status: 302,
    });
    expect(other.requests).toEqual([]);
    expect(own.requests).toHaveLength(1);
  });

  it('stops a gzip bomb at 32 MiB and asks for no second one', async () => {
    const bomb = gzipSync(Buffer.alloc(33 * 1024 * 1024, ' '));
    const own = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const door = openDoor(own.url);

    const error = await failureOf(door.get('/x', {}, never()));

    expect(error).toMatchObject({ message: 'GET /x: no answer: the answer is larger than 32 MiB' });
    expect(own.requests).toHaveLength(1);
  });

  it('puts no line break of the platform into a message, and cuts it', async () => {
    const own = await serve(inTurn({ status: 400, body: { error: `a\r\nlevel=info\u0085 ${'b'.repeat(1000)}` } }));
    const door = openDoor(own.url);

    const error = await failureOf(door.get('/x', {}, never()));

    expect(error).toMatchObject({ message: expect.stringMatching(/^GET \/x: 400: a level=info b{1,300}…$/) });
  });
});
