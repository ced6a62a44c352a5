import { z } from 'zod';
import { formatAlternatives } from '../model/text.ts';
import { strictMapping } from './strict-mapping.ts';

/** What a client must show; the words are those of Go's crypto/tls, which the toolkit's format takes over. */
const CLIENT_POLICIES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;
export type ClientPolicy = (typeof CLIENT_POLICIES)[number];

/** PEM text, as it stands in the file or in another one. */
export type PemSource = { readonly text: string } | { readonly file: string };

/** How to speak TLS, in Node's words where it has its own. */
export interface TlsConfig {
  readonly cert: PemSource;
  readonly key: PemSource;
  readonly clientCa: PemSource | undefined;
  readonly clientPolicy: ClientPolicy;
  /** Without it any name; else one of these must stand among the subject alternative names of the client's certificate. */
  readonly clientNames: readonly string[] | undefined;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Under OpenSSL's names, best first; absent: OpenSSL's own choice. Those of TLS 1.3 are always among them. */
  readonly cipherSuites: readonly string[] | undefined;
  readonly preferServerCipherSuites: boolean;
  /** Names as OpenSSL has them, best first. */
  readonly curves: readonly string[];
}

const VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;
export type TlsVersion = (typeof VERSIONS)[keyof typeof VERSIONS];
const VERSION = z.enum(['TLS10', 'TLS11', 'TLS12', 'TLS13'], 'is no version; expected TLS10, TLS11, TLS12 or TLS13');

const CURVES = { CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521', X25519: 'X25519' } as const;
const CURVE = z.enum(
  ['CurveP256', 'CurveP384', 'CurveP521', 'X25519'],
  'is no curve; expected CurveP256, CurveP384, CurveP521 or X25519',
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
/** Go takes their names but offers them always; so do we. */
const TLS13_CIPHERS = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];
const CIPHER = z.enum(
  [...CIPHERS.keys(), ...TLS13_CIPHERS],
  `is no cipher suite; expected ${formatAlternatives([...CIPHERS.keys()])}`,
);

const TEXT = z.string('is no text; expected one').min(1, 'is empty; expected a text');
const LIST = 'is no list; expected one';

const Section = strictMapping({
  cert: TEXT.optional(),
  key: TEXT.optional(),
  client_ca: TEXT.optional(),
  cert_file: TEXT.optional(),
  key_file: TEXT.optional(),
  client_ca_file: TEXT.optional(),
  client_auth_type: z.enum(CLIENT_POLICIES, `is no policy; expected one of ${CLIENT_POLICIES.join(', ')}`).optional(),
  client_allowed_sans: z.array(TEXT, LIST).min(1, 'lets nobody in; expected one name or more').optional(),
  min_version: VERSION.default('TLS12'),
  max_version: VERSION.default('TLS13'),
  cipher_suites: z.array(CIPHER, LIST).optional(),
  prefer_server_cipher_suites: z.boolean('is neither; expected true or false').default(true),
  curve_preferences: z.array(CURVE, LIST).default([]),
});
type Section = z.infer<typeof Section>;

/** The section `tls_server_config` as it is written. */
export const TlsServerConfig = Section.superRefine((section, context) => {
  const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
  for (const key of ['cert', 'key', 'client_ca'] as const) {
    if (section[key] !== undefined && section[`${key}_file`] !== undefined) {
      refuse(key, `is given twice; expected ${key} or ${key}_file`);
    }
  }
  for (const key of ['cert', 'key'] as const) {
    if (section[key] === undefined && section[`${key}_file`] === undefined) {
      refuse(key, `is missing; expected ${key} or ${key}_file`);
    }
  }
  checkClientRules(section, refuse);
  if (VERSIONS[section.min_version] > VERSIONS[section.max_version]) {
    refuse('min_version', 'is above max_version; expected it at or below');
  }
});

/** Rules that would be without effect are refused: whoever wrote them believes to be protected. */
function checkClientRules(section: Section, refuse: (key: string, message: string) => void): void {
  const policy = section.client_auth_type ?? 'NoClientCert';
  const caKey = section.client_ca === undefined ? 'client_ca_file' : 'client_ca';
  if (section[caKey] !== undefined && policy === 'NoClientCert') {
    refuse(caKey, 'has no effect without a policy; expected a client_auth_type such as RequireAndVerifyClientCert');
  }
  const requiresCertificate = policy === 'RequireAnyClientCert' || policy === 'RequireAndVerifyClientCert';
  if (section.client_allowed_sans !== undefined && !requiresCertificate) {
    refuse(
      'client_allowed_sans',
      'needs clients with certificates; expected client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert',
    );
  }
}

/** The section in the words of this program; `absolute` turns the paths in it into absolute ones. */
export function toTls(section: Section | null | undefined, absolute: (file: string) => string): TlsConfig | undefined {
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
    clientPolicy: section.client_auth_type ?? 'NoClientCert',
    clientNames: section.client_allowed_sans,
    minVersion: VERSIONS[section.min_version],
    maxVersion: VERSIONS[section.max_version],
    cipherSuites: section.cipher_suites && [
      ...TLS13_CIPHERS,
      ...section.cipher_suites.flatMap((name) => CIPHERS.get(name) ?? []),
    ],
    preferServerCipherSuites: section.prefer_server_cipher_suites,
    curves: section.curve_preferences.map((name) => CURVES[name]),
  };
}
