import { afterEach, describe, expect, it } from 'vitest';
import { allowanceOf } from '../../src/http/allowance.ts';
import {
  closeAll,
  failureOf,
  inTurn,
  never,
  openDoor,
  quickClock,
  SECRET,
  START_MS,
  serve,
  takeNotes,
} from './setup.ts';

afterEach(closeAll);

const ok = { status: 200, body: { ok: true } };
const inSeconds = (seconds: number) => new Date(START_MS + seconds * 1000).toUTCString();

describe('the headers of an answer', () => {
  it.each([
    { says: 'Retry-After in seconds', status: 429, headers: { 'retry-after': '7' }, waitMs: 7000 },
    {
      says: 'Retry-After as a date, by our clock',
      status: 429,
      headers: { 'retry-after': inSeconds(9) },
      waitMs: 9000,
    },
    {
      says: "Retry-After as a date, by the platform's own clock where it tells it",
      status: 429,
      headers: { 'retry-after': inSeconds(1205), date: inSeconds(1200) },
      waitMs: 5000,
    },
    { says: 'a date that has passed', status: 429, headers: { 'retry-after': inSeconds(-9) }, waitMs: undefined },
    {
      says: 'nonsense',
      status: 429,
      headers: { 'retry-after': 'soon', 'ratelimit-reset': 'later' },
      waitMs: undefined,
    },
    {
      says: 'a reset as an epoch, by the clock of the platform where it tells it',
      status: 429,
      headers: { 'ratelimit-reset': String(START_MS / 1000 + 7205), date: inSeconds(7200) },
      waitMs: 5000,
    },
    {
      says: 'a reset as an epoch that has passed',
      status: 429,
      headers: { 'ratelimit-reset': String(START_MS / 1000 - 5) },
      waitMs: undefined,
    },
    { says: "PagerDuty's reset in seconds", status: 429, headers: { 'ratelimit-reset': '12' }, waitMs: 12_000 },
    {
      says: 'Retry-After before the reset',
      status: 429,
      headers: { 'retry-after': '3', 'ratelimit-reset': '12' },
      waitMs: 3000,
    },
    {
      says: "Opsgenie's period in seconds",
      status: 429,
      headers: { 'x-ratelimit-period-in-sec': '60' },
      waitMs: 60_000,
    },
    {
      says: "Opsgenie's period by name",
      status: 429,
      headers: { 'x-ratelimit-period-in-sec': 'MINUTE' },
      waitMs: 60_000,
    },
    {
      says: "Opsgenie's second by name",
      status: 429,
      headers: { 'x-ratelimit-period-in-sec': 'second' },
      waitMs: 1000,
    },
    { says: 'a 503 with Retry-After', status: 503, headers: { 'retry-after': '20' }, waitMs: 20_000 },
    {
      says: 'a reset while requests are left',
      status: 200,
      headers: { 'ratelimit-remaining': '1', 'ratelimit-reset': '12' },
      waitMs: undefined,
    },
    {
      says: 'a reset when none is left',
      status: 200,
      headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '12' },
      waitMs: 12_000,
    },
    {
      says: 'THROTTLED with a period',
      status: 200,
      headers: { 'x-ratelimit-state': 'THROTTLED', 'x-ratelimit-period-in-sec': '1' },
      waitMs: 1000,
    },
    {
      says: 'a period while all is well',
      status: 200,
      headers: { 'x-ratelimit-state': 'OK', 'x-ratelimit-period-in-sec': '60' },
      waitMs: undefined,
    },
  ])('hold back for what they tell: $says', ({ status, headers, waitMs }) => {
    const allowance = allowanceOf({ status, headers, nowMs: START_MS });

    expect(allowance.waitMs).toBe(waitMs);
  });

  it.each([
    { headers: { 'ratelimit-remaining': '41' }, remaining: 41 },
    { headers: { 'x-ratelimit-remaining': '7' }, remaining: 7 },
    { headers: { 'ratelimit-remaining': 'many' }, remaining: undefined },
    { headers: {}, remaining: undefined },
  ])('tell of $remaining requests left by $headers', ({ headers, remaining }) => {
    expect(allowanceOf({ status: 200, headers, nowMs: START_MS }).remaining).toBe(remaining);
  });
});

describe('a 429', () => {
  it.each([
    { headers: { 'retry-after': '7' }, waitMs: 7000 },
    { headers: { 'retry-after': inSeconds(9), date: inSeconds(0) }, waitMs: 9000 },
    { headers: { 'ratelimit-reset': '12' }, waitMs: 12_000 },
    { headers: { 'x-ratelimit-period-in-sec': '60' }, waitMs: 60_000 },
  ])('with $headers is obeyed', async ({ headers, waitMs }) => {
    const own = await serve(inTurn({ status: 429, headers }, ok));
    const [clock, notes] = [quickClock(), takeNotes()];

    const answer = await openDoor(own.url, { clock, observer: notes }).get('/x', {}, never());

    expect(answer.body).toEqual({ ok: true });
    expect(clock.waitsMs).toEqual([waitMs]);
    expect(notes).toMatchObject({ codes: ['429', '200'], throttled: 1 });
  });

  it('without headers is followed by random waits that double', async () => {
    const own = await serve(inTurn({ status: 429, body: { error: { message: 'Rate Limit Exceeded', code: 2020 } } }));
    const [clock, notes] = [quickClock(), takeNotes()];

    const error = await failureOf(openDoor(own.url, { clock, observer: notes }).get('/x', {}, never()));

    expect(error).toMatchObject({
      message: 'GET /x: 429 after 5 tries: Rate Limit Exceeded',
      body: { error: { code: 2020 } },
    });
    expect(notes.throttled).toBe(5);
    expect(clock.waitsMs.length).toBeGreaterThanOrEqual(4);
    clock.waitsMs.forEach((ms, index) => expect(ms).toBeLessThanOrEqual(500 * 2 ** index));
  });

  it('holds back every request of the door', async () => {
    const own = await serve(inTurn({ status: 429, headers: { 'retry-after': '40' } }, ok));
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const clock = {
      ...quickClock(),
      sleep: () => {
        begin();
        return over;
      },
    };
    const door = openDoor(own.url, { clock });
    const first = door.get('/first', {}, never());
    await begun;

    const others = Promise.all(['/second', '/third'].map((path) => door.get(path, {}, never())));
    await new Promise((resolve) => setImmediate(resolve));

    expect(own.requests).toEqual(['/first']);
    end();
    await Promise.all([first, others]);
    expect(own.requests.toSorted()).toEqual(['/first', '/first', '/second', '/third']);
  });

  it('holds back for an hour at most, whatever a header says', async () => {
    const own = await serve(inTurn({ status: 429, headers: { 'retry-after': '99999999' } }));
    const clock = quickClock();

    await failureOf(openDoor(own.url, { clock }).get('/x', {}, never()));

    expect(Math.max(...clock.waitsMs)).toBe(3_600_000);
  });
});

describe('an allowance that is used up', () => {
  it('holds the next request back until the reset', async () => {
    const spent = { status: 200, headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '30' } };
    const own = await serve(inTurn(spent, ok));
    const [clock, notes] = [quickClock(), takeNotes()];
    const door = openDoor(own.url, { clock, observer: notes });

    await door.get('/1', {}, never());
    await door.get('/2', {}, never());

    expect(clock.waitsMs).toEqual([30_000]);
    expect(notes).toMatchObject({ codes: ['200', '200'], throttled: 0 });
  });

  it('is told by the platform where it tells, else by our own pace', async () => {
    const own = await serve(inTurn({ status: 200, headers: { 'x-ratelimit-remaining': '17' } }, ok));
    const [clock, notes] = [quickClock(), takeNotes()];
    const door = openDoor(own.url, { clock, observer: notes, rateLimit: { requests: 5, perMs: 50 } });

    for (let index = 0; index < 3; index += 1) await door.get('/x', {}, never());
    clock.advance(50);
    await door.get('/x', {}, never());

    expect(notes.budgets).toEqual([17, 3, 2, 4]);
  });
});

describe("a call of a platform's own client", () => {
  const judge = (error: unknown) => {
    const throttled = error instanceof Error && error.message.startsWith('Rate');
    return { retry: throttled, throttled, status: 400, message: `${String(error)} of ${SECRET} for ada@example.com` };
  };

  it('is tried again and paced like a 429 when the platform throttled it', async () => {
    const [clock, notes] = [quickClock(), takeNotes()];
    const door = openDoor('https://monitoring.test', { clock, observer: notes, judge });
    let count = 0;

    const value = await door.run(async () => {
      count += 1;
      if (count < 3) throw new Error('Rate exceeded');
      return count;
    }, never());

    expect(value).toBe(3);
    expect(notes).toMatchObject({ codes: ['400', '400', '200'], throttled: 2 });
    expect(clock.waitsMs.length).toBeGreaterThanOrEqual(2);
  });

  it('ends in an error with the words of the judge, without secrets and addresses', async () => {
    const door = openDoor('https://monitoring.test', { judge });
    const denied = failureOf(door.run(() => Promise.reject(new Error('Denied')), never()));
    const throttled = failureOf(door.run(() => Promise.reject(new Error('Rate exceeded')), never()));

    const errors = await Promise.all([denied, throttled]);

    expect(errors).toMatchObject([
      { status: 400, message: 'monitoring.test: 400: Error: Denied of [redacted] for [redacted]' },
      { status: 400, message: 'monitoring.test: 400 after 5 tries: Error: Rate exceeded of [redacted] for [redacted]' },
    ]);
  });

  it('is not tried again when nobody can judge its errors', async () => {
    const notes = takeNotes();
    const door = openDoor('https://monitoring.test', { observer: notes });

    const error = await failureOf(door.run(() => Promise.reject(new Error('what?')), never()));

    expect(error).toMatchObject({ message: 'monitoring.test: no answer: what?', status: undefined });
    expect(notes.codes).toEqual(['error']);
  });
});
