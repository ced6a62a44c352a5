import type { Page, PollCoverage } from '../model/poll.ts';
import { validatePage } from '../model/validity.ts';
import type { PollRequest, Provider } from '../providers/provider.ts';
import type { CommitCounts } from '../store/store.ts';
import { type Poller, type PollerCore, toPollCoverage, toStoredState } from './poller.ts';

/**
 * Incidents that no list shows any more are asked for one by one, up to so many; more of them speak of a key that sees less
 * or of another account, and nothing is taken for deleted then.
 */
const MISSING_REQUESTED_MAX = 1000;

export interface RefreshInput {
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
  /** Stored ones that the platform's lists lack and that were not asked for one by one, as they are too many. */
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
  return (request) => input.poller.runExclusive(() => refresh(input, request));
}

async function refresh(input: RefreshInput, request: RefreshRequest): Promise<RefreshResult> {
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
  await readPages(input, request.signal, history);
  const unverified = await core.requestMissing(provider, sinceMs, MISSING_REQUESTED_MAX);
  const nowMs = poller.nowMs();
  const historyStartMs = nowMs - input.historyMs;
  const news = { before, cursor: state.cursor, nowMs, historyStartMs, maxMissing: MISSING_REQUESTED_MAX };
  const end = await readPages(input, request.signal, news);
  request.signal.throwIfAborted();
  const poll = { provider, startedAtMs, nowMs: poller.nowMs(), ...end };
  const counts = request.isDryRun ? await core.previewPoll(poll) : await core.commitPoll(poll);
  return { ...counts, unverified, requests: requestsMade() - madeBefore };
}

type ReadFrom = Pick<PollRequest, 'before' | 'cursor' | 'nowMs' | 'historyStartMs' | 'maxMissing'>;

/** Lets the provider poll; gives where it would go on from, and the end of the poll. */
async function readPages(
  { provider, core, poller }: RefreshInput,
  signal: AbortSignal,
  from: ReadFrom,
): Promise<{ readonly cursor: string; readonly complete: PollCoverage }> {
  const stored = toStoredState(core, { provider: poller.name, withPoll: true });
  let last: Page | undefined;
  for await (const page of provider.poll({ ...from, stored, signal })) {
    signal.throwIfAborted();
    last = validatePage(page, poller.nowMs());
    await core.addPage(poller.name, last);
  }
  if (last?.complete === undefined) throw new Error('the poll ended before it was whole');
  return { cursor: last.cursor, complete: last.complete };
}
