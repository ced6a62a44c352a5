import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../src/http/client.ts';
import { clientCredentialsSource } from '../../src/http/client-credentials.ts';
import { impatientClock, silentObserver } from '../providers/setup.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A token address and an API on loopback; `api` decides by the header Authorization. */
async function startServer(token: () => Answer, api: (authorization: string) => Answer) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const isToken = request.url === '/token';
      asked.push(isToken ? `token ${Buffer.concat(chunks).toString()}` : (request.headers.authorization ?? 'none'));
      const { status, body } = isToken ? token() : api(request.headers.authorization ?? '');
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return { url, asked, close: () => new Promise<void>((resolve) => void server.close(() => resolve())) };
}

describe('client credentials', () => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  async function stage(
    token: () => Answer,
    api: (authorization: string) => Answer = () => ({ status: 200, body: {} }),
  ) {
    const server = await startServer(token, api);
    const clock = impatientClock(1_800_000_000_000);
    const client = createHttpClient({
      baseUrl: server.url,
      headers: {},
      secrets: [],
      tokenSource: clientCredentialsSource({
        tokenUrl: `${server.url}/token`,
        clientId: 'exporter',
        clientSecret: 's3cret!',
        scope: 'read',
      }),
      rateLimit: { requests: 1000, perMs: 1000 },
      timeoutMs: 5000,
      proxyUrl: undefined,
      caFile: undefined,
      clock,
      observer: silentObserver,
    });
    opened.push(server, client);
    const get = () => client.get('/incidents', {}, new AbortController().signal);
    return { ...server, clock, get };
  }

  /** Tokens t1, t2, … */
  function tokens(seconds = 3600) {
    let count = 0;
    return () => ({ status: 200, body: { access_token: `t${(count += 1)}`, expires_in: seconds } });
  }

  it('request one token for all requests, with the scope', async () => {
    const { asked, get } = await stage(tokens());

    await Promise.all([get(), get(), get()]);

    const form = 'token grant_type=client_credentials&client_id=exporter&client_secret=s3cret%21&scope=read';
    expect(asked).toEqual([form, 'Bearer t1', 'Bearer t1', 'Bearer t1']);
  });

  it('renew a token a minute before its end', async () => {
    const { asked, clock, get } = await stage(tokens(300));
    await get();
    await clock.sleep(230_000);
    await get();
    await clock.sleep(11_000);

    await get();

    expect(asked.filter((one) => one.startsWith('Bearer'))).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  it('renew a token once that worked and is refused', async () => {
    let revoked = '';
    const { asked, get } = await stage(tokens(), (authorization) => ({
      status: authorization === revoked ? 401 : 200,
      body: {},
    }));
    await get();
    revoked = 'Bearer t1';

    await get();

    expect(asked.filter((one) => one.startsWith('Bearer'))).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  it('give up on a 401 to a new token', async () => {
    const { asked, get } = await stage(tokens(), () => ({ status: 401, body: { message: 'no' } }));

    await expect(get()).rejects.toThrow('401');

    expect(asked.filter((one) => one.startsWith('Bearer'))).toEqual(['Bearer t1']);
  });

  it.each([
    { says: 'refused', answer: { status: 401, body: { error: 's3cret!' } }, error: 'the token address answered 401' },
    { says: 'another shape', answer: { status: 200, body: { token: 'x' } }, error: 'answered in another shape' },
  ])('say that the token was $says, and no secret', async ({ answer, error }) => {
    const { asked, get } = await stage(() => answer);

    const failure = await get().catch((reason: unknown) => String(reason));

    expect(failure).toContain(error);
    expect(failure).not.toContain('s3cret!');
    expect(asked).toHaveLength(1);
  });

  it('remove the token from messages', async () => {
    const { get } = await stage(tokens(), () => ({ status: 400, body: { message: 'bad token t1-secret-part' } }));

    await expect(get()).rejects.toThrow('[redacted]');
  });
});
