import { durationText } from '../../config/durations.ts';
import type { RequestObserver } from '../../http/request-observer.ts';
import { MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import { CLOCK_AHEAD_MAX_MS } from '../../model/validity.ts';
import type { Probe, ProbeOutcome, ProbeReport } from '../../providers/probes.ts';
import type { Check } from './report.ts';

/** What was heard of a platform besides its answers. */
export interface Heard {
  /** Somebody answered, whatever it was. */
  readonly isAnswered: boolean;
  /** Answers by which the platform asked for fewer requests. */
  readonly throttled: number;
  /** Requests left after the last answer, as the platform or else our own pace tells. */
  readonly remaining: { readonly requests: number; readonly isTold: boolean } | undefined;
  /** How far the platform's clock is ahead of ours. */
  readonly clockAheadMs: number | undefined;
}

/** An observer that remembers, and what it heard so far. */
export function createHearing(): { readonly observer: RequestObserver; readonly heard: () => Heard } {
  let isAnswered = false;
  let throttled = 0;
  let remaining: Heard['remaining'];
  let clockAheadMs: number | undefined;
  return {
    observer: {
      onRequest(code) {
        isAnswered ||= code !== 'error';
      },
      onThrottled() {
        throttled += 1;
      },
      onBudget(left, isTold) {
        // An answer without the header says nothing about what another one told.
        if (isTold || remaining?.isTold !== true) remaining = { requests: left, isTold };
      },
      onClockSkew(skewMs) {
        clockAheadMs = -skewMs;
      },
    },
    heard: () => ({ isAnswered, throttled, remaining, clockAheadMs }),
  };
}

/** Clocks that agree to this are not spoken of: recovery times are made of the platform's own stamps. */
const CLOCK_APART_WARN_MS = MINUTE_MS;

/** Whether the platform is there, takes the credentials and has our time. */
export function connectionChecks({ probes, region }: ProbeReport, heard: Heard): Check[] {
  const refusal = probes.find(({ outcome }) => outcome === 'unauthorised');
  const isTaken = heard.isAnswered && probes.some(({ outcome }) => outcome === 'ok' || outcome === 'refused');
  return [
    reachable(probes, heard),
    credentials(refusal, isTaken),
    refusal === undefined ? regionOf(region, isTaken) : suspectedRegion(region),
    clock(heard),
  ];
}

function regionOf({ name }: ProbeReport['region'], isTaken: boolean): Check {
  return { check: 'region', result: isTaken ? 'ok' : 'untried', found: name };
}

/** A key of another region looks like a wrong one. */
function suspectedRegion({ name, hint }: ProbeReport['region']): Check {
  if (hint === undefined) return regionOf({ name }, false);
  return { check: 'region', result: 'warning', found: `${name}; ${hint}` };
}

function reachable(probes: readonly Probe[], { isAnswered }: Heard): Check {
  const check = 'reachable';
  if (isAnswered) return { check, result: 'ok', found: 'it answers' };
  const silent = probes.find(({ outcome }) => outcome === 'unreachable' || outcome === 'failed');
  if (silent === undefined) return { check, result: 'untried', found: 'nothing was asked without credentials' };
  return { check, result: 'failed', found: silent.message ?? 'no answer' };
}

function credentials(refusal: Probe | undefined, isTaken: boolean): Check {
  const check = 'credentials';
  if (refusal !== undefined) return { check, result: 'failed', found: refusal.message ?? 'not taken' };
  if (isTaken) return { check, result: 'ok', found: 'taken' };
  return { check, result: 'untried', found: 'no answer that tells' };
}

function clock({ clockAheadMs }: Heard): Check {
  const check = 'clock';
  if (clockAheadMs === undefined) return { check, result: 'untried', found: 'no answer had a date' };
  const apartMs = Math.abs(clockAheadMs);
  const numbers = { platform_ahead_seconds: Math.round(clockAheadMs / SECOND_MS) };
  if (apartMs <= CLOCK_APART_WARN_MS) {
    return { check, result: 'ok', found: `apart by less than ${durationText(CLOCK_APART_WARN_MS)}`, numbers };
  }
  const apart = durationText(Math.round(apartMs / SECOND_MS) * SECOND_MS);
  const ours = `the clock of this machine is ${apart} ${clockAheadMs > 0 ? 'behind' : 'ahead of'} the platform's`;
  const found = `${ours}: beyond 5m polls take the platform's time, reports do not; set it by NTP`;
  return { check, result: apartMs <= CLOCK_AHEAD_MAX_MS ? 'warning' : 'failed', found, numbers };
}

/** One check for each call, with what is lost without it. */
export function rightChecks(probes: readonly Probe[]): Check[] {
  return probes.map((probe): Check => {
    const { call: check, message } = probe;
    if (probe.outcome === 'ok') return { check, result: 'ok', found: 'works' };
    if (probe.outcome === 'skipped') return { check, result: 'untried', found: message ?? 'not asked' };
    const result = probe.outcome === 'refused' && !probe.isNeeded ? 'warning' : 'failed';
    const said = SAID_ABOVE.get(probe.outcome) ?? message ?? 'failed';
    return { check, result, found: `${said}; lost without it: ${probe.impact}` };
  });
}

/** What the checks of the connection tell in full. */
const SAID_ABOVE: ReadonlyMap<ProbeOutcome, string> = new Map([
  ['unreachable', 'no answer'],
  ['unauthorised', 'the credentials were not taken'],
]);
