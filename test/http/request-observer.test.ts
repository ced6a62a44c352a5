import { afterEach, describe, expect, it } from 'vitest';
import { measureClockSkew, type ObservedRequest, rememberClockSkew } from '../../src/http/request-observer.ts';
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

const DATE = 'Sat, 21 Nov 2026 12:00:00 GMT';
const AT_MS = Date.parse(DATE);
const HOUR_MS = 3_600_000;

/** The skew of a response dated DATE; times are relative to that date. */
const measured = (
  sentAfterMs: number,
  receivedAfterMs = sentAfterMs,
  headers: Record<string, string> = { date: DATE },
) => measureClockSkew({ headers, sentAtMs: AT_MS + sentAfterMs, receivedAtMs: AT_MS + receivedAfterMs });

describe('the local clock', () => {
  it.each([
    { says: 'agrees in the middle of the second of the date', skewMs: measured(300, 700), expected: 0 },
    { says: 'agrees when it is less than 2 s ahead', skewMs: measured(2400), expected: 0 },
    { says: 'agrees when it is less than 2 s behind', skewMs: measured(-1400), expected: 0 },
    { says: 'is ahead', skewMs: measured(60_500), expected: 60_000 },
    { says: 'is behind', skewMs: measured(-60_000), expected: -60_500 },
    {
      says: 'agrees when a response that took 20 s may have been dated at any moment',
      skewMs: measured(0, 20_000),
      expected: 0,
    },
    {
      says: 'is ahead by more than the response took',
      skewMs: measured(HOUR_MS, HOUR_MS + 20_000),
      expected: HOUR_MS + 9500,
    },
    { says: 'is not measured without a date', skewMs: measured(0, 0, {}), expected: undefined },
    { says: 'is not measured by an invalid date', skewMs: measured(0, 0, { date: 'noon' }), expected: undefined },
    {
      says: 'is not measured by a cached response',
      skewMs: measured(0, 0, { date: DATE, age: '3600' }),
      expected: undefined,
    },
  ])('$says', ({ skewMs, expected }) => {
    expect(skewMs).toBe(expected);
  });
});

describe('the skew of a platform', () => {
  it('is the newest that was measured, by a response with any status, and is passed on', async () => {
    const clock = instantClock();
    const passedOn: number[] = [];
    const { observer, clockSkewMs } = rememberClockSkew({
      ...recordRequests(),
      onClockSkew: (ms) => void passedOn.push(ms),
    });
    const date = (ms: number) => ({ date: new Date(START_MS + ms).toUTCString() });
    const { url } = await startServer(
      respondInOrder(
        { status: 404, headers: date(-2 * HOUR_MS) },
        { status: 200, headers: date(HOUR_MS) },
        { status: 200, headers: date(0) },
      ),
    );
    const client = openClient(url, { clock, observer });
    const before = clockSkewMs();

    await catchReason(client.get('/one', {}, neverAborted()));
    const ahead = clockSkewMs();
    await client.get('/two', {}, neverAborted());
    const behind = clockSkewMs();
    await client.get('/three', {}, neverAborted());

    expect([before, ahead, behind, clockSkewMs()]).toEqual([undefined, 2 * HOUR_MS - 500, -HOUR_MS - 500, 0]);
    expect(passedOn).toEqual([2 * HOUR_MS - 500, -HOUR_MS - 500, 0]);
  });

  it('corrects a date of Retry-After when the response itself has no date', async () => {
    const clock = instantClock();
    const platformMs = START_MS - 2 * HOUR_MS;
    const headers = (after: Record<string, string> = {}) => ({ date: new Date(platformMs).toUTCString(), ...after });
    const until = new Date(platformMs + 7000).toUTCString();
    const { url } = await startServer((request, response) => {
      response.sendDate = false;
      if (request.url === '/first') response.writeHead(200, headers()).end('{}');
      else if (clock.waitsMs.length === 0) response.writeHead(429, { 'retry-after': until }).end('{}');
      else response.writeHead(200).end('{}');
    });
    const client = openClient(url, { clock });
    await client.get('/first', {}, neverAborted());

    await client.get('/second', {}, neverAborted());

    expect(clock.waitsMs).toEqual([expect.closeTo(7000, -3.5)]);
  });
});

describe('each attempt of a request', () => {
  it('is reported with its endpoint, path, try, wait, duration and size, without query', async () => {
    const clock = instantClock();
    const seen: ObservedRequest[] = [];
    const observer = { ...recordRequests(), onRequest: (_code: string, one: ObservedRequest) => void seen.push(one) };
    const { url } = await startServer((_request, response) => {
      clock.advance(120);
      if (seen.length === 0) response.writeHead(503, { 'retry-after': '7' }).end('later');
      else response.writeHead(200).end('{"a":"é"}');
    });
    const client = openClient(url, { clock, observer });

    await client.get({ path: '/incidents/Q1', endpoint: '/incidents/{id}' }, { query: 'hidden' }, neverAborted());

    const same = { method: 'GET', host: new URL(url).host, path: '/incidents/Q1', endpoint: '/incidents/{id}' };
    expect(seen).toEqual([
      { ...same, tries: 1, waitMs: 0, durationMs: 120, bytes: 5 },
      { ...same, tries: 2, waitMs: 7000, durationMs: 120, bytes: 10 },
    ]);
  });

  it('is named by its path where that has no ids, below the path of the base URL', async () => {
    const seen: string[] = [];
    const observer = {
      ...recordRequests(),
      onRequest: (_code: string, one: ObservedRequest) => void seen.push(one.endpoint),
    };
    const { url } = await startServer(respondInOrder({ status: 200 }));
    const client = openClient(`${url}/proxy`, { observer });

    await client.get('incidents', { limit: 1 }, neverAborted());
    await client.get('/v2/alerts/count', {}, neverAborted());
    await client.get('/v2/alerts/70413a06-38d6/notes', {}, neverAborted());
    await client.get(`${url}/proxy/v2/alerts?offset=100`, {}, neverAborted());

    expect(seen).toEqual(['/incidents', '/v2/alerts/count', '/v2/alerts/{id}/notes', '/v2/alerts']);
  });

  it('has no secret and no address of mail in its path, and no size where nothing came', async () => {
    const seen: ObservedRequest[] = [];
    const observer = { ...recordRequests(), onRequest: (_code: string, one: ObservedRequest) => void seen.push(one) };
    const { url } = await startServer((request) => request.socket.destroy());
    const client = openClient(url, { observer });

    await catchReason(client.get({ path: `/keys/${SECRET}/ada@example.com`, endpoint: '/keys' }, {}, neverAborted()));

    expect(seen).toHaveLength(5);
    expect(seen[0]).toMatchObject({ path: '/keys/[redacted][redacted]', bytes: undefined });
  });

  it('of an SDK is named by its operation', async () => {
    const seen: ObservedRequest[] = [];
    const observer = { ...recordRequests(), onRequest: (_code: string, one: ObservedRequest) => void seen.push(one) };
    const client = openClient('http://127.0.0.1:9', { observer });

    await client.run('DescribeAlarms', async () => 1, neverAborted());

    expect(seen).toMatchObject([
      { method: 'POST', host: '127.0.0.1:9', path: 'DescribeAlarms', endpoint: 'DescribeAlarms' },
    ]);
  });
});
