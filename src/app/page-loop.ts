import type { Core } from '../core/messages.ts';
import { CoreFailure } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import type { PageReader } from '../metrics/reader.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { type Clock, SECOND_MS, steadyMs } from '../model/time.ts';

/** The page is rendered at most this often (DESIGN §2). */
const RENDER_EVERY_MS = SECOND_MS;

export interface PageLoopInput {
  readonly core: Pick<Remote<Core>, 'tick'>;
  readonly reader: Pick<PageReader, 'show'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onFatal: (error: unknown) => void;
}

/** Brings the page that is served up to date. */
export interface PageLoop {
  /** There is a page. */
  hasPage(): boolean;
  /** The page that is served carries the numbers of this provider. */
  shows(provider: string): boolean;
  /** Why the page cannot be brought up to date, while that lasts. */
  trouble(): string | undefined;
  /** One turn. */
  tick(): Promise<void>;
  /** Takes turns until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export function createPageLoop({ core, reader, clock, log, onFatal }: PageLoopInput): PageLoop {
  let hasPage = false;
  let shown = new Set<string>();
  let trouble: string | undefined;
  // A full disk fails every second: each trouble is told once, and when it is over.
  const report = (next: string | undefined) => {
    if (next === trouble) return;
    trouble = next;
    if (next === undefined) log.info('the page is brought up to date again');
    else log.error('the page could not be brought up to date', { error: next });
  };
  const tick = async () => {
    const result = await core.tick(clock.nowMs(), steadyMs(clock));
    if (result.page !== undefined) {
      reader.show(result.page);
      hasPage = true;
    }
    shown = new Set(result.shownProviders);
    report(result.trouble);
  };
  return {
    hasPage: () => hasPage,
    shows: (provider) => shown.has(provider),
    trouble: () => trouble,
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
