import { hashSync } from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { createBasicAuth } from '../../src/server/auth.ts';
import type { Client, Login } from '../../src/server/login-queue.ts';

/** Hashes only where a test reads their cost; the comparisons of these tests are invented. */
const USERS = new Map([
  ['prometheus', 'hash of prometheus'],
  ['grafana', 'hash of grafana'],
]);

interface Desk {
  /** The logins whose comparison was begun, as `user:password`. */
  readonly compared: string[];
  readonly results: Map<string, string>;
  /** Logs in; the result is kept under the name. */
  enter(name: string, login: Login, client?: Client): void;
  /** Ends comparisons, so many one after the other. */
  advance(comparisons: number): Promise<void>;
}

/** Basic authentication whose comparisons end when the test says so; the right password of each user is `right`. */
function openDesk(users: ReadonlyMap<string, string> = USERS): Desk {
  const compared: string[] = [];
  const running: (() => void)[] = [];
  const compare = (password: string, hash: string) => {
    compared.push(`${hash}:${password}`);
    return new Promise<boolean>((resolve) => running.push(() => resolve(password === 'right')));
  };
  const auth = createBasicAuth(users, compare);
  const results = new Map<string, string>();
  return {
    compared,
    results,
    enter: (name, login, client = connectFrom('192.0.2.1')) => {
      const result = auth.authenticate(login, client);
      if (typeof result === 'string') results.set(name, result);
      else
        result.then(
          (value) => results.set(name, value),
          (error: unknown) => results.set(name, String(error)),
        );
    },
    advance: async (comparisons) => {
      for (let ended = 0; ended < comparisons; ended += 1) {
        while (running.length === 0) await settle();
        running.shift()?.();
      }
      await settle();
    },
  };
}

let lastPort = 1024;

function connectFrom(address: string): Client & { readonly connection: { destroyed: boolean } } {
  lastPort += 1;
  return { address, connection: { destroyed: false, remotePort: lastPort } };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const valid: Login = { user: 'prometheus', password: 'right' };

describe('a flood of wrong passwords', () => {
  /** `within`: how many comparisons a user behind the same address waits for, its own among them. */
  const floods = [
    { says: 'for the same user, on connections that stay', user: () => 'prometheus', isKept: true, within: 3 },
    {
      says: 'for random users, on connections that stay',
      user: (index: number) => `u${index}`,
      isKept: true,
      within: 3,
    },
    { says: 'for another user, on new connections', user: () => 'grafana', isKept: false, within: 3 },
    { says: 'for random users, on new connections', user: (index: number) => `u${index}`, isKept: false, within: 51 },
    { says: 'for the same user, on new connections', user: () => 'prometheus', isKept: false, within: 51 },
  ];
  const FLOODERS = 50;

  /** Fifty clients that try again as soon as they are denied, the way `advance` lets them. */
  function flood(desk: Desk, { user, isKept }: { user: (index: number) => string; isKept: boolean }) {
    let attempts = 0;
    const clients = Array.from({ length: FLOODERS }, () => connectFrom('203.0.113.7'));
    const names = clients.map(() => '');
    const tryAgain = () => {
      for (const [index, name] of names.entries()) {
        if (name !== '' && !desk.results.has(name)) continue;
        attempts += 1;
        names[index] = `attempt ${attempts}`;
        const client = isKept ? clients[index] : connectFrom('203.0.113.7');
        desk.enter(names[index], { user: user(attempts), password: `guess ${attempts}` }, client);
      }
    };
    return tryAgain;
  }

  async function countUntilIn(desk: Desk, tryAgain: () => void, name: string): Promise<number> {
    let comparisons = 0;
    while (!desk.results.has(name)) {
      await desk.advance(1);
      comparisons += 1;
      tryAgain();
    }
    return comparisons;
  }

  const stages = [2 * FLOODERS, 2 * FLOODERS + 1].flatMap((rounds) => floods.map((one) => ({ ...one, rounds })));
  const begun = floods.map((one) => ({ ...one, rounds: 0, within: 101 }));

  it.each([...begun, ...stages])(
    '$says lets a user behind the same address in after $rounds comparisons',
    async ({ user, isKept, within, rounds }) => {
      const desk = openDesk();
      const tryAgain = flood(desk, { user, isKept });
      tryAgain();
      for (let round = 0; round < rounds; round += 1) {
        await desk.advance(1);
        tryAgain();
      }

      desk.enter('valid', valid, connectFrom('203.0.113.7'));
      const comparisons = await countUntilIn(desk, tryAgain, 'valid');

      expect(desk.results.get('valid')).toBe('granted');
      expect(comparisons).toBeLessThanOrEqual(within);
    },
  );

  it.each(floods)('$says delays a user elsewhere by one comparison', async ({ user, isKept }) => {
    const desk = openDesk();
    const tryAgain = flood(desk, { user, isKept });
    tryAgain();
    await desk.advance(FLOODERS);
    tryAgain();

    desk.enter('valid', valid, connectFrom('192.0.2.1'));
    const comparisons = await countUntilIn(desk, tryAgain, 'valid');

    expect(desk.results.get('valid')).toBe('granted');
    expect(comparisons).toBeLessThanOrEqual(3);
  });

  it('delays nobody whose password is remembered', async () => {
    const desk = openDesk();
    desk.enter('first', valid);
    await desk.advance(1);

    flood(desk, { user: () => 'prometheus', isKept: true })();
    desk.enter('again', valid);

    expect(desk.results.get('again')).toBe('granted');
  });

  it('that is too large is shed where it comes from', async () => {
    const desk = openDesk();
    const tries = Array.from({ length: 150 }, (_, index) => `try ${index}`);
    const [flooder, other] = [connectFrom('203.0.113.7'), connectFrom('203.0.113.7')];

    for (const name of tries) desk.enter(name, { user: 'prometheus', password: name }, flooder);
    desk.enter('valid', valid, other);
    await settle();
    const shed = tries.filter((name) => desk.results.get(name) === 'busy').length;
    await desk.advance(3);

    expect(shed).toBe(50);
    expect(desk.results.get('valid')).toBe('granted');
  });

  it('from everywhere is bounded as a whole', async () => {
    const desk = openDesk();
    const names = Array.from({ length: 600 }, (_, index) => `try ${index}`);

    for (const [index, name] of names.entries()) {
      desk.enter(name, { user: 'prometheus', password: name }, connectFrom(`10.0.${index >> 8}.${index % 256}`));
    }
    await settle();

    expect(names.filter((name) => desk.results.get(name) === 'busy')).toHaveLength(600 - 512 - 1);
  });

  it.each([
    { a: '2001:db8:0:1::1', b: '2001:db8::1:ffff:0:0:2', isSame: true },
    { a: '2001:db8:0:1::1', b: '2001:db8:0:2::1', isSame: false },
    { a: '::ffff:192.0.2.1', b: '192.0.2.1', isSame: true },
    { a: '192.0.2.1', b: '192.0.2.2', isSame: false },
  ])('from $b is the same as from $a: $isSame', async ({ a, b, isSame }) => {
    const desk = openDesk();
    for (let index = 0; index < 90; index += 1) {
      desk.enter(`a ${index}`, { user: `a ${index}`, password: 'wrong' }, connectFrom(a));
    }

    desk.enter('last', { user: 'last', password: 'wrong' }, connectFrom(b));
    await desk.advance(isSame ? 90 : 3);

    expect(desk.results.has('last')).toBe(!isSame);
  });
});

describe('a login', () => {
  it('is compared once, however many wait with it', async () => {
    const desk = openDesk();

    for (const name of ['a', 'b', 'c']) desk.enter(name, valid);
    for (const name of ['d', 'e']) desk.enter(name, { ...valid, password: 'wrong' });
    await desk.advance(2);
    desk.enter('later', { ...valid, password: 'wrong' });

    expect([...desk.results.values()]).toEqual(['granted', 'granted', 'granted', 'denied', 'denied', 'denied']);
    expect(desk.compared).toHaveLength(2);
  });

  it('is not compared when its client went away meanwhile', async () => {
    const desk = openDesk();
    const gone = connectFrom('192.0.2.1');
    desk.enter('first', { user: 'grafana', password: 'wrong' });
    desk.enter('gone', valid, gone);

    gone.connection.destroyed = true;
    await desk.advance(1);

    expect(desk.results.get('gone')).toBe('busy');
    expect(desk.compared).toHaveLength(1);
  });

  it('makes room when its client went away', async () => {
    const desk = openDesk();
    const ghosts = Array.from({ length: 101 }, () => connectFrom('192.0.2.1'));
    for (const [index, ghost] of ghosts.entries()) desk.enter(`${index}`, { user: `${index}`, password: 'x' }, ghost);

    for (const ghost of ghosts) ghost.connection.destroyed = true;
    desk.enter('valid', valid);
    await desk.advance(2);

    expect(desk.results.get('valid')).toBe('granted');
  });

  it.each([
    { says: 'longer than bcrypt reads', login: { ...valid, password: 'x'.repeat(73) } },
    { says: 'longer than bcrypt reads in bytes', login: { ...valid, password: 'ä'.repeat(37) } },
    { says: 'with a zero byte', login: { ...valid, password: 'right\0right' } },
    { says: 'of a user that no file may name', login: { ...valid, user: 'a\nb' } },
  ])('$says is denied without a comparison', ({ login }) => {
    const desk = openDesk();

    desk.enter('impossible', login);

    expect(desk.results.get('impossible')).toBe('denied');
    expect(desk.compared).toEqual([]);
  });

  it('is compared when it is as long as bcrypt reads', async () => {
    const desk = openDesk();

    desk.enter('long', { ...valid, password: 'x'.repeat(72) });
    await desk.advance(1);

    expect(desk.compared).toHaveLength(1);
  });

  it('fails, and the next one does not, when passwords cannot be compared', async () => {
    const answers = [() => Promise.reject(new Error('the thread ended')), () => Promise.resolve(true)];
    const auth = createBasicAuth(USERS, async () => answers.shift()?.() ?? false);

    const failing = auth.authenticate(valid, connectFrom('192.0.2.1'));

    await expect(failing).rejects.toThrow('the thread ended');
    expect(await auth.authenticate(valid, connectFrom('192.0.2.1'))).toBe('granted');
  });
});

describe('an unknown user', () => {
  const costs = new Map([
    ['a', hashSync('right', 4)],
    ['b', hashSync('right', 4)],
    ['c', hashSync('right', 4)],
    ['d', hashSync('right', 5)],
  ]);
  const strangers = Array.from({ length: 80 }, (_, index) => `stranger ${index}`);

  async function comparedFor(users: readonly string[]): Promise<string[]> {
    const desk = openDesk(costs);
    for (const user of users) {
      desk.enter(user, { user, password: 'right' });
      await desk.advance(1);
    }
    expect(users.every((user) => desk.results.get(user) === 'denied')).toBe(true);
    return desk.compared;
  }

  it('is denied even with the password of the user whose hash stands in', async () => {
    const compared = await comparedFor(['nobody']);

    expect([...costs.values()].map((hash) => `${hash}:right`)).toContain(compared[0]);
  });

  it('takes as long on each try and after each restart', async () => {
    const before = await comparedFor(strangers);
    const after = await comparedFor(strangers);

    expect(after).toEqual(before);
  });

  it('takes as long as users do: each of their hashes stands in for some', async () => {
    const compared = await comparedFor(strangers);

    expect(new Set(compared).size).toBe(costs.size);
  });
});
