import type { Clock } from '../../src/model/time.ts';

interface Sleeper {
  readonly untilMs: number;
  wake(): void;
}

/** A clock that stands still until it is told to go on. */
export interface HandClock extends Clock {
  /** Goes on by `ms`, waking whoever slept until then, in order of time. */
  advance(ms: number): Promise<void>;
  /** Jumps without waking anybody, as when somebody sets the clock. */
  set(nowMs: number): void;
  /** How long those wait that sleep now, in milliseconds from now. */
  sleeping(): number[];
}

export function createHandClock(startMs: number): HandClock {
  let nowMs = startMs;
  /** How far somebody has set the clock in all. */
  let setByMs = 0;
  const sleepers = new Set<Sleeper>();
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const sleeper = { untilMs: nowMs + ms, wake: resolve };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  const advance = async (ms: number) => {
    const untilMs = nowMs + ms;
    for (;;) {
      const [next] = [...sleepers].filter((one) => one.untilMs <= untilMs).sort((a, b) => a.untilMs - b.untilMs);
      if (next === undefined) break;
      nowMs = Math.max(nowMs, next.untilMs);
      sleepers.delete(next);
      next.wake();
      await settled();
    }
    nowMs = untilMs;
    await settled();
  };
  return {
    nowMs: () => nowMs,
    steadyMs: () => nowMs - setByMs,
    sleep,
    advance,
    set: (ms) => {
      setByMs += ms - nowMs;
      nowMs = ms;
    },
    sleeping: () => [...sleepers].map(({ untilMs }) => untilMs - nowMs),
  };
}

/** Lets everything run that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
