/**
 * Runs `task` for each item with at most `ahead` under way, and yields the results in the order of the items.
 * The first failure is thrown when its turn comes; the others under way are waited for, so nothing is left running.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  ahead: number,
  task: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  try {
    for (const item of items) {
      const promise = task(item);
      // Observed when its turn comes; without this a failure out of turn would count as unhandled.
      promise.catch(() => undefined);
      underWay.push(promise);
      const first = underWay[0];
      if (underWay.length < ahead || first === undefined) continue;
      yield await first;
      void underWay.shift();
    }
    for (let next = underWay[0]; next !== undefined; next = underWay[0]) {
      yield await next;
      void underWay.shift();
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}
