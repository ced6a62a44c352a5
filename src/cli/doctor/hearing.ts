import type { RequestObserver } from '../../http/request-observer.ts';

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
