/**
 * Runs `task` for each item, at most `concurrency` at a time, and yields the results in the order of the items.
 * A failure is thrown when its item comes; tasks still running are awaited first, so nothing is left running.
 */
export async function* mapConcurrent<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  task: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  try {
    for (const item of items) {
      const promise = task(item);
      // Awaited later; without this handler a failure before that would count as unhandled.
      promise.catch(() => undefined);
      running.push(promise);
      const first = running[0];
      if (running.length < concurrency || first === undefined) continue;
      yield await first;
      void running.shift();
    }
    for (let next = running[0]; next !== undefined; next = running[0]) {
      yield await next;
      void running.shift();
    }
  } finally {
    await Promise.allSettled(running);
  }
}
