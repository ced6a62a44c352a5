import type { Page, PollEnd } from '../model/poll.ts';
import type { Clock } from '../model/time.ts';
import type { PollRequest, Provider } from '../providers/provider.ts';
import type { Batch, Committed, Comparison, Store } from '../store/store.ts';
import { createGathering, type Gathering } from './gathering.ts';
import { type Poller, pollEndOf } from './poller.ts';

/**
 * Incidents that no list shows any more are asked for one by one, up to so many; more of them speak of a key that sees less
 * or of another account, and nothing is taken for deleted then.
 */
const MISSING_ASKED_MAX = 1000;

export interface RefreshInput {
  readonly poller: Pick<Poller, 'name' | 'inTurn'>;
  readonly provider: Pick<Provider, 'poll'>;
  readonly store: Pick<Store, 'provider' | 'known' | 'idsSince' | 'compare' | 'commit'>;
  readonly clock: Clock;
  readonly historyMs: number;
  /** What ended longer ago is not in the store, and is not brought back. */
  readonly retentionMs: number;
  /** Requests that the provider made since it was opened. */
  readonly requestsMade: () => number;
  readonly onCommitted: (committed: Committed) => Promise<void>;
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
export interface Refreshed extends Pick<Comparison, 'added' | 'changed' | 'unchanged' | 'deleted'> {
  /** Records that could not be taken. */
  readonly rejected: number;
  /** Stored ones that the platform's lists lack and that were not asked for one by one, as they are too many. */
  readonly unverified: number;
  readonly requests: number;
}

/**
 * Reads again from the platform what the store holds of one provider, when its turn comes: its history as a first sync does,
 * then everything up to now as a poll does. Committed whole, as one poll; the cursor moves as in a poll. Throws when the platform does
 * not answer everything, when the first sync is not complete, and when the signal fires; then nothing is written.
 */
export function createRefresh(input: RefreshInput): (request: RefreshRequest) => Promise<Refreshed> {
  return (request) => input.poller.inTurn(() => refresh(input, request));
}

async function refresh(input: RefreshInput, request: RefreshRequest): Promise<Refreshed> {
  const { store, clock, requestsMade } = input;
  const { name } = input.poller;
  request.signal.throwIfAborted();
  const madeBefore = requestsMade();
  const state = store.provider(name);
  const before = pollEndOf(state);
  if (before === undefined) throw new Error('its first sync is not complete; polls go on with it');
  const startedAtMs = clock.nowMs();
  const gathering = createGathering(store.known(name), clock);
  const sinceMs = startedAtMs - Math.min(request.spanMs ?? input.historyMs, input.retentionMs);
  await read(input, request, { gathering, before, cursor: undefined, nowMs: startedAtMs, historyStartMs: sinceMs });
  const unverified = askForMissing(gathering, await store.idsSince(name, sinceMs));
  const nowMs = clock.nowMs();
  const end = await read(input, request, {
    gathering,
    before,
    cursor: state.cursor,
    nowMs,
    historyStartMs: nowMs - input.historyMs,
  });
  const batch = { ...gathering.gathered(), ...end, provider: name, nowMs: clock.nowMs() };
  const { differing, ...counts } = await store.compare(batch);
  request.signal.throwIfAborted();
  if (!request.isDryRun) await commit(input, { ...batch, incidents: differing });
  return { ...counts, rejected: batch.rejected.length, unverified, requests: requestsMade() - madeBefore };
}

async function commit({ store, onCommitted }: RefreshInput, batch: Batch): Promise<void> {
  await onCommitted(await store.commit(batch));
}

/** Gives how many are missing that are not asked for. */
function askForMissing(gathering: Gathering, storedIds: readonly string[]): number {
  const missing = gathering.unseen(storedIds);
  // A platform that shows nothing at all has lost its memory, or shows us none of it.
  if (gathering.size() === 0 || missing.length > MISSING_ASKED_MAX) return missing.length;
  gathering.askFor(missing);
  return 0;
}

interface Reading extends Pick<PollRequest, 'before' | 'cursor' | 'nowMs' | 'historyStartMs'> {
  readonly gathering: Gathering;
}

/** Lets the provider poll; gives where it would go on from, and the end of the poll. */
async function read(
  { provider }: RefreshInput,
  { signal }: RefreshRequest,
  { gathering, ...from }: Reading,
): Promise<{ readonly cursor: string; readonly complete: PollEnd }> {
  let last: Page | undefined;
  for await (const page of provider.poll({ ...from, known: gathering.known, signal })) {
    signal.throwIfAborted();
    gathering.add(page);
    last = page;
  }
  if (last?.complete === undefined) throw new Error('the poll ended before it was whole');
  return { cursor: last.cursor, complete: last.complete };
}
