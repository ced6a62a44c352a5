import type { ProviderStatus } from '../server/status-page/view.ts';
import type { Store } from '../store/store.ts';
import type { Engine, EngineProvider } from './engine.ts';

/** How each configured provider is doing, in their order. */
export function providerStatuses(engine: Engine, store: Store): ProviderStatus[] {
  const counts = engine.counts();
  const unmapped = store.unmappedSeverities();
  return engine.providers.map((provider) => {
    const { name } = provider.config;
    return {
      ...ofPolls(provider, store),
      openIncidents: counts.get(name)?.open ?? 0,
      resolvedIncidents: counts.get(name)?.resolved ?? 0,
      rejectedRecords: rejectionsOf(store, name).reduce((sum, { value }) => sum + value, 0),
      unmappedSeverities: unmapped.filter((one) => one.provider === name).map(({ value }) => value),
    };
  });
}

/** Records of a provider that were not taken, by reason; only reasons that occurred. */
export function rejectionsOf(
  store: Pick<Store, 'counters'>,
  name: string,
): readonly { readonly label: string; readonly value: number }[] {
  return store.counters().filter((one) => one.name === 'rejected' && one.provider === name && one.value > 0);
}

function ofPolls({ config, poller, requestsLeft, isImportedOnly }: EngineProvider, store: Store) {
  const { name, type, rateLimit } = config;
  const { isSynced, askedUntilMs, countingSinceMs } = store.provider(name);
  const { isUp, error } = poller.state();
  const { held, waiting } = store.backlog(name);
  return {
    name,
    type,
    state: stateWord(isUp, isSynced),
    error,
    synced: isSynced,
    lastSuccessAtMs: askedUntilMs,
    countingSinceMs,
    allowance: isImportedOnly ? undefined : { ...rateLimit, left: requestsLeft() },
    heldIncidents: held,
    waitingRecords: waiting,
  };
}

/** Before its first poll since the start a provider is neither up nor down. */
export function stateWord(isUp: boolean | undefined, isSynced: boolean): 'starting' | 'first sync' | 'up' | 'down' {
  if (isUp === false) return 'down';
  if (!isSynced) return 'first sync';
  return isUp === undefined ? 'starting' : 'up';
}
