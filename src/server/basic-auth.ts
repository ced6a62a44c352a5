import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { ComparePassword } from './bcrypt-thread.ts';
import { type AuthResult, type Client, createLoginQueue, type Login } from './login-queue.ts';

/** bcrypt ignores what comes after so many bytes: a longer password would be right by its beginning. */
const PASSWORD_BYTES_MAX = 72;
/** RFC 7617 forbids them; with a zero byte in them several passwords have the same hash. */
const CONTROL_CHARACTER = /\p{Cc}/u;
/** Denied passwords that are remembered, so that a scraper with a wrong one costs one comparison and not one per scrape. */
const DENIED_MAX = 100;

/** Users and their passwords. */
export interface BasicAuth {
  /** At once when the same login was judged before; rejects when passwords cannot be compared. */
  authenticate(login: Login, client: Client): AuthResult | Promise<AuthResult>;
}

/**
 * Basic authentication of the given users (name → bcrypt hash), of whom there is one at least. Results are remembered
 * under a keyed digest, never under the password; logins that are not remembered wait for their turn.
 */
export function createBasicAuth(users: ReadonlyMap<string, string>, compare: ComparePassword): BasicAuth {
  const digestKey = randomBytes(32);
  const granted = new Set<string>();
  const denied = new Set<string>();
  const findHash = createHashLookup(users);

  const digestOf = ({ user, password }: Login): string => {
    const text = JSON.stringify([user, password]);
    return createHmac('sha256', digestKey).update(text).digest('base64');
  };
  const remembered = (digest: string): AuthResult | undefined => {
    if (granted.has(digest)) return 'granted';
    return denied.has(digest) ? 'denied' : undefined;
  };
  const queue = createLoginQueue(async (login) => {
    const digest = digestOf(login);
    // The same login may have been judged while this one waited.
    const known = remembered(digest);
    if (known !== undefined) return known;
    const isMatch = await compare(login.password, findHash(login.user));
    if (isMatch && users.has(login.user)) {
      granted.add(digest);
      return 'granted';
    }
    denied.add(digest);
    if (denied.size > DENIED_MAX) denied.delete(first(denied));
    return 'denied';
  });

  return {
    authenticate: (login, client) => {
      if (!isPossible(login)) return 'denied';
      return remembered(digestOf(login)) ?? queue.wait(login, client);
    },
  };
}

/** Whether any user could log in so; it depends on no user, so the quick denial tells nothing. */
function isPossible({ user, password }: Login): boolean {
  if (CONTROL_CHARACTER.test(user) || CONTROL_CHARACTER.test(password)) return false;
  return Buffer.byteLength(password) <= PASSWORD_BYTES_MAX;
}

/**
 * Finds the hash that a user's password is compared with. A name that is not configured gets the hash of one that is, so
 * that both take as long: always the costliest would show by its time which users are cheaper, hence exist. Which one is
 * a function of the name and the file: the same on each try, also after a restart, and each cost is as frequent among
 * strangers as among users. The hashes are the key, so nobody who does not know them can compute it.
 */
function createHashLookup(users: ReadonlyMap<string, string>): (user: string) => string {
  const hashes = [...users.values()].toSorted();
  const key = createHash('sha256').update(hashes.join('\n')).digest();
  return (user) => {
    const hash = users.get(user);
    if (hash !== undefined) return hash;
    const index = createHmac('sha256', key).update(user).digest().readUIntBE(0, 6) % hashes.length;
    return hashes[index] ?? '';
  };
}

function first(values: ReadonlySet<string>): string {
  const [value = ''] = values;
  return value;
}
