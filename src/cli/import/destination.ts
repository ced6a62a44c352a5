import { openProviders } from '../../app/providers.ts';
import type { Config } from '../../config/types.ts';
import { createLabelMappers, storeSettings } from '../../core/settings.ts';
import type { ImportTarget } from '../../imports/importing.ts';
import { createImportStage } from '../../imports/stage.ts';
import { createProcessMetrics } from '../../metrics/self-metrics.ts';
import { messageOf } from '../../model/error-message.ts';
import { platforms } from '../../providers/registry.ts';
import { openStoredIncidents } from '../../store/snapshot.ts';
import { createSqliteStore, StoreInUse } from '../../store/sqlite/open.ts';
import type { ImportSpan, ProviderState, Store } from '../../store/store.ts';
import type { CommandContext } from '../command.ts';
import { findSecrets } from '../configuration.ts';
import { createLog } from '../log.ts';
import type { ImportOptions } from './options.ts';

/** The history of a provider after its import; of a dry run, what it would be. */
export type ImportResult = Pick<ProviderState, 'isSynced' | 'historyStartMs'>;

/** Takes the incidents of an import; the store gets all of them or none. */
export interface Destination {
  readonly target: ImportTarget;
  /** Writes in one transaction what the target took, unless it is a dry run. When it throws, nothing was imported. */
  commit(span: ImportSpan | undefined): ImportResult;
  /** May be called again. */
  close(): void;
}

/** Opens the store of the configuration; a dry run only reads it. */
export async function openDestination(
  config: Config,
  options: ImportOptions,
  context: CommandContext,
): Promise<Destination> {
  return options.isDryRun ? openDryRun(config, options) : openForWriting(config, options, context);
}

function openDryRun(config: Config, { provider, isOnlySource }: ImportOptions): Destination {
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

async function openForWriting(config: Config, options: ImportOptions, context: CommandContext): Promise<Destination> {
  const { isOnlySource, provider } = options;
  const { clock } = context;
  const store = await openStore(config, context);
  try {
    const stage = createImportStage(store.stored(provider.name));
    return {
      target: stage,
      commit: (span) => {
        try {
          store.import({ provider: provider.name, isOnlySource, nowMs: clock.nowMs() }, stage.batches(), span);
        } catch (error) {
          throw new Error(`cannot write to the store: ${messageOf(error)}; nothing was imported`, { cause: error });
        }
        return store.provider(provider.name);
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

/** The store of the configuration for a command that writes; no daemon has it open. */
export async function openStore(config: Config, { clock, stderr, version }: CommandContext): Promise<Store> {
  const log = createLog({ level: 'warn', destination: stderr, secrets: findSecrets(config) });
  let store: Store | undefined;
  try {
    store = createSqliteStore({ path: config.store.path, log, nowMs: clock.nowMs(), isDamageRefused: true });
    const providers = openProviders({ config, platforms, clock, log, metrics: createProcessMetrics(version) });
    await Promise.all(providers.map((one) => one.provider.close()));
    store.configure(storeSettings(config, { labelMappers: createLabelMappers(config), providers }), clock.nowMs());
    return store;
  } catch (error) {
    store?.close();
    if (!(error instanceof StoreInUse)) throw error;
    const advice = 'stop it, import, and start it again (--dry-run works while it runs)';
    throw new Error(`${error.message}: ${advice}`, { cause: error });
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
