import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { parseListenAddress } from '../../src/server/addresses.ts';
import { startServer } from '../../src/server/server.ts';
import { ask, inventPages, optionsWith, serve } from './serving.ts';

it.each([
  { text: ':16887', host: undefined, port: 16887 },
  { text: '127.0.0.1:0', host: '127.0.0.1', port: 0 },
  { text: 'localhost:80', host: 'localhost', port: 80 },
  { text: '[::1]:16887', host: '::1', port: 16887 },
  { text: '[fe80::1%eth0]:16887', host: 'fe80::1%eth0', port: 16887 },
])('reads $text as an address to listen on', ({ text, host, port }) => {
  const address = parseListenAddress(text);

  expect(address).toEqual({ text, host, port });
});

it.each(['16887', '', ':', 'localhost', ':65536', ':-1', ':x', '::1:16887', '[::1]', 'http://x:1', 'a b:1', '[]:1'])(
  'refuses "%s" as an address',
  (text) => {
    expect(() => parseListenAddress(text)).toThrow(
      `invalid address "${text}"; expected host:port such as :16887, 127.0.0.1:16887 or [::1]:16887`,
    );
  },
);

it('listens on every address that was given', async () => {
  const { urls } = await serve({ listenAddresses: ['127.0.0.1:0', '127.0.0.1:0', ':0'] });

  const replies = await Promise.all(urls.map((url) => ask(`${url}-/healthy`)));

  expect(new Set(urls).size).toBe(3);
  expect(urls[2]).toMatch(/^http:\/\/localhost:\d+\/$/);
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
});

it('says which port is in use and then listens nowhere', async () => {
  const { url } = await serve();
  const free = await freePort();
  const listenAddresses = [`127.0.0.1:${free}`, new URL(url).host];

  const starting = startServer(optionsWith({ listenAddresses }));

  await expect(starting).rejects.toThrow(`cannot listen on ${new URL(url).host}: the port is in use`);
  await expect(ask(`http://127.0.0.1:${free}/`)).rejects.toThrow('ECONNREFUSED');
});

it('says when the machine does not have the address', async () => {
  const starting = startServer(optionsWith({ listenAddresses: ['192.0.2.1:0'] }));

  await expect(starting).rejects.toThrow('cannot listen on 192.0.2.1:0: this machine does not have the address');
});

it('refuses an address that is none before it listens', async () => {
  const starting = startServer(optionsWith({ listenAddresses: ['16887'] }));

  await expect(starting).rejects.toThrow('invalid address "16887"');
});

it('keeps a scraper connected for longer than a scrape interval', async () => {
  const { url } = await serve();
  const agent = new Agent({ keepAlive: true });

  const reply = await new Promise<string>((resolve, reject) => {
    request(`${url}metrics`, { agent }, (incoming) => {
      incoming.resume();
      resolve(String(incoming.headers['keep-alive']));
    })
      .on('error', reject)
      .end();
  });
  agent.destroy();

  expect(reply).toBe('timeout=75');
});

it('closes at once when connections only wait for a next request', async () => {
  const server = await startServer(optionsWith({}));
  const agent = new Agent({ keepAlive: true });
  const [url = ''] = server.urls;
  await new Promise((resolve, reject) => {
    request(`${url}metrics`, { agent }, (incoming) => incoming.resume().on('end', resolve))
      .on('error', reject)
      .end();
  });
  const silent = connect(Number(new URL(url).port), '127.0.0.1');
  const silentGone = new Promise((resolve) => silent.once('close', resolve).resume());
  await new Promise((resolve) => silent.once('connect', resolve));

  await server.close();
  await silentGone;
  agent.destroy();

  await expect(ask(url)).rejects.toThrow('ECONNREFUSED');
});

it('lets a running scrape finish while it closes, and takes no new one', async () => {
  const big = Buffer.alloc(64 * 1024 * 1024, 'x');
  const pages = inventPages({ body: [big], gzip: [], version: 5 });
  const server = await startServer(optionsWith({ page: pages }));
  const [url = ''] = server.urls;
  let closing: Promise<void> = Promise.resolve();
  let refused: Promise<unknown> = Promise.resolve();

  const length = await new Promise<number>((resolve, reject) => {
    request(`${url}metrics`, { agent: false }, (incoming) => {
      let received = 0;
      incoming.once('data', () => {
        closing = server.close();
        refused = ask(`${url}metrics`).then(
          () => 'accepted',
          () => 'refused',
        );
      });
      incoming.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      incoming.on('end', () => resolve(received));
      incoming.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
  await closing;

  expect(length).toBe(big.length);
  expect(await refused).toBe('refused');
  expect(pages.deliveries).toEqual([5]);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
