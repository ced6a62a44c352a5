interface Bound {
  /** The first of them to fire ends the task. */
  readonly signals: readonly AbortSignal[];
  readonly limitMs: number;
  /** What is thrown when the time is over. */
  readonly reached: () => Error;
}

/**
 * Runs `task` with a signal that fires when one of `signals` does or when `limitMs` of real time are over, and rejects
 * at that moment with the signal's reason or `reached()`, whatever the task makes of its signal.
 */
export async function bounded<T>(bound: Bound, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  for (const signal of bound.signals) signal.throwIfAborted();
  const ending = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    ending.signal.addEventListener('abort', () => reject(ending.signal.reason), { once: true });
  });
  const unlink = bound.signals.map((signal) => {
    const onAbort = () => ending.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    return () => signal.removeEventListener('abort', onAbort);
  });
  const timer = setTimeout(() => ending.abort(bound.reached()), bound.limitMs);
  try {
    return await Promise.race([task(ending.signal), ended]);
  } finally {
    clearTimeout(timer);
    for (const remove of unlink) remove();
  }
}
