import type { Config } from '../config/types.ts';
import type { Log } from '../model/log.ts';
import { type Clock, SECOND_MS } from '../model/time.ts';
import type { Engine } from './engine.ts';
import { messageOf } from './message.ts';

/** The page is rendered at most this often (DESIGN §2). */
const RENDER_EVERY_MS = SECOND_MS;
/** Polls that do not end by themselves are left behind after this long: SIGTERM promises 5 s in all. */
const POLLS_END_WITHIN_MS = 2 * SECOND_MS;

export interface RunInput {
  readonly clock: Clock;
  readonly log: Log;
  /** Something happened that only a restart mends. */
  readonly onFatal: (error: unknown) => void;
}

/** An engine with its loops. */
export interface Running {
  readonly engine: Engine;
  readonly config: Config;
  /** Why the page cannot be brought up to date, while that lasts. */
  trouble(): string | undefined;
  /** Ends the loops and closes the engine. */
  stop(): Promise<void>;
}

/** Starts the loops of an opened engine: one per provider, the one that renders, and the one that keeps the trend. */
export function run(engine: Engine, config: Config, { clock, log, onFatal }: RunInput): Running {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loops = engine.providers.map(({ poller }) => poller.run(signal));
  const trouble = createTroubleLog(log);
  const rendering = async () => {
    while (!signal.aborted) {
      try {
        await engine.tick();
        trouble.say(undefined);
      } catch (error) {
        if (!signal.aborted) trouble.say(error);
        if (engine.isBroken(error)) onFatal(error);
      }
      await clock.sleep(RENDER_EVERY_MS, signal).catch(() => undefined);
    }
  };
  const ended = Promise.all([...loops, rendering(), engine.trend.run(signal)]).catch(onFatal);
  return {
    engine,
    config,
    trouble: () => trouble.now(),
    stop: async () => {
      stopping.abort(new Error('the exporter stops'));
      const allEnded = Promise.all([ended, engine.refreshing.stop()]);
      await Promise.race([allEnded, clock.sleep(POLLS_END_WITHIN_MS)]);
      await engine.close();
    },
  };
}

/** A full disk fails every second: each trouble is told once, and when it is over. */
function createTroubleLog(log: Log): { say(error: unknown): void; now(): string | undefined } {
  let before: string | undefined;
  const say = (error: unknown) => {
    const message = error === undefined ? undefined : messageOf(error);
    if (message === before) return;
    before = message;
    if (message === undefined) log.info('the page is brought up to date again');
    else log.error('the page could not be brought up to date', { error: message });
  };
  return { say, now: () => before };
}
