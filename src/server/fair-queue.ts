/**
 * Items wait under a path of keys, such as address, user, connection. At each level the keys take turns, so how many
 * items one key has waiting delays nobody else; items under one whole path are served in their order.
 */
export interface FairQueue<Item> {
  readonly size: number;
  /** How many wait below the first keys of paths. */
  sizeBelow(keys: readonly string[]): number;
  push(keys: readonly string[], item: Item): void;
  /** The item whose turn it is, taken out; undefined when none waits. */
  take(): Item | undefined;
  /** Takes out the newest item of whoever has most waiting, at each level, below the first keys of paths. */
  dropFromLongest(keys: readonly string[]): Item | undefined;
  /** Takes out what meets the condition. */
  removeWhere(isUnwanted: (item: Item) => boolean): Item[];
}

interface Node<Item> {
  size: number;
  /** In the order of their turns. */
  readonly children: Map<string, Node<Item>>;
  /** At the end of a path only. */
  items: Item[];
}

export function createFairQueue<Item>(): FairQueue<Item> {
  const root = createNode<Item>();
  return {
    get size() {
      return root.size;
    },
    sizeBelow: (keys) => {
      let node: Node<Item> | undefined = root;
      for (const key of keys) node = node?.children.get(key);
      return node?.size ?? 0;
    },
    push: (keys, item) => {
      let node = root;
      node.size += 1;
      for (const key of keys) {
        const child = node.children.get(key) ?? createNode<Item>();
        node.children.set(key, child);
        node = child;
        node.size += 1;
      }
      node.items.push(item);
    },
    take: () => takeNext(root),
    dropFromLongest: (keys) => dropNewest(root, keys),
    removeWhere: (isUnwanted) => removeWhere(root, isUnwanted),
  };
}

function createNode<Item>(): Node<Item> {
  return { size: 0, children: new Map(), items: [] };
}

function takeNext<Item>(node: Node<Item>): Item | undefined {
  if (node.size === 0) return undefined;
  node.size -= 1;
  const [next] = node.children;
  if (next === undefined) return node.items.shift();
  const [key, child] = next;
  const item = takeNext(child);
  // Behind the others, whose turn comes first now.
  node.children.delete(key);
  if (child.size > 0) node.children.set(key, child);
  return item;
}

function dropNewest<Item>(node: Node<Item>, [key, ...rest]: readonly string[]): Item | undefined {
  const chosen = key ?? keyOfLongest(node);
  const child = chosen === undefined ? undefined : node.children.get(chosen);
  if (chosen !== undefined && child === undefined) return undefined;
  const item = child === undefined ? node.items.pop() : dropNewest(child, rest);
  if (item === undefined) return undefined;
  node.size -= 1;
  if (chosen !== undefined && child?.size === 0) node.children.delete(chosen);
  return item;
}

/** Among equals the one that came last. */
function keyOfLongest<Item>({ children }: Node<Item>): string | undefined {
  let longest: string | undefined;
  let size = 0;
  for (const [key, child] of children) {
    if (child.size < size) continue;
    longest = key;
    ({ size } = child);
  }
  return longest;
}

function removeWhere<Item>(node: Node<Item>, isUnwanted: (item: Item) => boolean): Item[] {
  const removed = node.items.filter(isUnwanted);
  node.items = node.items.filter((item) => !isUnwanted(item));
  for (const [key, child] of node.children) {
    removed.push(...removeWhere(child, isUnwanted));
    if (child.size === 0) node.children.delete(key);
  }
  node.size -= removed.length;
  return removed;
}
