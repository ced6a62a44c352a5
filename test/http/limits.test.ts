import { afterEach, describe, expect, it, vi } from 'vitest';
import { RequestError } from '../../src/http/errors.ts';
import { systemClock } from '../../src/model/time.ts';
import {
  closeAll,
  failureOf,
  type Handler,
  inTurn,
  never,
  openDoor,
  quickClock,
  serve,
  stillClock,
  takeNotes,
} from './setup.ts';

afterEach(async () => {
  vi.useRealTimers();
  await closeAll();
});

/** Never answers; `seen` resolves when the first request has come. */
async function silentServer() {
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  const server = await serve(() => resolve());
  return { ...server, seen };
}

describe('the time-out', () => {
  it('ends each try at a platform that stays silent', async () => {
    const { url, requests } = await silentServer();
    const notes = takeNotes();
    const door = openDoor(url, { timeoutMs: 50, observer: notes });

    const error = await failureOf(door.get('/x', {}, never()));

    expect(error).toMatchObject({
      message: 'GET /x: no answer after 5 tries: timed out after 0.05 s',
      status: undefined,
    });
    expect(notes.codes).toEqual(['error', 'error', 'error', 'error', 'error']);
    expect(requests).toHaveLength(5);
  });

  it('ends an answer that trickles in without an end', async () => {
    const { url } = await serve((_, response) => {
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    });
    const door = openDoor(url, { timeoutMs: 100 });

    const error = await failureOf(door.get('/x', {}, never()));

    expect(error).toMatchObject({ message: 'GET /x: no answer after 5 tries: timed out after 0.1 s' });
  });

  it("fires the signal of a platform's own client, and is tried again", async () => {
    const door = openDoor('https://api.test', { timeoutMs: 20 });
    const reasons: unknown[] = [];
    let count = 0;

    const value = await door.run(async (signal) => {
      count += 1;
      if (count > 1) return 'done';
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      return new Promise<string>(() => undefined);
    }, never());

    expect(value).toBe('done');
    expect(reasons).toEqual([expect.objectContaining({ message: 'timed out after 0.02 s' })]);
  });
});

describe('the deadline of a call', () => {
  it('ends a call after 10 minutes whatever its attempts do, and says so', async () => {
    vi.useFakeTimers();
    const door = openDoor('https://api.test', { clock: systemClock, timeoutMs: 60 * 60_000 });
    const failure = failureOf(door.run(() => new Promise(() => undefined), never()));

    await vi.advanceTimersByTimeAsync(10 * 60_000);

    const error = await failure;
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ message: 'api.test: gave up after 10 min, the longest that one call may take' });
  });

  it('ends a call at once that would have to wait for longer, and tells what came before', async () => {
    const own = await serve(
      inTurn({ status: 429, headers: { 'retry-after': '3600' }, body: { error: { message: 'Slow down' } } }),
    );
    const door = openDoor(own.url, { clock: stillClock() });

    const error = await failureOf(door.get('/x', {}, never()));
    const next = await failureOf(door.get('/y', {}, never()));

    expect(error).toMatchObject({
      message:
        'GET /x: gave up as the platform wants no requests until 2026-03-01T13:00:00.000Z, longer than one call may wait; before that 429: Slow down',
      status: 429,
    });
    expect(next).toMatchObject({
      message: expect.stringMatching(/^GET \/y: gave up as the platform wants no requests/),
    });
    expect(own.requests).toEqual(['/x']);
  });

  it('counts the waits between the tries', async () => {
    const own = await serve(inTurn({ status: 500 }));
    const clock = quickClock();
    const slow = { ...clock, sleep: async () => clock.advance(6 * 60_000) };
    const door = openDoor(own.url, { clock: slow });

    const error = await failureOf(door.get('/x', {}, never()));

    expect(error).toMatchObject({
      message:
        'GET /x: gave up after 10 min, the longest that one call may take; before that 500 after 2 tries: Internal Server Error',
    });
  });
});

describe('a signal that fires', () => {
  const reason = new Error('the poll was stopped');

  it('ends a request in flight with its reason', async () => {
    const { url, seen } = await silentServer();
    const notes = takeNotes();
    const door = openDoor(url, { observer: notes });
    const stop = new AbortController();
    const failure = failureOf(door.get('/x', {}, stop.signal));
    await seen;

    stop.abort(reason);

    expect(await failure).toBe(reason);
    await vi.waitFor(() => expect(notes.codes).toEqual(['error']));
  });

  it('ends a request that is queued, which then never leaves', async () => {
    const { url, requests } = await serve(() => undefined);
    const door = openDoor(url);
    const others = new AbortController();
    const ahead = ['/1', '/2', '/3', '/4'].map((path) => failureOf(door.get(path, {}, others.signal)));
    await vi.waitFor(() => expect(requests).toHaveLength(4));
    const stop = new AbortController();
    const queued = failureOf(door.get('/queued', {}, stop.signal));

    stop.abort(reason);

    expect(await queued).toBe(reason);
    others.abort(reason);
    await Promise.all(ahead);
    const last = new AbortController();
    const sent = failureOf(door.get('/last', {}, last.signal));
    await vi.waitFor(() => expect(requests).toContain('/last'));
    last.abort();
    await sent;
    expect(requests).toEqual(['/1', '/2', '/3', '/4', '/last']);
  });

  it.each([
    { during: 'the wait between two tries', answer: { status: 500 } },
    { during: 'a pause that the platform asked for', answer: { status: 429, headers: { 'retry-after': '30' } } },
  ])('ends $during with its reason', async ({ answer }) => {
    const own = await serve(inTurn(answer));
    const clock = stillClock();
    const door = openDoor(own.url, { clock });
    const stop = new AbortController();
    const failure = failureOf(door.get('/x', {}, stop.signal));
    await clock.slept;

    stop.abort(reason);

    expect(await failure).toBe(reason);
  });

  it('lets nothing leave when it had fired before', async () => {
    const own = await serve(inTurn({ status: 200 }));
    const door = openDoor(own.url);

    const error = await failureOf(door.get('/x', {}, AbortSignal.abort(reason)));

    expect(error).toBe(reason);
    expect(own.requests).toEqual([]);
  });
});

describe('closing', () => {
  it('ends what is in flight, queued or waiting, and lets nothing more through', async () => {
    const { url, requests } = await serve(() => undefined);
    const door = openDoor(url);
    const calls = Array.from({ length: 9 }, (_, index) => failureOf(door.get(`/${index}`, {}, never())));
    await vi.waitFor(() => expect(requests).toHaveLength(4));

    await door.close();
    await door.close();

    const errors = await Promise.all([...calls, failureOf(door.get('/late', {}, never()))]);
    expect(new Set(errors.map(String))).toEqual(new Set(['Error: the connection to the platform was closed']));
    expect(requests).toHaveLength(4);
  });
});

describe('two doors', () => {
  it('do not wait for each other', async () => {
    const silent = await silentServer();
    const limited = await serve(inTurn({ status: 429, headers: { 'retry-after': '300' } }));
    const healthy = await serve(inTurn({ status: 200, body: { fine: true } }));
    const clock = stillClock();
    const stop = new AbortController();
    const stuck = failureOf(openDoor(silent.url).get('/x', {}, stop.signal));
    const paused = failureOf(openDoor(limited.url, { clock }).get('/x', {}, stop.signal));
    await Promise.all([silent.seen, clock.slept]);

    const { body } = await openDoor(healthy.url, { clock }).get('/x', {}, never());

    expect(body).toEqual({ fine: true });
    stop.abort();
    await Promise.all([stuck, paused]);
  });
});

describe('requests at once', () => {
  /** Holds each answer until `together` of them wait. */
  function gate(together: number) {
    const held: (() => void)[] = [];
    const counts = { now: 0, most: 0 };
    const handler: Handler = (_, response) => {
      counts.now += 1;
      counts.most = Math.max(counts.most, counts.now);
      held.push(() => {
        counts.now -= 1;
        response.end('{}');
      });
      if (held.length >= together) for (const release of held.splice(0)) release();
    };
    return { handler, counts };
  }

  it('are four, so that latency does not waste the allowance', async () => {
    const { handler, counts } = gate(4);
    const { url } = await serve(handler);
    const door = openDoor(url);

    await Promise.all(Array.from({ length: 12 }, (_, index) => door.get(`/${index}`, {}, never())));

    expect(counts.most).toBe(4);
  });

  it('are one for a minute after a 429, and four again after that', async () => {
    const soon = { now: 0, most: 0 };
    const later = gate(4);
    const { url, requests } = await serve((request, response) => {
      if (requests.length === 1) return void response.writeHead(429).end();
      if (request.url === '/later') return later.handler(request, response);
      soon.now += 1;
      soon.most = Math.max(soon.most, soon.now);
      setTimeout(() => {
        soon.now -= 1;
        response.end('{}');
      }, 10);
    });
    const clock = quickClock();
    const door = openDoor(url, { clock });
    await door.get('/first', {}, never());

    await Promise.all(Array.from({ length: 8 }, () => door.get('/soon', {}, never())));
    clock.advance(60_000);
    await Promise.all(Array.from({ length: 8 }, () => door.get('/later', {}, never())));

    expect(soon.most).toBe(1);
    expect(later.counts.most).toBe(4);
  });

  it('are one as soon as a 429 is back, also for what was let through before', async () => {
    const soon = { now: 0, most: 0 };
    const first: (() => void)[] = [];
    const { url, requests } = await serve((_, response) => {
      if (requests.length <= 4) {
        first.push(() => response.writeHead(requests.length === 4 ? 429 : 200).end('{}'));
        if (first.length === 4) for (const release of first.splice(0)) release();
        return;
      }
      soon.now += 1;
      soon.most = Math.max(soon.most, soon.now);
      setTimeout(() => {
        soon.now -= 1;
        response.end('{}');
      }, 10);
    });
    const door = openDoor(url);

    await Promise.all(Array.from({ length: 12 }, () => door.get('/x', {}, never())));

    expect(soon.most).toBe(1);
  });
});
