import { type Clock, HOUR_MS } from '../model/time.ts';
import { GaveUp } from './failure.ts';

/** No header keeps a door shut for longer, as a wrong one would silence the provider; after that the platform is asked again. */
const PAUSE_MAX_MS = HOUR_MS;

/** A stretch in which nothing leaves. */
export interface Pause {
  isOn(): boolean;
  /** Nothing leaves before `ms` have passed; a pause that ends later stays. */
  begin(ms: number): void;
  /** Resolves when nothing is held back any more; throws GaveUp when that is after `latestMs`. */
  over(latestMs: number): Promise<void>;
  /** Ends every pause. */
  close(): void;
}

/** The pause is one shared wait, so that it ends when the clock says so, whatever else the clock is used for. */
export function createPause(clock: Clock): Pause {
  const closing = new AbortController();
  let untilMs = 0;
  let waiting: Promise<void> | undefined;

  return {
    isOn: () => waiting !== undefined,
    begin(ms) {
      const pauseMs = Math.min(ms, PAUSE_MAX_MS);
      if (waiting !== undefined && clock.nowMs() + pauseMs <= untilMs) return;
      untilMs = clock.nowMs() + pauseMs;
      const mine: Promise<void> = clock
        .sleep(pauseMs, closing.signal)
        .catch(() => undefined)
        .then(() => {
          if (waiting === mine) waiting = undefined;
        });
      waiting = mine;
    },
    async over(latestMs) {
      while (waiting !== undefined) {
        if (untilMs > latestMs) throw new GaveUp(tooLong(untilMs));
        await waiting;
      }
    },
    close: () => closing.abort(),
  };
}

function tooLong(untilMs: number): string {
  return `as the platform wants no requests until ${new Date(untilMs).toISOString()}, longer than one call may wait`;
}
