import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createHttpsServer, get as httpsGet } from 'node:https';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Agents, createAgents, proxySecrets } from '../../src/http/agents.ts';
import { catchReason, closeAll, listenOn, neverAborted, openClient, respondInOrder, startServer } from './setup.ts';

const certificateFile = fileURLToPath(new URL('localhost.pem', import.meta.url));
const cert = readFileSync(certificateFile);
const key = readFileSync(new URL('localhost-key.pem', import.meta.url));
const opened: Agents[] = [];

afterEach(async () => {
  for (const { httpAgent, httpsAgent } of opened.splice(0)) {
    httpAgent.destroy();
    httpsAgent.destroy();
  }
  await closeAll();
});

async function startTlsOrigin() {
  const seen: unknown[] = [];
  const server = createHttpsServer({ key, cert }, (request, response) => {
    seen.push(request.headers['proxy-authorization']);
    response.end('{"secure":true}');
  });
  const port = await listenOn(server);
  return { url: `https://localhost:${port}`, host: `localhost:${port}`, seen };
}

/** Forwards plain requests and tunnels, and records them. */
async function startProxy() {
  const seen: string[] = [];
  const server = createHttpServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    const url = new URL(request.url ?? '/');
    const onward = httpRequest(url, { headers: { host: url.host } }, (proxied) => {
      response.writeHead(proxied.statusCode ?? 502, proxied.headers);
      proxied.pipe(response);
    });
    onward.end();
  });
  server.on('connect', (request, client) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    const onward = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
    onward.on('error', () => client.destroy());
    client.on('error', () => onward.destroy());
  });
  const port = await listenOn(server);
  return { port, url: `http://127.0.0.1:${port}`, seen };
}

/** The response text that Node's own client gets with these agents. */
function fetchWith(agents: Agents, url: string): Promise<string> {
  opened.push(agents);
  return new Promise((resolve, reject) => {
    httpsGet(url, { agent: agents.httpsAgent }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    }).on('error', reject);
  });
}

describe('a private certificate authority', () => {
  it('is trusted only when its file is configured', async () => {
    const origin = await startTlsOrigin();

    const trusted = await openClient(origin.url, { caFile: certificateFile }).get('/x', {}, neverAborted());
    const error = await catchReason(openClient(origin.url).get('/x', {}, neverAborted()));

    expect(trusted.body).toEqual({ secure: true });
    expect(error).toMatchObject({ message: expect.stringMatching(/no answer after 5 tries: self-signed certificate/) });
  });

  it('must be readable', () => {
    expect(() => openClient('https://api.test', { caFile: '/nowhere/ca.pem' })).toThrow(
      "tls.ca_file: cannot be read: ENOENT: no such file or directory, open '/nowhere/ca.pem'",
    );
  });

  it('must be certificates', () => {
    const caFile = fileURLToPath(new URL('localhost-key.pem', import.meta.url));

    expect(() => openClient('https://api.test', { caFile })).toThrow(
      `tls.ca_file: expected certificates in PEM format in ${caFile}`,
    );
  });
});

describe('a proxy', () => {
  it('carries plain requests', async () => {
    const origin = await startServer(respondInOrder({ status: 200, body: { plain: true } }));
    const proxy = await startProxy();
    const client = openClient(origin.url, { proxyUrl: proxy.url });

    const { body } = await client.get('/x', { a: 1 }, neverAborted());

    expect(body).toEqual({ plain: true });
    expect(proxy.seen).toEqual([`GET ${origin.url}/x?a=1`]);
  });

  it('carries https in one tunnel that it cannot read, and keeps its password from the platform', async () => {
    const origin = await startTlsOrigin();
    const proxy = await startProxy();
    const proxyUrl = `http://me:pass@127.0.0.1:${proxy.port}`;
    const client = openClient(origin.url, { proxyUrl, caFile: certificateFile });

    await client.get('/x', {}, neverAborted());
    const { body } = await client.get('/y', {}, neverAborted());

    expect(body).toEqual({ secure: true });
    expect(proxy.seen).toEqual([`CONNECT ${origin.host} Basic ${Buffer.from('me:pass').toString('base64')}`]);
    expect(origin.seen).toEqual([undefined, undefined]);
  });

  it('that refuses shows no password in the error', async () => {
    const { server, port } = await startServer(() => undefined);
    server.on('connect', (_, client) => client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    const client = openClient('https://api.test', { proxyUrl: `http://me:pass%2Bword@127.0.0.1:${port}` });

    const error = await catchReason(client.get('/x', {}, neverAborted()));

    expect(String(error)).toMatch(/GET \/x: no answer after 5 tries: .*407/);
    expect(String(error)).not.toMatch(/pass(%2B|\+)word/);
  });

  it('has its password among the secrets, as written and URL-decoded, also when it is not well encoded', () => {
    const env = {
      HTTP_PROXY: 'me:pass%2Bword@proxy.test:3128',
      HTTPS_PROXY: 'http://me:50%25%zz@proxy.test',
      no_proxy: 'a',
    };

    const secrets = proxySecrets({ proxyUrl: undefined, env });

    expect(secrets).toEqual(['pass%2Bword', 'pass+word', '50%25%zz', '50%%zz']);
  });

  it.each(['HTTPS_PROXY', 'https_proxy'])('is read from %s', async (name) => {
    const origin = await startTlsOrigin();
    const proxy = await startProxy();
    const env = { [name]: `127.0.0.1:${proxy.port}`, HTTP_PROXY: '' };

    const text = await fetchWith(createAgents({ proxyUrl: undefined, caFile: certificateFile, env }), origin.url);

    expect(text).toBe('{"secure":true}');
    expect(proxy.seen).toEqual([`CONNECT ${origin.host}`]);
  });

  it('is not used for the hosts of NO_PROXY', async () => {
    const origin = await startTlsOrigin();
    const proxy = await startProxy();
    const env = { HTTPS_PROXY: proxy.url, NO_PROXY: 'localhost' };

    const text = await fetchWith(createAgents({ proxyUrl: undefined, caFile: certificateFile, env }), origin.url);

    expect(text).toBe('{"secure":true}');
    expect(proxy.seen).toEqual([]);
  });

  it('that is configured takes precedence over the environment', async () => {
    const origin = await startTlsOrigin();
    const [configured, other] = [await startProxy(), await startProxy()];
    const env = { HTTPS_PROXY: other.url, NO_PROXY: 'localhost' };

    await fetchWith(createAgents({ proxyUrl: configured.url, caFile: certificateFile, env }), origin.url);

    expect(configured.seen).toEqual([`CONNECT ${origin.host}`]);
    expect(other.seen).toEqual([]);
  });

  it.each([
    { proxyUrl: 'socks5://me:pass@localhost:1', env: {}, name: 'proxy_url' },
    { proxyUrl: undefined, env: { HTTPS_PROXY: 'socks5://me:pass@localhost:1' }, name: 'HTTPS_PROXY' },
  ])('of another kind is refused with the name of its setting, $name', ({ proxyUrl, env, name }) => {
    expect(() => createAgents({ proxyUrl, caFile: undefined, env })).toThrow(
      new Error(`${name}: expected a proxy URL that begins with http:// or https://`),
    );
  });
});
