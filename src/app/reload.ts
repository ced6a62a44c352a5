import type { Config } from '../config/types.ts';
import { type Core, CoreFailure } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { createMutex } from '../model/mutex.ts';
import type { Clock } from '../model/time.ts';
import type { Engine } from './engine.ts';

/** The result of a reload, with a message for people. */
export interface ReloadResult {
  readonly ok: boolean;
  readonly message: string;
}

export interface ReloaderInput {
  /** Reads the configuration again; throws with a message for people. */
  readonly readConfig: () => Config;
  readonly createEngine: (config: Config) => Engine;
  readonly core: Pick<Remote<Core>, 'configure'>;
  /** The store that is open, whatever the configuration says since. */
  readonly storePath: string;
  /** Undefined until the first engine runs. */
  readonly running: () => Engine | undefined;
  readonly replace: (next: Engine) => void;
  readonly onReloaded: (isSuccessful: boolean, before: Config) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onFatal: (error: unknown) => void;
}

/** Runs one reload at a time. */
export interface Reloader {
  reload(): Promise<ReloadResult>;
  /** Why the last reload failed; undefined when it did not, or there was none. */
  failure(): string | undefined;
  /** Rejects further reloads and waits for the one that runs. */
  stop(): Promise<void>;
}

/** A bad file keeps the old configuration running; a good one replaces everything between providers and page. */
export function createReloader(input: ReloaderInput): Reloader {
  const runExclusive = createMutex();
  let isStopped = false;
  let failure: string | undefined;
  const stopping: ReloadResult = { ok: false, message: 'the exporter is stopping' };
  const reload = async (): Promise<ReloadResult> => {
    const before = input.running();
    if (isStopped) return stopping;
    if (before === undefined) return { ok: false, message: 'the exporter is still starting; try again later' };
    try {
      const config = input.readConfig();
      input.replace(await swapEngine(input, before, config, () => isStopped));
      failure = undefined;
      await input.onReloaded(true, before.config);
      const notice =
        input.storePath === config.store.path
          ? undefined
          : 'configuration reloaded, but the changed store.path needs a restart';
      input.log.info('configuration reloaded', { notice });
      return { ok: true, message: notice ?? 'configuration reloaded' };
    } catch (error) {
      if (isStopped) return stopping;
      failure = messageOf(error);
      await input.onReloaded(false, before.config);
      input.log.error('configuration not reloaded, the old one stays', { error: failure });
      return { ok: false, message: failure };
    }
  };
  return {
    reload: () => runExclusive(reload),
    failure: () => failure,
    stop: async () => {
      isStopped = true;
      await runExclusive(() => undefined);
    },
  };
}

/** Stops the old engine and starts the new one; when the core rejects that, the old configuration runs again in a new engine. */
async function swapEngine(
  { core, clock, createEngine, replace, onFatal }: ReloaderInput,
  before: Engine,
  config: Config,
  isStopped: () => boolean,
): Promise<Engine> {
  const engine = createEngine(config);
  await before.stop();
  try {
    await core.configure(engine.setup, clock.nowMs());
  } catch (error) {
    await engine.stop();
    if (error instanceof CoreFailure) {
      onFatal(error);
      throw error;
    }
    // The core has gone back to the configuration before.
    if (!isStopped()) {
      try {
        const old = createEngine(before.config);
        old.start();
        replace(old);
      } catch (reopening) {
        onFatal(reopening);
      }
    }
    throw error;
  }
  if (!isStopped()) engine.start();
  return engine;
}
