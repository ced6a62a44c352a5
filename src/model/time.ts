export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The source of the current time and of delays; tests pass their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Monotonic milliseconds since an arbitrary start; absent in clocks that are never set. */
  steadyMs?(): number;
  /** Resolves after `ms`; rejects with the signal's reason when that fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay of setTimeout; longer ones fire at once (Node documents 2^31 - 1). */
export const TIMER_MAX_MS: number = 2 ** 31 - 1;

/** The clock of this machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  steadyMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(Math.max(ms, 0), TIMER_MAX_MS),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** Monotonic time for waits: setting the clock changes none of them. */
export function steadyMs(clock: Pick<Clock, 'nowMs' | 'steadyMs'>): number {
  return clock.steadyMs?.() ?? clock.nowMs();
}
