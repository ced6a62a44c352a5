import type { Rejection } from '../model/incident.ts';
import type { Log } from '../model/log.ts';
import type { Page, PollEnd } from '../model/poll.ts';
import type { Clock } from '../model/time.ts';
import type { Provider } from '../providers/provider.ts';
import type { Committed, ProviderState, Store } from '../store/store.ts';
import { judgePage, mergePages } from './merge.ts';

export interface PollerInput {
  readonly name: string;
  readonly provider: Provider;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollIntervalMs: number;
  readonly historyMs: number;
  /** Called after each commit; awaited, so that a fast sync cannot outrun the statistics. */
  readonly onCommitted: (committed: Committed) => Promise<void>;
  readonly onPolled: (poll: { readonly isUp: boolean; readonly seconds: number }) => void;
  /** The store cannot go on. */
  readonly onFatal: (error: unknown) => void;
}

/** How a provider is doing. */
export interface PollerState {
  /** Undefined before the first poll has ended. */
  readonly isUp: boolean | undefined;
  /** What the last poll failed of. */
  readonly error: string | undefined;
  readonly failuresInRow: number;
}

export interface Poller {
  readonly name: string;
  state(): PollerState;
  /** One poll; failures are told by `state`, a log line and a metric, and never thrown. */
  pollOnce(signal: AbortSignal): Promise<void>;
  /** Polls until the signal fires, one poll at a time. */
  run(signal: AbortSignal): Promise<void>;
  /** Does other work with the provider's data while no poll is under way; the next poll waits for its end. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createPoller(input: PollerInput): Poller {
  const { name, clock, log, pollIntervalMs } = input;
  let state: PollerState = { isUp: undefined, error: undefined, failuresInRow: 0 };
  const warnOfRejections = createRejectionWarning(name, log);
  const inTurn = createTurns();
  const pollNow = async (signal: AbortSignal) => {
    if (signal.aborted) return;
    const startedAtMs = clock.nowMs();
    const seconds = () => (clock.nowMs() - startedAtMs) / 1000;
    try {
      warnOfRejections(await poll(input, startedAtMs, signal));
      if (state.isUp === false) log.info('provider is up again', { provider: name });
      state = { isUp: true, error: undefined, failuresInRow: 0 };
      input.onPolled({ isUp: true, seconds: seconds() });
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      state = { isUp: false, error: message, failuresInRow: state.failuresInRow + 1 };
      log.warn('poll failed', { provider: name, error: message, failures_in_row: state.failuresInRow });
      input.onPolled({ isUp: false, seconds: seconds() });
      if (input.store.isBroken(error)) input.onFatal(error);
    }
  };
  const pollOnce = (signal: AbortSignal) => inTurn(() => pollNow(signal));
  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      const startedAtMs = clock.nowMs();
      await pollOnce(signal);
      const waitMs = startedAtMs + pollIntervalMs - clock.nowMs();
      // Never longer than the interval: somebody may have set the clock back.
      await clock.sleep(Math.min(Math.max(0, waitMs), pollIntervalMs), signal).catch(() => undefined);
    }
  };
  return { name, state: () => state, pollOnce, run, inTurn };
}

/** One work after the other, in the order in which they came. */
function createTurns(): Poller['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** Before the first sync is whole each page is committed as it comes; after that a poll is committed whole or not at all. */
async function poll(input: PollerInput, nowMs: number, signal: AbortSignal): Promise<readonly Rejection[]> {
  const { name, provider, store, historyMs } = input;
  const before = await store.begin(name, nowMs);
  const request = {
    cursor: before.cursor,
    nowMs,
    historyStartMs: nowMs - historyMs,
    before: pollEndOf(before),
    known: store.known(name),
    signal,
  };
  const pages: Page[] = [];
  const rejected: Rejection[] = [];
  for await (const page of provider.poll(request)) {
    signal.throwIfAborted();
    if (before.isSynced) pages.push(page);
    else rejected.push(...(await commit(input, page)));
    if (page.complete !== undefined && !before.isSynced) return rejected;
  }
  if (!before.isSynced || pages.at(-1)?.complete === undefined) throw new Error('the poll ended before it was whole');
  return commit(input, mergePages(pages));
}

/** How a provider's last successful poll ended; undefined before the first sync is whole. */
export function pollEndOf({ isSynced, askedUntilMs, historyStartMs }: ProviderState): PollEnd | undefined {
  if (!isSynced || askedUntilMs === undefined || historyStartMs === undefined) return undefined;
  return { askedUntilMs, historyStartMs };
}

async function commit(input: PollerInput, page: Page): Promise<readonly Rejection[]> {
  const { name, store, clock, onCommitted } = input;
  const nowMs = clock.nowMs();
  const judged = judgePage(page, nowMs);
  await onCommitted(await store.commit({ provider: name, nowMs, ...judged }));
  return judged.rejected;
}

/** One line when there are records that were not there in the poll before, not one in each poll. */
function createRejectionWarning(provider: string, log: Log): (rejected: readonly Rejection[]) => void {
  let before = new Set<string>();
  return (rejected) => {
    const keys = new Set(rejected.map(({ key, reason }) => `${key} ${reason}`));
    const news = rejected.filter(({ key, reason }) => !before.has(`${key} ${reason}`));
    for (const { id, reason, detail } of news) log.debug('record rejected', { provider, id, reason, detail });
    const [first] = news;
    if (first !== undefined) {
      const { id, reason, detail } = first;
      log.warn('records rejected', {
        provider,
        records: news.length,
        first_id: id,
        first_reason: reason,
        first_detail: detail,
      });
    }
    before = keys;
  };
}
