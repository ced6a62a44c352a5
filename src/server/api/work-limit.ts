import { RequestProblem } from './problem.ts';

/** A client that comes back after a second finds the others done, as a rule. */
const RETRY_AFTER_SECONDS = 1;

/** Does work unless as many as `most` are under way; then it throws a RequestProblem (503). */
export type WorkLimit = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** A limit of its own. */
export function createWorkLimit(most: number): WorkLimit {
  let running = 0;
  return async (work) => {
    if (running >= most) {
      const detail = `${most} long answers are being put together already; expected fewer at once`;
      throw new RequestProblem(503, detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
    }
  };
}
