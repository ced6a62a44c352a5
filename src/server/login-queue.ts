import { isIPv6, type Socket } from 'node:net';
import { createFairQueue } from './fair-queue.ts';

/** A login takes some 75 ms at cost 10, and scrapers wait for 10 s: who stands behind more has left by its turn. */
const WAITING_PER_NETWORK_MAX = 100;
/** As many as there may be connections to one address of the server. */
const WAITING_MAX = 512;

/** `busy`: nothing was decided, as too many logins wait. */
export type AuthResult = 'granted' | 'denied' | 'busy';

/** Who a client says to be. */
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

/** Logins that wait to be verified. */
export interface LoginQueue {
  /** What verifying came to; `busy` when too many wait and whoever has most waiting is this client. */
  wait(login: Login, client: Client): Promise<AuthResult>;
}

/**
 * Verifies one login at a time. Who takes turns with whom: networks; in each network, connections without and with a
 * wrong password behind them; in these, users; for each user, connections.
 *
 * So a flood of wrong passwords delays a user elsewhere by one verification besides the one that runs, and a user behind
 * the same address by two, once the flood's connections have each had a wrong password. A flood that opens a new one for
 * each try takes turns with that user by name; with random names, or that user's own, it cannot be told from many users.
 * In no case is it more than two verifications for each of the flood's connections, however often they try.
 */
export function createLoginQueue(verify: (login: Login) => Promise<AuthResult>): LoginQueue {
  const waiting = createFairQueue<WaitingLogin>();
  /** Connections over which a password was wrong. */
  const suspects = new WeakSet<Client['connection']>();
  let isRunning = false;

  const verifyNext = async ({ login, client, result }: WaitingLogin) => {
    try {
      const judged = await verify(login);
      if (judged === 'denied') suspects.add(client.connection);
      result.resolve(judged);
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

  return {
    wait: (login, client) => {
      const entry = { login, client, result: Promise.withResolvers<AuthResult>() };
      const network = networkOf(client.address);
      const trust = suspects.has(client.connection) ? 'suspect' : 'fresh';
      const isOver = () => waiting.size > WAITING_MAX || waiting.sizeBelow([network]) > WAITING_PER_NETWORK_MAX;
      waiting.push([network, trust, login.user, String(client.connection.remotePort)], entry);
      if (isOver()) for (const gone of waiting.removeWhere(isGone)) drop(gone);
      if (waiting.sizeBelow([network]) > WAITING_PER_NETWORK_MAX) drop(waiting.dropFromLongest([network]));
      if (isOver()) drop(waiting.dropFromLongest([]));
      void run();
      return entry.result.promise;
    },
  };
}

function isGone({ client }: WaitingLogin): boolean {
  return client.connection.destroyed;
}

/** An IPv4 address, or the /64 of an IPv6 address: inside it one machine has as many addresses as it likes. */
function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = [], tail] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  if (tail === undefined) return head.slice(0, 4).join(':');
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
