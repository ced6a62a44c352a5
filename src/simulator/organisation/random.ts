/** A list that surely holds something. */
export type NonEmpty<Item> = readonly [Item, ...Item[]];

/** Invented chance: the same seed, the same numbers. */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  between(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<Item>(items: NonEmpty<Item>): Item;
  /** Picks by `weight`. */
  weighted<Item extends { readonly weight: number }>(items: NonEmpty<Item>): Item;
  /** Most values near `median`, a few far above it; `spread` is the standard deviation of the logarithm. */
  heavyTailed(median: number, spread: number): number;
}

/** Numbers by mulberry32 (Tommy Ettinger, public domain): fast, with a state of 32 bits. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    chance: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
    weighted: (items) => weighted(items, next()),
    // Box and Muller's way from two even numbers to a normal one.
    heavyTailed: (median, spread) =>
      median * Math.exp(spread * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
  };
}

function weighted<Item extends { readonly weight: number }>(items: NonEmpty<Item>, share: number): Item {
  let left = share * items.reduce((sum, { weight }) => sum + weight, 0);
  for (const item of items) {
    left -= item.weight;
    if (left < 0) return item;
  }
  return items[0];
}
