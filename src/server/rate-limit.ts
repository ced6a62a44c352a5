/** One request per `intervalMs` on average, `burst` at once. */
export interface RequestLimit {
  readonly intervalMs: number;
  readonly burst: number;
}

/** A token bucket: returns whether a request at this instant (milliseconds that never go back) may pass. */
export function createRequestLimiter({ intervalMs, burst }: RequestLimit): (nowMs: number) => boolean {
  let tokens = burst;
  let filledAtMs: number | undefined;
  return (nowMs) => {
    tokens = Math.min(burst, tokens + (nowMs - (filledAtMs ?? nowMs)) / intervalMs);
    filledAtMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
