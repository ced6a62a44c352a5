import { describe, expect, it } from 'vitest';
import type { Page } from '../../src/model/poll.ts';
import type { PollRequest } from '../../src/providers/provider.ts';
import { totals } from '../store/fixtures.ts';
import { incident, lastPage, MINUTE_MS, NAME, page, START_MS, type Stage, stage } from './stage.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const never = new AbortController().signal;

/** Answers with a cursor that says until when it was asked. */
async function* answer(request: PollRequest, change: Partial<Page> = {}): AsyncGenerator<Page> {
  yield lastPage(`until ${request.nowMs}`, request, change);
}

/** The same, on a platform whose answers show that our clock is so far ahead. */
async function* answerBehind(staged: Stage, aheadMs: number, request: PollRequest): AsyncGenerator<Page> {
  staged.clockSkewMs = aheadMs;
  yield* answer(request);
}

function warnings({ lines }: Stage) {
  return lines.filter(({ text }) => text.startsWith('warn'));
}

describe.each([
  { says: '2 h ahead', aheadMs: 2 * HOUR_MS },
  { says: '2 h behind', aheadMs: -2 * HOUR_MS },
])('with a clock $says of the platform', ({ aheadMs }) => {
  const platformMs = START_MS - aheadMs;

  it('a first sync is repeated by the time of the platform', async () => {
    const staged = stage((request) => answerBehind(staged, aheadMs, request));

    await staged.poller.pollOnce(never);

    expect(staged.requests.map(({ nowMs }) => nowMs)).toEqual([START_MS, platformMs]);
    expect(staged.requests.at(-1)?.historyStartMs).toBe(platformMs - DAY_MS);
    expect(staged.store.provider(NAME)).toMatchObject({
      isSynced: true,
      cursor: `until ${platformMs}`,
      polledUntilMs: platformMs,
      historyStartMs: platformMs - DAY_MS,
      countingSinceMs: platformMs,
    });
    expect(staged.committed).toHaveLength(1);
    expect(staged.poller.nowMs()).toBe(platformMs);
  });

  it('later polls ask by the time of the platform at once, and it is warned of only once', async () => {
    const staged = stage((request) => answerBehind(staged, aheadMs, request));
    await staged.poller.pollOnce(never);

    await staged.clock.advance(MINUTE_MS);
    await staged.poller.pollOnce(never);
    await staged.clock.advance(MINUTE_MS);
    await staged.poller.pollOnce(never);

    expect(staged.requests.slice(2).map(({ nowMs }) => nowMs - platformMs)).toEqual([MINUTE_MS, 2 * MINUTE_MS]);
    expect(staged.store.provider(NAME).polledUntilMs).toBe(platformMs + 2 * MINUTE_MS);
    expect(warnings(staged)).toEqual([
      {
        text: 'warn the clock differs from that of the platform, whose time is used',
        fields: { provider: NAME, seconds: aheadMs / 1000 },
      },
    ]);
  });

  it('a later poll that finds it so is repeated, and nothing of the first try is committed', async () => {
    const staged = stage((request) => answerBehind(staged, 0, request));
    await staged.poller.pollOnce(never);
    let tries = 0;
    staged.poll = async function* (request) {
      tries += 1;
      yield page('half', { incidents: [incident(`Q${tries}`, { triggeredAtMs: START_MS - 3 * HOUR_MS })] });
      yield* answerBehind(staged, aheadMs, request);
    };

    await staged.clock.advance(MINUTE_MS);
    await staged.poller.pollOnce(never);

    expect(tries).toBe(2);
    expect(staged.committed).toHaveLength(2);
    expect(staged.ids(['Q1', 'Q2'])).toEqual(['Q2']);
    expect(staged.poller.state().isUp).toBe(true);
  });

  it('a poll that the platform refuses is repeated by its time', async () => {
    const staged = stage(async function* (request) {
      staged.clockSkewMs = aheadMs;
      if (request.nowMs !== platformMs) throw new Error('400: the time range is invalid');
      yield* answerBehind(staged, aheadMs, request);
    });

    await staged.poller.pollOnce(never);

    expect(staged.poller.state()).toEqual({ isUp: true, error: undefined, failuresInRow: 0 });
    expect(staged.store.provider(NAME).polledUntilMs).toBe(platformMs);
  });

  it('our time is used again when the clock was corrected', async () => {
    const staged = stage((request) => answerBehind(staged, aheadMs, request));
    await staged.poller.pollOnce(never);

    staged.clock.set(platformMs + MINUTE_MS);
    staged.poll = (request) => answerBehind(staged, 0, request);
    await staged.poller.pollOnce(never);

    expect(staged.store.provider(NAME)).toMatchObject({
      cursor: `until ${platformMs + MINUTE_MS}`,
      polledUntilMs: platformMs + MINUTE_MS,
      countingSinceMs: platformMs,
    });
    expect(staged.poller.nowMs()).toBe(platformMs + MINUTE_MS);
    expect(staged.lines.map(({ text }) => text)).toEqual([
      'warn the clock differs from that of the platform, whose time is used',
      'info the clock agrees with the platform again',
    ]);
  });

  it('a record of now is accepted, and one that is ahead of the platform is rejected', async () => {
    const now = incident('now', { triggeredAtMs: platformMs - MINUTE_MS });
    const future = incident('future', { triggeredAtMs: platformMs + 20 * MINUTE_MS });
    const staged = stage((request) => {
      staged.clockSkewMs = aheadMs;
      return answer(request, { incidents: [now, future] });
    });

    await staged.poller.pollOnce(never);

    expect(staged.ids(['now', 'future'])).toEqual(['now']);
  });
});

it.each([
  { says: 'exactly 5 minutes', aheadMs: 5 * MINUTE_MS, expectedMs: START_MS },
  { says: 'more than 5 minutes', aheadMs: 5 * MINUTE_MS + 1, expectedMs: START_MS - 5 * MINUTE_MS - 1 },
])('a difference of $says', async ({ aheadMs, expectedMs }) => {
  const staged = stage((request) => answerBehind(staged, aheadMs, request));

  await staged.poller.pollOnce(never);

  expect(staged.store.provider(NAME).polledUntilMs).toBe(expectedMs);
});

it('a clock that jumps with each try fails the poll, and nothing is committed', async () => {
  let tries = 0;
  const staged = stage((request) => {
    tries += 1;
    staged.clockSkewMs = tries * HOUR_MS;
    return answer(request, { incidents: [incident('Q1')] });
  });

  await staged.poller.pollOnce(never);

  expect(tries).toBe(3);
  expect(staged.poller.state()).toEqual({
    isUp: false,
    error: 'the clock of the platform jumps, or ours does',
    failuresInRow: 1,
  });
  expect(staged.committed).toEqual([]);
  expect(staged.store.provider(NAME).countingSinceMs).toBeUndefined();
});

describe('a clock that is put right while a poll runs', () => {
  it.each([
    { says: 'was 2 h ahead', wrongMs: 2 * HOUR_MS },
    { says: 'was 2 years ahead', wrongMs: 730 * DAY_MS },
    { says: 'was 2 h behind', wrongMs: -2 * HOUR_MS },
  ])('and $says: the poll is done anew, though its answers find the clock right', async ({ wrongMs }) => {
    const staged = stage((request) => answerBehind(staged, 0, request));
    await staged.poller.pollOnce(never);
    await staged.clock.advance(MINUTE_MS);
    const rightMs = staged.clock.nowMs();
    staged.clock.set(rightMs + wrongMs);
    staged.poll = async function* (request) {
      if (staged.clock.nowMs() !== rightMs) staged.clock.set(rightMs);
      yield* answerBehind(staged, 0, request);
    };

    await staged.poller.pollOnce(never);

    expect(staged.poller.state().isUp).toBe(true);
    expect(staged.store.provider(NAME)).toMatchObject({ cursor: `until ${rightMs}`, polledUntilMs: rightMs });
  });
});

describe('a refresh after the clock was set', () => {
  it.each([
    { says: '2 years ahead', aheadMs: 730 * DAY_MS },
    { says: '2 h behind', aheadMs: -2 * HOUR_MS },
  ])('$says asks and commits by the time of the platform', async ({ aheadMs }) => {
    const staged = stage((request) => answerBehind(staged, 0, request));
    await staged.poller.pollOnce(never);
    await staged.clock.advance(MINUTE_MS);
    const platformMs = staged.clock.nowMs();
    staged.clock.set(platformMs + aheadMs);
    staged.poll = (request) => answerBehind(staged, aheadMs, request);

    await staged.refresh();

    expect(staged.store.provider(NAME)).toMatchObject({ cursor: `until ${platformMs}`, polledUntilMs: platformMs });
  });
});

describe('counting begins', () => {
  it('with the first poll that got a valid answer: what ended in a week of refusals is in no counter', async () => {
    const staged = stage(async function* () {
      yield await Promise.reject<Page>(new Error('401 Unauthorized'));
    });
    for (let days = 0; days < 7; days += 1) {
      await staged.poller.pollOnce(never);
      await staged.clock.advance(DAY_MS);
    }
    const weekLaterMs = START_MS + 7 * DAY_MS;
    const during = incident('during', {
      triggeredAtMs: weekLaterMs - 2 * HOUR_MS,
      resolvedAtMs: weekLaterMs - HOUR_MS,
    });
    const after = incident('after', { triggeredAtMs: weekLaterMs - HOUR_MS, resolvedAtMs: weekLaterMs + 1 });
    const before = staged.store.provider(NAME);
    staged.poll = (request) => answer(request, { incidents: [during] });
    await staged.poller.pollOnce(never);
    staged.poll = (request) => answer(request, { incidents: [during, after] });
    await staged.clock.advance(MINUTE_MS);

    await staged.poller.pollOnce(never);

    expect(before.countingSinceMs).toBeUndefined();
    expect(staged.store.provider(NAME).countingSinceMs).toBe(weekLaterMs);
    expect(totals(staged.store)['checkout P1']?.['recovery']).toBe(1);
    expect(totals(staged.store)['checkout P1']?.['opened']).toBeUndefined();
  });

  it('when that poll began, not when it ended', async () => {
    const staged = stage(async function* (request) {
      await staged.clock.advance(5 * MINUTE_MS);
      yield* answer(request);
    });
    await staged.poller.pollOnce(never);
    const meanwhile = incident('Q1', { triggeredAtMs: START_MS + 1, resolvedAtMs: START_MS + 2 * MINUTE_MS });
    staged.poll = (request) => answer(request, { incidents: [meanwhile] });

    await staged.poller.pollOnce(never);

    expect(staged.store.provider(NAME).countingSinceMs).toBe(START_MS);
    expect(totals(staged.store)['checkout P1']).toMatchObject({ recovery: 1, opened: 1 });
  });

  it('with a first sync that was cut off after a page, and not again when it goes on', async () => {
    const staged = stage(async function* () {
      yield page('half');
      throw new Error('cut off');
    });
    await staged.poller.pollOnce(never);
    await staged.clock.advance(HOUR_MS);
    staged.poll = (request) => answer(request);

    await staged.poller.pollOnce(never);

    expect(staged.store.provider(NAME)).toMatchObject({ isSynced: true, countingSinceMs: START_MS });
  });
});
