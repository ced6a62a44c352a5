import { createServer as createProxy, request, type Server } from 'node:http';
import { createServer as createTls, type Server as TlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Identity } from '../server/authority.ts';

/** A proxy on loopback through which `https://HOST` is the fake at `fakeUrl`, whatever HOST is. */
export interface PlatformByName {
  readonly proxyUrl: string;
  /** What was asked for by CONNECT. */
  readonly hosts: readonly string[];
  close(): Promise<void>;
}

/** `identity` holds the certificate for the platform's name. */
export async function startPlatformByName(fakeUrl: string, identity: Identity): Promise<PlatformByName> {
  const tls = createTls({ cert: identity.cert, key: identity.key }, (asked, answer) => {
    const { method, headers, url = '/' } = asked;
    asked.pipe(
      request(new URL(url, fakeUrl), { method, headers }, (told) => {
        answer.writeHead(told.statusCode ?? 502, told.headers);
        told.pipe(answer);
      }),
    );
  });
  const tlsPort = await listen(tls);
  const hosts: string[] = [];
  const proxy = createProxy();
  proxy.on('connect', ({ url }, client) => {
    hosts.push(url ?? '');
    const tunnel = connect(tlsPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(tunnel).pipe(client);
    });
    for (const end of [client, tunnel]) end.on('error', () => [client, tunnel].forEach((one) => void one.destroy()));
  });
  const proxyPort = await listen(proxy);
  return {
    proxyUrl: `http://127.0.0.1:${proxyPort}`,
    hosts,
    close: () => Promise.all([stop(proxy), stop(tls)]).then(),
  };
}

function listen(server: Server | TlsServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server | TlsServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
