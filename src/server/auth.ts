import { createHash, createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { requestPath } from './addresses.ts';
import { type AuthResult, type Client, type ComparePassword, createLoginQueue, type Login } from './login-queue.ts';
import { RequestProblem, sendProblem, sendText } from './responses.ts';

/** What clients must send: a bearer token, a user's password, or, when neither is configured, nothing. */
export interface Credentials {
  readonly bearerToken: string | undefined;
  /** Absent when no users are configured. */
  readonly basicAuth: BasicAuth | undefined;
  /** Grants access where the others are required: who may change something may read. */
  readonly adminToken?: string | undefined;
}

export interface AuthOptions {
  /** Read on each request. */
  readonly credentials: () => Credentials;
  /** Whether a request at this time (milliseconds that never go back) is within the rate limit; absent: no limit. */
  readonly rateLimit: () => ((nowMs: number) => boolean) | undefined;
  /** Paths below this get problem documents; others plain text. */
  readonly apiBase: string;
}

/** A step before the endpoints; it answers itself, or calls `next`, with an error when it failed. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** What requests pass first: the rate limit (429), then authentication (401). */
export function createAuthMiddleware({ credentials, rateLimit, apiBase }: AuthOptions): Middleware {
  const reject = (request: IncomingMessage, response: ServerResponse, [status, reason]: readonly [number, string]) => {
    const path = requestPath(request);
    if (path.startsWith(`${apiBase}/`)) sendProblem(response, new RequestProblem(status, reason), path);
    else sendText(response, status, reason);
  };
  return (request, response, next) => {
    if (rateLimit()?.(performance.now()) === false) {
      reject(request, response, [429, 'too many requests; see rate_limit in the web configuration']);
      return;
    }
    const expected = credentials();
    const act = (result: AuthResult) => {
      if (result === 'granted') {
        next();
      } else if (result === 'busy') {
        reject(request, response, [429, 'too many logins are waiting; try again later']);
      } else {
        response.setHeader('WWW-Authenticate', toChallenges(expected));
        reject(request, response, [401, 'invalid credentials']);
      }
    };
    const { headers, socket } = request;
    const client = { address: socket.remoteAddress ?? '', connection: socket };
    const result = authenticate(headers, expected, client);
    if (typeof result === 'string') act(result);
    else result.then(act).catch(next);
  };
}

/** Checks the credentials of a request; with tokens and users configured either is enough. */
export function authenticate(
  headers: IncomingHttpHeaders,
  { bearerToken, basicAuth, adminToken }: Credentials,
  client: Client,
): AuthResult | Promise<AuthResult> {
  if (bearerToken === undefined && basicAuth === undefined) return 'granted';
  if (adminToken !== undefined && isAdmin(headers, adminToken)) return 'granted';
  const given = parseBearerToken(headers.authorization);
  if (given !== undefined) {
    return bearerToken !== undefined && isSameSecret(given, bearerToken) ? 'granted' : 'denied';
  }
  const login = parseLogin(headers.authorization);
  if (login === undefined || basicAuth === undefined) return 'denied';
  return basicAuth.authenticate(login, client);
}

/** Whether a request carries the admin token: as X-Admin-Token, for clients that need Authorization for another login, or as bearer. */
export function isAdmin({ authorization, 'x-admin-token': header }: IncomingHttpHeaders, adminToken: string): boolean {
  const given = [header, parseBearerToken(authorization)].filter((token) => typeof token === 'string');
  return given.some((token) => isSameSecret(token, adminToken));
}

/** The token of an Authorization header with the scheme Bearer. */
function parseBearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/** Whether both are the same; digests of equal length are compared in constant time. */
function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));
}

/** The values of WWW-Authenticate for what is configured. */
function toChallenges({ bearerToken, basicAuth }: Credentials): string[] {
  const basic = basicAuth === undefined ? [] : ['Basic realm="mttr-exporter", charset="UTF-8"'];
  return bearerToken === undefined ? basic : [...basic, 'Bearer realm="mttr-exporter"'];
}

function parseLogin(authorization: string | undefined): Login | undefined {
  const encoded = /^basic +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** bcrypt ignores what comes after so many bytes: a longer password would be right by its beginning. */
const PASSWORD_BYTES_MAX = 72;
/** RFC 7617 forbids them; with a zero byte in them several passwords have the same hash. */
const CONTROL_CHARACTER = /\p{Cc}/u;
/** Denied passwords that are remembered, so that a scraper with a wrong one costs one comparison and not one per scrape. */
const DENIED_MAX = 100;

/** Users and their passwords. */
export interface BasicAuth {
  /** At once when the result is known already; rejects when passwords cannot be compared. */
  authenticate(login: Login, client: Client): AuthResult | Promise<AuthResult>;
}

/**
 * Basic authentication of the given users (name → bcrypt hash), of whom there is one at least. Results are remembered
 * under a keyed digest, never under the password; logins that are not remembered wait for their turn.
 */
export function createBasicAuth(users: ReadonlyMap<string, string>, compare: ComparePassword): BasicAuth {
  const digestKey = randomBytes(32);
  const granted = new Set<string>();
  const denied = new Set<string>();
  const findHash = createHashLookup(users);

  const toDigest = ({ user, password }: Login): string => {
    const text = JSON.stringify([user, password]);
    return createHmac('sha256', digestKey).update(text).digest('base64');
  };
  const remembered = (digest: string): AuthResult | undefined => {
    if (granted.has(digest)) return 'granted';
    return denied.has(digest) ? 'denied' : undefined;
  };
  const waitInQueue = createLoginQueue(async (login) => {
    const digest = toDigest(login);
    // The same login may have been verified while this one waited.
    const known = remembered(digest);
    if (known !== undefined) return known;
    const isMatch = await compare(login.password, findHash(login.user));
    if (isMatch && users.has(login.user)) {
      granted.add(digest);
      return 'granted';
    }
    denied.add(digest);
    if (denied.size > DENIED_MAX) denied.delete(first(denied));
    return 'denied';
  });

  return {
    authenticate: (login, client) => {
      if (!isPossible(login)) return 'denied';
      return remembered(toDigest(login)) ?? waitInQueue(login, client);
    },
  };
}

/** Whether any user could log in so; it depends on no user, so the quick denial discloses nothing. */
function isPossible({ user, password }: Login): boolean {
  if (CONTROL_CHARACTER.test(user) || CONTROL_CHARACTER.test(password)) return false;
  return Buffer.byteLength(password) <= PASSWORD_BYTES_MAX;
}

/**
 * Finds the hash that a user's password is compared with. A name that is not configured gets the hash of one that is, so
 * that both take as long: always the costliest would show by its time which users are cheaper, hence exist. Which one is
 * a function of the name and the file: the same on each try, also after a restart, and each cost is as frequent among
 * strangers as among users. The hashes are the key, so nobody who does not know them can compute it.
 */
function createHashLookup(users: ReadonlyMap<string, string>): (user: string) => string {
  const hashes = [...users.values()].toSorted();
  const key = createHash('sha256').update(hashes.join('\n')).digest();
  return (user) => {
    const hash = users.get(user);
    if (hash !== undefined) return hash;
    const index = createHmac('sha256', key).update(user).digest().readUIntBE(0, 6) % hashes.length;
    return hashes[index] ?? '';
  };
}

function first(values: ReadonlySet<string>): string {
  const [value = ''] = values;
  return value;
}
