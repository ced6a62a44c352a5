import { X509Certificate } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/server.ts';
import { parseWebConfig } from '../../src/server/web-config.ts';
import { type Authority, foundAuthority, type Identity, isOpensslMissing } from './authority.ts';
import { ask, inventPages, optionsWith, type Reply, rememberLog, serve, sharedPage, until } from './serving.ts';

const NEVER_MS = 2 ** 30;

describe.skipIf(isOpensslMissing)('TLS', () => {
  let ours: Authority;
  let strangers: Authority;
  let server: Identity;
  let renewed: Identity;
  let prometheus: Identity;
  let stranger: Identity;

  beforeAll(() => {
    ours = foundAuthority();
    strangers = foundAuthority();
    server = ours.issue('server', ['DNS:localhost', 'IP:127.0.0.1']);
    renewed = ours.issue('renewed', ['DNS:localhost', 'IP:127.0.0.1']);
    prometheus = ours.issue('prometheus', [
      'DNS:prometheus.example.com',
      'IP:10.0.0.1',
      'IP:2001:db8::1',
      'email:ops@example.com',
      'URI:spiffe://example/prometheus',
    ]);
    stranger = strangers.issue('stranger', ['DNS:prometheus.example.com']);
  });
  afterAll(() => {
    ours.remove();
    strangers.remove();
  });

  /** Writes a web configuration of its own for a test and reads it as `main` does. */
  function web(name: string, text: string) {
    const file = join(ours.folder, `${name}.yml`);
    writeFileSync(file, text);
    return { config: parseWebConfig(text, file), file };
  }

  const trusting = (identity?: Identity): ConnectionOptions => ({
    ca: ours.cert,
    ...(identity && { cert: identity.cert, key: identity.key }),
  });

  it('serves HTTPS with certificates from files beside the web configuration', async () => {
    const { url } = await serve({
      web: web('files', 'tls_server_config: { cert_file: server.crt, key_file: server.key }'),
    });

    const reply = await ask(`${url}metrics`, { tls: trusting() });

    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/$/);
    expect(reply).toMatchObject({ status: 200, body: 'up 1\n' });
  });

  it.each([5, 4 * 1024 * 1024])('sends %i bytes of shared memory', async (bytes) => {
    const { page, text } = sharedPage(bytes);
    const pages = inventPages(page);
    const { url } = await serve({
      page: pages,
      web: web('shared', 'tls_server_config: { cert_file: server.crt, key_file: server.key }'),
    });

    const whole = await ask(`${url}metrics`, { tls: trusting() });
    const inPieces = await ask(`${url}metrics`, { headers: { 'Accept-Encoding': 'gzip' }, tls: trusting() });
    await until(() => pages.deliveries.length === 2);

    expect([whole.body === text, inPieces.body === text]).toEqual([true, true]);
  });

  it('serves HTTPS with certificates that stand in the web configuration', async () => {
    const text = JSON.stringify({ tls_server_config: { cert: server.cert, key: server.key } });
    const { url } = await serve({ web: web('inline', text) });

    const reply = await ask(`${url}metrics`, { tls: trusting() });

    expect(reply.status).toBe(200);
  });

  const policies = [
    { policy: 'NoClientCert', shows: 'nothing', isServed: true },
    { policy: 'NoClientCert', shows: 'ours', isServed: true },
    { policy: 'RequestClientCert', shows: 'nothing', isServed: true },
    { policy: 'RequestClientCert', shows: 'strangers', isServed: true },
    { policy: 'RequireAnyClientCert', shows: 'nothing', isServed: false },
    { policy: 'RequireAnyClientCert', shows: 'strangers', isServed: true },
    { policy: 'VerifyClientCertIfGiven', shows: 'nothing', isServed: true },
    { policy: 'VerifyClientCertIfGiven', shows: 'strangers', isServed: false },
    { policy: 'VerifyClientCertIfGiven', shows: 'ours', isServed: true },
    { policy: 'RequireAndVerifyClientCert', shows: 'nothing', isServed: false },
    { policy: 'RequireAndVerifyClientCert', shows: 'strangers', isServed: false },
    { policy: 'RequireAndVerifyClientCert', shows: 'ours', isServed: true },
  ].flatMap((row) => [
    { ...row, version: 'TLSv1.2' as const },
    { ...row, version: 'TLSv1.3' as const },
  ]);

  it.each(policies)('with $policy over $version serves a client that shows $shows: $isServed', async (row) => {
    const ca = row.policy === 'NoClientCert' ? '' : 'client_ca_file: authority.crt,';
    const text = `tls_server_config: { cert_file: server.crt, key_file: server.key, ${ca} client_auth_type: ${row.policy} }`;
    const { url } = await serve({ web: web('policy', text) });
    const identities: Record<string, Identity> = { ours: prometheus, strangers: stranger };

    const outcome = await outcomeOf(
      ask(`${url}metrics`, {
        tls: { ...trusting(identities[row.shows]), minVersion: row.version, maxVersion: row.version },
      }),
    );

    expect(outcome).toBe(row.isServed ? 200 : 'refused');
  });

  it.each([
    { allowed: 'prometheus.example.com', isServed: true },
    { allowed: '10.0.0.1', isServed: true },
    { allowed: '2001:db8::1', isServed: true },
    { allowed: 'ops@example.com', isServed: true },
    { allowed: 'spiffe://example/prometheus', isServed: true },
    { allowed: 'example.com', isServed: false },
    { allowed: '*.example.com', isServed: false },
    { allowed: '10.0.0.2', isServed: false },
    { allowed: 'prometheus', isServed: false },
  ])('with the allowed name $allowed serves a client whose certificate carries others: $isServed', async (row) => {
    const text = `tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_ca_file: authority.crt
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: ["nobody.example", "${row.allowed}"]`;
    const { url } = await serve({ web: web('sans', text) });

    const outcome = await outcomeOf(ask(`${url}metrics`, { tls: trusting(prometheus) }));

    expect(outcome).toBe(row.isServed ? 200 : 'refused');
  });

  it('does not take one name with a comma in it for two', async () => {
    const forged = ours.issue('forged', ['URI:spiffe://example/x, DNS:prometheus.example.com']);
    const text = `tls_server_config: { cert_file: server.crt, key_file: server.key, client_ca_file: authority.crt,
      client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: [prometheus.example.com] }`;
    const { url } = await serve({ web: web('forged', text) });

    const outcome = await outcomeOf(ask(`${url}metrics`, { tls: trusting(forged) }));

    expect(new X509Certificate(forged.cert).subjectAltName).toContain('DNS:prometheus.example.com');
    expect(outcome).toBe('refused');
  });

  it.each([
    { limits: 'max_version: TLS12', client: {}, protocol: 'TLSv1.2' },
    { limits: '', client: {}, protocol: 'TLSv1.3' },
    { limits: 'min_version: TLS13', client: { maxVersion: 'TLSv1.2' as const }, protocol: undefined },
    { limits: '', client: { maxVersion: 'TLSv1.1' as const, ...oldTls() }, protocol: undefined },
    { limits: 'min_version: TLS10', client: { maxVersion: 'TLSv1.1' as const, ...oldTls() }, protocol: 'TLSv1.1' },
    { limits: 'cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]', client: {}, protocol: 'TLSv1.3' },
  ])('with "$limits" speaks $protocol to a client of $client', async ({ limits, client, protocol }) => {
    const { url } = await serve({
      web: web('versions', `tls_server_config: { cert_file: server.crt, key_file: server.key, ${limits} }`),
    });

    const spoken = await handshake(url, { ...trusting(), ...client });

    expect(spoken?.protocol).toBe(protocol);
  });

  it('takes the configured cipher suite and curve', async () => {
    const limits = 'cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384], curve_preferences: [CurveP384]';
    const { url } = await serve({
      web: web('ciphers', `tls_server_config: { cert_file: server.crt, key_file: server.key, ${limits} }`),
    });

    const spoken = await handshake(url, { ...trusting(), maxVersion: 'TLSv1.2' });

    expect(spoken?.cipher).toBe('TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384');
    expect(spoken?.exchange).toMatchObject({ type: 'ECDH', name: 'secp384r1' });
  });

  it.each([
    {
      text: 'cert_file: absent.crt, key_file: server.key',
      message: 'tls_server_config.cert_file: cannot read the file: ENOENT',
    },
    { text: 'cert_file: server.crt, key_file: renewed.key', message: 'tls_server_config: OpenSSL rejects it: ' },
  ])('does not start with { $text }', async ({ text, message }) => {
    const starting = startServer(optionsWith({ web: web('broken', `tls_server_config: { ${text} }`) }));

    await expect(starting).rejects.toThrow(message);
  });

  it('takes a renewed certificate without a restart and keeps the old connections', async () => {
    const files = 'tls_server_config: { cert_file: live.crt, key_file: live.key }';
    write('live', server);
    const running = await serve({ web: web('renewal', files), watchEveryMs: NEVER_MS });
    const before = await handshake(running.url, trusting(), 'keep');

    write('live', renewed);
    await running.checkWebConfig();
    const after = await handshake(running.url, trusting());

    expect(before?.name).toBe('server');
    expect(after?.name).toBe('renewed');
    expect(before?.socket.destroyed).toBe(false);
    before?.socket.destroy();
  });

  it('notices a renewed certificate by itself', async () => {
    write('watched', server);
    const text = 'tls_server_config: { cert_file: watched.crt, key_file: watched.key }';
    const { url } = await serve({ web: web('watched', text), watchEveryMs: 5 });

    write('watched', renewed);

    let name: string | undefined;
    await until(async () => {
      name = (await handshake(url, trusting()))?.name;
      return name !== 'server';
    });

    expect(name).toBe('renewed');
  });

  it('keeps the old certificate while the new one does not fit its key, and says so once', async () => {
    const { log, lines } = rememberLog();
    write('half', server);
    const text = 'tls_server_config: { cert_file: half.crt, key_file: half.key }';
    const running = await serve({ web: web('half', text), watchEveryMs: NEVER_MS, log });

    writeFileSync(join(ours.folder, 'half.crt'), renewed.cert);
    await running.checkWebConfig();
    await running.checkWebConfig();
    const meanwhile = await handshake(running.url, trusting());
    writeFileSync(join(ours.folder, 'half.key'), renewed.key);
    await running.checkWebConfig();
    const after = await handshake(running.url, trusting());

    expect(meanwhile?.name).toBe('server');
    expect(after?.name).toBe('renewed');
    expect(lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
    expect(lines[0]).toMatch(/^error web configuration not reloaded, the old one stays error=.*key values mismatch/);
  });

  it('asks for a restart when TLS is switched off or the policy for clients changes', async () => {
    const { log, lines } = rememberLog();
    const settings = web('switched', 'tls_server_config: { cert_file: server.crt, key_file: server.key }');
    const running = await serve({ web: settings, watchEveryMs: NEVER_MS, log });

    writeFileSync(settings.file, 'rate_limit: { interval: 0 }');
    await running.checkWebConfig();
    writeFileSync(
      settings.file,
      'tls_server_config: { cert_file: server.crt, key_file: server.key, client_auth_type: RequireAnyClientCert }',
    );
    await running.checkWebConfig();

    expect(lines).toEqual([
      'error web configuration not reloaded, the old one stays error=switching TLS on or off needs a restart',
      'error web configuration not reloaded, the old one stays error=a change of tls_server_config.client_auth_type needs a restart',
    ]);
  });

  it('closes although a client never begins its handshake', async () => {
    const running = await startServer(
      optionsWith({ web: web('closing', 'tls_server_config: { cert_file: server.crt, key_file: server.key }') }),
    );
    const silent = connectPlain(Number(new URL(running.urls[0] ?? '').port), '127.0.0.1');
    const gone = new Promise((resolve) => silent.once('close', resolve).resume());
    silent.on('error', () => undefined);
    await new Promise((resolve) => silent.once('connect', resolve));

    await running.close();

    await gone;
    expect(silent.destroyed).toBe(true);
  });

  /** Swaps both files in place, as a renewing tool does. */
  function write(name: string, identity: Identity): void {
    for (const [kind, text] of [
      ['key', identity.key],
      ['crt', identity.cert],
    ] as const) {
      const file = join(ours.folder, `${name}.${kind}`);
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    }
  }
});

/** A client that may speak what OpenSSL's defaults forbid. */
function oldTls(): ConnectionOptions {
  return { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };
}

interface Spoken {
  readonly socket: TLSSocket;
  readonly protocol: string | null;
  readonly cipher: string;
  readonly exchange: object | null;
  /** The server's common name. */
  readonly name: string | undefined;
}

/** What a handshake came to, undefined when it failed; the connection is ended unless it is to be kept. */
function handshake(url: string, options: ConnectionOptions, fate: 'keep' | 'end' = 'end'): Promise<Spoken | undefined> {
  return new Promise((resolve) => {
    const { port } = new URL(url);
    const socket = connect({ host: '127.0.0.1', port: Number(port), ...options }, () => {
      const { standardName: cipher } = socket.getCipher();
      const name = socket.getPeerX509Certificate()?.subject.replace('CN=', '');
      resolve({ socket, protocol: socket.getProtocol(), cipher, exchange: socket.getEphemeralKeyInfo(), name });
      if (fate === 'end') socket.end();
    });
    socket.on('error', () => resolve(undefined));
  });
}

/** The status of an answer, or that there was none because the connection ended. */
function outcomeOf(reply: Promise<Reply>): Promise<number | 'refused'> {
  return reply.then(
    ({ status }) => status,
    (error: NodeJS.ErrnoException) => {
      if (/^(ECONNRESET|EPIPE|EPROTO|ERR_SSL_)/.test(error.code ?? '')) return 'refused';
      throw error;
    },
  );
}
