import type { Config } from '../config/types.ts';
import { type Core, CoreFailure } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/time.ts';
import type { Engine } from './engine.ts';

/** What came of a reload, in words. */
export interface ReloadResult {
  readonly ok: boolean;
  readonly message: string;
}

export interface ReloaderInput {
  /** Reads the configuration anew; throws with the message to be shown. */
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

/** Reloads one after the other. */
export interface Reloader {
  reload(): Promise<ReloadResult>;
  /** Why the last reload was refused; undefined when it was not, or there was none. */
  failure(): string | undefined;
  /** Refuses further reloads and waits for the one under way. */
  stop(): Promise<void>;
}

/** A bad file keeps the old configuration running; a good one replaces everything between providers and page. */
export function createReloader(input: ReloaderInput): Reloader {
  let isStopped = false;
  let failure: string | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const reload = async (): Promise<ReloadResult> => {
    const before = input.running();
    if (isStopped) return { ok: false, message: 'the exporter is stopping' };
    if (before === undefined) return { ok: false, message: 'the exporter is still starting' };
    try {
      const config = input.readConfig();
      input.replace(await swapEngine(input, before, config, () => isStopped));
      failure = undefined;
      await input.onReloaded(true, before.config);
      const notice = restartNotice(input.storePath, config);
      input.log.info('configuration reloaded', { notice });
      return { ok: true, message: notice ?? 'configuration reloaded' };
    } catch (error) {
      if (isStopped) return { ok: false, message: 'the exporter is stopping' };
      failure = messageOf(error);
      await input.onReloaded(false, before.config);
      input.log.error('configuration was not reloaded, the old one runs on', { error: messageOf(error) });
      return { ok: false, message: messageOf(error) };
    }
  };
  return {
    reload: () => {
      const next = last.then(reload);
      last = next;
      return next;
    },
    failure: () => failure,
    stop: async () => {
      isStopped = true;
      await last;
    },
  };
}

/** Stops the old engine and runs the new one; when the core refuses that, the old configuration runs again in a new engine. */
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

function restartNotice(openPath: string, { store }: Config): string | undefined {
  if (openPath === store.path) return undefined;
  return 'configuration reloaded, but the changed store.path needs a restart';
}
