import type { RequestObserver } from '../../http/request-observer.ts';
import { formatDuration } from '../../model/format.ts';
import { MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import { CLOCK_AHEAD_MAX_MS } from '../../model/validity.ts';
import type { Probe, ProbeOutcome, ProbeReport } from '../../providers/probes.ts';
import type { Check } from './report.ts';

/** What the HTTP client has observed while the platform was probed. */
export interface RecordedRequests {
  /** There was a response, whatever its status. */
  readonly isAnswered: boolean;
  /** Responses that asked for fewer requests. */
  readonly throttled: number;
  /** Requests left after the last response; `isTold` if by the platform's own count, else by our rate limiter. */
  readonly remaining: { readonly requests: number; readonly isTold: boolean } | undefined;
  /** How far the platform's clock is ahead of ours. */
  readonly clockAheadMs: number | undefined;
}

export interface RequestRecorder {
  readonly observer: RequestObserver;
  /** What was observed so far. */
  readonly recorded: () => RecordedRequests;
}

export function createRequestRecorder(): RequestRecorder {
  let isAnswered = false;
  let throttled = 0;
  let remaining: RecordedRequests['remaining'];
  let clockAheadMs: number | undefined;
  return {
    observer: {
      onRequest(code) {
        isAnswered ||= code !== 'error';
      },
      onThrottled() {
        throttled += 1;
      },
      onBudget(requests, isTold) {
        // A response without the header does not replace the count of another one.
        if (isTold || remaining?.isTold !== true) remaining = { requests, isTold };
      },
      onClockSkew(skewMs) {
        clockAheadMs = -skewMs;
      },
    },
    recorded: () => ({ isAnswered, throttled, remaining, clockAheadMs }),
  };
}

/** Clocks that differ by less are good enough: recovery times are made of the platform's own timestamps. */
const CLOCK_DIFFERENCE_WARN_MS = MINUTE_MS;

/** Whether the platform is reachable, accepts the credentials and has our time. */
export function connectionChecks({ probes, region }: ProbeReport, recorded: RecordedRequests): Check[] {
  const rejected = probes.find(({ outcome }) => outcome === 'unauthorised');
  const isAccepted = recorded.isAnswered && probes.some(({ outcome }) => outcome === 'ok' || outcome === 'refused');
  return [
    checkReachable(probes, recorded),
    checkCredentials(rejected, isAccepted),
    checkRegion(region, { isAccepted, isRejected: rejected !== undefined }),
    checkClock(recorded),
  ];
}

function checkReachable(probes: readonly Probe[], { isAnswered }: RecordedRequests): Check {
  const check = 'reachable';
  if (isAnswered) return { check, result: 'ok', found: 'responds' };
  const silent = probes.find(({ outcome }) => outcome === 'unreachable' || outcome === 'failed');
  if (silent === undefined) return { check, result: 'untried', found: 'no request was made without credentials' };
  return { check, result: 'failed', found: silent.message ?? 'no response' };
}

function checkCredentials(rejected: Probe | undefined, isAccepted: boolean): Check {
  const check = 'credentials';
  if (rejected !== undefined) return { check, result: 'failed', found: rejected.message ?? 'invalid credentials' };
  if (isAccepted) return { check, result: 'ok', found: 'accepted' };
  return { check, result: 'untried', found: 'inconclusive' };
}

/** A key of another region looks like an invalid one. */
function checkRegion(
  { name, hint }: ProbeReport['region'],
  { isAccepted, isRejected }: { readonly isAccepted: boolean; readonly isRejected: boolean },
): Check {
  const check = 'region';
  if (isRejected && hint !== undefined) return { check, result: 'warning', found: `${name}; ${hint}` };
  return { check, result: isAccepted && !isRejected ? 'ok' : 'untried', found: name };
}

function checkClock({ clockAheadMs }: RecordedRequests): Check {
  const check = 'clock';
  if (clockAheadMs === undefined) return { check, result: 'untried', found: 'no response had a Date header' };
  const differenceMs = Math.abs(clockAheadMs);
  const numbers = { platform_ahead_seconds: Math.round(clockAheadMs / SECOND_MS) };
  if (differenceMs <= CLOCK_DIFFERENCE_WARN_MS) {
    return { check, result: 'ok', found: `differs by less than ${formatDuration(CLOCK_DIFFERENCE_WARN_MS)}`, numbers };
  }
  const difference = formatDuration(Math.round(differenceMs / SECOND_MS) * SECOND_MS);
  const ours = `this machine's clock is ${difference} ${clockAheadMs > 0 ? 'behind' : 'ahead of'} the platform's`;
  const found = `${ours}: beyond 5m polls use the platform's time, reports do not; synchronise it by NTP`;
  return { check, result: differenceMs <= CLOCK_AHEAD_MAX_MS ? 'warning' : 'failed', found, numbers };
}

/** Outcomes that the checks of the connection explain in full. */
const SHORT_MESSAGES: ReadonlyMap<ProbeOutcome, string> = new Map([
  ['unreachable', 'no response'],
  ['unauthorised', 'invalid credentials'],
]);

/** One check for each call that polls make, with the impact if it is not permitted. */
export function permissionChecks(probes: readonly Probe[]): Check[] {
  return probes.map((probe): Check => {
    const { call: check, message } = probe;
    if (probe.outcome === 'ok') return { check, result: 'ok', found: 'works' };
    if (probe.outcome === 'skipped') return { check, result: 'untried', found: message ?? 'skipped' };
    const result = probe.outcome === 'refused' && !probe.isNeeded ? 'warning' : 'failed';
    const cause = SHORT_MESSAGES.get(probe.outcome) ?? message ?? 'failed';
    return { check, result, found: `${cause}; impact: ${probe.impact}` };
  });
}
