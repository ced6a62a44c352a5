import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError, formatProblem, type Problem } from '../config/diagnostics.ts';
import { parseYaml } from '../config/document.ts';
import type { RequestLimit } from './rate-limit.ts';
import { strictMapping } from './strict-mapping.ts';
import { type TlsConfig, TlsServerConfig, toTls } from './tls-config.ts';

/** What --web.config.file says, in the format of the Prometheus exporter-toolkit. */
export interface WebConfig {
  /** Absent: plain HTTP. */
  readonly tls: TlsConfig | undefined;
  /** Added to every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Name → bcrypt hash; empty: no basic authentication. */
  readonly users: ReadonlyMap<string, string>;
  readonly requestLimit: RequestLimit | undefined;
}

const HEADER_VALUE = z
  .string('is no text; expected the value of a header')
  .regex(/^[\t\x20-\x7e]*$/, 'holds a character that no header may; expected printable ASCII');
const BCRYPT_HASH = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
/** A login at cost 11 takes some 140 ms, at 12 some 290 ms (bcryptjs on a current server); 250 ms is what we allow. */
const BCRYPT_COST_MAX = 11;
const USER_NAME = /^[^:\p{Cc}]+$/u;

const HttpServerConfig = strictMapping({
  http2: z.literal(false, 'is not offered; expected false or no such key (this server speaks HTTP/1.1)').optional(),
  headers: strictMapping({
    'Content-Security-Policy': HEADER_VALUE.optional(),
    'Strict-Transport-Security': HEADER_VALUE.optional(),
    'X-Content-Type-Options': z.enum(['', 'nosniff'], 'is not allowed; expected nosniff').optional(),
    'X-Frame-Options': z.enum(['', 'deny', 'sameorigin'], 'is not allowed; expected deny or sameorigin').optional(),
    'X-XSS-Protection': HEADER_VALUE.optional(),
  }).nullish(),
});

const Users = z.record(
  z.string().regex(USER_NAME, 'is no user name; expected one without colons and control characters'),
  z
    .string('is no bcrypt hash; expected one as htpasswd -nBC 10 prints it')
    .regex(BCRYPT_HASH, 'is no bcrypt hash; expected one as htpasswd -nBC 10 prints it')
    .refine((hash) => !(bcryptCost(hash) > BCRYPT_COST_MAX), {
      error: ({ input }) =>
        `has cost ${bcryptCost(String(input))}, at which each login takes longer than 250 ms; expected ${BCRYPT_COST_MAX} or less, as htpasswd -nBC 10 prints it`,
    }),
  'is no mapping; expected user names with bcrypt hashes',
);

const RateLimit = strictMapping({
  interval: z
    .union([z.literal(0), z.string()], 'is no duration; expected one such as 100ms, or 0 for no limit')
    .default(0)
    .transform(goDurationMs),
  burst: z
    .int('is no whole number; expected how many requests may come at once')
    .min(0, 'is negative; expected 0 or more')
    .default(0),
}).refine(({ interval, burst }) => interval === 0 || burst >= 1, {
  path: ['burst'],
  error: 'lets no request pass; expected 1 or more beside an interval',
});

const WebFile = strictMapping({
  tls_server_config: TlsServerConfig.nullish(),
  http_server_config: HttpServerConfig.nullish(),
  basic_auth_users: Users.nullish(),
  rate_limit: RateLimit.nullish(),
});

/**
 * Reads a web configuration; paths in it are relative to `filename`. Throws ConfigError with one line per problem,
 * `path (file:line:column): what is wrong; what was expected`, which never holds a value of the file.
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
    requestLimit: rate_limit?.interval ? { intervalMs: rate_limit.interval, burst: rate_limit.burst } : undefined,
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
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? issue.message }];
  return [{ path, message: issue.message }];
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
    context.issues.push({
      code: 'custom',
      input: text,
      message: 'is no duration; expected one such as 100ms or 1m30s',
    });
    return 0;
  }
  const parts = text.matchAll(/([\d.]+)(\D+)/g);
  return [...parts].reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNIT_MS.get(unit) ?? 0), 0);
}
