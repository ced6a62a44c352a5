import { durationText } from '../../config/durations.ts';
import type { ProviderConfig } from '../../config/types.ts';
import { spacingMs } from '../../http/rate-limiter.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import type { RequestEstimate } from '../../providers/probes.ts';
import type { Heard } from './connection-checks.ts';
import { type Check, counted, some } from './report.ts';

/** Above this share of the allowance a busy hour, or somebody else with the same key, makes polls late. */
const SHARE_WARN = 0.5;
/** Below this share of the allowance the platform's own count is nearly used up. */
const REMAINING_WARN = 0.1;
const DAYS_PER_MONTH = 30;

/** What polling will take of the allowance, and what it will cost. */
export function costChecks(estimate: RequestEstimate | undefined, heard: Heard, provider: ProviderConfig): Check[] {
  if (estimate === undefined) return [allowance(heard, provider)];
  return [
    allowance(heard, provider),
    requests(estimate, provider),
    ...prices(estimate, provider),
    firstSync(estimate, provider),
  ];
}

function allowance({ throttled, remaining }: Heard, { rateLimit }: ProviderConfig): Check {
  const check = 'allowance';
  const numbers = { throttled, ...(remaining?.isTold === true ? { remaining_requests: remaining.requests } : {}) };
  if (throttled > 0) {
    const found = `the platform said ${some(throttled, 'time')} that there were too many requests: does something else use the account? lower rate_limit`;
    return { check, result: 'warning', found, numbers };
  }
  if (remaining === undefined) return { check, result: 'untried', found: 'nothing was answered', numbers };
  if (!remaining.isTold) {
    const found = `not told by the platform; rate_limit keeps to ${limitText(rateLimit)}`;
    return { check, result: 'ok', found, numbers };
  }
  const isLow = remaining.requests < rateLimit.requests * REMAINING_WARN;
  return { check, result: isLow ? 'warning' : 'ok', found: `${some(remaining.requests, 'request')} left`, numbers };
}

function limitText({ requests: count, perMs }: ProviderConfig['rateLimit']): string {
  return `${some(count, 'request')} in ${durationText(perMs)}`;
}

function perDay({ perPoll, perHour }: RequestEstimate, { pollIntervalMs }: ProviderConfig): number {
  return Math.ceil((perPoll * DAY_MS) / pollIntervalMs + (perHour * DAY_MS) / HOUR_MS);
}

function requests(estimate: RequestEstimate, provider: ProviderConfig): Check {
  const { rateLimit, pollIntervalMs } = provider;
  const count = perDay(estimate, provider);
  const share = count / (((rateLimit.requests * DAY_MS) / rateLimit.perMs) * estimate.rateLimitCount);
  const each = estimate.rateLimitCount === 1 ? '' : `, for each of ${counted(estimate.rateLimitCount)} allowances`;
  const found = `${counted(count)} a day with a poll every ${durationText(pollIntervalMs)} while little happens: ${percent(share)} of ${limitText(rateLimit)}${each}`;
  const numbers = { requests_per_day: count, allowance_share: Number(share.toPrecision(3)) };
  const check = 'requests';
  if (share > 1)
    return { check, result: 'failed', found: `${found}: polls cannot keep up; raise poll_interval`, numbers };
  if (share > SHARE_WARN) return { check, result: 'warning', found: `${found}; raise poll_interval`, numbers };
  return { check, result: 'ok', found, numbers };
}

function percent(share: number): string {
  return `${(share * 100).toLocaleString('en-US', { maximumSignificantDigits: 2 })} %`;
}

/** Only platforms that bill requests have a price. */
function prices(estimate: RequestEstimate, provider: ProviderConfig): Check[] {
  const { usdPerThousand } = estimate;
  if (usdPerThousand === undefined) return [];
  const usd = (perDay(estimate, provider) * DAYS_PER_MONTH * usdPerThousand) / 1000;
  const found = `about ${usd.toFixed(2)} USD for ${DAYS_PER_MONTH} days, taking the published ${usdPerThousand} USD for 1,000 requests and no free ones`;
  return [
    {
      check: 'cost',
      result: 'ok',
      found,
      numbers: { usd_per_month: Number(usd.toFixed(2)), usd_per_thousand: usdPerThousand },
    },
  ];
}

function firstSync(estimate: RequestEstimate, { rateLimit }: ProviderConfig): Check {
  const ms = (estimate.firstSync * spacingMs(rateLimit)) / estimate.rateLimitCount;
  const minutes = ms / MINUTE_MS;
  const time = ms < MINUTE_MS ? 'less than a minute' : `about ${some(Math.ceil(minutes), 'minute')}`;
  const basis = estimate.isExact ? '' : ', if the history is like its first page';
  return {
    check: 'first sync',
    result: 'ok',
    found: `${some(estimate.firstSync, 'request')}: ${time} at the allowance${basis}`,
    numbers: { requests: estimate.firstSync, seconds: Math.ceil(ms / SECOND_MS) },
  };
}
