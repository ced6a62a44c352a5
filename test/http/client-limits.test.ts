import { afterEach, describe, expect, it, vi } from 'vitest';
import { RequestError } from '../../src/http/errors.ts';
import { systemClock } from '../../src/model/time.ts';
import {
  catchReason,
  closeAll,
  frozenClock,
  type Handler,
  instantClock,
  neverAborted,
  openClient,
  recordRequests,
  respondInOrder,
  startServer,
} from './setup.ts';

afterEach(async () => {
  vi.useRealTimers();
  await closeAll();
});

/** Never answers; `seen` resolves when the first request has arrived. */
async function silentServer() {
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  const server = await startServer(() => resolve());
  return { ...server, seen };
}

describe('the time-out', () => {
  it('ends each try at a platform that stays silent', async () => {
    const { url, requests } = await silentServer();
    const observed = recordRequests();
    const client = openClient(url, { timeoutMs: 50, observer: observed });

    const error = await catchReason(client.get('/x', {}, neverAborted()));

    expect(error).toMatchObject({
      message: 'GET /x: no answer after 5 tries: timed out after 0.05 s',
      status: undefined,
    });
    expect(observed.codes).toEqual(['error', 'error', 'error', 'error', 'error']);
    expect(requests).toHaveLength(5);
  });

  it('ends a response that never ends', async () => {
    const { url } = await startServer((_, response) => {
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    });
    const client = openClient(url, { timeoutMs: 100 });

    const error = await catchReason(client.get('/x', {}, neverAborted()));

    expect(error).toMatchObject({ message: 'GET /x: no answer after 5 tries: timed out after 0.1 s' });
  });

  it("fires the signal of a call of a platform's own SDK, which is retried", async () => {
    const client = openClient('https://api.test', { timeoutMs: 20 });
    const reasons: unknown[] = [];
    let count = 0;

    const value = await client.run(
      'Describe',
      async (signal) => {
        count += 1;
        if (count > 1) return 'done';
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return new Promise<string>(() => undefined);
      },
      neverAborted(),
    );

    expect(value).toBe('done');
    expect(reasons).toEqual([expect.objectContaining({ message: 'timed out after 0.02 s' })]);
  });
});

describe('the deadline of a call', () => {
  it('ends a call after 10 minutes whatever its attempts do, and says so', async () => {
    vi.useFakeTimers();
    const client = openClient('https://api.test', { clock: systemClock, timeoutMs: 60 * 60_000 });
    const failure = catchReason(client.run('Describe', () => new Promise(() => undefined), neverAborted()));

    await vi.advanceTimersByTimeAsync(10 * 60_000);

    const error = await failure;
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ message: 'api.test: gave up after 10 min, the longest that one call may take' });
  });

  it('ends a call at once that would have to wait for longer, with the error before that', async () => {
    const own = await startServer(
      respondInOrder({ status: 429, headers: { 'retry-after': '3600' }, body: { error: { message: 'Slow down' } } }),
    );
    const client = openClient(own.url, { clock: frozenClock() });

    const error = await catchReason(client.get('/x', {}, neverAborted()));
    const next = await catchReason(client.get('/y', {}, neverAborted()));

    expect(error).toMatchObject({
      message:
        'GET /x: gave up because the platform accepts no requests until 2026-03-01T13:00:00.000Z, longer than one call may wait; before that 429: Slow down',
      status: 429,
    });
    expect(next).toMatchObject({
      message: expect.stringMatching(/^GET \/y: gave up because the platform accepts no requests/),
    });
    expect(own.requests).toEqual(['/x']);
  });

  it('counts the waits between the tries', async () => {
    const own = await startServer(respondInOrder({ status: 500 }));
    const clock = instantClock();
    const slow = { ...clock, sleep: async () => clock.advance(6 * 60_000) };
    const client = openClient(own.url, { clock: slow });

    const error = await catchReason(client.get('/x', {}, neverAborted()));

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
    const observed = recordRequests();
    const client = openClient(url, { observer: observed });
    const stop = new AbortController();
    const failure = catchReason(client.get('/x', {}, stop.signal));
    await seen;

    stop.abort(reason);

    expect(await failure).toBe(reason);
    await vi.waitFor(() => expect(observed.codes).toEqual(['error']));
  });

  it('ends a queued request, which is then never sent', async () => {
    const { url, requests } = await startServer(() => undefined);
    const client = openClient(url);
    const others = new AbortController();
    const earlier = ['/1', '/2', '/3', '/4'].map((path) => catchReason(client.get(path, {}, others.signal)));
    await vi.waitFor(() => expect(requests).toHaveLength(4));
    const stop = new AbortController();
    const queued = catchReason(client.get('/queued', {}, stop.signal));

    stop.abort(reason);

    expect(await queued).toBe(reason);
    others.abort(reason);
    await Promise.all(earlier);
    const last = new AbortController();
    const sent = catchReason(client.get('/last', {}, last.signal));
    await vi.waitFor(() => expect(requests).toContain('/last'));
    last.abort();
    await sent;
    expect(requests).toEqual(['/1', '/2', '/3', '/4', '/last']);
  });

  it.each([
    { during: 'the wait between two tries', answer: { status: 500 } },
    { during: 'a wait that the platform asked for', answer: { status: 429, headers: { 'retry-after': '30' } } },
  ])('ends $during with its reason', async ({ answer }) => {
    const own = await startServer(respondInOrder(answer));
    const clock = frozenClock();
    const client = openClient(own.url, { clock });
    const stop = new AbortController();
    const failure = catchReason(client.get('/x', {}, stop.signal));
    await clock.slept;

    stop.abort(reason);

    expect(await failure).toBe(reason);
  });

  it('sends nothing when it had fired before', async () => {
    const own = await startServer(respondInOrder({ status: 200 }));
    const client = openClient(own.url);

    const error = await catchReason(client.get('/x', {}, AbortSignal.abort(reason)));

    expect(error).toBe(reason);
    expect(own.requests).toEqual([]);
  });
});

describe('closing', () => {
  it('ends what is in flight, queued or waiting, and sends nothing more', async () => {
    const { url, requests } = await startServer(() => undefined);
    const client = openClient(url);
    const calls = Array.from({ length: 9 }, (_, index) => catchReason(client.get(`/${index}`, {}, neverAborted())));
    await vi.waitFor(() => expect(requests).toHaveLength(4));

    await client.close();
    await client.close();

    const errors = await Promise.all([...calls, catchReason(client.get('/late', {}, neverAborted()))]);
    expect(new Set(errors.map(String))).toEqual(new Set(['Error: the connection to the platform was closed']));
    expect(requests).toHaveLength(4);
  });
});

describe('two clients', () => {
  it('do not wait for each other', async () => {
    const silent = await silentServer();
    const limited = await startServer(respondInOrder({ status: 429, headers: { 'retry-after': '300' } }));
    const healthy = await startServer(respondInOrder({ status: 200, body: { fine: true } }));
    const clock = frozenClock();
    const stop = new AbortController();
    const stuck = catchReason(openClient(silent.url).get('/x', {}, stop.signal));
    const paused = catchReason(openClient(limited.url, { clock }).get('/x', {}, stop.signal));
    await Promise.all([silent.seen, clock.slept]);

    const { body } = await openClient(healthy.url, { clock }).get('/x', {}, neverAborted());

    expect(body).toEqual({ fine: true });
    stop.abort();
    await Promise.all([stuck, paused]);
  });
});

describe('requests at once', () => {
  /** Holds each response until `together` of them wait. */
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

  it('are four, so that latency does not waste the rate limit', async () => {
    const { handler, counts } = gate(4);
    const { url } = await startServer(handler);
    const client = openClient(url);

    await Promise.all(Array.from({ length: 12 }, (_, index) => client.get(`/${index}`, {}, neverAborted())));

    expect(counts.most).toBe(4);
  });

  it('are one for a minute after a 429, and four again after that', async () => {
    const soon = { now: 0, most: 0 };
    const later = gate(4);
    const { url, requests } = await startServer((request, response) => {
      if (requests.length === 1) return void response.writeHead(429).end();
      if (request.url === '/later') return later.handler(request, response);
      soon.now += 1;
      soon.most = Math.max(soon.most, soon.now);
      setTimeout(() => {
        soon.now -= 1;
        response.end('{}');
      }, 10);
    });
    const clock = instantClock();
    const client = openClient(url, { clock });
    await client.get('/first', {}, neverAborted());

    await Promise.all(Array.from({ length: 8 }, () => client.get('/soon', {}, neverAborted())));
    clock.advance(60_000);
    await Promise.all(Array.from({ length: 8 }, () => client.get('/later', {}, neverAborted())));

    expect(soon.most).toBe(1);
    expect(later.counts.most).toBe(4);
  });

  it('are one as soon as a 429 has arrived, also for queued requests', async () => {
    const soon = { now: 0, most: 0 };
    const first: (() => void)[] = [];
    const { url, requests } = await startServer((_, response) => {
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
    const client = openClient(url);

    await Promise.all(Array.from({ length: 12 }, () => client.get('/x', {}, neverAborted())));

    expect(soon.most).toBe(1);
  });
});
