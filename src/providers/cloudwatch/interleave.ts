/**
 * Yields from all sources as they come, one step of each ahead; the first failure ends all. At the end, however it comes,
 * `stop` is called and what was under way is waited for.
 */
export async function* interleave<Item>(
  sources: readonly AsyncGenerator<Item>[],
  stop: () => void,
): AsyncGenerator<Item> {
  const waiting = new Map(sources.map((source) => [source, step(source)]));
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values());
      // Taken out and put in again, it goes behind the others.
      waiting.delete(source);
      if (result.done === true) continue;
      waiting.set(source, step(source));
      yield result.value;
    }
  } finally {
    stop();
    await Promise.allSettled(waiting.values());
    await Promise.allSettled(sources.map((source) => source.return(undefined)));
  }
}

interface Step<Item> {
  readonly source: AsyncGenerator<Item>;
  readonly result: IteratorResult<Item, unknown>;
}

function step<Item>(source: AsyncGenerator<Item>): Promise<Step<Item>> {
  const next = source.next().then((result) => ({ source, result }));
  // Observed when its turn comes; without this a failure in the meantime would count as unhandled.
  next.catch(() => undefined);
  return next;
}
