import type { Log } from '../model/log.ts';
import type { RefreshRequest, RefreshResult } from './refresh.ts';

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

/** What became of one provider: read again, failed, ended because others failed, or left alone as it is not stale. */
export type RefreshOutcome = { readonly provider: string } & (
  | { readonly outcome: 'refreshed'; readonly refreshed: RefreshResult }
  | { readonly outcome: 'failed' | 'ended'; readonly error: string }
  | { readonly outcome: 'skipped' }
);

/** Reads providers again, one such work at a time. */
export interface Refreshing {
  /** In the order of the providers; undefined when a refresh is under way already. */
  readonly begin: (request: RefreshAll) => Promise<readonly RefreshOutcome[]> | undefined;
  /** Ends the one under way and refuses others; resolves when it has ended. */
  readonly stop: () => Promise<void>;
}

export interface RefreshingInput {
  readonly targets: readonly RefreshTarget[];
  readonly log: Log;
}

/** All providers at once, as one that is slow shall not keep the others waiting. */
export function createRefreshing(input: RefreshingInput): Refreshing {
  const stopping = new AbortController();
  let running: Promise<readonly RefreshOutcome[]> | undefined;
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
  input: RefreshingInput,
  request: RefreshAll,
  stopping: AbortSignal,
): Promise<readonly RefreshOutcome[]> {
  const giveUp = new AbortController();
  const signal = AbortSignal.any([stopping, giveUp.signal]);
  let failures = 0;
  const refreshOne = async (target: RefreshTarget): Promise<RefreshOutcome> => {
    const provider = target.name;
    if (request.providers === 'stale' && !(await isStale(target))) return { provider, outcome: 'skipped' };
    try {
      const refreshed = await target.refresh({ spanMs: request.spanMs, isDryRun: request.isDryRun, signal });
      return { provider, outcome: 'refreshed', refreshed };
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error);
      if (signal.aborted) return { provider, outcome: 'ended', error: told };
      failures += 1;
      if (failures === request.failuresMax) giveUp.abort(new Error(`${failures} failed, which is max_failures`));
      return { provider, outcome: 'failed', error: told };
    }
  };
  const outcomes = await Promise.all(input.targets.map(refreshOne));
  for (const outcome of outcomes) tell(input.log, outcome, request.isDryRun);
  return outcomes;
}

async function isStale({ lastSuccessMs, pollIntervalMs, nowMs }: RefreshTarget): Promise<boolean> {
  const lastMs = await lastSuccessMs();
  return lastMs === undefined || nowMs() - lastMs > STALE_INTERVALS * pollIntervalMs;
}

function tell(log: Log, outcome: RefreshOutcome, isDryRun: boolean): void {
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
