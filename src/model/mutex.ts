/** Runs a task when those before it have ended, in the order of the calls; a task that fails holds up none. */
export type RunExclusive = <Result>(task: () => Promise<Result> | Result) => Promise<Result>;

/** A mutex of its own: of the tasks given to this function one runs at a time. */
export function createMutex(): RunExclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}
