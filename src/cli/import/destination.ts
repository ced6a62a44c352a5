import { openProviders } from '../../app/providers.ts';
import type { Config } from '../../config/types.ts';
import { readersOf, storeSettings } from '../../core/settings.ts';
import { createDryTarget, createRepeats } from '../../imports/dry-run.ts';
import type { ImportingInput } from '../../imports/importing.ts';
import { createProcessMetrics } from '../../metrics/process.ts';
import type { Log } from '../../model/log.ts';
import type { Clock } from '../../model/time.ts';
import type { Platform } from '../../providers/provider.ts';
import type { ImportSpan } from '../../store/importing.ts';
import { StoreInUse } from '../../store/open.ts';
import { openKnown } from '../../store/open-known.ts';
import { createSqliteStore } from '../../store/sqlite.ts';
import type { ProviderState } from '../../store/store.ts';
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

type Work = (into: Pick<ImportingInput, 'target' | 'repeats'>) => Promise<ImportSpan | undefined>;

/** Lets `work` import into the store of the configuration, whole or not at all; a dry run only looks things up. */
export async function importInto(input: DestinationInput, order: ImportOrder, work: Work): Promise<Standing> {
  return order.isDryRun ? await tryOut(input, order, work) : await write(input, order, work);
}

async function tryOut({ config }: DestinationInput, { provider, isOnlySource }: ImportOrder, work: Work) {
  const past = openKnown(config.store.path, provider.name);
  try {
    const span = await work({ target: createDryTarget(past.known), repeats: createRepeats() });
    const starts = [past.historyStartMs, span?.fromMs].filter((ms) => ms !== undefined);
    const isSynced = past.isSynced || (isOnlySource && span !== undefined);
    return { isSynced, historyStartMs: isSynced && starts.length > 0 ? Math.min(...starts) : undefined };
  } finally {
    past.close();
  }
}

async function write(input: DestinationInput, { provider, isOnlySource }: ImportOrder, work: Work) {
  const { config, clock, log } = input;
  const store = openStore(config.store.path, log, clock.nowMs());
  try {
    const providers = openProviders({ ...input, metrics: createProcessMetrics(input.version) });
    await Promise.all(providers.map((one) => one.provider.close()));
    const readers = readersOf(config);
    await store.configure(storeSettings(config, { readers, providers }), clock.nowMs());
    const about = { provider: provider.name, isOnlySource, nowMs: clock.nowMs() };
    await store.import(about, (target) => work({ target }));
    return store.provider(provider.name);
  } finally {
    store.close();
  }
}

function openStore(path: string, log: Log, nowMs: number) {
  try {
    return createSqliteStore({ path, log, nowMs, isDamageRefused: true });
  } catch (error) {
    if (!(error instanceof StoreInUse)) throw error;
    throw new Error(`${error.message}: stop it, import, and start it again (--dry-run may run beside it)`, {
      cause: error,
    });
  }
}
