import { MINUTE_MS, SECOND_MS } from '../model/time.ts';
import type { Allowance } from './failure.ts';

interface Heard {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/**
 * Reads the limit headers of PagerDuty (`ratelimit-*`), Opsgenie (`X-RateLimit-*`) and HTTP (`Retry-After`, RFC 9110 §10.2.3).
 * `waitMs` is present only when the answer says that nothing may be sent now.
 */
export function allowanceOf({ status, headers, nowMs }: Heard): Allowance {
  const remaining = wholeNumber(headers['ratelimit-remaining'] ?? headers['x-ratelimit-remaining']);
  const retryAfterMs = retryAfter(headers, nowMs);
  const spent = remaining === 0 || headers['x-ratelimit-state']?.toUpperCase() === 'THROTTLED';
  if (status === 503) return { remaining, waitMs: retryAfterMs };
  if (status !== 429 && !spent) return { remaining };
  const resetMs = seconds(headers['ratelimit-reset']) ?? period(headers['x-ratelimit-period-in-sec']);
  return { remaining, waitMs: retryAfterMs ?? resetMs };
}

/** A date is measured against the platform's own clock where it tells it, as ours may be off. */
function retryAfter(headers: Heard['headers'], nowMs: number): number | undefined {
  const value = headers['retry-after'];
  const untilMs = Date.parse(value ?? '');
  if (/^[\d.\s]*$/.test(value ?? '') || Number.isNaN(untilMs)) return seconds(value);
  const theirNowMs = Date.parse(headers['date'] ?? '');
  return positive(untilMs - (Number.isNaN(theirNowMs) ? nowMs : theirNowMs));
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
