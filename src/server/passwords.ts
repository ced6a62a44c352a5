import { createHmac, randomBytes } from 'node:crypto';
import { compare, getRounds } from 'bcryptjs';

/** One comparison takes some 90 ms of this thread at cost 10; who waits behind more than these is sent away. */
const WAITING_MAX = 20;
/** Refused passwords that are remembered, so that a scraper with a wrong one costs one comparison and not one per scrape. */
const REFUSED_MAX = 100;

/** What a comparison came to; `busy`: none was made. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy';

/** Checks passwords against bcrypt hashes; `busy` when too many comparisons wait already. */
export interface Passwords {
  check(user: string, password: string): Promise<PasswordVerdict>;
}

/**
 * A checker for the given users (name → bcrypt hash). One comparison runs at a time, as each holds the event loop;
 * verdicts are remembered under a keyed digest, never under the password. An unknown user costs a comparison too, so
 * that time does not tell who exists.
 */
export function createPasswords(users: ReadonlyMap<string, string>): Passwords {
  const digestKey = randomBytes(32);
  const right = new Set<string>();
  const refused = new Set<string>();
  const inTurn = createQueue();

  const compareNow = async (user: string, password: string, digest: string): Promise<PasswordVerdict> => {
    const isRight = await compare(password, users.get(user) ?? costliest(users));
    if (isRight && users.has(user)) {
      right.add(digest);
      return 'right';
    }
    refused.add(digest);
    if (refused.size > REFUSED_MAX) refused.delete(first(refused));
    return 'wrong';
  };

  return {
    check: async (user, password) => {
      const digest = createHmac('sha256', digestKey)
        .update(JSON.stringify([user, password]))
        .digest('base64');
      if (right.has(digest)) return 'right';
      if (refused.has(digest)) return 'wrong';
      return (await inTurn(() => compareNow(user, password, digest))) ?? 'busy';
    },
  };
}

/** The hash that takes longest stands in for those of users who do not exist. */
function costliest(users: ReadonlyMap<string, string>): string {
  const [hash = ''] = [...users.values()].toSorted((a, b) => getRounds(b) - getRounds(a));
  return hash;
}

function first(values: ReadonlySet<string>): string {
  const [value = ''] = values;
  return value;
}

/** Runs tasks one after the other; undefined instead of a result when too many wait. */
function createQueue(): <Result>(task: () => Promise<Result>) => Promise<Result | undefined> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (task) => {
    if (waiting >= WAITING_MAX) return undefined;
    waiting += 1;
    const result = last.then(task).finally(() => {
      waiting -= 1;
    });
    last = result.catch(() => undefined);
    return result;
  };
}
