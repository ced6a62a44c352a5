import { afterEach, describe, expect, it } from 'vitest';
import { measureClockSkew, rememberClockSkew } from '../../src/http/clock-skew.ts';
import { closeAll, failureOf, inTurn, never, openDoor, quickClock, START_MS, serve, takeNotes } from './setup.ts';

afterEach(closeAll);

const DATE = 'Sat, 21 Nov 2026 12:00:00 GMT';
const AT_MS = Date.parse(DATE);
const HOUR_MS = 3_600_000;

/** Headers with a date, and when the request left and the answer came, after that date. */
const answered = (
  sentAfterMs: number,
  receivedAfterMs = sentAfterMs,
  headers: Record<string, string> = { date: DATE },
) => measureClockSkew({ headers, sentAtMs: AT_MS + sentAfterMs, receivedAtMs: AT_MS + receivedAfterMs });

describe('the local clock', () => {
  it.each([
    { says: 'agrees in the middle of the second that is told', skewMs: answered(300, 700), expected: 0 },
    { says: 'agrees when it is less than 2 s ahead', skewMs: answered(2400), expected: 0 },
    { says: 'agrees when it is less than 2 s behind', skewMs: answered(-1400), expected: 0 },
    { says: 'is ahead', skewMs: answered(60_500), expected: 60_000 },
    { says: 'is behind', skewMs: answered(-60_000), expected: -60_500 },
    {
      says: 'agrees when an answer that took 20 s may have been dated at any moment',
      skewMs: answered(0, 20_000),
      expected: 0,
    },
    {
      says: 'is ahead by more than an answer took',
      skewMs: answered(HOUR_MS, HOUR_MS + 20_000),
      expected: HOUR_MS + 9500,
    },
    { says: 'is not measured without a date', skewMs: answered(0, 0, {}), expected: undefined },
    { says: 'is not measured by what is no date', skewMs: answered(0, 0, { date: 'noon' }), expected: undefined },
    {
      says: 'is not measured by what a cache kept',
      skewMs: answered(0, 0, { date: DATE, age: '3600' }),
      expected: undefined,
    },
  ])('$says', ({ skewMs, expected }) => {
    expect(skewMs).toBe(expected);
  });
});

describe('the skew of a platform', () => {
  it('is the newest that was measured, by whatever answer, and is passed on', async () => {
    const clock = quickClock();
    const passedOn: number[] = [];
    const { observer, clockSkewMs } = rememberClockSkew({
      ...takeNotes(),
      onClockSkew: (ms) => void passedOn.push(ms),
    });
    const date = (ms: number) => ({ date: new Date(START_MS + ms).toUTCString() });
    const { url } = await serve(
      inTurn(
        { status: 404, headers: date(-2 * HOUR_MS) },
        { status: 200, headers: date(HOUR_MS) },
        { status: 200, headers: date(0) },
      ),
    );
    const door = openDoor(url, { clock, observer });
    const before = clockSkewMs();

    await failureOf(door.get('/one', {}, never()));
    const ahead = clockSkewMs();
    await door.get('/two', {}, never());
    const behind = clockSkewMs();
    await door.get('/three', {}, never());

    expect([before, ahead, behind, clockSkewMs()]).toEqual([undefined, 2 * HOUR_MS - 500, -HOUR_MS - 500, 0]);
    expect(passedOn).toEqual([2 * HOUR_MS - 500, -HOUR_MS - 500, 0]);
  });

  it('corrects a date of Retry-After when the answer itself has no date', async () => {
    const clock = quickClock();
    const platformMs = START_MS - 2 * HOUR_MS;
    const headers = (after: Record<string, string> = {}) => ({ date: new Date(platformMs).toUTCString(), ...after });
    const until = new Date(platformMs + 7000).toUTCString();
    const { url } = await serve((request, response) => {
      response.sendDate = false;
      if (request.url === '/first') response.writeHead(200, headers()).end('{}');
      else if (clock.waitsMs.length === 0) response.writeHead(429, { 'retry-after': until }).end('{}');
      else response.writeHead(200).end('{}');
    });
    const door = openDoor(url, { clock });
    await door.get('/first', {}, never());

    await door.get('/second', {}, never());

    expect(clock.waitsMs).toEqual([expect.closeTo(7000, -3.5)]);
  });
});
