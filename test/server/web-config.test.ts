import { expect, it } from 'vitest';
import { ConfigError } from '../../src/config/diagnostics.ts';
import { parseWebConfig } from '../../src/server/web-config.ts';

const FILE = '/etc/mttr-exporter/web.yml';
const HASH = `$2y$10$${'X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG'}`;

it.each(['', '# nothing yet\n', '---\n', 'tls_server_config:\nbasic_auth_users:\nrate_limit:\nhttp_server_config:\n'])(
  'takes %j for plain HTTP without limits',
  (text) => {
    const config = parseWebConfig(text, FILE);

    expect(config).toEqual({ tls: undefined, headers: {}, users: new Map(), rateLimit: undefined });
  },
);

it('reads every key of the format', () => {
  const text = `
tls_server_config:
  cert_file: tls/server.crt
  key_file: /run/secrets/server.key
  client_ca_file: tls/clients.crt
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [prometheus.example.com, 10.0.0.1]
  min_version: TLS10
  max_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]
http_server_config:
  http2: false
  headers:
    Content-Security-Policy: default-src 'self'
    Strict-Transport-Security: max-age=31536000
    X-Content-Type-Options: nosniff
    X-Frame-Options: sameorigin
    X-XSS-Protection: ""
basic_auth_users:
  prometheus: ${HASH}
rate_limit:
  interval: 1m1.5s
  burst: 20
`;

  const config = parseWebConfig(text, FILE);

  expect(config).toEqual({
    tls: {
      cert_file: '/etc/mttr-exporter/tls/server.crt',
      key_file: '/run/secrets/server.key',
      client_ca_file: '/etc/mttr-exporter/tls/clients.crt',
      client_auth_type: 'RequireAndVerifyClientCert',
      client_allowed_sans: ['prometheus.example.com', '10.0.0.1'],
      min_version: 'TLSv1',
      max_version: 'TLSv1.2',
      cipher_suites: [
        'TLS_AES_256_GCM_SHA384',
        'TLS_CHACHA20_POLY1305_SHA256',
        'TLS_AES_128_GCM_SHA256',
        'ECDHE-RSA-AES128-GCM-SHA256',
      ],
      prefer_server_cipher_suites: false,
      curve_preferences: ['P-256', 'P-384', 'P-521', 'X25519'],
    },
    headers: {
      'Content-Security-Policy': "default-src 'self'",
      'Strict-Transport-Security': 'max-age=31536000',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'sameorigin',
    },
    users: new Map([['prometheus', HASH]]),
    rateLimit: { intervalMs: 61_500, burst: 20 },
  });
});

it('takes the greatest cost at which a login takes less than 250 ms', () => {
  const hash = HASH.replace('$10$', '$11$');

  const config = parseWebConfig(`basic_auth_users: { prometheus: ${hash} }`, FILE);

  expect(config.users).toEqual(new Map([['prometheus', hash]]));
});

it('fills in the defaults of the format', () => {
  const config = parseWebConfig('tls_server_config: { cert: C, key: K }', FILE);

  expect(config.tls).toEqual({
    cert: 'C',
    key: 'K',
    client_auth_type: 'NoClientCert',
    client_allowed_sans: undefined,
    min_version: 'TLSv1.2',
    max_version: 'TLSv1.3',
    cipher_suites: undefined,
    prefer_server_cipher_suites: true,
    curve_preferences: [],
  });
});

it.each([
  { interval: '0', burst: 0, limit: undefined },
  { interval: '0s', burst: 0, limit: undefined },
  { interval: '100ms', burst: 1, limit: { intervalMs: 100, burst: 1 } },
  { interval: '500us', burst: 1, limit: { intervalMs: 0.5, burst: 1 } },
  { interval: '1h1m1s', burst: 3, limit: { intervalMs: 3_661_000, burst: 3 } },
])('reads a rate limit of $interval and burst $burst', ({ interval, burst, limit }) => {
  const config = parseWebConfig(`rate_limit: { interval: ${interval}, burst: ${burst} }`, FILE);

  expect(config.rateLimit).toEqual(limit);
});

it.each([
  {
    text: 'tls_config: {}',
    message: `tls_config (${FILE}:1:1): unknown key; expected tls_server_config, http_server_config, basic_auth_users or rate_limit`,
  },
  {
    text: 'http_server_config:\n  headers:\n    Server: x',
    message: `http_server_config.headers.Server (${FILE}:3:5): unknown key; expected Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options or X-XSS-Protection`,
  },
  {
    text: 'http_server_config:\n  http2: true',
    message: `http_server_config.http2 (${FILE}:2:3): HTTP/2 is not supported; expected false or no such key`,
  },
  {
    text: 'http_server_config: { headers: { X-Frame-Options: allow } }',
    message: `http_server_config.headers.X-Frame-Options (${FILE}:1:34): expected deny or sameorigin`,
  },
  {
    text: 'http_server_config: { headers: { X-Content-Type-Options: sniff } }',
    message: `http_server_config.headers.X-Content-Type-Options (${FILE}:1:34): expected nosniff`,
  },
  {
    text: 'http_server_config: { headers: { X-XSS-Protection: "0\\r\\nSet-Cookie: a=b" } }',
    message: `http_server_config.headers.X-XSS-Protection (${FILE}:1:34): contains a character that headers do not allow; expected printable ASCII`,
  },
  {
    text: 'tls_server_config:\n  min_version: TLS13',
    message: `tls_server_config.cert (${FILE}:1:1): missing; expected cert or cert_file\ntls_server_config.key (${FILE}:1:1): missing; expected key or key_file`,
  },
  {
    text: 'tls_server_config: { cert: a, cert_file: b, key: c, key_file: d }',
    message: `tls_server_config.cert (${FILE}:1:22): cert and cert_file are both set; expected one of them\ntls_server_config.key (${FILE}:1:45): key and key_file are both set; expected one of them`,
  },
  {
    text: 'tls_server_config: { cert: a, key: b, client_ca: c }',
    message: `tls_server_config.client_ca (${FILE}:1:39): has no effect without client_auth_type; expected one such as RequireAndVerifyClientCert`,
  },
  {
    text: 'tls_server_config: { cert: a, key: b, client_ca_file: c, client_auth_type: NoClientCert }',
    message: `tls_server_config.client_ca_file (${FILE}:1:39): has no effect without client_auth_type; expected one such as RequireAndVerifyClientCert`,
  },
  {
    text: 'tls_server_config: { cert: a, key: b, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [x] }',
    message: `tls_server_config.client_allowed_sans (${FILE}:1:82): requires client certificates; expected client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert`,
  },
  {
    text: 'tls_server_config: { cert: a, key: b, client_auth_type: Please }',
    message: `tls_server_config.client_auth_type (${FILE}:1:39): unknown value; expected one of NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert`,
  },
  {
    text: 'tls_server_config: { cert: a, key: b, min_version: "1.2" }',
    message: `tls_server_config.min_version (${FILE}:1:39): unknown version; expected TLS10, TLS11, TLS12 or TLS13`,
  },
  {
    text: 'tls_server_config: { cert: a, key: b, min_version: TLS13, max_version: TLS12 }',
    message: `tls_server_config.min_version (${FILE}:1:39): must not be above max_version`,
  },
  {
    text: 'tls_server_config: { cert: a, key: b, curve_preferences: [X25519, P256] }',
    message: `tls_server_config.curve_preferences[1] (${FILE}:1:67): unknown curve; expected CurveP256, CurveP384, CurveP521 or X25519`,
  },
  {
    text: 'tls_server_config: { cert: a, key: b, cipher_suites: [ECDHE-RSA-AES128-GCM-SHA256] }',
    message: `tls_server_config.cipher_suites[0] (${FILE}:1:55): unknown cipher suite; expected TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA or TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA`,
  },
  {
    text: 'basic_auth_users:\n  prometheus: plain-text-password',
    message: `basic_auth_users.prometheus (${FILE}:2:3): invalid bcrypt hash; expected one as htpasswd -nBC 10 prints it`,
  },
  {
    text: `basic_auth_users:\n  prometheus: ${HASH.replace('$10$', '$12$')}`,
    message: `basic_auth_users.prometheus (${FILE}:2:3): cost 12 makes each login take longer than 250 ms; expected 11 or less, as htpasswd -nBC 10 prints it`,
  },
  {
    text: `basic_auth_users: { "a:b": ${HASH} }`,
    message: `basic_auth_users["a:b"] (${FILE}:1:22): invalid user name; expected one without colons and control characters`,
  },
  {
    text: 'basic_auth_users: [prometheus]',
    message: `basic_auth_users (${FILE}:1:1): expected a mapping of user names to bcrypt hashes`,
  },
  {
    text: 'rate_limit: { interval: 1s }',
    message: `rate_limit.burst (${FILE}:1:1): no request would pass; expected 1 or more together with an interval`,
  },
  {
    text: 'rate_limit: { interval: 10, burst: 1 }',
    message: `rate_limit.interval (${FILE}:1:15): expected a duration such as 100ms, or 0 for no limit`,
  },
  {
    text: 'rate_limit: { interval: 1 second, burst: 1 }',
    message: `rate_limit.interval (${FILE}:1:15): invalid duration; expected one such as 100ms or 1m30s`,
  },
  { text: '[tls_server_config]', message: `${FILE}:1:1: expected a mapping` },
])('refuses $text', ({ text, message }) => {
  expect(() => parseWebConfig(text, FILE)).toThrow(new ConfigError(message.split('\n')));
});

it.each([
  'basic_auth_users:\n  prometheus: hunter2',
  'basic_auth_users:\n  prometheus: hunter2: hunter2',
  'basic_auth_users:\n  prometheus: "hunter2',
  'tls_server_config: { key: hunter2, key_file: hunter2, min_version: hunter2 }',
  'tls_server_config: { key: [hunter2] }',
])('does not repeat what may be a secret in %j', (text) => {
  let message = '';
  try {
    parseWebConfig(text, FILE);
  } catch (error) {
    message = String(error);
  }

  expect(message).toContain(FILE);
  expect(message).not.toContain('hunter2');
});
