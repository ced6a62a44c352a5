import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import type { Provider, ProviderDependencies } from '../../src/providers/provider.ts';
import type { Fake, FakeAnswer, FakeOptions } from '../../src/simulator/platform.ts';
import type { World } from '../../src/simulator/world.ts';
import { createMemoryKnown, type MemoryKnown, pollInto } from './memory-known.ts';
import { type Exchange, impatientClock, silentObserver, startTap, type Tap } from './setup.ts';

/** One trouble in the invented world: opened, and ended where `resolvedAtMs` is there. */
export interface Trouble {
  /** Unique in the world; may become an id or an alarm's name. */
  readonly name: string;
  readonly triggeredAtMs: number;
  readonly resolvedAtMs?: number;
  /** The platform shows each of its events this much later than it happened. */
  readonly shownAfterMs?: number;
}

/** What the suite must know of a platform to try it. */
export interface ContractAdapter {
  readonly name: string;
  startFake(world: World, options: FakeOptions): Promise<Fake>;
  /** A provider that talks to `url`, made by the platform object with working credentials. */
  createProvider(url: string, overrides: Partial<ProviderConfig>, dependencies: ProviderDependencies): Provider;
  /** Puts a trouble into the world and gives the id that its incident must have. */
  add(world: World, trouble: Trouble): string;
  /** Ends a trouble that was added open. */
  resolve(world: World, name: string, atMs: number): void;
  /** What the platform answers to a wrong key (not to be tried again). */
  readonly unauthorised: FakeAnswer;
  /** True for the list that incidents are made from; such an answer is made of records that `breakRecord` can break. */
  isList(exchange: Pick<Exchange, 'path' | 'query' | 'asked'>): boolean;
  /** The same answer with its first record made unreadable; the answer itself when it has none. */
  breakRecord(body: unknown): unknown;
  /** Names and e-mails that the fake sends along. */
  readonly people: readonly string[];
  /** Incidents that an examination looks at, where it is not all of the first page. */
  readonly samplesMax?: number;
  /** Records whose first sync takes more than eight pages; 1,050 without it. */
  readonly longSync?: number;
  /** Where the platform lists no more than so many records per window: one more than this must still be read. */
  readonly cap?: number;
}

const NOW_MS = Date.UTC(2026, 10, 2, 12);
const HISTORY_START_MS = NOW_MS - 25 * DAY_MS;

/** The one suite that each platform passes. Call it at the top level of a test file. */
export function providerContract(adapter: ContractAdapter): void {
  describe(`the ${adapter.name} provider keeps the contract of all providers`, () => {
    const opened: { close(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const one of opened.splice(0).reverse()) await one.close();
    });

    /** A world, a fake of it, a tap before it and a provider behind that; `time.nowMs` is the platform's now. */
    async function stage({
      options = {},
      tamper,
      count = 0,
      config = {},
      clockAheadMs,
    }: StageOptions = {}): Promise<Stage> {
      const world: World = { incidents: [], alarms: [] };
      const ids = Array.from({ length: count }, (_, index) => adapter.add(world, past(index, count)));
      const time = { nowMs: NOW_MS };
      const fake = await adapter.startFake(world, { nowMs: () => time.nowMs, ...options });
      opened.push(fake);
      const tap = await startTap(fake.url, tamper);
      opened.push(tap);
      const provider = () => {
        const patient = impatientClock(NOW_MS);
        const isOff = clockAheadMs !== undefined;
        const clock = isOff ? { ...patient, nowMs: () => time.nowMs + clockAheadMs } : patient;
        const made = adapter.createProvider(tap.url, config, { clock, observer: silentObserver });
        opened.push(made);
        return made;
      };
      const memory = createMemoryKnown();
      const poll = (at: PollChoices = {}) => {
        const { into = memory, with: by = provider(), ...rest } = at;
        return pollInto(into, by, { nowMs: time.nowMs, historyStartMs: HISTORY_START_MS, ...rest });
      };
      return { world, ids, time, fake, tap, provider, memory, poll };
    }

    it('reads every page, whatever the default page size of the platform is', async () => {
      const { ids, memory, poll } = await stage({ count: 345 });

      await poll();

      expect([...memory.incidents.keys()].sort()).toEqual([...ids].sort());
      expect(facts(memory)).toEqual(ids.map((id, index) => recovered(id, past(index, 345))).sort(byId));
      expect(memory.rejected.size).toBe(0);
    });

    it('completes on an empty platform and says how far it asked and where history begins', async () => {
      const { memory, poll } = await stage();

      await poll();

      expect(memory.incidents.size).toBe(0);
      expect(memory.end).toEqual({ polledUntilMs: NOW_MS, historyStartMs: HISTORY_START_MS });
    });

    it.runIf(adapter.cap !== undefined)('halves the window at the cap and loses nothing', async () => {
      const count = (adapter.cap ?? 0) + 1;
      const { ids, memory, poll } = await stage({ count });

      await poll();

      expect(memory.incidents.size).toBe(count);
      expect(ids.every((id) => memory.incidents.get(id)?.status === 'resolved')).toBe(true);
    });

    it.each([
      { says: 'a 503', answer: { status: 503, body: { message: 'unavailable' } } },
      { says: 'a 429 without any header', answer: { status: 429, body: { message: 'slow down' } } },
      { says: 'an HTML page with status 200', answer: { status: 200, body: '<html>proxy</html>' } },
      { says: 'a cut connection', answer: 'reset' as const },
      { says: 'half an answer', answer: 'truncate' as const },
    ])('survives $says', async ({ answer }) => {
      const { world, fake, memory, time } = await stage();
      const id = adapter.add(world, past(0, 1));
      const provider = direct(fake);
      fake.faults.push({ times: 2, answer });

      await pollInto(memory, provider, { nowMs: time.nowMs, historyStartMs: HISTORY_START_MS });

      expect(memory.incidents.get(id)?.status).toBe('resolved');
    });

    it('does not try again with a key that was refused', async () => {
      const { fake, memory, time } = await stage({ count: 3 });
      fake.faults.push({ times: Number.POSITIVE_INFINITY, answer: adapter.unauthorised });

      const poll = pollInto(memory, direct(fake), { nowMs: time.nowMs, historyStartMs: HISTORY_START_MS });

      await expect(poll).rejects.toThrow(String(adapter.unauthorised.status));
      const asked = fake.requests.map(({ path, query, body, headers }) =>
        [path, query.toString(), headers['x-amz-target'], body].join(' '),
      );
      expect(asked.length).toBeGreaterThan(0);
      expect(new Set(asked).size).toBe(asked.length);
    });

    it.each([
      { says: 'a list that became an object of other fields', body: { unexpected: [] } },
      { says: 'HTML that stays', body: '<html>gone</html>' },
      { says: 'null', body: 'null' },
    ])('refuses $says instead of taking it for an empty platform', async ({ body }) => {
      const { memory, poll } = await stage({
        count: 3,
        tamper: (exchange) => (adapter.isList(exchange) ? { status: 200, body } : exchange),
      });

      await expect(poll()).rejects.toThrow(Error);

      expect(memory.end).toBeUndefined();
    });

    it('skips one malformed record, says so, and takes all others', async () => {
      const broken = { left: 1 };
      const { memory, poll } = await stage({
        count: 5,
        tamper: (exchange) => {
          if (!adapter.isList(exchange) || broken.left === 0) return exchange;
          const body = adapter.breakRecord(structuredClone(exchange.body));
          if (JSON.stringify(body) !== JSON.stringify(exchange.body)) broken.left -= 1;
          return { status: exchange.status, body };
        },
      });

      const pages = await poll();

      expect(broken.left).toBe(0);
      expect(memory.incidents.size).toBe(4);
      const reasons = new Set(pages.flatMap(({ rejected }) => rejected.map(({ reason }) => reason)));
      expect([...reasons]).toContain('malformed');
    });

    it('never takes half the pages of a later poll for all', async () => {
      let failing = false;
      const { world, time, memory, poll } = await stage({
        count: 2,
        tamper: (exchange) => (failing && seen++ > 0 ? { status: 500, body: {} } : exchange),
      });
      let seen = 0;
      await poll();
      const before = { cursor: memory.cursor, size: memory.incidents.size };
      for (let index = 0; index < 150; index += 1) {
        adapter.add(world, { name: `new-${index}`, triggeredAtMs: NOW_MS + index * 1000 });
      }
      time.nowMs += HOUR_MS;
      failing = true;

      await expect(poll()).rejects.toThrow('500');

      expect({ cursor: memory.cursor, size: memory.incidents.size }).toEqual(before);
      failing = false;
      await poll();
      expect(memory.incidents.size).toBe(before.size + 150);
    });

    it('lets no name and no address of a person in', async () => {
      const { world, time, tap, memory, poll } = await stage({ count: 12 });
      adapter.add(world, { name: 'still-open', triggeredAtMs: NOW_MS - HOUR_MS });

      const pages = await poll();
      time.nowMs += 2 * MINUTE_MS;
      adapter.resolve(world, 'still-open', time.nowMs);
      time.nowMs += MINUTE_MS;
      pages.push(...(await poll()));

      const sent = tap.sent.join('\n');
      const taken = JSON.stringify([
        pages,
        [...memory.incidents],
        [...memory.stateChanges.values()].map((one) => [...one]),
      ]);
      expect(adapter.people.filter((person) => sent.includes(person))).not.toEqual([]);
      expect(adapter.people.filter((person) => taken.includes(person))).toEqual([]);
    });

    it('follows an incident from its opening to its end, and arrives where a fresh sync arrives', async () => {
      const { world, time, memory, provider, poll } = await stage({ count: 20 });
      const by = provider();
      await poll({ with: by });
      for (let minute = 1; minute <= 12; minute += 1) {
        time.nowMs = NOW_MS + minute * MINUTE_MS;
        if (minute <= 8) adapter.add(world, { name: `later-${minute}`, triggeredAtMs: time.nowMs - 30_000 });
        if (minute > 3 && minute <= 11) adapter.resolve(world, `later-${minute - 3}`, time.nowMs - 20_000);
        await poll({ with: by });
      }
      const fresh = createMemoryKnown();

      await poll({ into: fresh });

      expect(memory.incidents.size).toBe(28);
      expect(facts(memory)).toEqual(facts(fresh));
      expect([...memory.incidents.values()].filter(({ status }) => status === 'resolved')).toHaveLength(28);
    });

    it('finds what was open however long it was away', async () => {
      const { world, time, memory, poll } = await stage({ count: 5 });
      const id = adapter.add(world, { name: 'patient', triggeredAtMs: NOW_MS - 2 * DAY_MS });
      await poll();
      expect(memory.incidents.get(id)?.resolvedAtMs).toBeUndefined();
      adapter.resolve(world, 'patient', NOW_MS + 3 * DAY_MS);
      time.nowMs = NOW_MS + 6 * DAY_MS;

      await poll();

      expect(memory.incidents.get(id)?.resolvedAtMs).toBe(NOW_MS + 3 * DAY_MS);
    });

    it('finds what the platform shows late', async () => {
      const { world, time, memory, poll } = await stage({ count: 1 });
      await poll();
      const trouble = { name: 'late', triggeredAtMs: NOW_MS + MINUTE_MS, resolvedAtMs: NOW_MS + 2 * MINUTE_MS };
      const id = adapter.add(world, { ...trouble, shownAfterMs: 3 * MINUTE_MS });
      adapter.add(world, { name: 'prompt', triggeredAtMs: NOW_MS + 3 * MINUTE_MS });
      time.nowMs = NOW_MS + 3.5 * MINUTE_MS;
      await poll();
      expect(memory.incidents.has(id)).toBe(false);
      time.nowMs = NOW_MS + 6 * MINUTE_MS;

      await poll();

      expect(memory.incidents.get(id)?.resolvedAtMs).toBe(trouble.resolvedAtMs);
    });

    it('counts a record once that lists show twice', async () => {
      const twice = await stage({ count: 30, options: { duplicates: true } });
      const once = await stage({ count: 30 });

      await twice.poll();
      await once.poll();

      expect(facts(twice.memory)).toEqual(facts(once.memory));
    });

    it('changes nothing when the same poll is applied again', async () => {
      const { memory, time, poll } = await stage({ count: 30 });
      const pages = await poll();
      const before = facts(memory);

      for (const page of pages) memory.apply(page, time.nowMs);

      expect(facts(memory)).toEqual(before);
      await poll();
      expect(facts(memory)).toEqual(before);
    });

    it('goes on with a first sync after a crash, and asks again for little of what was committed', async () => {
      const count = adapter.longSync ?? 1050;
      const undisturbed = await stage({ count });
      await undisturbed.poll();
      const { memory, time, fake, poll } = await stage({ count });
      await poll({ dieAfterPages: 4 });
      await poll({ dieAfterPages: 4 });
      time.nowMs += MINUTE_MS;

      await poll();

      expect(memory.end?.polledUntilMs).toBe(NOW_MS);
      expect(facts(memory)).toEqual(facts(undisturbed.memory));
      // Each crash may lose the four pages under way and asks once more where it stands.
      expect(fake.requests.length).toBeLessThanOrEqual(undisturbed.fake.requests.length + 2 * 6);
    });

    it.each([2 * HOUR_MS, -2 * HOUR_MS])(
      'takes the time of its request, not of a local clock off by %i ms',
      async (offMs) => {
        const told = await Promise.all(
          [0, offMs].map(async (clockAheadMs) => {
            const { world, time, memory, provider, poll } = await stage({ count: 3, clockAheadMs });
            const open = { name: 'open', triggeredAtMs: NOW_MS - HOUR_MS };
            adapter.add(world, open);
            const by = provider();
            const cursors: unknown[] = [];
            const pass = async (ms: number) => {
              time.nowMs += ms;
              await poll({ with: by });
              cursors.push(memory.cursor, memory.end);
            };
            await pass(0);
            for (let quiet = 0; quiet < 3; quiet += 1) await pass(MINUTE_MS);
            const fromMs = time.nowMs + 10_000;
            const between = { name: 'between', triggeredAtMs: fromMs, resolvedAtMs: fromMs + 30_000 };
            const id = adapter.add(world, between);
            await pass(MINUTE_MS);
            adapter.resolve(world, 'open', time.nowMs + 20_000);
            await pass(MINUTE_MS);
            await pass(3 * HOUR_MS);
            expect(memory.incidents.get(id)?.resolvedAtMs).toBe(between.resolvedAtMs);
            const stateChanges = [...memory.stateChanges].map(([subject, some]) => [subject, [...some.keys()].sort()]);
            const skewMs = by.clockSkewMs() ?? Number.NaN;
            return { facts: facts(memory), rejected: [...memory.rejected.keys()], stateChanges, cursors, skewMs };
          }),
        );
        const [{ skewMs: agreeing, ...right } = {}, { skewMs, ...off } = {}] = told;

        expect(off).toEqual(right);
        expect(agreeing).toBe(0);
        expect(skewMs).toBeCloseTo(offMs, -3.5);
      },
    );

    it('knows no skew before the first answer, nor from answers without a date', async () => {
      const { provider, poll } = await stage({ options: { dateMs: () => undefined } });
      const by = provider();
      const before = by.clockSkewMs();

      await poll({ with: by });

      expect([before, by.clockSkewMs()]).toEqual([undefined, undefined]);
    });

    it('stops at once when it is told to', async () => {
      const { fake, memory, poll } = await stage({ count: 3 });
      const reason = new Error('the daemon stops');

      await expect(poll({ signal: AbortSignal.abort(reason) })).rejects.toThrow('the daemon stops');

      expect(fake.requests).toEqual([]);
      expect(memory.end).toBeUndefined();
    });

    describe('is probed', () => {
      const asked = { nowMs: NOW_MS, historyStartMs: HISTORY_START_MS };
      const probe = (provider: Provider, signal = new AbortController().signal) => provider.probe({ ...asked, signal });

      it('with a response to every call, and sees the newest incidents', async () => {
        const { provider } = await stage({ count: 45 });

        const { probes, firstPage } = await probe(provider());

        expect(probes.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
        expect(firstPage?.rejected).toBe(0);
        expect(firstPage?.incidents).toHaveLength(adapter.samplesMax ?? 45);
        const newestMs = Math.max(...(firstPage?.incidents ?? []).map(({ triggeredAtMs }) => triggeredAtMs));
        expect(newestMs).toBe(past(44, 45).triggeredAtMs);
      });

      it('and estimates the requests of a first sync and of a quiet poll after it', async () => {
        const { fake, provider, poll, time } = await stage({ count: 345 });
        const { estimate } = await probe(provider());
        const probing = fake.requests.length;
        const same = provider();
        await poll({ with: same });
        const syncing = fake.requests.length - probing;
        time.nowMs += 2 * HOUR_MS;
        await poll({ with: same });
        time.nowMs += MINUTE_MS;
        const before = fake.requests.length;

        await poll({ with: same });

        expect(estimate?.perPoll).toBe(fake.requests.length - before);
        expect(estimate?.firstSync).toBeGreaterThan(syncing * 0.8);
        expect(estimate?.firstSync).toBeLessThan(syncing * 1.2 + 3);
      });

      it('with a wrong key: says so and asks no further', async () => {
        const { fake, provider } = await stage({ count: 1, tamper: () => adapter.unauthorised });

        const { probes, firstPage } = await probe(provider());

        expect(probes.map(({ outcome }) => outcome)).toContain('unauthorised');
        expect(fake.requests).toHaveLength(1);
        expect(firstPage).toBeUndefined();
      });

      it('and throws nothing when it is ended, be it before the first request or in the middle', async () => {
        const { fake, provider } = await stage({ count: 1 });
        const before = await probe(provider(), AbortSignal.abort(new Error('the time is over')));
        const asked = fake.requests.length;
        fake.faults.push({ times: 1, answer: 'hang' });
        const ending = new AbortController();
        const ended = probe(direct(fake), ending.signal);
        await vi.waitUntil(() => fake.requests.length > asked);

        ending.abort(new Error('the time is over'));

        const { probes } = await ended;
        expect([before.probes, probes].map((all) => all.some(({ message }) => message === 'the time is over'))).toEqual(
          [true, true],
        );
        expect(asked).toBe(0);
      });

      it('and names no person', async () => {
        const { provider } = await stage({ count: 3 });

        const told = JSON.stringify(await probe(provider()));

        expect(adapter.people.filter((person) => told.includes(person))).toEqual([]);
      });
    });

    /** A provider that talks to the fake without the tap, for what goes wrong below HTTP. */
    function direct(fake: Fake): Provider {
      const made = adapter.createProvider(fake.url, {}, { clock: impatientClock(NOW_MS), observer: silentObserver });
      opened.push(made);
      return made;
    }
  });
}

interface StageOptions {
  readonly options?: FakeOptions;
  readonly tamper?: (exchange: Exchange) => { status: number; body: unknown };
  /** Ended troubles that are there from the start. */
  readonly count?: number;
  readonly config?: Partial<ProviderConfig>;
  /** How far the provider's own clock is ahead of the platform's; it then follows `time`. */
  readonly clockAheadMs?: number;
}

interface PollChoices {
  readonly into?: MemoryKnown;
  readonly with?: Provider;
  readonly signal?: AbortSignal;
  readonly dieAfterPages?: number;
}

interface Stage {
  readonly world: World;
  readonly ids: readonly string[];
  readonly time: { nowMs: number };
  readonly fake: Fake;
  readonly tap: Tap;
  readonly memory: MemoryKnown;
  readonly provider: () => Provider;
  readonly poll: (at?: PollChoices) => ReturnType<typeof pollInto>;
}

/** The index-th of so many ended troubles, evenly over 20 days before now, 30 to 89 minutes long. */
function past(index: number, count: number): Trouble {
  const step = Math.floor((20 * DAY_MS) / count / 1000) * 1000;
  const triggeredAtMs = NOW_MS - 21 * DAY_MS + index * step;
  return { name: `past-${index}`, triggeredAtMs, resolvedAtMs: triggeredAtMs + (30 + (index % 60)) * MINUTE_MS };
}

/** What every provider must agree on about an incident. */
interface Facts {
  readonly id: string;
  readonly status: string;
  readonly triggeredAtMs: number;
  readonly resolvedAtMs: number | undefined;
}

function recovered(id: string, { triggeredAtMs, resolvedAtMs }: Trouble): Facts {
  return { id, status: 'resolved', triggeredAtMs, resolvedAtMs };
}

function facts(memory: MemoryKnown): Facts[] {
  return [...memory.incidents.values()]
    .map(({ id, status, triggeredAtMs, resolvedAtMs }) => ({ id, status, triggeredAtMs, resolvedAtMs }))
    .sort(byId);
}

function byId(a: Facts, b: Facts): number {
  return a.id < b.id ? -1 : 1;
}
