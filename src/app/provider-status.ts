import type { CoreProviderStatus, CoreStatus } from '../core/messages.ts';
import type { ProviderStatus } from '../server/status-page/view.ts';
import type { Engine, EngineProvider } from './engine.ts';

/** How each configured provider is doing, in their order. */
export function providerStatuses(engine: Engine, core: CoreStatus): ProviderStatus[] {
  return engine.providers.map((provider) => toStatus(provider, findProvider(core, provider.config.name)));
}

/** What the core knows of a provider; undefined while it reads the store. */
export function findProvider(core: CoreStatus, name: string): CoreProviderStatus | undefined {
  return core.providers.find(({ state }) => state.name === name);
}

function toStatus(provider: EngineProvider, known: CoreProviderStatus | undefined): ProviderStatus {
  const { config, poller, requestsLeft, isImportedOnly } = provider;
  const { name, type, rateLimit } = config;
  const { isUp, error } = poller.state();
  const synced = known?.state.isSynced ?? false;
  return {
    name,
    type,
    state: stateWord(isUp, synced),
    error,
    synced,
    lastSuccessAtMs: known?.state.polledUntilMs,
    countingSinceMs: known?.state.countingSinceMs,
    allowance: isImportedOnly ? undefined : { ...rateLimit, left: requestsLeft() },
    heldIncidents: known?.backlog.held ?? 0,
    waitingRecords: known?.backlog.waiting ?? 0,
    openIncidents: known?.counts?.open ?? 0,
    resolvedIncidents: known?.counts?.resolved ?? 0,
    rejectedRecords: (known?.rejected ?? []).reduce((sum, { value }) => sum + value, 0),
    unmappedSeverities: known?.unmappedSeverities ?? [],
  };
}

/** Before its first poll since the start a provider is neither up nor down. */
export function stateWord(isUp: boolean | undefined, isSynced: boolean): 'starting' | 'first sync' | 'up' | 'down' {
  if (isUp === false) return 'down';
  if (!isSynced) return 'first sync';
  return isUp === undefined ? 'starting' : 'up';
}
