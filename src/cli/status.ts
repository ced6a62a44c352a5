import type { ProviderStatus, Readiness, StatusView } from '../server/options.ts';
import type { Store } from '../store/store.ts';
import type { Engine, EngineProvider } from './engine.ts';

/** A first sync that failed this often in a row no longer keeps the exporter unready. */
const FAILURES_UNTIL_READY = 3;

/** Ready when every provider's first sync is done, or has failed three times in a row; a line per provider says which. */
export function readinessOf(providers: readonly EngineProvider[], store: Store): Readiness {
  const states = providers.map(({ config, poller }) => {
    const { isSynced } = store.provider(config.name);
    const { failuresInRow } = poller.state();
    return {
      line: `${config.name}: ${stateOf(poller, isSynced)}`,
      isReady: isSynced || failuresInRow >= FAILURES_UNTIL_READY,
    };
  });
  return { ready: states.every(({ isReady }) => isReady), lines: states.map(({ line }) => line) };
}

function stateOf(poller: EngineProvider['poller'], isSynced: boolean): string {
  const { isUp, error } = poller.state();
  const phase = isSynced ? 'synced' : 'first sync is not complete';
  if (isUp === false) return `down, ${phase}: ${error ?? 'unknown reason'}`;
  return isUp === true && isSynced ? 'up' : phase;
}

interface StatusInput {
  readonly engine: Engine;
  readonly store: Store;
  readonly version: string;
  readonly uptimeMs: number;
}

/** What the first page shows. */
export function statusOf({ engine, store, version, uptimeMs }: StatusInput): StatusView {
  const counts = engine.counts();
  const unmapped = store.unmappedSeverities();
  const rejected = store.counters().filter(({ name }) => name === 'rejected');
  const providers = engine.providers.map(({ config, poller }): ProviderStatus => {
    const { name, type } = config;
    const state = store.provider(name);
    const { isUp, error } = poller.state();
    return {
      name,
      type,
      state: stateWord(isUp, state.isSynced),
      error,
      synced: state.isSynced,
      lastSuccessAtMs: state.askedUntilMs,
      countingSinceMs: state.countingSinceMs,
      openIncidents: counts.get(name)?.open ?? 0,
      resolvedIncidents: counts.get(name)?.resolved ?? 0,
      rejectedRecords: rejected.filter(({ provider }) => provider === name).reduce((sum, { value }) => sum + value, 0),
      unmappedSeverities: unmapped.filter(({ provider }) => provider === name).map(({ value }) => value),
    };
  });
  return { version, uptimeMs, providers, links: [] };
}

/** Before its first poll since the start a provider is neither up nor down. */
function stateWord(isUp: boolean | undefined, isSynced: boolean): string {
  if (isUp === false) return 'down';
  if (!isSynced) return 'first sync';
  return isUp === undefined ? 'starting' : 'up';
}
