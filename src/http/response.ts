import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { parseJson } from '../model/text.ts';
import { MINUTE_MS, SECOND_MS } from '../model/time.ts';
import { AttemptError, type RateLimitInfo } from './errors.ts';
import type { RawResponse } from './transport.ts';

/** A response with a 2xx status and its parsed JSON. */
export interface HttpResponse {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where platforms put their message: PagerDuty under `error`, Opsgenie at the top, incident.io and others in `errors`. */
const Message = z.object({
  message: z.string().optional().catch(undefined),
  errors: z
    .union([
      z.string().array(),
      z.array(z.object({ message: z.string() }).transform(({ message }) => message)),
      z.record(z.string(), z.string()),
    ])
    .optional()
    .catch(undefined),
});
const ErrorBody = Message.extend({ error: z.union([z.string(), Message]).optional().catch(undefined) });

/** A platform's own error bodies are short; parsing and redacting a longer one would only take time. */
const ERROR_BODY_MAX_CHARACTERS = 64 * 1024;

/** Parses a 2xx response and its rate limit headers; throws AttemptError for any other status and for what is no JSON. */
export function parseResponse(
  raw: RawResponse,
  nowMs: number,
): { readonly response: HttpResponse; readonly rateLimit: RateLimitInfo } {
  const { status, headers, text } = raw;
  const rateLimit = parseRateLimit({ status, headers, nowMs });
  if (status < 200 || status > 299) throw toAttemptError(raw, rateLimit, nowMs);
  const body = tryParseJson(text);
  if (typeof body !== 'object' || body === null) {
    throw new AttemptError(describeInvalidBody(text), { status, bytes: sizeOf(raw), retry: true, rateLimit });
  }
  return { response: { status, body, headers }, rateLimit };
}

/** Bytes of the body, unpacked. */
export function sizeOf({ text }: RawResponse): number {
  return Buffer.byteLength(text);
}

function toAttemptError(raw: RawResponse, fromHeaders: RateLimitInfo, nowMs: number): AttemptError {
  const { status, headers, text } = raw;
  const body = text.length > ERROR_BODY_MAX_CHARACTERS ? undefined : tryParseJson(text);
  const isRedirect = status > 299 && status < 400;
  const message = isRedirect ? describeRedirect(headers['location']) : findMessage(status, body);
  const isSecondary = SECONDARY_LIMIT.test(message) && (status === 403 || status === 429);
  const throttled = isTooMany(status) || isSecondary || isForbiddenByLimit(raw, message);
  const fromBody = throttled ? parseBodyWait(body, headers['date'], nowMs) : undefined;
  const waitMs = fromHeaders.waitMs ?? fromBody ?? (isSecondary ? SECONDARY_WAIT_MS : undefined);
  const rateLimit = { ...fromHeaders, waitMs };
  const retry = status === 408 || throttled || status >= 500;
  return new AttemptError(message, { status, body, bytes: sizeOf(raw), retry, throttled, rateLimit });
}

/** 429, or 420 (Enhance Your Calm), which Statuspage also sends. */
function isTooMany(status: number): boolean {
  return status === 429 || status === 420;
}

/** GitHub's limit on bursts, which may come without any header: it asks for at least a minute then. */
const SECONDARY_LIMIT = /\bsecondary rate limit\b/i;
const SECONDARY_WAIT_MS = MINUTE_MS;

/** GitHub says "too many" with 403 as well; without these signs that is a missing permission. */
function isForbiddenByLimit({ status, headers }: RawResponse, message: string): boolean {
  if (status !== 403) return false;
  return headers['x-ratelimit-remaining'] === '0' || /\brate limit exceeded\b/i.test(message);
}

/** incident.io says in the body, not in a header, when to come back: as a date. */
const Throttled = z.object({ rate_limit: z.object({ retry_after: z.string() }) });

function parseBodyWait(body: unknown, date: string | undefined, knownNowMs: number): number | undefined {
  const untilMs = Date.parse(Throttled.safeParse(body).data?.rate_limit.retry_after ?? '');
  const dateMs = Date.parse(date ?? '');
  return Number.isNaN(untilMs) ? undefined : onlyPositive(untilMs - (Number.isNaN(dateMs) ? knownNowMs : dateMs));
}

function describeRedirect(location: string | undefined): string {
  const to = location !== undefined && URL.canParse(location) ? ` to ${new URL(location).origin}` : '';
  return `redirect${to}; redirects are not followed, check base_url`;
}

/** The platform's own message with its details, else the name of the status. */
function findMessage(status: number, body: unknown): string {
  const { data } = ErrorBody.safeParse(body);
  const source = data !== undefined && typeof data.error === 'object' ? data.error : data;
  const message = typeof data?.error === 'string' ? data.error : source?.message;
  const details = Array.isArray(source?.errors)
    ? source.errors
    : Object.entries(source?.errors ?? {}).map((pair) => pair.join(': '));
  const parts = [message, ...details].filter((part) => part !== undefined && part !== '');
  return parts.length > 0 ? parts.join('; ') : (STATUS_CODES[status] ?? 'no message');
}

function describeInvalidBody(text: string): string {
  if (text.trim() === '') return 'the response is empty, expected JSON';
  if (text.trimStart().startsWith('<')) return 'the response is a web page, expected JSON';
  return `the response is not a complete JSON object (${text.length} characters)`;
}

/** Undefined for anything but JSON, such as a proxy's error page. */
function tryParseJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

interface RateLimitSource {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The platform's time as far as it is known; the response's own `Date` header takes precedence. */
  readonly nowMs: number;
}

/**
 * Parses the rate limit headers of PagerDuty and GitLab (`ratelimit-*`), Opsgenie and GitHub (`X-RateLimit-*`) and HTTP (`Retry-After`,
 * RFC 9110 §10.2.3). `waitMs` is defined only when the response says that no request may be sent now.
 */
export function parseRateLimit({ status, headers, nowMs: knownNowMs }: RateLimitSource): RateLimitInfo {
  // Our clock may be off by hours: a time that the platform names is compared with the platform's own time.
  const dateMs = Date.parse(headers['date'] ?? '');
  const nowMs = Number.isNaN(dateMs) ? knownNowMs : dateMs;
  const remaining = parseInteger(headers['ratelimit-remaining'] ?? headers['x-ratelimit-remaining']);
  const retryAfterMs = parseRetryAfter(headers['retry-after'], nowMs);
  const isExhausted = remaining === 0 || headers['x-ratelimit-state']?.toUpperCase() === 'THROTTLED';
  if (status === 503) return { remaining, waitMs: retryAfterMs };
  const isRefused = isTooMany(status) || (status === 403 && retryAfterMs !== undefined);
  if (!isRefused && !isExhausted) return { remaining };
  const resetMs =
    parseReset(headers['ratelimit-reset'] ?? (isExhausted ? headers['x-ratelimit-reset'] : undefined), nowMs) ??
    parsePeriod(headers['x-ratelimit-period-in-sec']);
  return { remaining, waitMs: retryAfterMs ?? resetMs };
}

function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const untilMs = Date.parse(value ?? '');
  if (/^[\d.\s]*$/.test(value ?? '') || Number.isNaN(untilMs)) return parseSeconds(value);
  return onlyPositive(untilMs - nowMs);
}

/** From here on a number of seconds is a time since 1970 (1e9: September 2001): no platform asks for a wait of 31 years. */
const EPOCH_SECONDS_MIN = 1e9;

/** Seconds to wait, or the epoch second at which the wait is over. */
function parseReset(value: string | undefined, nowMs: number): number | undefined {
  const ms = parseSeconds(value);
  return ms === undefined || ms < EPOCH_SECONDS_MIN * SECOND_MS ? ms : onlyPositive(ms - nowMs);
}

/** Opsgenie's value is a number of seconds or the name of a window. */
function parsePeriod(value: string | undefined): number | undefined {
  if (value?.toUpperCase() === 'MINUTE') return MINUTE_MS;
  if (value?.toUpperCase() === 'SECOND') return SECOND_MS;
  return parseSeconds(value);
}

function parseSeconds(value: string | undefined): number | undefined {
  return value === undefined || value.trim() === '' ? undefined : onlyPositive(Number(value) * SECOND_MS);
}

function onlyPositive(ms: number): number | undefined {
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function parseInteger(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}
