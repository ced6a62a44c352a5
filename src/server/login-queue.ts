import { isIPv6, type Socket } from 'node:net';
import { workerUrl } from '../model/threads.ts';
import { MINUTE_MS } from '../model/time.ts';
import type { BcryptService } from './bcrypt-worker.ts';
import { createOnDemandThread, type OnDemandThread } from './on-demand-thread.ts';

/** Whether a password belongs to a bcrypt hash; rejects when that could not be found out. */
export type ComparePassword = (password: string, hash: string) => Promise<boolean>;

/** A thread without logins that have to be verified gives its memory back after this long. */
const BCRYPT_IDLE_MS = 5 * MINUTE_MS;

/** Compares passwords where they cannot hold up the thread that serves: one at a time, in the order of the calls. */
export function createBcryptThread(): OnDemandThread<BcryptService> {
  const url = workerUrl('bcrypt-worker', import.meta.url);
  return createOnDemandThread({ url, name: 'bcrypt', methods: ['compare'], idleMs: BCRYPT_IDLE_MS });
}

/** A login takes some 75 ms at cost 10, and scrapers wait for 10 s: behind more, a client has left by its turn. */
const WAITING_PER_NETWORK_MAX = 100;
/** As many as there may be connections to one address of the server. */
const WAITING_MAX = 512;

/** `busy`: nothing was decided, as too many logins wait. */
export type AuthResult = 'granted' | 'denied' | 'busy';

/** The name and password that a client sent. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Where a login comes from. */
export interface Client {
  readonly address: string;
  /** A login that waits ends with it. */
  readonly connection: Pick<Socket, 'destroyed' | 'remotePort'>;
}

interface WaitingLogin {
  readonly login: Login;
  readonly client: Client;
  readonly result: PromiseWithResolvers<AuthResult>;
}

/**
 * Verifies one login at a time; `busy` when too many wait and most of them are this client's. Networks take turns; within
 * a network the connections that sent a wrong password, as one group, take turns with the others, as another; within a
 * group users take turns, and for one user connections.
 *
 * So a flood of wrong passwords delays a user elsewhere by one verification besides the one that runs, and a user behind
 * the same address by two, once the flood's connections have each had a wrong password. A flood that opens a new one for
 * each try takes turns with that user by name; with random names, or that user's own, it looks like many users. In no
 * case is it more than two verifications for each of the flood's connections, however often they try.
 */
export function createLoginQueue(
  verify: (login: Login) => Promise<AuthResult>,
): (login: Login, client: Client) => Promise<AuthResult> {
  const waiting = createFairQueue<WaitingLogin>();
  /** Connections over which a password was wrong. */
  const suspects = new WeakSet<Client['connection']>();
  let isRunning = false;

  const verifyNext = async ({ login, client, result }: WaitingLogin) => {
    try {
      const verified = await verify(login);
      if (verified === 'denied') suspects.add(client.connection);
      result.resolve(verified);
    } catch (error) {
      result.reject(error);
    }
  };
  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    for (let next = waiting.take(); next !== undefined; next = waiting.take()) {
      if (isGone(next)) next.result.resolve('busy');
      else await verifyNext(next);
    }
    isRunning = false;
  };
  const drop = (login: WaitingLogin | undefined) => login?.result.resolve('busy');

  return (login, client) => {
    const entry = { login, client, result: Promise.withResolvers<AuthResult>() };
    const network = toNetwork(client.address);
    const trust = suspects.has(client.connection) ? 'suspect' : 'fresh';
    const isOver = () => waiting.size > WAITING_MAX || waiting.sizeBelow([network]) > WAITING_PER_NETWORK_MAX;
    waiting.push([network, trust, login.user, String(client.connection.remotePort)], entry);
    if (isOver()) for (const gone of waiting.removeWhere(isGone)) drop(gone);
    if (waiting.sizeBelow([network]) > WAITING_PER_NETWORK_MAX) drop(waiting.dropFromLongest([network]));
    if (isOver()) drop(waiting.dropFromLongest([]));
    void run();
    return entry.result.promise;
  };
}

function isGone({ client }: WaitingLogin): boolean {
  return client.connection.destroyed;
}

/** An IPv4 address, or the /64 of an IPv6 address: inside it one machine has as many addresses as it likes. */
function toNetwork(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = [], tail] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  if (tail === undefined) return head.slice(0, 4).join(':');
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}

/**
 * Items wait under a path of keys, such as address, user, connection. At each level the keys take turns, so how many
 * items one key has waiting delays nobody else; items under one whole path are served in their order.
 */
export interface FairQueue<Item> {
  readonly size: number;
  /** How many wait below the first keys of paths. */
  sizeBelow(keys: readonly string[]): number;
  push(keys: readonly string[], item: Item): void;
  /** Removes the item whose turn it is; undefined when none waits. */
  take(): Item | undefined;
  /** Removes the newest item of the key with most waiting, at each level, below the first keys of paths. */
  dropFromLongest(keys: readonly string[]): Item | undefined;
  /** Removes the items that meet the condition. */
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
  const chosen = key ?? findLongest(node);
  const child = chosen === undefined ? undefined : node.children.get(chosen);
  if (chosen !== undefined && child === undefined) return undefined;
  const item = child === undefined ? node.items.pop() : dropNewest(child, rest);
  if (item === undefined) return undefined;
  node.size -= 1;
  if (chosen !== undefined && child?.size === 0) node.children.delete(chosen);
  return item;
}

/** Among equals the one that came last. */
function findLongest<Item>({ children }: Node<Item>): string | undefined {
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
