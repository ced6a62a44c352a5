/** Longest stretch of work before others get their turn (DESIGN §2: slices of at most 20 ms). */
const SLICE_MS = 10;

/**
 * Works that wait for their next slice. Node runs all immediates that are due in one go, before it looks at requests: without a
 * queue for the whole process works that go on at the same time would add up their slices.
 */
const waiting: (() => void)[] = [];

/** Long work calls this between steps: it lets timers, requests and answers in as soon as a slice is used up. */
export function createBreath(sliceMs: number = SLICE_MS): () => Promise<void> | undefined {
  let startedAtMs = performance.now();
  return () => {
    if (performance.now() - startedAtMs < sliceMs) return undefined;
    return new Promise((resolve) => {
      waiting.push(() => {
        startedAtMs = performance.now();
        resolve();
      });
      if (waiting.length === 1) setImmediate(letOneGoOn);
    });
  };
}

function letOneGoOn(): void {
  const goOn = waiting.shift();
  if (waiting.length > 0) setImmediate(letOneGoOn);
  goOn?.();
}
