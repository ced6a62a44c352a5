import { MINUTE_MS, SECOND_MS } from '../model/time.ts';
import type { Allowance } from './failure.ts';

interface Heard {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The platform's now as far as it is known; an answer's own `Date` goes before it. */
  readonly nowMs: number;
}

/**
 * Reads the limit headers of PagerDuty (`ratelimit-*`), Opsgenie (`X-RateLimit-*`) and HTTP (`Retry-After`, RFC 9110 §10.2.3).
 * `waitMs` is present only when the answer says that nothing may be sent now.
 */
export function allowanceOf({ status, headers, nowMs: knownNowMs }: Heard): Allowance {
  // Our clock may be off by hours: a time that the platform names is compared with the platform's own now.
  const answeredAtMs = Date.parse(headers['date'] ?? '');
  const nowMs = Number.isNaN(answeredAtMs) ? knownNowMs : answeredAtMs;
  const remaining = wholeNumber(headers['ratelimit-remaining'] ?? headers['x-ratelimit-remaining']);
  const retryAfterMs = retryAfter(headers, nowMs);
  const spent = remaining === 0 || headers['x-ratelimit-state']?.toUpperCase() === 'THROTTLED';
  if (status === 503) return { remaining, waitMs: retryAfterMs };
  if (status !== 429 && !spent) return { remaining };
  const resetMs = reset(headers['ratelimit-reset'], nowMs) ?? period(headers['x-ratelimit-period-in-sec']);
  return { remaining, waitMs: retryAfterMs ?? resetMs };
}

function retryAfter(headers: Heard['headers'], nowMs: number): number | undefined {
  const value = headers['retry-after'];
  const untilMs = Date.parse(value ?? '');
  if (/^[\d.\s]*$/.test(value ?? '') || Number.isNaN(untilMs)) return seconds(value);
  return positive(untilMs - nowMs);
}

/** So many seconds are a time since 1970 (1e9: September 2001), as no platform makes anybody wait for 31 years. */
const EPOCH_SECONDS_MIN = 1e9;

/** Seconds to wait, or the epoch second at which the wait is over. */
function reset(value: string | undefined, nowMs: number): number | undefined {
  const ms = seconds(value);
  return ms === undefined || ms < EPOCH_SECONDS_MIN * SECOND_MS ? ms : positive(ms - nowMs);
}

/** Opsgenie's value is a number of seconds or the name of a window. */
function period(value: string | undefined): number | undefined {
  if (value?.toUpperCase() === 'MINUTE') return MINUTE_MS;
  if (value?.toUpperCase() === 'SECOND') return SECOND_MS;
  return seconds(value);
}

function seconds(value: string | undefined): number | undefined {
  return value === undefined || value.trim() === '' ? undefined : positive(Number(value) * SECOND_MS);
}

function positive(ms: number): number | undefined {
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function wholeNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}
