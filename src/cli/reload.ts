import type { Config } from '../config/types.ts';
import type { Engine } from './engine.ts';
import { messageOf } from './message.ts';
import { type RunInput, type Running, run } from './running.ts';

/** What came of a reload, in words. */
export interface Reloaded {
  readonly ok: boolean;
  readonly message: string;
}

export interface ReloadInput extends RunInput {
  /** Reads the configuration anew; throws with the message to be shown. */
  readonly readConfig: () => Config;
  readonly makeEngine: (config: Config) => Engine;
  /** The store that is open, whatever the configuration says since. */
  readonly storePath: string;
  readonly running: () => Running | undefined;
  readonly replace: (next: Running) => void;
  readonly reloaded: (isSuccessful: boolean, before: Config) => Promise<void>;
}

/** Reloads one after the other. */
export interface Reloading {
  reload(): Promise<Reloaded>;
  /** Why the last reload was refused; undefined when it was not, or there was none. */
  failure(): string | undefined;
  /** Refuses further reloads and waits for the one under way. */
  stop(): Promise<void>;
}

/** A bad file keeps the old configuration running; a good one replaces everything between providers and page. */
export function createReloading(input: ReloadInput): Reloading {
  let isStopped = false;
  let failure: string | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const reload = async (): Promise<Reloaded> => {
    const before = input.running();
    if (isStopped) return { ok: false, message: 'the exporter is stopping' };
    if (before === undefined) return { ok: false, message: 'the exporter is still starting' };
    try {
      const config = input.readConfig();
      input.replace(await exchange(input, before, config));
      failure = undefined;
      await input.reloaded(true, before.config);
      const notice = restartNotice(input.storePath, config);
      input.log.info('configuration reloaded', { notice });
      return { ok: true, message: notice ?? 'configuration reloaded' };
    } catch (error) {
      failure = messageOf(error);
      await input.reloaded(false, before.config);
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

/** Stops the old engine and runs the new one; when that cannot open, the old configuration runs again in a new engine. */
async function exchange(input: ReloadInput, before: Running, config: Config): Promise<Running> {
  const engine = input.makeEngine(config);
  await before.stop();
  try {
    await engine.open();
    return run(engine, config, input);
  } catch (error) {
    await engine.close();
    const old = input.makeEngine(before.config);
    await old.open().catch(input.onFatal);
    input.replace(run(old, before.config, input));
    throw error;
  }
}

function restartNotice(openPath: string, { store }: Config): string | undefined {
  if (openPath === store.path) return undefined;
  return 'configuration reloaded, but the changed store.path needs a restart';
}
