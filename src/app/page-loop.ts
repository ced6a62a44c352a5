import { type Core, CoreFailure } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import type { PageReader } from '../metrics/reader.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { type Clock, SECOND_MS, steadyMs } from '../model/time.ts';

/** The page is rendered at most this often. */
const RENDER_EVERY_MS = SECOND_MS;

export interface PageLoopInput {
  readonly core: Pick<Remote<Core>, 'tick'>;
  readonly reader: Pick<PageReader, 'show'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onFatal: (error: unknown) => void;
}

/** Keeps the metrics page up to date. */
export interface PageLoop {
  /** The first page exists. */
  hasPage(): boolean;
  /** The newest page includes the numbers of this provider. */
  includes(provider: string): boolean;
  /** Why the page cannot be updated; undefined while it can. */
  failure(): string | undefined;
  /** One update. */
  tick(): Promise<void>;
  /** Updates until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export function createPageLoop({ core, reader, clock, log, onFatal }: PageLoopInput): PageLoop {
  let hasPage = false;
  let included = new Set<string>();
  let failure: string | undefined;
  // A full disk fails every second: each failure is logged once, and when it is over.
  const report = (next: string | undefined) => {
    if (next === failure) return;
    failure = next;
    if (next === undefined) log.info('metrics page is updated again');
    else log.error('cannot update the metrics page', { error: next });
  };
  const tick = async () => {
    const result = await core.tick(clock.nowMs(), steadyMs(clock));
    if (result.page !== undefined) {
      reader.show(result.page);
      hasPage = true;
    }
    included = new Set(result.providersOnPage);
    report(result.failure);
  };
  return {
    hasPage: () => hasPage,
    includes: (provider) => included.has(provider),
    failure: () => failure,
    tick,
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          await tick();
        } catch (error) {
          if (signal.aborted) return;
          report(messageOf(error));
          if (error instanceof CoreFailure) onFatal(error);
        }
        await clock.sleep(RENDER_EVERY_MS, signal).catch(() => undefined);
      }
    },
  };
}
