/** Longest stretch of work before others get their turn (DESIGN §2: slices of at most 20 ms). */
const SLICE_MS = 10;

/** Long work calls this between steps: it lets timers, requests and answers in as soon as a slice is used up. */
export function createBreath(sliceMs: number = SLICE_MS): () => Promise<void> | undefined {
  let startedAtMs = performance.now();
  return () => {
    if (performance.now() - startedAtMs < sliceMs) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        startedAtMs = performance.now();
        resolve();
      });
    });
  };
}
