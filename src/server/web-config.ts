import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError, formatProblem, type Problem } from '../config/diagnostics.ts';
import { parseYaml } from '../config/document.ts';
import { formatAlternatives } from '../model/text.ts';

/** What --web.config.file says, in the format of the Prometheus exporter-toolkit. */
export interface WebConfig {
  /** Absent: plain HTTP. */
  readonly tls: TlsConfig | undefined;
  /** Added to every response. */
  readonly headers: Readonly<Record<string, string>>;
  /** Name → bcrypt hash; empty: no basic authentication. */
  readonly users: ReadonlyMap<string, string>;
  readonly rateLimit: RateLimit | undefined;
}

/** One request per `intervalMs` on average, `burst` at once. */
export interface RateLimit {
  readonly intervalMs: number;
  readonly burst: number;
}

/** Whether clients need a certificate; the values are those of Go's crypto/tls, which the toolkit's format uses. */
const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;

const VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;
const VERSION = z
  .enum(['TLS10', 'TLS11', 'TLS12', 'TLS13'], 'unknown version; expected TLS10, TLS11, TLS12 or TLS13')
  .transform((name) => VERSIONS[name]);

const CURVES = { CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521', X25519: 'X25519' } as const;
const CURVE = z
  .enum(
    ['CurveP256', 'CurveP384', 'CurveP521', 'X25519'],
    'unknown curve; expected CurveP256, CurveP384, CurveP521 or X25519',
  )
  .transform((name) => CURVES[name]);

/** Go's names (IANA's) and OpenSSL's for the suites of TLS 1.2 and below that Go calls secure. */
const CIPHERS: ReadonlyMap<string, string> = new Map([
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
]);
/** Go accepts their names but always offers them; so do we. */
const TLS13_CIPHERS = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];
const CIPHER = z.enum(
  [...CIPHERS.keys(), ...TLS13_CIPHERS],
  `unknown cipher suite; expected ${formatAlternatives([...CIPHERS.keys()])}`,
);

const TEXT = z.string('expected a string').min(1, 'must not be empty');
const LIST = 'expected a list';

/** The section `tls_server_config`, with versions, cipher suites and curves as OpenSSL names them, best first. */
const TlsServerConfig = strictMapping({
  cert: TEXT.optional(),
  key: TEXT.optional(),
  client_ca: TEXT.optional(),
  cert_file: TEXT.optional(),
  key_file: TEXT.optional(),
  client_ca_file: TEXT.optional(),
  client_auth_type: z
    .enum(CLIENT_AUTH_TYPES, `unknown value; expected one of ${CLIENT_AUTH_TYPES.join(', ')}`)
    .default('NoClientCert'),
  client_allowed_sans: z.array(TEXT, LIST).min(1, 'allows no client; expected one name or more').optional(),
  min_version: VERSION.default('TLSv1.2'),
  max_version: VERSION.default('TLSv1.3'),
  cipher_suites: z
    .array(CIPHER, LIST)
    .transform((names) => [...TLS13_CIPHERS, ...names.flatMap((name) => CIPHERS.get(name) ?? [])])
    .optional(),
  prefer_server_cipher_suites: z.boolean('expected true or false').default(true),
  curve_preferences: z.array(CURVE, LIST).default([]),
});
export type TlsConfig = z.output<typeof TlsServerConfig>;

type AddError = (key: string, message: string) => void;

function checkTlsConfig(section: TlsConfig, addError: AddError): void {
  for (const key of ['cert', 'key', 'client_ca'] as const) {
    const [isSet, isFileSet] = [section[key] !== undefined, section[`${key}_file`] !== undefined];
    if (isSet && isFileSet) addError(key, `${key} and ${key}_file are both set; expected one of them`);
    if (!isSet && !isFileSet && key !== 'client_ca') addError(key, `missing; expected ${key} or ${key}_file`);
  }
  checkClientRules(section, addError);
  if (section.min_version > section.max_version) addError('min_version', 'must not be above max_version');
}

/** Rules without effect are errors: whoever wrote them believes to be protected. */
function checkClientRules(section: TlsConfig, addError: AddError): void {
  const authType = section.client_auth_type;
  const caKey = section.client_ca === undefined ? 'client_ca_file' : 'client_ca';
  if (section[caKey] !== undefined && authType === 'NoClientCert') {
    addError(caKey, 'has no effect without client_auth_type; expected one such as RequireAndVerifyClientCert');
  }
  const requiresCertificate = authType === 'RequireAnyClientCert' || authType === 'RequireAndVerifyClientCert';
  if (section.client_allowed_sans !== undefined && !requiresCertificate) {
    addError(
      'client_allowed_sans',
      'requires client certificates; expected client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert',
    );
  }
}

const HEADER_VALUE = z
  .string('expected a header value')
  .regex(/^[\t\x20-\x7e]*$/, 'contains a character that headers do not allow; expected printable ASCII');
const BCRYPT_HASH = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
/** A login at cost 11 takes some 140 ms, at 12 some 290 ms (bcryptjs on a current server); 250 ms is what we allow. */
const BCRYPT_COST_MAX = 11;
const HASH_EXPECTED = 'invalid bcrypt hash; expected one as htpasswd -nBC 10 prints it';
const USER_NAME = /^[^:\p{Cc}]+$/u;

const HttpServerConfig = strictMapping({
  http2: z.literal(false, 'HTTP/2 is not supported; expected false or no such key').optional(),
  headers: strictMapping({
    'Content-Security-Policy': HEADER_VALUE.optional(),
    'Strict-Transport-Security': HEADER_VALUE.optional(),
    'X-Content-Type-Options': z.enum(['', 'nosniff'], 'expected nosniff').optional(),
    'X-Frame-Options': z.enum(['', 'deny', 'sameorigin'], 'expected deny or sameorigin').optional(),
    'X-XSS-Protection': HEADER_VALUE.optional(),
  }).nullish(),
});

const Users = z.record(
  z.string().regex(USER_NAME, 'invalid user name; expected one without colons and control characters'),
  z
    .string(HASH_EXPECTED)
    .regex(BCRYPT_HASH, HASH_EXPECTED)
    .refine((hash) => !(bcryptCost(hash) > BCRYPT_COST_MAX), {
      error: ({ input }) =>
        `cost ${bcryptCost(String(input))} makes each login take longer than 250 ms; expected ${BCRYPT_COST_MAX} or less, as htpasswd -nBC 10 prints it`,
    }),
  'expected a mapping of user names to bcrypt hashes',
);

const RateLimitSection = strictMapping({
  interval: z
    .union([z.literal(0), z.string()], 'expected a duration such as 100ms, or 0 for no limit')
    .default(0)
    .transform(goDurationMs),
  burst: z.int('expected a whole number').min(0, 'must be 0 or more').default(0),
}).refine(({ interval, burst }) => interval === 0 || burst >= 1, {
  path: ['burst'],
  error: 'no request would pass; expected 1 or more together with an interval',
});

const WebFile = strictMapping({
  tls_server_config: TlsServerConfig.superRefine((section, context) =>
    checkTlsConfig(section, (key, message) => context.addIssue({ code: 'custom', path: [key], message })),
  ).nullish(),
  http_server_config: HttpServerConfig.nullish(),
  basic_auth_users: Users.nullish(),
  rate_limit: RateLimitSection.nullish(),
});

/**
 * Parses a web configuration; paths in it are relative to `filename`. Throws ConfigError with one line per problem,
 * `path (file:line:column): what is wrong; what was expected`, which never contains a value of the file.
 */
export function parseWebConfig(text: string, filename: string): WebConfig {
  const yaml = parseYaml(text, filename);
  const parsed = WebFile.safeParse(yaml.value ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap(toProblems);
    throw new ConfigError(problems.map((one) => formatProblem(one, `${filename}:${yaml.lineAndColumn(one.path)}`)));
  }
  const { tls_server_config: tls, http_server_config, basic_auth_users, rate_limit } = parsed.data;
  const toAbsolute = (file: string | undefined) => file && resolve(dirname(filename), file);
  const headers = Object.entries(http_server_config?.headers ?? {}).flatMap(([name, value]) =>
    value ? [[name, value]] : [],
  );
  return {
    tls: tls
      ? {
          ...tls,
          cert_file: toAbsolute(tls.cert_file),
          key_file: toAbsolute(tls.key_file),
          client_ca_file: toAbsolute(tls.client_ca_file),
        }
      : undefined,
    headers: Object.fromEntries(headers),
    users: new Map(Object.entries(basic_auth_users ?? {})),
    rateLimit: rate_limit?.interval ? { intervalMs: rate_limit.interval, burst: rate_limit.burst } : undefined,
  };
}

function bcryptCost(hash: string): number {
  return Number(BCRYPT_HASH.exec(hash)?.[1]);
}

function toProblems(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: issue.message }));
  }
  const [first] = issue.code === 'invalid_key' ? issue.issues : [];
  return [{ path, message: (first ?? issue).message }];
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** A duration as Go writes it (`1.5s`, `1m30s`, `100ms`, `0`) in milliseconds. */
function goDurationMs(duration: string | 0, context: z.core.$RefinementCtx): number {
  const text = String(duration);
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) {
    context.addIssue({ code: 'custom', message: 'invalid duration; expected one such as 100ms or 1m30s' });
    return z.NEVER;
  }
  const parts = text.matchAll(/([\d.]+)(\D+)/g);
  return [...parts].reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNIT_MS.get(unit) ?? 0), 0);
}

/** A mapping with these keys and no others; its errors say which keys there are. */
function strictMapping<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const unknownKey = `unknown key; expected ${formatAlternatives(Object.keys(shape))}`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? unknownKey : 'expected a mapping'),
  });
}
