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
type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number];

/** PEM text, as it stands in the file or in another one. */
export type PemSource = { readonly text: string } | { readonly file: string };

/** The section `tls_server_config`, with values as Node and OpenSSL name them. */
export interface TlsConfig {
  readonly cert: PemSource;
  readonly key: PemSource;
  readonly clientCa: PemSource | undefined;
  readonly clientAuthType: ClientAuthType;
  /** One of these must be among the subject alternative names of the client's certificate; absent: any name. */
  readonly clientAllowedSans: readonly string[] | undefined;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Under OpenSSL's names, best first; absent: OpenSSL's own choice. Those of TLS 1.3 are always among them. */
  readonly cipherSuites: readonly string[] | undefined;
  readonly preferServerCipherSuites: boolean;
  /** Names as OpenSSL has them, best first. */
  readonly curvePreferences: readonly string[];
}

const VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;
export type TlsVersion = (typeof VERSIONS)[keyof typeof VERSIONS];
const VERSION = z.enum(['TLS10', 'TLS11', 'TLS12', 'TLS13'], 'unknown version; expected TLS10, TLS11, TLS12 or TLS13');

const CURVES = { CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521', X25519: 'X25519' } as const;
const CURVE = z.enum(
  ['CurveP256', 'CurveP384', 'CurveP521', 'X25519'],
  'unknown curve; expected CurveP256, CurveP384, CurveP521 or X25519',
);

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

const Section = strictMapping({
  cert: TEXT.optional(),
  key: TEXT.optional(),
  client_ca: TEXT.optional(),
  cert_file: TEXT.optional(),
  key_file: TEXT.optional(),
  client_ca_file: TEXT.optional(),
  client_auth_type: z
    .enum(CLIENT_AUTH_TYPES, `unknown value; expected one of ${CLIENT_AUTH_TYPES.join(', ')}`)
    .optional(),
  client_allowed_sans: z.array(TEXT, LIST).min(1, 'allows no client; expected one name or more').optional(),
  min_version: VERSION.default('TLS12'),
  max_version: VERSION.default('TLS13'),
  cipher_suites: z.array(CIPHER, LIST).optional(),
  prefer_server_cipher_suites: z.boolean('expected true or false').default(true),
  curve_preferences: z.array(CURVE, LIST).default([]),
});
type Section = z.infer<typeof Section>;

/** The section `tls_server_config` as it is in the file. */
const TlsServerConfig = Section.superRefine((section, context) => {
  const addError: AddError = (key, message) => context.addIssue({ code: 'custom', path: [key], message });
  for (const key of ['cert', 'key', 'client_ca'] as const) {
    if (section[key] !== undefined && section[`${key}_file`] !== undefined) {
      addError(key, `${key} and ${key}_file are both set; expected one of them`);
    }
  }
  for (const key of ['cert', 'key'] as const) {
    if (section[key] === undefined && section[`${key}_file`] === undefined) {
      addError(key, `missing; expected ${key} or ${key}_file`);
    }
  }
  checkClientRules(section, addError);
  if (VERSIONS[section.min_version] > VERSIONS[section.max_version]) {
    addError('min_version', 'must not be above max_version');
  }
});

type AddError = (key: string, message: string) => void;

/** Rules without effect are errors: whoever wrote them believes to be protected. */
function checkClientRules(section: Section, addError: AddError): void {
  const authType = section.client_auth_type ?? 'NoClientCert';
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

function toTls(section: Section | null | undefined, absolute: (file: string) => string): TlsConfig | undefined {
  if (!section) return undefined;
  const source = (text: string | undefined, file: string | undefined): PemSource | undefined => {
    if (text !== undefined) return { text };
    return file === undefined ? undefined : { file: absolute(file) };
  };
  const cert = source(section.cert, section.cert_file);
  const key = source(section.key, section.key_file);
  if (cert === undefined || key === undefined)
    throw new Error('a checked tls_server_config has a certificate and a key');
  return {
    cert,
    key,
    clientCa: source(section.client_ca, section.client_ca_file),
    clientAuthType: section.client_auth_type ?? 'NoClientCert',
    clientAllowedSans: section.client_allowed_sans,
    minVersion: VERSIONS[section.min_version],
    maxVersion: VERSIONS[section.max_version],
    cipherSuites: section.cipher_suites && [
      ...TLS13_CIPHERS,
      ...section.cipher_suites.flatMap((name) => CIPHERS.get(name) ?? []),
    ],
    preferServerCipherSuites: section.prefer_server_cipher_suites,
    curvePreferences: section.curve_preferences.map((name) => CURVES[name]),
  };
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
  tls_server_config: TlsServerConfig.nullish(),
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
  const { tls_server_config, http_server_config, basic_auth_users, rate_limit } = parsed.data;
  const folder = dirname(filename);
  const headers = Object.entries(http_server_config?.headers ?? {}).flatMap(([name, value]) =>
    value ? [[name, value]] : [],
  );
  return {
    tls: toTls(tls_server_config, (file) => resolve(folder, file)),
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
