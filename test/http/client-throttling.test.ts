import { afterEach, describe, expect, it } from 'vitest';
import {
  catchReason,
  closeAll,
  instantClock,
  neverAborted,
  openClient,
  recordRequests,
  respondInOrder,
  SECRET,
  START_MS,
  startServer,
} from './setup.ts';

afterEach(closeAll);

const ok = { status: 200, body: { ok: true } };
const inSeconds = (seconds: number) => new Date(START_MS + seconds * 1000).toUTCString();

describe('a 429', () => {
  it.each([
    { headers: { 'retry-after': '7' }, waitMs: 7000 },
    { headers: { 'retry-after': inSeconds(9), date: inSeconds(0) }, waitMs: 9000 },
    { headers: { 'ratelimit-reset': '12' }, waitMs: 12_000 },
    { headers: { 'x-ratelimit-period-in-sec': '60' }, waitMs: 60_000 },
  ])('with $headers is obeyed', async ({ headers, waitMs }) => {
    const own = await startServer(respondInOrder({ status: 429, headers }, ok));
    const [clock, observed] = [instantClock(), recordRequests()];

    const response = await openClient(own.url, { clock, observer: observed }).get('/x', {}, neverAborted());

    expect(response.body).toEqual({ ok: true });
    expect(clock.waitsMs).toEqual([waitMs]);
    expect(observed).toMatchObject({ codes: ['429', '200'], throttled: 1 });
  });

  it('says in its body when to come back, where no header does', async () => {
    const retry = `${inSeconds(17).slice(0, -3)}UTC`;
    const body = { type: 'too_many_requests', rate_limit: { retry_after: retry }, errors: [{ message: 'Slow down' }] };
    const own = await startServer(respondInOrder({ status: 429, body, headers: { date: inSeconds(0) } }, ok));
    const clock = instantClock();

    await openClient(own.url, { clock }).get('/x', {}, neverAborted());

    expect(clock.waitsMs).toEqual([17_000]);
  });

  it('without headers is followed by random waits that double', async () => {
    const own = await startServer(
      respondInOrder({ status: 429, body: { error: { message: 'Rate Limit Exceeded', code: 2020 } } }),
    );
    const [clock, observed] = [instantClock(), recordRequests()];

    const error = await catchReason(openClient(own.url, { clock, observer: observed }).get('/x', {}, neverAborted()));

    expect(error).toMatchObject({
      message: 'GET /x: 429 after 5 tries: Rate Limit Exceeded',
      body: { error: { code: 2020 } },
    });
    expect(observed.throttled).toBe(5);
    expect(clock.waitsMs.length).toBeGreaterThanOrEqual(4);
    clock.waitsMs.forEach((ms, index) => expect(ms).toBeLessThanOrEqual(500 * 2 ** index));
  });

  it('holds back every request of the client', async () => {
    const own = await startServer(respondInOrder({ status: 429, headers: { 'retry-after': '40' } }, ok));
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const clock = {
      ...instantClock(),
      sleep: () => {
        begin();
        return over;
      },
    };
    const client = openClient(own.url, { clock });
    const first = client.get('/first', {}, neverAborted());
    await begun;

    const others = Promise.all(['/second', '/third'].map((path) => client.get(path, {}, neverAborted())));
    await new Promise((resolve) => setImmediate(resolve));

    expect(own.requests).toEqual(['/first']);
    end();
    await Promise.all([first, others]);
    expect(own.requests.toSorted()).toEqual(['/first', '/first', '/second', '/third']);
  });

  it('holds back for an hour at most, whatever a header says', async () => {
    const own = await startServer(respondInOrder({ status: 429, headers: { 'retry-after': '99999999' } }));
    const clock = instantClock();

    await catchReason(openClient(own.url, { clock }).get('/x', {}, neverAborted()));

    expect(Math.max(...clock.waitsMs)).toBe(3_600_000);
  });
});

describe('a rate limit that is used up', () => {
  it('holds the next request back until the reset', async () => {
    const spent = { status: 200, headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '30' } };
    const own = await startServer(respondInOrder(spent, ok));
    const [clock, observed] = [instantClock(), recordRequests()];
    const client = openClient(own.url, { clock, observer: observed });

    await client.get('/1', {}, neverAborted());
    await client.get('/2', {}, neverAborted());

    expect(clock.waitsMs).toEqual([30_000]);
    expect(observed).toMatchObject({ codes: ['200', '200'], throttled: 0 });
  });

  it('is reported by the platform where it does, else counted by our rate limiter', async () => {
    const own = await startServer(respondInOrder({ status: 200, headers: { 'x-ratelimit-remaining': '17' } }, ok));
    const [clock, observed] = [instantClock(), recordRequests()];
    const client = openClient(own.url, { clock, observer: observed, rateLimit: { requests: 5, perMs: 50 } });

    for (let index = 0; index < 3; index += 1) await client.get('/x', {}, neverAborted());
    clock.advance(50);
    await client.get('/x', {}, neverAborted());

    expect(observed.budgets).toEqual([17, 3, 2, 4]);
  });
});

describe("a call of a platform's own SDK", () => {
  const classifyError = (error: unknown) => {
    const throttled = error instanceof Error && error.message.startsWith('Rate');
    return { retry: throttled, throttled, status: 400, message: `${String(error)} of ${SECRET} for ada@example.com` };
  };

  it('is retried and held back like a 429 when the platform throttled it', async () => {
    const [clock, observed] = [instantClock(), recordRequests()];
    const client = openClient('https://monitoring.test', { clock, observer: observed, classifyError });
    let count = 0;

    const value = await client.run(
      'Describe',
      async () => {
        count += 1;
        if (count < 3) throw new Error('Rate exceeded');
        return count;
      },
      neverAborted(),
    );

    expect(value).toBe(3);
    expect(observed).toMatchObject({ codes: ['400', '400', '200'], throttled: 2 });
    expect(clock.waitsMs.length).toBeGreaterThanOrEqual(2);
  });

  it('ends in an error with the classified message, without secrets and e-mail addresses', async () => {
    const client = openClient('https://monitoring.test', { classifyError });
    const denied = catchReason(client.run('Describe', () => Promise.reject(new Error('Denied')), neverAborted()));
    const throttled = catchReason(
      client.run('Describe', () => Promise.reject(new Error('Rate exceeded')), neverAborted()),
    );

    const errors = await Promise.all([denied, throttled]);

    expect(errors).toMatchObject([
      { status: 400, message: 'monitoring.test: 400: Error: Denied of [redacted] for [redacted]' },
      { status: 400, message: 'monitoring.test: 400 after 5 tries: Error: Rate exceeded of [redacted] for [redacted]' },
    ]);
  });

  it('is not retried when its errors cannot be classified', async () => {
    const observed = recordRequests();
    const client = openClient('https://monitoring.test', { observer: observed });

    const error = await catchReason(client.run('Describe', () => Promise.reject(new Error('what?')), neverAborted()));

    expect(error).toMatchObject({ message: 'monitoring.test: no answer: what?', status: undefined });
    expect(observed.codes).toEqual(['error']);
  });
});
