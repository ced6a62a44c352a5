import { type Core, CoreFailure } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { messageOf } from '../model/error-message.ts';
import type { Rejection } from '../model/incident.ts';
import type { Log } from '../model/log.ts';
import { createMutex } from '../model/mutex.ts';
import type { Page, PollCoverage, StoredState } from '../model/poll.ts';
import { type Clock, MINUTE_MS, SECOND_MS, steadyMs, TIMER_MAX_MS } from '../model/time.ts';
import { validatePage } from '../model/validity.ts';
import type { Provider } from '../providers/provider.ts';
import type { ProviderState } from '../store/store.ts';
import { countPage, type TranscriptRecorder } from './transcript.ts';

/** Beyond this difference to the platform's clock the platform's time is used, with a warning (DESIGN §4.7). */
const CLOCK_SKEW_MAX_MS = 5 * MINUTE_MS;
/** A poll that takes longer than so many of its intervals, and than the time below, hangs: it is aborted, and the next one starts over. */
const DEADLINE_INTERVALS = 10;
const DEADLINE_MIN_MS = 10 * MINUTE_MS;
/** Between the starts of polls that something wakes: each of many webhooks would cost the allowance a poll. */
const WOKEN_EVERY_MS = 5 * SECOND_MS;
/** Tries of one poll whose clock jumps each time. */
const CLOCK_TRIES_MAX = 3;

/** The part of the core that polls feed. */
export type PollerCore = Pick<
  Remote<Core>,
  | 'beginPoll'
  | 'commit'
  | 'addPage'
  | 'commitPoll'
  | 'previewPoll'
  | 'requestMissing'
  | 'provider'
  | 'incidents'
  | 'openIds'
  | 'rejectedIds'
  | 'stateChanges'
  | 'bySubject'
  | 'deployments'
  | 'deploymentsOf'
  | 'unfinishedDeployments'
  | 'comparisons'
>;

interface PollerInput {
  readonly name: string;
  readonly provider: Pick<Provider, 'poll' | 'clockSkewMs'>;
  readonly core: PollerCore;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollIntervalMs: number;
  readonly historyMs: number;
  readonly onPolled: (poll: PollResult) => void;
  /** The core cannot go on. */
  readonly onFatal: (error: unknown) => void;
  /** A page was read. */
  readonly onPage?: ((page: Page) => void) | undefined;
  /** What happens is recorded here. */
  readonly transcript?: TranscriptRecorder | undefined;
}

/** How a poll ended. */
export interface PollResult {
  readonly isUp: boolean;
  readonly seconds: number;
  /** Incidents that it found new or changed; of a first sync and of a failed poll none. */
  readonly changes: number;
}

/** How a provider is doing. */
export interface PollerState {
  /** Undefined before the first poll has ended. */
  readonly isUp: boolean | undefined;
  /** Why the last poll failed. */
  readonly error: string | undefined;
  readonly failuresInRow: number;
}

export interface Poller {
  readonly name: string;
  state(): PollerState;
  /** One poll; a failure is reported by `state`, a log line and a metric, and never thrown. */
  pollOnce(signal: AbortSignal): Promise<void>;
  /** Polls until the signal fires, one poll at a time. */
  run(signal: AbortSignal): Promise<void>;
  /** There is news: `run` polls now instead of at the next interval, again after the poll under way, at most once in 5 s. */
  wake(): void;
  /**
   * Does other work with the provider's data while no poll is under way; the next poll waits for its end. The work calls
   * `checkClock` after each answer and before it commits: when the clock turns out to be wrong, the work is repeated.
   */
  runExclusive<Result>(work: (checkClock: CheckClock) => Promise<Result>): Promise<Result>;
  /** The time by the platform's clock where ours is off. */
  nowMs(): number;
}

export function createPoller(input: PollerInput): Poller {
  const { name, clock, log, pollIntervalMs, transcript } = input;
  let state: PollerState = { isUp: undefined, error: undefined, failuresInRow: 0 };
  const warnOfRejections = createRejectionWarning(name, log);
  const platformClock = createPlatformClock(input);
  const runExclusive = createMutex();
  const pollNow = async (signal: AbortSignal) => {
    if (signal.aborted) return;
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1000;
    transcript?.begin();
    try {
      const work = (checkClock: CheckClock) => poll(input, { platformClock, checkClock, signal });
      const onMoved = () => transcript?.add({ event: 'clock', skewMs: input.provider.clockSkewMs() ?? 0 });
      const { rejected, changes } = await atPlatformTime(platformClock, work, onMoved);
      warnOfRejections(rejected);
      transcript?.end();
      if (state.isUp === false) log.info('provider is up again', { provider: name });
      state = { isUp: true, error: undefined, failuresInRow: 0 };
      input.onPolled({ isUp: true, seconds: seconds(), changes });
    } catch (error) {
      const message = messageOf(error);
      transcript?.end(message);
      if (signal.aborted) return;
      state = { isUp: false, error: message, failuresInRow: state.failuresInRow + 1 };
      log.warn('poll failed', { provider: name, error: message, failures_in_row: state.failuresInRow });
      input.onPolled({ isUp: false, seconds: seconds(), changes: 0 });
      if (error instanceof CoreFailure) input.onFatal(error);
    }
  };
  const pollOnce = (signal: AbortSignal) => runExclusive(() => pollNow(signal));
  let news = new AbortController();
  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      const startedAtMs = clock.nowMs();
      const sleepFromStart = async (ms: number, until: AbortSignal) => {
        const waitMs = startedAtMs + ms - clock.nowMs();
        if (waitMs <= 0) return;
        // Never longer than the interval: somebody may have set the clock back.
        await clock.sleep(Math.min(waitMs, ms), until).catch(() => undefined);
      };
      news = new AbortController();
      await pollOnce(signal);
      await sleepFromStart(pollIntervalMs, AbortSignal.any([signal, news.signal]));
      if (news.signal.aborted) await sleepFromStart(Math.min(WOKEN_EVERY_MS, pollIntervalMs), signal);
    }
  };
  return {
    name,
    state: () => state,
    pollOnce,
    run,
    wake: () => news.abort(),
    runExclusive: (work) => runExclusive(() => atPlatformTime(platformClock, work)),
    nowMs: platformClock.nowMs,
  };
}

/** Throws when the clock by which work began turns out to be wrong. */
type CheckClock = () => void;

/** Our clock, or the platform's where ours is off. */
interface PlatformClock {
  readonly nowMs: () => number;
  /** Measures again by the platform's last response; true when that moved `nowMs` by more than a poll may be off. */
  hasMoved(): boolean;
  /** Detects from now on whether somebody has set our clock. */
  watch(): () => boolean;
}

function createPlatformClock({ name, provider, clock, log }: PollerInput): PlatformClock {
  let skewMs = 0;
  const aheadOfSteadyMs = () => clock.nowMs() - steadyMs(clock);
  return {
    nowMs: () => clock.nowMs() - skewMs,
    hasMoved: () => {
      const measuredMs = provider.clockSkewMs() ?? 0;
      const nextMs = Math.abs(measuredMs) > CLOCK_SKEW_MAX_MS ? measuredMs : 0;
      const hasMoved = Math.abs(nextMs - skewMs) > CLOCK_SKEW_MAX_MS;
      if (!hasMoved) return false;
      skewMs = nextMs;
      const seconds = Math.round(skewMs / 1000);
      if (skewMs === 0) log.info('the clock agrees with the platform again', { provider: name });
      else log.warn('the clock differs from that of the platform, whose time is used', { provider: name, seconds });
      return true;
    },
    watch: () => {
      const beforeMs = aheadOfSteadyMs();
      return () => Math.abs(aheadOfSteadyMs() - beforeMs) > CLOCK_SKEW_MAX_MS;
    },
  };
}

/** Work that began with a wrong clock asked for the wrong time: it is repeated. */
class ClockMoved extends Error {
  override readonly name = 'ClockMoved';
}

/**
 * Does work that asks a platform by its time. It is repeated when a response shows that our clock is off, and when our
 * clock was set meanwhile: an answer after that would say that it is right, but the work began before.
 */
async function atPlatformTime<Result>(
  platformClock: PlatformClock,
  work: (checkClock: CheckClock) => Promise<Result>,
  onMoved?: () => void,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const wasSet = platformClock.watch();
    const hasMoved = () => platformClock.hasMoved() || wasSet();
    try {
      return await work(() => {
        if (hasMoved()) throw new ClockMoved('the clock has moved');
      });
    } catch (error) {
      if (error instanceof CoreFailure || (!(error instanceof ClockMoved) && !hasMoved())) throw error;
      onMoved?.();
      if (tries === CLOCK_TRIES_MAX) throw new Error('the clock of the platform jumps, or ours does', { cause: error });
    }
  }
}

interface PollInput {
  readonly platformClock: PlatformClock;
  readonly checkClock: CheckClock;
  readonly signal: AbortSignal;
}

/** Before the first sync is complete each page is committed as it comes; after that a poll is committed as a whole or not at all. */
async function poll(
  input: PollerInput,
  { platformClock, checkClock, signal }: PollInput,
): Promise<{ readonly rejected: readonly Rejection[]; readonly changes: number }> {
  const { name: provider, core, onPage, transcript } = input;
  // A poll that is repeated after a reload would use the pages of the one that runs then.
  signal.throwIfAborted();
  const before = await core.beginPoll(provider);
  const startedAtMs = platformClock.nowMs();
  const rejected: Rejection[] = [];
  let last: Page | undefined;
  const deadline = createDeadline(input, before.isSynced, signal);
  try {
    const request = toRequest(input, before, startedAtMs, deadline.signal);
    transcript?.add({
      event: 'begin',
      poll: toKind(before),
      untilMs: startedAtMs,
      historyStartMs: request.historyStartMs,
    });
    for await (const page of untilAborted(input.provider.poll(request), deadline.signal)) {
      checkClock();
      last = validatePage(page, platformClock.nowMs());
      rejected.push(...last.rejected);
      transcript?.add({ event: 'page', counts: countPage(last) });
      if (before.isSynced) await core.addPage(provider, last);
      else {
        const counts = await core.commit({ ...last, provider, startedAtMs, nowMs: platformClock.nowMs() });
        transcript?.add({ event: 'commit', counts });
      }
      onPage?.(last);
      if (last.complete !== undefined && !before.isSynced) return { rejected, changes: 0 };
    }
  } finally {
    deadline.end();
  }
  if (last?.complete === undefined) throw new Error('the poll ended before its last page');
  // A reload drops the pages of polls that it stops: a commit after it would move the cursor without them.
  signal.throwIfAborted();
  checkClock();
  const { cursor, complete } = last;
  const counts = await core.commitPoll({ provider, startedAtMs, nowMs: platformClock.nowMs(), cursor, complete });
  transcript?.add({ event: 'commit', counts });
  return { rejected, changes: counts.added + counts.changed };
}

function toKind({ isSynced, cursor }: ProviderState): 'first_sync' | 'first_sync_continued' | 'poll' {
  if (isSynced) return 'poll';
  return cursor === undefined ? 'first_sync' : 'first_sync_continued';
}

/** The same pages; throws the signal's reason as soon as it fires, though the provider waits for something that never ends. */
async function* untilAborted(pages: AsyncIterable<Page>, signal: AbortSignal): AsyncGenerator<Page> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  // Without this a signal that fires between two pages would count as an error that nobody handles.
  aborted.promise.catch(() => undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const iterator = pages[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise]);
      isOver = next.done === true;
      if (next.done === true) return;
      signal.throwIfAborted();
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // A provider that hangs would not get to its end either.
    const ending = isOver ? undefined : iterator.return?.().catch(() => undefined);
    if (!signal.aborted) await ending;
  }
}

function toRequest(input: PollerInput, before: ProviderState, nowMs: number, signal: AbortSignal) {
  return {
    cursor: before.cursor,
    nowMs,
    historyStartMs: nowMs - input.historyMs,
    before: toPollCoverage(before),
    stored: toStoredState(input.core, { provider: input.name, withPoll: false }),
    signal,
  };
}

/** A poll that hangs ends in time; a first sync may take as long as it needs, as each of its pages has a deadline. */
function createDeadline({ pollIntervalMs }: PollerInput, isSynced: boolean, signal: AbortSignal) {
  if (!isSynced) return { signal, end: () => undefined };
  const late = new AbortController();
  const afterMs = Math.min(Math.max(DEADLINE_MIN_MS, DEADLINE_INTERVALS * pollIntervalMs), TIMER_MAX_MS);
  const onLate = () => late.abort(new Error(`the poll took longer than ${Math.round(afterMs / MINUTE_MS)}m`));
  // Not by `clock`: a clock that is set ahead ends no poll.
  const timer = setTimeout(onLate, afterMs);
  return { signal: AbortSignal.any([signal, late.signal]), end: () => clearTimeout(timer) };
}

/** How a provider's last successful poll ended; undefined before the first sync is complete. */
export function toPollCoverage({ isSynced, polledUntilMs, historyStartMs }: ProviderState): PollCoverage | undefined {
  if (!isSynced || polledUntilMs === undefined || historyStartMs === undefined) return undefined;
  return { polledUntilMs, historyStartMs };
}

/** What a provider may ask about its own past. */
export function toStoredState(
  core: PollerCore,
  query: { readonly provider: string; readonly withPoll: boolean },
): StoredState {
  return {
    incidents: (ids) => core.incidents(query, ids),
    openIds: () => core.openIds(query),
    rejectedIds: () => core.rejectedIds(query),
    stateChanges: (subjects) => core.stateChanges(query, subjects),
    bySubject: (subjects) => core.bySubject(query, subjects),
    deployments: (ids) => core.deployments(query, ids),
    deploymentsOf: (repositories, sinceMs) => core.deploymentsOf(query, repositories, sinceMs),
    unfinishedDeployments: () => core.unfinishedDeployments(query),
    comparisons: (pairs) => core.comparisons(query, pairs),
  };
}

/** One log line when records are rejected that were not rejected in the poll before, not one line in each poll. */
function createRejectionWarning(provider: string, log: Log): (rejected: readonly Rejection[]) => void {
  let before = new Set<string>();
  return (rejected) => {
    const keys = new Set(rejected.map(({ key, reason }) => `${key} ${reason}`));
    const newlyRejected = rejected.filter(({ key, reason }) => !before.has(`${key} ${reason}`));
    for (const { id, reason, detail } of newlyRejected) log.debug('record rejected', { provider, id, reason, detail });
    const [first] = newlyRejected;
    if (first !== undefined) {
      const { id, reason, detail } = first;
      log.warn('records rejected', {
        provider,
        records: newlyRejected.length,
        first_id: id,
        first_reason: reason,
        first_detail: detail,
      });
    }
    before = keys;
  };
}
