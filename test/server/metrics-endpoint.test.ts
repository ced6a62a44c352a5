import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { ask, inventPages, pageOf, rememberLog, serve, sharedPage, until } from './serving.ts';

/** More than the buffers of both ends of a loopback connection take. */
const BIG = Buffer.alloc(64 * 1024 * 1024, 'x');

it('serves the page as text, uncompressed, to whoever asks for nothing special', async () => {
  const { url } = await serve({ page: inventPages(pageOf('up 1\n')) });

  const reply = await ask(`${url}metrics`);

  expect(reply).toMatchObject({
    status: 200,
    body: 'up 1\n',
    headers: {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'content-length': '5',
      vary: 'Accept, Accept-Encoding',
    },
  });
});

it('says neither what serves it nor gives the page an ETag', async () => {
  const { url } = await serve();

  const { headers } = await ask(`${url}metrics`);

  expect(Object.keys(headers)).not.toContain('x-powered-by');
  expect(Object.keys(headers)).not.toContain('etag');
  expect(Object.keys(headers)).not.toContain('content-encoding');
});

it('serves OpenMetrics, compressed, where both were asked for', async () => {
  const read: string[] = [];
  const pages = inventPages(pageOf('up 1\n# EOF\n'));
  const { url } = await serve({ page: { ...pages, read: (format) => (read.push(format), pages.page) } });

  const reply = await ask(`${url}metrics`, {
    headers: {
      Accept: 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.2',
      'Accept-Encoding': 'gzip',
    },
  });

  expect(read).toEqual(['openmetrics']);
  expect(reply).toMatchObject({
    body: 'compressed up 1\n# EOF\n',
    headers: {
      'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'content-encoding': 'gzip',
      'content-length': '22',
    },
  });
});

it('sends the buffers of a page one after the other', async () => {
  const page = { body: [Buffer.from('a 1\n'), Buffer.alloc(0), Buffer.from('b 2\n')], gzip: [], version: 1 };
  const { url } = await serve({ page: inventPages(page) });

  const reply = await ask(`${url}metrics`);

  expect(reply.body).toBe('a 1\nb 2\n');
  expect(reply.headers['content-length']).toBe('8');
});

it('sends a page that comes later than the request', async () => {
  const pages = inventPages(pageOf('up 1\n'));
  const { url } = await serve({ page: { ...pages, read: () => Promise.resolve(pages.page) } });

  const reply = await ask(`${url}metrics`);

  expect(reply).toMatchObject({ status: 200, body: 'up 1\n' });
});

it.each([
  {
    says: 'throws',
    read: () => {
      throw new Error('no page');
    },
  },
  { says: 'rejects', read: () => Promise.reject(new Error('no page')) },
])('answers 500 without the reason when the source $says', async ({ read }) => {
  const { log, lines } = rememberLog();
  const { url } = await serve({ log, page: { ...inventPages(undefined), read } });

  const reply = await ask(`${url}metrics`);

  expect(reply).toMatchObject({ status: 500, body: 'internal error; see the log of the exporter\n' });
  expect(lines).toEqual(['error request failed method=GET path=/metrics error=no page']);
});

it.each([5, 4 * 1024 * 1024])('sends %i bytes of shared memory, in one piece and in several', async (bytes) => {
  const { page, text } = sharedPage(bytes);
  const pages = inventPages(page);
  const { url } = await serve({ page: pages });

  const whole = await ask(`${url}metrics`);
  const inPieces = await ask(`${url}metrics`, { headers: { 'Accept-Encoding': 'gzip' } });
  await until(() => pages.deliveries.length === 2);

  expect([whole.body === text, inPieces.body === text]).toEqual([true, true]);
  expect(pages.deliveries).toEqual([9, 9]);
});

it('answers a request whose target is a whole URL, as proxies send it', async () => {
  const { url } = await serve({ page: inventPages(pageOf('up 1\n')) });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8').on('data', (text) => {
    received += text;
  });

  socket.write(`GET ${url}metrics?a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));

  expect(received).toContain('up 1\n');
});

it('answers 503 until the first page is whole', async () => {
  const pages = inventPages(undefined);
  const { url } = await serve({ page: pages });

  const early = await ask(`${url}metrics`);
  pages.page = pageOf('up 1\n');
  const late = await ask(`${url}metrics`);

  expect(early).toMatchObject({ status: 503, body: 'the first metrics page is not ready yet\n' });
  expect(late).toMatchObject({ status: 200, body: 'up 1\n' });
  expect(pages.deliveries).toEqual([1]);
});

it('tells once that a page was delivered, and which', async () => {
  const pages = inventPages(pageOf('up 1\n', 41));
  const { url } = await serve({ page: pages });

  await ask(`${url}metrics`);
  pages.page = pageOf('up 1\n', 42);
  await ask(`${url}metrics?query=ignored`);

  expect(pages.deliveries).toEqual([41, 42]);
});

it('answers HEAD with the headers alone and counts it as no delivery', async () => {
  const pages = inventPages(pageOf('up 1\n'));
  const { url } = await serve({ page: pages });

  const reply = await ask(`${url}metrics`, { method: 'HEAD' });

  expect(reply).toMatchObject({ status: 200, body: '', headers: { 'content-length': '5' } });
  expect(pages.deliveries).toEqual([]);
});

it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s of the page', async (method) => {
  const pages = inventPages(pageOf('up 1\n'));
  const { url } = await serve({ page: pages });

  const reply = await ask(`${url}metrics`, { method });

  expect(reply).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  expect(pages.deliveries).toEqual([]);
});

it('delivers a big page whole and counts it', async () => {
  const pages = inventPages({ body: [BIG, BIG], gzip: [], version: 7 });
  const { url } = await serve({ page: pages });

  const reply = await ask(`${url}metrics`);
  await until(() => pages.deliveries.length > 0);

  expect(reply.body.length).toBe(2 * BIG.length);
  expect(pages.deliveries).toEqual([7]);
});

it.each([
  { says: 'goes away', leave: (incoming: IncomingMessage) => incoming.socket.destroy() },
  { says: 'resets the connection', leave: (incoming: IncomingMessage) => incoming.socket.resetAndDestroy() },
])('counts no delivery when a client $says in the middle', async ({ leave }) => {
  const pages = inventPages({ body: [BIG], gzip: [], version: 7 });
  const { url } = await serve({ page: pages });

  await new Promise<void>((resolve) => {
    const outgoing = request(`${url}metrics`, { agent: false }, (incoming) => {
      incoming.once('data', () => leave(incoming));
      incoming.on('error', () => undefined);
      incoming.once('close', resolve);
    });
    outgoing.on('error', () => undefined);
    outgoing.end();
  });
  pages.page = pageOf('up 1\n', 8);
  await ask(`${url}metrics`);
  await until(() => pages.deliveries.includes(8));

  expect(pages.deliveries).toEqual([8]);
});

it('counts no delivery to a client that stops reading and is cut off when the server closes', async () => {
  const pages = inventPages({ body: [BIG], gzip: [], version: 7 });
  const { url, close } = await serve({ page: pages });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);

  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => socket.once('readable', resolve));
  await close();
  await new Promise((resolve) => socket.once('close', resolve).resume());

  expect(pages.deliveries).toEqual([]);
});

it('delivers every page of requests that were sent at once on one connection', async () => {
  const pages = inventPages(pageOf('up 1\n', 3));
  const { url } = await serve({ page: pages });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8').on('data', (text) => {
    received += text;
  });

  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
  await until(() => received.split('up 1\n').length === 4 && pages.deliveries.length === 3);
  socket.destroy();

  expect(pages.deliveries).toEqual([3, 3, 3]);
});
