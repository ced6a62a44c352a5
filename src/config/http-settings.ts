import { z } from 'zod';

/** Mappings may be written as one text too, which is what a file holds: `NAME:PASSWORD`, and lines of `Name: value`. */
const CREDENTIALS = /^([^:]*):([\s\S]+)$/;
const HEADER_LINE = /^([A-Za-z0-9-]+): *(.*)$/;
/** Of headers only those of such names are secret: a tenant named "1" must not be removed from every line of the log. */
const SECRET_NAME = /auth|cookie|key|password|secret|token/i;

const BASIC_AUTH_EXPECTED = 'username, and either password or password_file; in a file USERNAME:PASSWORD';
const HEADERS_EXPECTED = 'names with values; in a file lines such as X-Scope-OrgID: tenant';

const BasicAuth = z
  .strictObject({
    username: z.string().min(1),
    password: z.string().min(1).optional(),
    password_file: z.string().min(1).optional(),
  })
  .refine(
    ({ password, password_file: file }) => (password === undefined) !== (file === undefined),
    BASIC_AUTH_EXPECTED,
  );

const basicAuthText = z.string().transform((text, context) => {
  const [, username, password] = CREDENTIALS.exec(text) ?? [];
  if (username !== undefined && password !== undefined) return { username, password };
  context.addIssue({ code: 'custom' });
  return z.NEVER;
});

const headersText = z.string().transform((text, context) => {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const parsed = lines.map((line) => HEADER_LINE.exec(line));
  if (parsed.every((pair) => pair !== null)) {
    return Object.fromEntries(parsed.map((pair) => [pair[1] ?? '', pair[2] ?? '']));
  }
  context.addIssue({ code: 'custom' });
  return z.NEVER;
});

/** Keys of platforms whose HTTP API anybody may have put something before. */
export const httpShape = {
  basic_auth: z
    .union([BasicAuth, basicAuthText], { error: BASIC_AUTH_EXPECTED })
    .optional()
    .describe('Basic authentication: username, and password or password_file.'),
  bearer_token: z.string().min(1).optional().describe('Bearer token.'),
  headers: z
    .union([z.record(z.string(), z.string()), headersText], { error: HEADERS_EXPECTED })
    .optional()
    .describe('Further headers, such as X-Scope-OrgID for a tenant; NAME_file names a file that holds the value.'),
};

/** The keys of `httpShape`: all of them are secrets. */
export const httpSecrets: readonly string[] = Object.keys(httpShape);

/** The values of these keys as the configuration resolved them. */
const Resolved = z.object({
  basic_auth: z.object({ username: z.string(), password: z.string() }).optional(),
  bearer_token: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
});

/** How requests are authenticated by the keys of `httpShape`. */
export function toHttpHeaders(settings: Readonly<Record<string, unknown>>): {
  readonly headers: Readonly<Record<string, string>>;
  /** Removed from every message. */
  readonly secrets: readonly string[];
} {
  const { basic_auth: credentials, bearer_token: token, headers: own } = Resolved.parse(settings);
  const encoded = credentials && Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  const authorization = [
    ...(encoded === undefined ? [] : [`Basic ${encoded}`]),
    ...(token === undefined ? [] : [`Bearer ${token}`]),
  ];
  if (authorization.length > 1) throw new Error('basic_auth and bearer_token are both set; expected one of them');
  const headers = { ...own, ...(authorization[0] === undefined ? {} : { authorization: authorization[0] }) };
  const secrets = [...secretValues(credentials), ...secretValues(token), ...secretValues(own), ...authorization];
  return { headers, secrets };
}

/** What no message may show of the value of a secret setting: all of a text, of a mapping what its keys say is secret. */
export function secretValues(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    SECRET_NAME.test(name) && typeof one === 'string' && one !== '' ? [one] : [],
  );
}
