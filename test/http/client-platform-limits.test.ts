import { afterEach, describe, expect, it } from 'vitest';
import {
  catchReason,
  closeAll,
  instantClock,
  neverAborted,
  openClient,
  respondInOrder,
  START_MS,
  startServer,
} from './setup.ts';

afterEach(closeAll);

const get = (client: ReturnType<typeof openClient>, path = '/x') => client.get(path, {}, neverAborted());

describe('a 403 that is a rate limit', () => {
  const resetSeconds = START_MS / 1000 + 90;

  it.each([
    {
      says: 'waits for the time of reset where nothing is left',
      headers: {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(resetSeconds),
        date: new Date(START_MS).toUTCString(),
      },
      message: 'API rate limit exceeded for installation',
      waitMs: 90_000,
    },
    {
      says: 'obeys Retry-After',
      headers: { 'retry-after': '17' },
      message: 'You have exceeded a secondary rate limit',
      waitMs: 17_000,
    },
    {
      says: 'waits a minute without any header',
      headers: {},
      message: 'You have exceeded a secondary rate limit.',
      waitMs: 60_000,
    },
  ])('$says, and then tries again', async ({ headers, message, waitMs }) => {
    const refusal = { status: 403, headers, body: { message } };
    const { url, requests } = await startServer(respondInOrder(refusal, { status: 200, body: { ok: true } }));
    const clock = instantClock();

    const { body } = await get(openClient(url, { clock }));

    expect(body).toEqual({ ok: true });
    expect(requests).toHaveLength(2);
    expect(clock.waitsMs).toContain(waitMs);
  });

  it('is tried once without any sign of a limit: a permission is missing', async () => {
    const { url, requests } = await startServer(
      respondInOrder({ status: 403, body: { message: 'Resource not accessible' } }),
    );

    const error = await catchReason(get(openClient(url)));

    expect(error).toMatchObject({ status: 403, message: 'GET /x: 403: Resource not accessible' });
    expect(requests).toHaveLength(1);
  });
});

describe('a 420', () => {
  it('is a rate limit like 429, whose header is obeyed', async () => {
    const refusal = { status: 420, headers: { 'retry-after': '7' }, body: { error: 'Enhance Your Calm' } };
    const { url, requests } = await startServer(respondInOrder(refusal, { status: 200, body: { ok: true } }));
    const clock = instantClock();

    await get(openClient(url, { clock }));

    expect(requests).toHaveLength(2);
    expect(clock.waitsMs).toContain(7000);
  });
});

describe('answers with an ETag', () => {
  it('are asked for again with it, and 304 gives the kept one', async () => {
    const asked: (string | undefined)[] = [];
    const { url } = await startServer((request, response) => {
      asked.push(request.headers['if-none-match']);
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304, { etag: '"v1"' }).end();
      else response.writeHead(200, { etag: '"v1"' }).end('{"list":[1]}');
    });
    const client = openClient(url, { isConditional: true });
    const first = await get(client);

    const second = await get(client);

    expect(second.body).toEqual(first.body);
    expect(asked).toEqual([undefined, '"v1"']);
  });

  it('are replaced by a newer one', async () => {
    const answers = [1, 2].map((value) => ({ status: 200, headers: { etag: `"v${value}"` }, body: { value } }));
    const { url } = await startServer(respondInOrder(...answers));
    const client = openClient(url, { isConditional: true });
    await get(client);

    expect((await get(client)).body).toEqual({ value: 2 });
  });
});

describe('redirects to the same origin', () => {
  it('are followed where that is wanted', async () => {
    const moved = { status: 301, headers: { location: '/new' }, body: { message: 'Moved Permanently' } };
    const { url, requests } = await startServer(respondInOrder(moved, { status: 200, body: { is: 'here' } }));

    const { body } = await get(openClient(url, { followsRedirects: true }));

    expect(body).toEqual({ is: 'here' });
    expect(requests).toEqual(['/x', '/new']);
  });

  it('end after three, and another origin never gets a request', async () => {
    const other = await startServer(respondInOrder({ status: 200 }));
    const loop = await startServer(respondInOrder({ status: 302, headers: { location: '/x' } }));
    const away = await startServer(respondInOrder({ status: 302, headers: { location: `${other.url}/x` } }));

    const looped = await catchReason(get(openClient(loop.url, { followsRedirects: true })));
    const led = await catchReason(get(openClient(away.url, { followsRedirects: true })));

    expect(looped).toMatchObject({ message: 'GET /x: more than 3 redirects' });
    expect(String(led)).toContain('302');
    expect(other.requests).toEqual([]);
  });
});

describe('a post', () => {
  it('sends JSON with the credentials, and is tried again after a 502', async () => {
    const bodies: string[] = [];
    const { url } = await startServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => (text += String(chunk)));
      request.on('end', () => {
        bodies.push(`${request.method} ${request.headers['content-type']} ${text}`);
        response.writeHead(bodies.length === 1 ? 502 : 200).end('{"data":1}');
      });
    });

    const { body } = await openClient(url).post('/graphql', { query: '{ a }' }, neverAborted());

    expect(body).toEqual({ data: 1 });
    expect(bodies).toEqual(Array.from({ length: 2 }, () => 'POST application/json {"query":"{ a }"}'));
  });

  it.each([
    {
      says: 'says that there were too many',
      problem: { message: 'slow down', throttled: true, retry: true },
      tries: 2,
    },
    { says: 'says that it was wrong', problem: { message: 'no such field', throttled: false, retry: false }, tries: 1 },
  ])('whose answer with status 200 $says', async ({ problem, tries }) => {
    const { url, requests } = await startServer(
      respondInOrder({ status: 200, body: { bad: true } }, { status: 200, body: {} }),
    );
    const client = openClient(url, { bodyProblem: (body) => ('bad' in Object(body) ? problem : undefined) });

    const answer = await client.post('/graphql', {}, neverAborted()).catch((error: unknown) => String(error));

    expect(requests).toHaveLength(tries);
    expect(JSON.stringify(answer)).toContain(tries === 1 ? 'no such field' : '"status":200');
  });
});
