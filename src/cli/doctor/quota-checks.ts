import type { ProviderConfig } from '../../config/types.ts';
import { spacingMs } from '../../http/rate-limiter.ts';
import { formatCount, formatDuration } from '../../model/format.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import type { RequestEstimate } from '../../providers/probes.ts';
import type { RecordedRequests } from './connection-checks.ts';
import { type Check, numberText } from './report.ts';

/** Above this share of the rate limit a busy hour, or another user of the same key, makes polls late. */
const SHARE_WARN = 0.5;
/** Below this share of the rate limit the platform's own count is nearly used up. */
const REMAINING_WARN = 0.1;
const DAYS_PER_MONTH = 30;

/** What polling will take of the rate limit, and what it will cost. */
export function quotaChecks(
  estimate: RequestEstimate | undefined,
  recorded: RecordedRequests,
  provider: ProviderConfig,
): Check[] {
  const remaining = checkRemaining(recorded, provider);
  if (estimate === undefined) return [remaining];
  return [
    remaining,
    checkRequests(estimate, provider),
    ...checkCost(estimate, provider),
    checkFirstSync(estimate, provider),
  ];
}

function checkRemaining({ throttled, remaining }: RecordedRequests, { rateLimit }: ProviderConfig): Check {
  const check = 'allowance';
  const numbers = { throttled, ...(remaining?.isTold === true ? { remaining_requests: remaining.requests } : {}) };
  if (throttled > 0) {
    const found = `rate limited ${formatCount(throttled, 'time')}: lower rate_limit if something else uses the account`;
    return { check, result: 'warning', found, numbers };
  }
  if (remaining === undefined) return { check, result: 'untried', found: 'no response', numbers };
  if (!remaining.isTold) {
    const found = `not reported by the platform; rate_limit is ${limitText(rateLimit)}`;
    return { check, result: 'ok', found, numbers };
  }
  const isLow = remaining.requests < rateLimit.requests * REMAINING_WARN;
  return {
    check,
    result: isLow ? 'warning' : 'ok',
    found: `${formatCount(remaining.requests, 'request')} left`,
    numbers,
  };
}

function limitText({ requests, perMs }: ProviderConfig['rateLimit']): string {
  return `${formatCount(requests, 'request')} per ${formatDuration(perMs)}`;
}

function countPerDay({ perPoll, perHour }: RequestEstimate, { pollIntervalMs }: ProviderConfig): number {
  return Math.ceil((perPoll * DAY_MS) / pollIntervalMs + (perHour * DAY_MS) / HOUR_MS);
}

function checkRequests(estimate: RequestEstimate, provider: ProviderConfig): Check {
  const { rateLimit, pollIntervalMs } = provider;
  const count = countPerDay(estimate, provider);
  const share = count / (((rateLimit.requests * DAY_MS) / rateLimit.perMs) * estimate.rateLimitCount);
  const regions = estimate.rateLimitCount === 1 ? '' : ` in each of ${numberText(estimate.rateLimitCount)} regions`;
  const percent = (share * 100).toLocaleString('en-US', { maximumSignificantDigits: 2 });
  const interval = formatDuration(pollIntervalMs);
  const found = `${numberText(count)} a day when idle, polling every ${interval}: ${percent} % of ${limitText(rateLimit)}${regions}`;
  const numbers = { requests_per_day: count, allowance_share: Number(share.toPrecision(3)) };
  const check = 'requests';
  if (share > 1)
    return { check, result: 'failed', found: `${found}: polls cannot keep up; raise poll_interval`, numbers };
  if (share > SHARE_WARN) return { check, result: 'warning', found: `${found}; raise poll_interval`, numbers };
  return { check, result: 'ok', found, numbers };
}

/** Only for platforms that bill requests. */
function checkCost(estimate: RequestEstimate, provider: ProviderConfig): Check[] {
  const { usdPerThousand } = estimate;
  if (usdPerThousand === undefined) return [];
  const usd = (countPerDay(estimate, provider) * DAYS_PER_MONTH * usdPerThousand) / 1000;
  const found = `about ${usd.toFixed(2)} USD for ${DAYS_PER_MONTH} days, at the list price of ${usdPerThousand} USD per 1,000 requests, without a free tier`;
  const numbers = { usd_per_month: Number(usd.toFixed(2)), usd_per_thousand: usdPerThousand };
  return [{ check: 'cost', result: 'ok', found, numbers }];
}

function checkFirstSync(estimate: RequestEstimate, { rateLimit }: ProviderConfig): Check {
  const ms = (estimate.firstSync * spacingMs(rateLimit)) / estimate.rateLimitCount;
  const time = ms < MINUTE_MS ? 'less than a minute' : `about ${formatCount(Math.ceil(ms / MINUTE_MS), 'minute')}`;
  const basis = estimate.isExact ? '' : ', if the history is like its first page';
  return {
    check: 'first sync',
    result: 'ok',
    found: `${formatCount(estimate.firstSync, 'request')}: ${time} within rate_limit${basis}`,
    numbers: { requests: estimate.firstSync, seconds: Math.ceil(ms / SECOND_MS) },
  };
}
