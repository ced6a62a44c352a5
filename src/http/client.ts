import type { RateLimit } from '../config/types.ts';
import { type Clock, MINUTE_MS } from '../model/time.ts';
import { type AccessToken, createAccessToken, type TokenSource } from './access-token.ts';
import { type Agents, createAgents, proxySecrets } from './agents.ts';
import { AttemptError, type ErrorClass, type RateLimitInfo, RequestError } from './errors.ts';
import { createKeptResponses } from './kept-responses.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createRedactor, type Redactor } from './redact.ts';
import { measureClockSkew, type RequestObserver } from './request-observer.ts';
import { type HttpResponse, parseRateLimit, parseResponse, sizeOf } from './response.ts';
import { type AttemptResult, createRetry } from './retry.ts';
import { checkHeaders, type RawResponse, sendRequest } from './transport.ts';

/** Query parameters; arrays repeat their name as it is written (`statuses[]`). `undefined` is left out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/**
 * Where a request goes: a path that is the same each time, or one with ids and the word that stands for all of its kind
 * (`/incidents/{id}`), which becomes a label.
 */
export type RequestPath = string | { readonly path: string; readonly endpoint: string };

/** The only way to a platform: within its rate limit, with retries, time-outs, a size limit and redacted errors. */
export interface HttpClient {
  /**
   * GET `path` (relative to the base URL, or an absolute URL of the same origin) and parse its JSON.
   * Throws RequestError when all tries failed, the platform refused, or the body is not JSON.
   */
  get(path: RequestPath, query: Query, signal: AbortSignal): Promise<HttpResponse>;
  /** POST of a question that changes nothing (GraphQL); otherwise as `get`. */
  post(path: RequestPath, body: unknown, signal: AbortSignal): Promise<HttpResponse>;
  /** Runs one call of a platform's own SDK, named by its operation, with the same rate limit, retries and deadline. */
  run<T>(operation: string, call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Where relative paths lead; requests never leave this origin. */
  readonly baseUrl: string;
  /** Sent with each request, credentials included. */
  readonly headers: Readonly<Record<string, string>>;
  /** Removed from every message. */
  readonly secrets: readonly string[];
  /** A bearer token comes from here, and is sent with each request. */
  readonly tokenSource?: TokenSource | undefined;
  /** Answers to GET are kept with their `ETag`, and asked for again with it: 304 gives the kept one. */
  readonly isConditional?: boolean | undefined;
  /** What an answer to `post` with status 200 reports as an error; undefined for a good one. */
  readonly bodyProblem?: ((body: unknown) => BodyProblem | undefined) | undefined;
  /** Redirects of GET to the same origin are followed; without it no redirect is. */
  readonly followsRedirects?: boolean | undefined;
  readonly rateLimit: RateLimit;
  readonly timeoutMs: number;
  readonly proxyUrl: string | undefined;
  readonly caFile: string | undefined;
  readonly clock: Clock;
  readonly observer: RequestObserver;
  /** Classifies the errors of a platform's own SDK (for `run`); without it none is retried. */
  readonly classifyError?: ((error: unknown) => ErrorClass) | undefined;
}

/** An error inside an answer with status 200, as GraphQL reports them. */
export interface BodyProblem {
  readonly message: string;
  /** Another attempt may succeed. */
  readonly retry: boolean;
  /** It says "too many requests": without a header that says more, a minute is waited for. */
  readonly throttled: boolean;
}

/** Creates the client of one platform; throws when the base URL, a header, the CA file or a proxy URL is invalid. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { clock, observer, timeoutMs, rateLimit, classifyError = unclassifiedError } = options;
  const connection = { proxyUrl: options.proxyUrl, caFile: options.caFile, env: process.env };
  const base = parseBaseUrl(options.baseUrl);
  checkHeaders(options.headers);
  const agents = createAgents(connection);
  const skew = { newestMs: 0 };
  const platformNowMs = () => clock.nowMs() - skew.newestMs;
  const { redactor, accessToken } = createCredentials(options, { agents, platformNowMs }, proxySecrets(connection));
  const rateLimiter = createRateLimiter({ rateLimit, clock });
  const closing = new AbortController();
  const withRetries = createRetry({ rateLimiter, clock, observer, redactor, timeoutMs, closing: closing.signal });
  const attempt = createAttempt({ options, agents, accessToken, skew });

  /** One request, and those that redirects lead to. */
  async function send(requestPath: RequestPath, sent: Sent, signal: AbortSignal): Promise<HttpResponse> {
    const named = typeof requestPath === 'string' ? undefined : requestPath.endpoint;
    const method = sent.body === undefined ? 'GET' : 'POST';
    let { url } = sent;
    for (let hops = 0; hops <= REDIRECTS_MAX; hops += 1) {
      const at = { ...sent, url };
      const path = toShownPath(base, url);
      const response = await withRetries({
        label: `${method} ${path}`,
        request: { method, host: base.host, path, endpoint: named ?? toEndpoint(path) },
        attempt: (attemptSignal) => attempt(at, attemptSignal),
        signal,
      });
      if (!('redirect' in response)) return response;
      url = response.redirect;
    }
    throw new RequestError(`${method} ${toShownPath(base, sent.url)}: more than ${REDIRECTS_MAX} redirects`);
  }

  return {
    get: async (path, query, signal) => send(path, { url: resolveUrl(base, toPath(path), query) }, signal),
    post: async (path, body, signal) => send(path, { url: resolveUrl(base, toPath(path), {}), body }, signal),
    async run(operation, call, signal) {
      const attemptCall = async (attemptSignal: AbortSignal) => {
        try {
          return { value: await call(attemptSignal), status: 200, rateLimit: {} };
        } catch (error) {
          throw toAttemptError(classifyError(error));
        }
      };
      const request = { method: 'POST', host: base.host, path: operation, endpoint: operation };
      return withRetries({ label: base.host, request, attempt: attemptCall, signal });
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort(new Error('the connection to the platform was closed'));
      await rateLimiter.close();
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

function toPath(requestPath: RequestPath): string {
  return typeof requestPath === 'string' ? requestPath : requestPath.path;
}

interface AttemptContext {
  readonly options: HttpClientOptions;
  readonly agents: Agents;
  readonly accessToken: AccessToken | undefined;
  /** Local clock minus platform clock, by the newest answer. */
  readonly skew: { newestMs: number };
}

/** Sends one request once: a redirect to follow, or a response; throws AttemptError for any other answer. */
function createAttempt({ options, agents, accessToken, skew }: AttemptContext) {
  const { clock, observer, headers } = options;
  const kept = options.isConditional === true ? createKeptResponses() : undefined;

  async function exchange({ url, body }: Sent, signal: AbortSignal): Promise<{ raw: RawResponse; nowMs: number }> {
    const token = await accessToken?.get(signal);
    const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const more = body === undefined ? kept?.condition(url) : { 'content-type': 'application/json' };
    const content = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    const sentAtMs = clock.nowMs();
    const raw = await sendRequest({
      url,
      headers: { ...headers, ...more, ...credentials },
      agents,
      signal,
      ...content,
    });
    const receivedAtMs = clock.nowMs();
    if (token !== undefined && raw.status !== 401) accessToken?.onAccepted(token);
    else if (token !== undefined && accessToken?.onRefused(token) === true) {
      throw new AttemptError('the access token was refused', { status: 401, retry: true });
    }
    const skewMs = measureClockSkew({ headers: raw.headers, sentAtMs, receivedAtMs });
    if (skewMs !== undefined) observer.onClockSkew?.(skewMs);
    skew.newestMs = skewMs ?? skew.newestMs;
    return { raw, nowMs: receivedAtMs - skew.newestMs };
  }

  return async (sent: Sent, signal: AbortSignal): Promise<AttemptResult<HttpResponse | Redirect>> => {
    const { url } = sent;
    const isPost = sent.body !== undefined;
    const { raw, nowMs } = await exchange(sent, signal);
    const { status } = raw;
    const bytes = sizeOf(raw);
    const known = status === 304 ? kept?.find(url) : undefined;
    if (known !== undefined) return { value: known, status, rateLimit: parseRateLimit({ ...raw, nowMs }), bytes };
    const redirect = isPost || options.followsRedirects !== true ? undefined : redirectOf(raw, url);
    if (redirect !== undefined) return { value: { redirect }, status, rateLimit: {}, bytes };
    const { response, rateLimit } = parseResponse(raw, nowMs);
    if (!isPost) kept?.keep(url, response, bytes);
    const problem = isPost ? options.bodyProblem?.(response.body) : undefined;
    if (problem !== undefined) throw toProblemError(problem, { status, bytes, rateLimit });
    return { value: response, status, rateLimit, bytes };
  };
}

/** The access token where the platform wants one, and a redactor that knows it with the other secrets. */
function createCredentials(
  { secrets: ownSecrets, tokenSource, clock }: HttpClientOptions,
  context: { readonly agents: Agents; readonly platformNowMs: () => number },
  ofProxy: readonly string[],
): { readonly redactor: Redactor; readonly accessToken: AccessToken | undefined } {
  const secrets = [...ownSecrets, ...(tokenSource?.secrets ?? []), ...ofProxy];
  let redact = createRedactor(secrets);
  const onToken = (token: string) => {
    redact = createRedactor([...secrets, token]);
  };
  return {
    redactor: { text: (text) => redact.text(text), value: (value) => redact.value(value) },
    accessToken: tokenSource && createAccessToken(tokenSource, { ...context, clock, onToken }),
  };
}

/** GitHub asks for at least a minute where no header says more. */
const PROBLEM_WAIT_MS = MINUTE_MS;

function toProblemError(
  { message, retry, throttled }: BodyProblem,
  { rateLimit, ...answer }: { readonly status: number; readonly bytes: number; readonly rateLimit: RateLimitInfo },
): AttemptError {
  const waitMs = rateLimit.waitMs ?? (throttled ? PROBLEM_WAIT_MS : undefined);
  return new AttemptError(message, { ...answer, retry, throttled, rateLimit: { ...rateLimit, waitMs } });
}

/** One request before it is sent; a body makes it a POST. */
interface Sent {
  readonly url: URL;
  readonly body?: unknown;
}

interface Redirect {
  readonly redirect: URL;
}

/** A renamed repository takes one hop; more than a few are a loop. */
const REDIRECTS_MAX = 3;
const REDIRECT_STATUSES: readonly number[] = [301, 302, 303, 307, 308];

/** Where a response of the platform leads; undefined for another origin, which is an error of the configuration. */
function redirectOf({ status, headers }: RawResponse, from: URL): URL | undefined {
  const location = headers['location'];
  if (!REDIRECT_STATUSES.includes(status) || location === undefined) return undefined;
  const url = URL.parse(location, from.href);
  return url !== null && url.origin === from.origin ? url : undefined;
}

function toAttemptError({ status, message, retry, throttled, code }: ErrorClass): AttemptError {
  const body = code === undefined ? undefined : { code };
  return new AttemptError(message, { status, body, retry: retry || throttled, throttled });
}

/** Nothing is known of the error, so it is not retried. */
function unclassifiedError(error: unknown): ErrorClass {
  const message = error instanceof Error ? error.message : 'the call failed';
  return { retry: false, throttled: false, status: undefined, message };
}

/** Parses a base URL: http or https, without credentials. */
function parseBaseUrl(text: string): URL {
  const base = URL.canParse(text) ? new URL(text) : undefined;
  if (base === undefined || !['http:', 'https:'].includes(base.protocol)) {
    throw new Error('base_url: expected a URL that begins with http:// or https://');
  }
  if (base.username !== '' || base.password !== '') {
    throw new Error('base_url: expected a URL without user name and password');
  }
  return base;
}

/**
 * The URL of a request: `path` below the base URL's own path, or an absolute URL of the same origin.
 * Throws RequestError for any other origin, before anything is sent.
 */
function resolveUrl(base: URL, path: string, query: Query): URL {
  const url = isAbsolute(path)
    ? parseAbsolute(base, path)
    : new URL(`${base.origin}${pathPrefix(base)}/${path.replace(/^\/+/, '')}`);
  if (url.origin !== base.origin) {
    throw new RequestError(`GET ${url.origin}: refused: requests are only sent to ${base.origin}`);
  }
  url.username = '';
  url.password = '';
  url.hash = '';
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url;
}

/** The path below the base URL, without the query. */
function toShownPath(base: URL, url: URL): string {
  const prefix = pathPrefix(base);
  return url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : url.pathname;
}

/** A path that nobody named: what may be an id is replaced, so that no label has one. */
function toEndpoint(path: string): string {
  const parts = path.split('/').map((part) => (/\d|%/.test(part) && !/^v\d$/.test(part) ? '{id}' : part));
  return parts.join('/');
}

function isAbsolute(path: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|[/\\]{2})/i.test(path);
}

function parseAbsolute(base: URL, path: string): URL {
  if (!URL.canParse(path, base.href)) {
    throw new RequestError('GET: refused: the address of the next request is not a URL');
  }
  return new URL(path, base);
}

function pathPrefix(base: URL): string {
  return base.pathname.replace(/\/+$/, '');
}
