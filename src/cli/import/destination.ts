import { openProviders } from '../../app/providers.ts';
import type { Config } from '../../config/types.ts';
import { readersOf, storeSettings } from '../../core/settings.ts';
import type { ImportTarget } from '../../imports/importing.ts';
import { createImportStage } from '../../imports/stage.ts';
import { createProcessMetrics } from '../../metrics/self-metrics.ts';
import { messageOf } from '../../model/error-message.ts';
import type { Log } from '../../model/log.ts';
import type { Clock } from '../../model/time.ts';
import type { Platform } from '../../providers/provider.ts';
import { openStoredIncidents } from '../../store/history.ts';
import { createSqliteStore, StoreInUse } from '../../store/sqlite/open.ts';
import type { ImportSpan, ProviderState, Store } from '../../store/store.ts';
import type { ImportOrder } from './order.ts';

export interface DestinationInput {
  readonly config: Config;
  readonly platforms: readonly Platform[];
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

/** How the import of a provider stands, before or after. */
export type Standing = Pick<ProviderState, 'isSynced' | 'historyStartMs'>;

/** Takes the incidents of an import; the store has all of them or none. */
export interface Destination {
  readonly target: ImportTarget;
  /** Writes what the target took, in one transaction; a dry run only says how it would stand. When it throws, nothing was imported. */
  commit(span: ImportSpan | undefined): Standing;
  /** May be called again. */
  close(): void;
}

/** Opens the store of the configuration; a dry run only looks things up in it. */
export async function openDestination(input: DestinationInput, order: ImportOrder): Promise<Destination> {
  return order.isDryRun ? openDryRun(input, order) : await openForWriting(input, order);
}

function openDryRun({ config }: DestinationInput, { provider, isOnlySource }: ImportOrder): Destination {
  const past = openStoredIncidents(config.store.path, provider.name);
  const stage = createImportStage(past.stored);
  return {
    target: stage,
    commit: (span) => {
      const starts = [past.historyStartMs, span?.fromMs].filter((ms) => ms !== undefined);
      const isSynced = past.isSynced || (isOnlySource && span !== undefined);
      return { isSynced, historyStartMs: isSynced && starts.length > 0 ? Math.min(...starts) : undefined };
    },
    close: once(() => {
      stage.close();
      past.close();
    }),
  };
}

async function openForWriting(input: DestinationInput, order: ImportOrder): Promise<Destination> {
  const { config, clock, log } = input;
  const { name } = order.provider;
  const store = openStore(config.store.path, log, clock.nowMs());
  try {
    await configure(store, input);
    const stage = createImportStage(store.stored(name));
    return {
      target: stage,
      commit: (span) => {
        const about = { provider: name, isOnlySource: order.isOnlySource, nowMs: clock.nowMs() };
        try {
          store.import(about, stage.batches(), span);
        } catch (error) {
          throw new Error(`cannot write to the store: ${messageOf(error)}; nothing was imported`, { cause: error });
        }
        return store.provider(name);
      },
      close: once(() => {
        stage.close();
        store.close();
      }),
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

async function configure(store: Store, input: DestinationInput): Promise<void> {
  const { config, clock } = input;
  const providers = openProviders({ ...input, metrics: createProcessMetrics(input.version) });
  await Promise.all(providers.map((one) => one.provider.close()));
  store.configure(storeSettings(config, { readers: readersOf(config), providers }), clock.nowMs());
}

function openStore(path: string, log: Log, nowMs: number): Store {
  try {
    return createSqliteStore({ path, log, nowMs, isDamageRefused: true });
  } catch (error) {
    if (!(error instanceof StoreInUse)) throw error;
    throw new Error(`${error.message}: stop it, import, and start it again (--dry-run may run beside it)`, {
      cause: error,
    });
  }
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
