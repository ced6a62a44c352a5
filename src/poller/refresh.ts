import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import type { Page, PollCoverage } from '../model/poll.ts';
import { validatePage } from '../model/validity.ts';
import type { PollRequest, Provider } from '../providers/provider.ts';
import type { CommitCounts } from '../store/store.ts';
import { type Poller, type PollerCore, toPollCoverage, toStoredState } from './poller.ts';

/**
 * Incidents that the lists lack are asked for one by one, up to so many: more of them suggest a key with fewer rights or
 * another account, and then nothing counts as deleted.
 */
const MISSING_REQUESTED_MAX = 1000;

interface RefreshInput {
  readonly poller: Pick<Poller, 'name' | 'runExclusive' | 'nowMs'>;
  readonly provider: Pick<Provider, 'poll'>;
  readonly core: PollerCore;
  readonly historyMs: number;
  /** What ended longer ago is not in the store, and is not brought back. */
  readonly retentionMs: number;
  /** Requests that the provider made since it was opened. */
  readonly requestsMade: () => number;
}

/** What is to be read again. */
export interface RefreshRequest {
  /** Incidents that were created so long ago at most; all of the configured history without it. */
  readonly spanMs: number | undefined;
  /** Nothing is written. */
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
}

/** What reading again found: numbers of incidents, and what it cost. */
export interface RefreshResult extends CommitCounts {
  /** Stored incidents that the platform's lists lack and that were not asked for one by one, as they are too many. */
  readonly unverified: number;
  readonly requests: number;
}

/**
 * Reads again from the platform what the store holds of one provider, while no poll is under way: its history as a first
 * sync does, then everything up to now as a poll does. Committed as one poll; the cursor moves as in a poll. A dry run is
 * the same without the write. Throws when the platform does not answer everything, when the first sync is not complete, and
 * when the signal fires; then nothing is written.
 */
export function createRefresh(input: RefreshInput): (request: RefreshRequest) => Promise<RefreshResult> {
  return (request) => input.poller.runExclusive((checkClock) => refresh(input, request, checkClock));
}

async function refresh(input: RefreshInput, request: RefreshRequest, checkClock: () => void): Promise<RefreshResult> {
  const { core, poller, requestsMade } = input;
  const { name: provider } = poller;
  request.signal.throwIfAborted();
  const madeBefore = requestsMade();
  const state = await core.beginPoll(provider);
  const before = toPollCoverage(state);
  if (before === undefined) throw new Error('its first sync is not complete; polls go on with it');
  const startedAtMs = poller.nowMs();
  const sinceMs = startedAtMs - Math.min(request.spanMs ?? input.historyMs, input.retentionMs);
  const history = { before, cursor: undefined, nowMs: startedAtMs, historyStartMs: sinceMs };
  await readPages(input, { checkClock, signal: request.signal }, history);
  const unverified = await core.requestMissing(provider, sinceMs, MISSING_REQUESTED_MAX);
  const nowMs = poller.nowMs();
  const historyStartMs = nowMs - input.historyMs;
  const news = { before, cursor: state.cursor, nowMs, historyStartMs, maxMissing: MISSING_REQUESTED_MAX };
  const end = await readPages(input, { checkClock, signal: request.signal }, news);
  request.signal.throwIfAborted();
  checkClock();
  const poll = { provider, startedAtMs, nowMs: poller.nowMs(), ...end, isRefresh: true } as const;
  const counts = request.isDryRun ? await core.previewPoll(poll) : await core.commitPoll(poll);
  return { ...counts, unverified, requests: requestsMade() - madeBefore };
}

type ReadFrom = Pick<PollRequest, 'before' | 'cursor' | 'nowMs' | 'historyStartMs' | 'maxMissing'>;

/** Lets the provider poll; gives where it would go on from, and the end of the poll. */
async function readPages(
  { provider, core, poller }: RefreshInput,
  { checkClock, signal }: { readonly checkClock: () => void; readonly signal: AbortSignal },
  from: ReadFrom,
): Promise<{ readonly cursor: string; readonly complete: PollCoverage }> {
  const stored = toStoredState(core, { provider: poller.name, withPoll: true });
  let last: Page | undefined;
  for await (const page of provider.poll({ ...from, stored, signal })) {
    signal.throwIfAborted();
    checkClock();
    last = validatePage(page, poller.nowMs());
    await core.addPage(poller.name, last);
  }
  if (last?.complete === undefined) throw new Error('the poll ended before its last page');
  return { cursor: last.cursor, complete: last.complete };
}

/** A provider is stale when its last successful poll is older than so many of its intervals. */
const STALE_INTERVALS = 3;

/** A provider that can be read again. */
export interface RefreshTarget {
  readonly name: string;
  readonly pollIntervalMs: number;
  /** The time by the platform's clock where ours is off. */
  readonly nowMs: () => number;
  /** The end of its last successful poll; undefined before the first. */
  readonly lastSuccessMs: () => Promise<number | undefined>;
  readonly refresh: (request: RefreshRequest) => Promise<RefreshResult>;
}

/** Which providers, how far back, and when to give up. */
export interface RefreshAll {
  /** `stale`: only providers that were not polled successfully for three intervals, or never. */
  readonly providers: 'all' | 'stale';
  readonly spanMs: number | undefined;
  readonly isDryRun: boolean;
  /** When so many providers have failed the others are ended; 0: never. */
  readonly failuresMax: number;
}

/** The outcome for one provider: read again, failed, ended because others failed, or skipped as it is not stale. */
export type ProviderRefresh = { readonly provider: string } & (
  | { readonly outcome: 'refreshed'; readonly refreshed: RefreshResult }
  | { readonly outcome: 'failed' | 'ended'; readonly error: string }
  | { readonly outcome: 'skipped' }
);

/** Reads providers again, one refresh at a time. */
export interface RefreshRunner {
  /** In the order of the providers; undefined when a refresh is under way already. */
  readonly begin: (request: RefreshAll) => Promise<readonly ProviderRefresh[]> | undefined;
  /** Ends the one under way and refuses others; resolves when it has ended. */
  readonly stop: () => Promise<void>;
}

export interface RefreshRunnerInput {
  readonly targets: readonly RefreshTarget[];
  readonly log: Log;
}

/** Reads all providers at once, so that a slow one does not delay the others. */
export function createRefreshRunner(input: RefreshRunnerInput): RefreshRunner {
  const stopping = new AbortController();
  let running: Promise<readonly ProviderRefresh[]> | undefined;
  return {
    begin: (request) => {
      if (running !== undefined) return undefined;
      running = refreshAll(input, request, stopping.signal).finally(() => {
        running = undefined;
      });
      return running;
    },
    stop: async () => {
      stopping.abort(new Error('the exporter stops or reloads'));
      await running;
    },
  };
}

async function refreshAll(
  input: RefreshRunnerInput,
  request: RefreshAll,
  stopping: AbortSignal,
): Promise<readonly ProviderRefresh[]> {
  const giveUp = new AbortController();
  const signal = AbortSignal.any([stopping, giveUp.signal]);
  let failures = 0;
  const refreshOne = async (target: RefreshTarget): Promise<ProviderRefresh> => {
    const provider = target.name;
    if (request.providers === 'stale' && !(await isStale(target))) return { provider, outcome: 'skipped' };
    try {
      const refreshed = await target.refresh({ spanMs: request.spanMs, isDryRun: request.isDryRun, signal });
      return { provider, outcome: 'refreshed', refreshed };
    } catch (error) {
      const message = messageOf(error);
      if (signal.aborted) return { provider, outcome: 'ended', error: message };
      failures += 1;
      if (failures === request.failuresMax) giveUp.abort(new Error(`${failures} failed, which is max_failures`));
      return { provider, outcome: 'failed', error: message };
    }
  };
  const outcomes = await Promise.all(input.targets.map(refreshOne));
  for (const outcome of outcomes) logOutcome(input.log, outcome, request.isDryRun);
  return outcomes;
}

async function isStale({ lastSuccessMs, pollIntervalMs, nowMs }: RefreshTarget): Promise<boolean> {
  const lastMs = await lastSuccessMs();
  return lastMs === undefined || nowMs() - lastMs > STALE_INTERVALS * pollIntervalMs;
}

function logOutcome(log: Log, outcome: ProviderRefresh, isDryRun: boolean): void {
  const { provider } = outcome;
  if (outcome.outcome === 'skipped') return;
  if (outcome.outcome !== 'refreshed') {
    log.warn('provider was not read again', { provider, error: outcome.error });
    return;
  }
  const { requests, added, changed, unchanged, deleted, rejected, unverified } = outcome.refreshed;
  const counts = { requests, new: added, changed, unchanged, deleted, rejected, unverified };
  log.info('provider was read again', { provider, dry_run: isDryRun, ...counts });
}
