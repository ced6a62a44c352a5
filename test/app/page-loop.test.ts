import { expect, it, onTestFinished } from 'vitest';
import { createPageLoop } from '../../src/app/page-loop.ts';
import { CoreFailure, type TickResult } from '../../src/core/messages.ts';
import { createPageReader } from '../../src/metrics/reader.ts';
import { createHandClock, settled } from '../poller/clock.ts';
import { rememberLog } from '../server/serving.ts';

const NOTHING: TickResult = { page: undefined, providersOnPage: [], failure: undefined };

/** A loop whose ticks end as the test says. */
function stage(tick: () => Partial<TickResult>) {
  const clock = createHandClock(0);
  const { log, lines } = rememberLog();
  const fatal: unknown[] = [];
  const loop = createPageLoop({
    core: { tick: async () => ({ ...NOTHING, ...tick() }) },
    reader: createPageReader(async () => ''),
    clock,
    log,
    onFatal: (error) => void fatal.push(error),
  });
  const stopping = new AbortController();
  const ended = loop.run(stopping.signal);
  const stop = () => {
    stopping.abort(new Error('stop'));
    return ended;
  };
  onTestFinished(stop);
  return { clock, lines, fatal, loop, stop };
}

it('renders once a second at most', async () => {
  let ticks = 0;
  const { clock } = stage(() => {
    ticks += 1;
    return NOTHING;
  });
  await settled();

  await clock.advance(999);
  const before = ticks;
  await clock.advance(2001);

  expect(before).toBe(1);
  expect(ticks).toBe(4);
});

it.each([
  { says: 'is reported', tick: (failure: string) => ({ failure }) },
  {
    says: 'is thrown',
    tick: (failure: string) => {
      throw new Error(failure);
    },
  },
])('logs a failure that $says once while it lasts, and its end', async ({ tick }) => {
  const failures = ['disk is full', 'disk is full', 'disk is full', undefined, undefined];
  const { clock, lines, fatal, loop } = stage(() => {
    const failure = failures.shift();
    return failure === undefined ? NOTHING : tick(failure);
  });
  await settled();
  const during = loop.failure();

  await clock.advance(5000);

  expect(lines).toEqual([
    'error cannot update the metrics page error=disk is full',
    'info metrics page is updated again',
  ]);
  expect([during, loop.failure()]).toEqual(['disk is full', undefined]);
  expect(fatal).toEqual([]);
});

it('hands on the error of a core that cannot go on: only a restart helps', async () => {
  const failure = new CoreFailure('the store is damaged: malformed');
  const { fatal } = stage(() => {
    throw failure;
  });

  await settled();

  expect(fatal).toEqual([failure]);
});

it('renders nothing after its stop', async () => {
  let ticks = 0;
  const { clock, stop } = stage(() => {
    ticks += 1;
    return NOTHING;
  });
  await settled();

  await stop();
  await clock.advance(5000);

  expect(ticks).toBe(1);
});
