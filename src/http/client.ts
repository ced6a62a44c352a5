import type { RateLimit } from '../config/types.ts';
import type { Clock } from '../model/time.ts';
import { type Agents, createAgents, proxySecrets } from './agents.ts';
import { type AccessToken, type ClientCredentialsOptions, createAccessToken } from './client-credentials.ts';
import { AttemptError, type ErrorClass, RequestError } from './errors.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createRedactor, type Redactor } from './redact.ts';
import { measureClockSkew, type RequestObserver } from './request-observer.ts';
import { type HttpResponse, parseResponse, sizeOf } from './response.ts';
import { createRetry } from './retry.ts';
import { checkHeaders, sendRequest } from './transport.ts';

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
  /** A bearer token is requested with these, and sent with each request. */
  readonly clientCredentials?: ClientCredentialsOptions | undefined;
  readonly rateLimit: RateLimit;
  readonly timeoutMs: number;
  readonly proxyUrl: string | undefined;
  readonly caFile: string | undefined;
  readonly clock: Clock;
  readonly observer: RequestObserver;
  /** Classifies the errors of a platform's own SDK (for `run`); without it none is retried. */
  readonly classifyError?: ((error: unknown) => ErrorClass) | undefined;
}

/** Creates the client of one platform; throws when the base URL, a header, the CA file or a proxy URL is invalid. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { clock, observer, headers, timeoutMs, rateLimit, classifyError = unclassifiedError } = options;
  const connection = { proxyUrl: options.proxyUrl, caFile: options.caFile, env: process.env };
  const base = parseBaseUrl(options.baseUrl);
  checkHeaders(headers);
  const agents = createAgents(connection);
  const { redactor, accessToken } = createCredentials(options, agents, proxySecrets(connection));
  const rateLimiter = createRateLimiter({ rateLimit, clock });
  const closing = new AbortController();
  let newestSkewMs = 0;
  const withRetries = createRetry({ rateLimiter, clock, observer, redactor, timeoutMs, closing: closing.signal });

  return {
    async get(requestPath, query, signal) {
      const { path, endpoint } = typeof requestPath === 'string' ? { path: requestPath } : requestPath;
      const url = resolveUrl(base, path, query);
      const shownPath = toShownPath(base, url);
      const attempt = async (attemptSignal: AbortSignal) => {
        const token = await accessToken?.get(attemptSignal);
        const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const sentAtMs = clock.nowMs();
        const raw = await sendRequest({ url, headers: { ...headers, ...credentials }, agents, signal: attemptSignal });
        const receivedAtMs = clock.nowMs();
        if (token !== undefined && raw.status !== 401) accessToken?.onAccepted(token);
        else if (token !== undefined && accessToken?.onRefused(token) === true) {
          throw new AttemptError('the access token was refused', { status: 401, retry: true });
        }
        const skewMs = measureClockSkew({ headers: raw.headers, sentAtMs, receivedAtMs });
        if (skewMs !== undefined) observer.onClockSkew?.(skewMs);
        newestSkewMs = skewMs ?? newestSkewMs;
        const { response, rateLimit: info } = parseResponse(raw, receivedAtMs - newestSkewMs);
        return { value: response, status: response.status, rateLimit: info, bytes: sizeOf(raw) };
      };
      const request = { method: 'GET', host: base.host, path: shownPath, endpoint: endpoint ?? toEndpoint(shownPath) };
      return withRetries({ label: `GET ${shownPath}`, request, attempt, signal });
    },
    async run(operation, call, signal) {
      const attempt = async (attemptSignal: AbortSignal) => {
        try {
          return { value: await call(attemptSignal), status: 200, rateLimit: {} };
        } catch (error) {
          throw toAttemptError(classifyError(error));
        }
      };
      const request = { method: 'POST', host: base.host, path: operation, endpoint: operation };
      return withRetries({ label: base.host, request, attempt, signal });
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

/** The access token where the platform wants one, and a redactor that knows it with the other secrets. */
function createCredentials(
  { secrets: ownSecrets, clientCredentials, clock }: HttpClientOptions,
  agents: Agents,
  ofProxy: readonly string[],
): { readonly redactor: Redactor; readonly accessToken: AccessToken | undefined } {
  const secrets = [...ownSecrets, clientCredentials?.clientSecret ?? '', ...ofProxy];
  let redact = createRedactor(secrets);
  const onToken = (token: string) => {
    redact = createRedactor([...secrets, token]);
  };
  return {
    redactor: { text: (text) => redact.text(text), value: (value) => redact.value(value) },
    accessToken: clientCredentials && createAccessToken(clientCredentials, { agents, clock, onToken }),
  };
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
