import { expect, it } from 'vitest';
import type { ObservedRequest } from '../../src/http/request-observer.ts';
import { createTranscriptRecorder, type TranscriptEvent } from '../../src/poller/transcript.ts';
import { createHandClock } from './clock.ts';
import { incident, lastPage, MINUTE_MS, page, START_MS, stage } from './stage.ts';

const never = new AbortController().signal;
const DAY_MS = 24 * 60 * MINUTE_MS;
const REQUEST: ObservedRequest = {
  method: 'GET',
  host: 'api.example.com',
  path: '/incidents',
  endpoint: '/incidents',
  tries: 1,
  waitMs: 5,
  durationMs: 120,
  bytes: 2048,
};

function request(code: string): TranscriptEvent {
  return { event: 'request', code, request: REQUEST };
}

it('a first sync is told page by page with what each commit changed, a later poll as a whole', async () => {
  const staged = stage(async function* (asked) {
    staged.transcript.add(request('200'));
    yield page('half', {
      incidents: [incident('Q1'), incident('Q2', { resolvedAtMs: START_MS - 5 * MINUTE_MS })],
      rejected: [{ id: 'Q9', key: 'Q9', reason: 'malformed', detail: 'status: unknown' }],
    });
    yield lastPage('end', asked, { deletedIds: ['Q3'] });
  });
  await staged.poller.pollOnce(never);
  const sync = staged.transcript.last();
  staged.poll = async function* (asked) {
    await staged.clock.advance(300);
    yield lastPage('later', asked, { incidents: [incident('Q1', { resolvedAtMs: START_MS, updatedAtMs: START_MS })] });
  };

  await staged.clock.advance(MINUTE_MS);
  await staged.poller.pollOnce(never);

  const none = { changed: 0, unchanged: 0, deleted: 0, rejected: 0 };
  const last = { stateChanges: 0, deleted: 0, rejected: {}, isLast: true };
  expect(sync).toEqual({
    state: 'succeeded',
    startedAtMs: START_MS,
    durationMs: 0,
    error: undefined,
    omitted: 0,
    lines: [
      { event: 'begin', poll: 'first_sync', untilMs: START_MS, historyStartMs: START_MS - DAY_MS, afterMs: 0 },
      { ...request('200'), afterMs: 0 },
      {
        event: 'page',
        counts: { incidents: 2, stateChanges: 0, deleted: 0, rejected: { malformed: 1 }, isLast: false },
        afterMs: 0,
      },
      { event: 'commit', counts: { ...none, added: 2, rejected: 1 }, afterMs: 0 },
      { event: 'page', counts: { ...last, incidents: 0, deleted: 1 }, afterMs: 0 },
      { event: 'commit', counts: { ...none, added: 0 }, afterMs: 0 },
    ],
  });
  expect(staged.transcript.last()).toMatchObject({
    state: 'succeeded',
    startedAtMs: START_MS + MINUTE_MS,
    durationMs: 300,
    lines: [
      { event: 'begin', poll: 'poll', untilMs: START_MS + MINUTE_MS },
      { event: 'page', counts: { ...last, incidents: 1 }, afterMs: 300 },
      { event: 'commit', counts: { ...none, added: 0, changed: 1 } },
    ],
  });
});

it('a poll that failed is told with its reason, and a first sync that goes on as that', async () => {
  const staged = stage(async function* () {
    yield page('half');
    throw new Error('GET /incidents: 403: Access Denied');
  });
  await staged.poller.pollOnce(never);

  await staged.poller.pollOnce(never);

  expect(staged.transcript.last()).toMatchObject({
    state: 'failed',
    error: 'GET /incidents: 403: Access Denied',
    lines: [{ event: 'begin', poll: 'first_sync_continued' }, { event: 'page' }, { event: 'commit' }],
  });
});

it('a poll that begins again by the time of the platform says so', async () => {
  const staged = stage(async function* (asked) {
    staged.clockSkewMs = 2 * 60 * MINUTE_MS;
    yield lastPage('end', asked);
  });

  await staged.poller.pollOnce(never);

  expect(staged.transcript.last()?.lines.map(({ event }) => event)).toEqual([
    'begin',
    'clock',
    'begin',
    'page',
    'commit',
  ]);
});

it('the last poll that ended is shown while the next one runs, and one that runs where none has ended', () => {
  const recorder = createTranscriptRecorder(createHandClock(START_MS));
  const before = recorder.last();
  recorder.add(request('200'));
  recorder.begin();
  recorder.add(request('201'));
  const running = recorder.last();
  recorder.end();
  recorder.add(request('202'));
  recorder.begin();
  recorder.add(request('203'));

  const ended = recorder.last();

  expect(before).toBeUndefined();
  expect(running).toMatchObject({ state: 'running', lines: [{ code: '201' }] });
  expect(ended).toMatchObject({ state: 'succeeded', lines: [{ code: '201' }] });
});

it('of a long poll the first and the last lines are kept, and how many are not', () => {
  const recorder = createTranscriptRecorder(createHandClock(START_MS));
  recorder.begin();
  for (let at = 0; at < 10_000; at += 1) recorder.add(request(String(at)));
  recorder.end();

  const { lines = [], omitted } = recorder.last() ?? {};

  expect([lines.length, omitted]).toEqual([500, 9500]);
  expect([0, 249, 250, 499].map((at) => lines[at])).toMatchObject([
    { code: '0' },
    { code: '249' },
    { code: '9750' },
    { code: '9999' },
  ]);
});
