import { expect, it, onTestFinished, vi } from 'vitest';
import type { Page } from '../../src/model/poll.ts';
import type { PollRequest } from '../../src/providers/provider.ts';
import type { Store } from '../../src/store/store.ts';
import { settled } from './clock.ts';
import { incident, lastPage, MINUTE_MS, NAME, page, START_MS, type Stage, stage } from './stage.ts';

const never = new AbortController().signal;

async function* nothingNew(request: PollRequest): AsyncGenerator<Page> {
  yield lastPage('c', request);
}

/** Runs until the test ends, or until the returned controller is aborted. */
function start({ poller }: Stage): { readonly stop: () => Promise<void> } {
  const stopping = new AbortController();
  const ended = poller.run(stopping.signal);
  const stop = () => {
    stopping.abort(new Error('stop'));
    return ended;
  };
  onTestFinished(stop);
  return { stop };
}

/** Polls that end when they are told to. */
function slowPolls() {
  const running: { readonly request: PollRequest; end(): void }[] = [];
  let highest = 0;
  async function* poll(request: PollRequest): AsyncGenerator<Page> {
    await new Promise<void>((resolve, reject) => {
      const one = { request, end: () => (running.splice(running.indexOf(one), 1), resolve()) };
      running.push(one);
      highest = Math.max(highest, running.length);
      request.signal.addEventListener('abort', () => reject(request.signal.reason));
    });
    yield lastPage('c', request);
  }
  return { poll, running, highest: () => highest };
}

it('polls at intervals from start to start', async () => {
  const slow = slowPolls();
  const staged = stage(slow.poll);
  start(staged);
  await settled();

  await staged.clock.advance(20_000);
  slow.running[0]?.end();
  await settled();
  await staged.clock.advance(39_999);
  const before = staged.requests.length;
  await staged.clock.advance(1);

  expect(before).toBe(1);
  expect(staged.requests.map(({ nowMs }) => nowMs - START_MS)).toEqual([0, MINUTE_MS]);
  expect(staged.polled.map(({ isUp }) => isUp)).toEqual([true]);
});

it('measures how long a poll takes by the monotonic clock', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const staged = stage(async function* (request) {
    vi.advanceTimersByTime(20_000);
    staged.clock.set(START_MS - 120 * MINUTE_MS);
    yield lastPage('c', request);
  });

  await staged.poller.pollOnce(never);

  // Twice 20 s: it is done anew, as the clock was set meanwhile.
  expect(staged.polled).toEqual([{ isUp: true, seconds: 40, changes: 0 }]);
});

it('never asks a provider twice at once: a poll that outlasts the interval delays the next', async () => {
  const slow = slowPolls();
  const staged = stage(slow.poll);
  start(staged);
  await settled();

  await staged.clock.advance(5 * MINUTE_MS);
  const whileSlow = staged.requests.length;
  slow.running[0]?.end();
  await settled();
  await staged.clock.advance(0);

  expect(whileSlow).toBe(1);
  expect(staged.requests.map(({ nowMs }) => nowMs - START_MS)).toEqual([0, 5 * MINUTE_MS]);
  expect(slow.highest()).toBe(1);
});

it('waits one interval at most when the clock was set back', async () => {
  const slow = slowPolls();
  const staged = stage(slow.poll);
  start(staged);
  await settled();

  staged.clock.set(START_MS - 120 * MINUTE_MS);
  slow.running[0]?.end();
  await settled();
  slow.running[0]?.end();
  await settled();

  expect(staged.clock.sleeping()).toEqual([MINUTE_MS]);
});

it('stops in the middle of a wait', async () => {
  const staged = stage(nothingNew);
  const { stop } = start(staged);
  await settled();

  await stop();

  expect(staged.requests).toHaveLength(1);
  expect(staged.clock.sleeping()).toEqual([]);
});

it('stops in the middle of a poll, which is then no failure', async () => {
  const slow = slowPolls();
  const staged = stage(slow.poll);
  const { stop } = start(staged);
  await settled();

  await stop();

  expect(staged.requests[0]?.signal.aborted).toBe(true);
  expect(staged.polled).toEqual([]);
  expect(staged.poller.state()).toEqual({ isUp: undefined, error: undefined, failuresInRow: 0 });
  expect(staged.lines).toEqual([]);
});

it('commits nothing of a page that arrives after the stop', async () => {
  const stopping = new AbortController();
  const staged = stage(async function* (request) {
    stopping.abort(new Error('stop'));
    yield lastPage('c', request, { incidents: [incident('Q1')] });
  });

  await staged.poller.pollOnce(stopping.signal);

  expect(staged.committed).toEqual([]);
  expect(staged.ids(['Q1'])).toEqual([]);
});

it('commits nothing when it is stopped while the core buffers the last page: a reload drops the pages', async () => {
  const stopping = new AbortController();
  const staged = stage(nothingNew, {
    coreWith: (core) => ({
      ...core,
      addPage: async (provider, one) => {
        await core.addPage(provider, one);
        stopping.abort(new Error('stop'));
        await core.beginPoll(provider);
      },
    }),
  });
  await staged.poller.pollOnce(never);
  staged.poll = async function* (request) {
    yield lastPage('after Q1', request, { incidents: [incident('Q1')] });
  };

  await staged.poller.pollOnce(stopping.signal);

  expect(staged.committed).toHaveLength(1);
  expect(staged.store.provider(NAME).cursor).toBe('c');
});

it('keeps what it has when a poll fails, says so once, and recovers with the next', async () => {
  const staged = stage(async function* (request) {
    yield lastPage('good', request, { incidents: [incident('Q1')] });
  });
  await staged.poller.pollOnce(never);
  staged.poll = async function* () {
    yield await Promise.reject<Page>(new Error('GET /incidents: 500'));
  };

  await staged.clock.advance(MINUTE_MS);
  await staged.poller.pollOnce(never);
  await staged.poller.pollOnce(never);
  const failing = staged.poller.state();
  const kept = { ids: staged.ids(['Q1']), state: staged.store.provider(NAME) };
  staged.poll = nothingNew;
  await staged.poller.pollOnce(never);

  expect(failing).toEqual({ isUp: false, error: 'GET /incidents: 500', failuresInRow: 2 });
  expect(kept).toMatchObject({ ids: ['Q1'], state: { cursor: 'good', polledUntilMs: START_MS } });
  expect(staged.poller.state()).toEqual({ isUp: true, error: undefined, failuresInRow: 0 });
  expect(staged.polled.map(({ isUp }) => isUp)).toEqual([true, false, false, true]);
  expect(staged.lines.map(({ text }) => text)).toEqual([
    'warn poll failed',
    'warn poll failed',
    'info provider is up again',
  ]);
  expect(staged.lines[1]?.fields).toEqual({ provider: NAME, error: 'GET /incidents: 500', failures_in_row: 2 });
});

it('commits a first sync page by page and goes on from the last committed cursor', async () => {
  const staged = stage(async function* () {
    yield page('after 1', { incidents: [incident('Q1')] });
    yield page('after 2', { incidents: [incident('Q2')] });
    throw new Error('cut off');
  });
  await staged.poller.pollOnce(never);
  const afterFailure = staged.ids(['Q1', 'Q2', 'Q3']);
  const { isSynced } = staged.store.provider(NAME);
  staged.poll = async function* (request) {
    yield lastPage('done', request, { incidents: [incident('Q3')] });
  };
  await staged.clock.advance(MINUTE_MS);

  await staged.poller.pollOnce(never);

  expect(afterFailure).toEqual(['Q1', 'Q2']);
  expect(isSynced).toBe(false);
  expect(staged.requests.map(({ cursor }) => cursor)).toEqual([undefined, 'after 2']);
  expect(staged.committed).toHaveLength(3);
  expect(staged.store.provider(NAME)).toMatchObject({ isSynced: true, cursor: 'done', countingSinceMs: START_MS });
});

it('asks the provider for the configured history before the poll', async () => {
  const staged = stage(nothingNew);

  await staged.poller.pollOnce(never);

  expect(staged.requests[0]).toMatchObject({ nowMs: START_MS, historyStartMs: START_MS - 24 * 60 * MINUTE_MS });
});

it('commits a later poll as one, however many pages it has', async () => {
  const staged = stage(nothingNew);
  await staged.poller.pollOnce(never);
  staged.poll = async function* (request) {
    yield page('1', { incidents: [incident('Q1')] });
    yield page('2', { incidents: [incident('Q2')] });
    yield lastPage('3', request, { incidents: [incident('Q3')] });
  };

  await staged.poller.pollOnce(never);

  expect(staged.committed).toHaveLength(2);
  expect(staged.pages.map(({ cursor }) => cursor)).toEqual(['c', '1', '2', '3']);
  expect(staged.ids(['Q1', 'Q2', 'Q3'])).toEqual(['Q1', 'Q2', 'Q3']);
  expect(staged.store.provider(NAME).cursor).toBe('3');
});

it('commits nothing of a later poll that fails after two pages', async () => {
  const staged = stage(nothingNew);
  await staged.poller.pollOnce(never);
  staged.poll = async function* () {
    yield page('1', { incidents: [incident('Q1')] });
    yield page('2', { incidents: [incident('Q2')] });
    throw new Error('the third page never came');
  };

  await staged.poller.pollOnce(never);

  expect(staged.committed).toHaveLength(1);
  expect(staged.ids(['Q1', 'Q2'])).toEqual([]);
  expect(staged.store.provider(NAME).cursor).toBe('c');
});

it.each([
  { says: 'a first sync', before: false },
  { says: 'a later poll', before: true },
])('takes $says that ends without saying that it is whole for a failure', async ({ before }) => {
  const staged = stage(nothingNew);
  if (before) await staged.poller.pollOnce(never);
  staged.poll = async function* () {
    yield page('half', { incidents: [incident('Q1')] });
  };

  await staged.poller.pollOnce(never);

  expect(staged.poller.state()).toMatchObject({ isUp: false, error: 'the poll ended before its last page' });
  expect(staged.ids(['Q1'])).toEqual(before ? [] : ['Q1']);
  expect(staged.store.provider(NAME).isSynced).toBe(before);
});

it('counts an impossible record by its reason and accepts the rest of its page', async () => {
  const future = incident('Q1', { triggeredAtMs: START_MS + 20 * MINUTE_MS });
  const backwards = incident('Q2', { resolvedAtMs: START_MS - 60 * MINUTE_MS });
  const staged = stage(async function* (request) {
    yield lastPage('c', request, { incidents: [future, backwards, incident('Q3')] });
  });

  await staged.poller.pollOnce(never);
  await staged.poller.pollOnce(never);

  expect(staged.ids(['Q1', 'Q2', 'Q3'])).toEqual(['Q3']);
  expect(staged.store.stored(NAME).rejectedIds()).toEqual(expect.arrayContaining(['Q1', 'Q2']));
  const rejected = staged.store.counters().filter(({ name }) => name === 'rejected');
  expect(rejected.map(({ label, value }) => [label, value])).toEqual([
    ['future', 1],
    ['negative_duration', 1],
  ]);
});

it('warns of rejected records when they are new, not in each poll', async () => {
  const rejected = [{ id: 'Q1', key: 'Q1', reason: 'malformed', detail: 'status: expected a known word' }] as const;
  const staged = stage(async function* (request) {
    yield lastPage('c', request, { rejected });
  });

  await staged.poller.pollOnce(never);
  await staged.poller.pollOnce(never);

  expect(staged.lines.filter(({ text }) => text.startsWith('warn'))).toEqual([
    {
      text: 'warn records rejected',
      fields: {
        provider: NAME,
        records: 1,
        first_id: 'Q1',
        first_reason: 'malformed',
        first_detail: 'status: expected a known word',
      },
    },
  ]);
});

it('reports the error of a damaged store as fatal, and no other error', async () => {
  const damage = new Error('database disk image is malformed');
  let isDamaged = false;
  const storeWith = (store: Store): Store => ({
    ...store,
    commit: (batch) => {
      if (isDamaged) throw damage;
      return store.commit(batch);
    },
    isBroken: (error) => error === damage,
  });
  const staged = stage(nothingNew, { storeWith });
  staged.poll = async function* () {
    yield await Promise.reject<Page>(new Error('500'));
  };
  await staged.poller.pollOnce(never);
  const afterOther = [...staged.fatal];
  staged.poll = nothingNew;
  isDamaged = true;

  await staged.poller.pollOnce(never);

  expect(afterOther).toEqual([]);
  expect(staged.fatal).toMatchObject([
    { name: 'CoreFailure', message: 'the store cannot be trusted: database disk image is malformed' },
  ]);
  expect(staged.poller.state().isUp).toBe(false);
});

it('does other work while no poll is under way, and the next poll waits for it', async () => {
  const slow = slowPolls();
  const staged = stage(slow.poll);
  const order: string[] = [];
  const works = [
    staged.poller.pollOnce(never).then(() => order.push('poll')),
    staged.poller.runExclusive(async () => void order.push('work')),
    staged.poller.pollOnce(never).then(() => order.push('next poll')),
  ];
  await settled();
  const beforeEnd = [...order];

  slow.running[0]?.end();
  await settled();
  slow.running[0]?.end();
  await Promise.all(works);

  expect(beforeEnd).toEqual([]);
  expect(order).toEqual(['poll', 'work', 'next poll']);
});

/** Time limits run on timers; `MINUTE_MS` is the interval here. */
function fakeTimers() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

it('ends a poll that hangs after ten minutes, and the next one starts over', async () => {
  fakeTimers();
  const slow = slowPolls();
  const staged = stage(nothingNew);
  await staged.poller.pollOnce(never);
  staged.poll = slow.poll;

  const hanging = staged.poller.pollOnce(never);
  await settled();
  vi.advanceTimersByTime(10 * MINUTE_MS - 1);
  await settled();
  const before = staged.requests.at(-1)?.signal.aborted;
  vi.advanceTimersByTime(1);
  await hanging;
  const failed = staged.poller.state();
  staged.poll = nothingNew;
  await staged.poller.pollOnce(never);

  expect(before).toBe(false);
  expect(failed).toEqual({ isUp: false, error: 'the poll took longer than 10m', failuresInRow: 1 });
  expect(staged.poller.state().isUp).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it.each([
  { says: 'ends a poll after ten minutes', end: () => vi.advanceTimersByTime(10 * MINUTE_MS), isUp: false },
  { says: 'ends a poll when the exporter stops', end: (stop: AbortController) => stop.abort(), isUp: true },
])('$says, though the provider waits for something that never ends', async ({ end, isUp }) => {
  fakeTimers();
  const staged = stage(nothingNew);
  await staged.poller.pollOnce(never);
  staged.poll = async function* (request) {
    await new Promise(() => undefined);
    yield lastPage('never', request);
  };
  const stop = new AbortController();

  const hanging = staged.poller.pollOnce(stop.signal);
  await settled();
  end(stop);
  await hanging;

  expect(staged.poller.state().isUp).toBe(isUp);
  expect(vi.getTimerCount()).toBe(0);
});

it('commits nothing of a poll whose last page comes after its time limit', async () => {
  fakeTimers();
  const staged = stage(nothingNew);
  await staged.poller.pollOnce(never);
  staged.poll = async function* (request) {
    vi.advanceTimersByTime(10 * MINUTE_MS);
    yield lastPage('late', request, { incidents: [incident('Q1')] });
  };

  await staged.poller.pollOnce(never);

  expect(staged.poller.state().isUp).toBe(false);
  expect(staged.ids(['Q1'])).toEqual([]);
  expect(staged.store.provider(NAME).cursor).toBe('c');
});

it('lets a first sync take as long as it needs', async () => {
  fakeTimers();
  const slow = slowPolls();
  const staged = stage(slow.poll);

  const syncing = staged.poller.pollOnce(never);
  await settled();
  vi.advanceTimersByTime(7 * 24 * 60 * MINUTE_MS);
  await settled();
  slow.running[0]?.end();
  await syncing;

  expect(staged.store.provider(NAME).isSynced).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it('polls at once when something wakes it, at most once in 5 s', async () => {
  const staged = stage(nothingNew);
  start(staged);
  await settled();
  await staged.clock.advance(20_000);

  for (let times = 0; times < 100; times += 1) staged.poller.wake();
  await settled();
  const atOnce = staged.requests.length;
  for (let times = 0; times < 100; times += 1) staged.poller.wake();
  await staged.clock.advance(4999);
  const before = staged.requests.length;
  await staged.clock.advance(1);
  await staged.clock.advance(59_999);
  const quiet = staged.requests.length;
  await staged.clock.advance(1);

  expect([atOnce, before, quiet]).toEqual([2, 2, 3]);
  expect(staged.requests.map(({ nowMs }) => nowMs - START_MS)).toEqual([0, 20_000, 25_000, 85_000]);
});

it('polls again after the poll under way when something wakes it meanwhile', async () => {
  const slow = slowPolls();
  const staged = stage(slow.poll);
  start(staged);
  await settled();

  await staged.clock.advance(20_000);
  staged.poller.wake();
  await settled();
  const during = staged.requests.length;
  slow.running[0]?.end();
  await settled();

  expect(during).toBe(1);
  expect(slow.highest()).toBe(1);
  expect(staged.requests.map(({ nowMs }) => nowMs - START_MS)).toEqual([0, 20_000]);
});

it('counts incidents that polls found new or changed, but not those of the first sync', async () => {
  const staged = stage(async function* (request) {
    yield lastPage('c', request, { incidents: [incident('A')] });
  });
  const poll = () => staged.poller.pollOnce(never);

  await poll();
  await poll();
  staged.poll = async function* (request) {
    yield lastPage('d', request, { incidents: [incident('A'), incident('B')] });
  };
  await poll();

  expect(staged.polled).toMatchObject([{ changes: 0 }, { changes: 0 }, { changes: 1 }]);
});
