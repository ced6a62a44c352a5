import { REJECTION_REASONS } from '../../model/incident.ts';
import { SECOND_MS } from '../../model/time.ts';
import { optionalTime } from '../../report/stated-incident.ts';
import type { StatusAnswer } from '../../server/api/answers.ts';
import type { Store } from '../../store/store.ts';
import type { Engine, EngineProvider } from '../engine.ts';
import { rejectionsOf, stateWord } from '../provider-status.ts';

export interface StatusInput {
  readonly engine: Engine;
  readonly store: Store;
  readonly version: string;
  readonly uptimeMs: number;
  /** The first page of metrics exists. */
  readonly isOpen: boolean;
  /** Why the last reload was refused. */
  readonly reloadFailure: string | undefined;
}

/** How the exporter and its providers are doing, as `/metrics` says it. */
export function statusAnswer(input: StatusInput): StatusAnswer {
  const { engine, store, version, uptimeMs, isOpen, reloadFailure } = input;
  return {
    version,
    uptime_seconds: Math.max(0, uptimeMs) / SECOND_MS,
    started: isOpen,
    providers: engine.providers.map((provider) => providerAnswer(provider, { engine, store })),
    reload: { successful: reloadFailure === undefined, error: reloadFailure },
    services_overflowed: store.servicesOverflowed(),
    store_bytes: store.sizeBytes(),
  };
}

function providerAnswer(
  { config, poller }: EngineProvider,
  { engine, store }: Pick<StatusInput, 'engine' | 'store'>,
): StatusAnswer['providers'][number] {
  const { name, type, overall } = config;
  const state = store.provider(name);
  const { isUp, error } = poller.state();
  const counted = engine.counts().get(name);
  const rejected = rejectionsOf(store, name).map(({ label, value }) => [label, value] as const);
  return {
    name,
    type,
    state: stateWord(isUp, state.isSynced),
    error,
    synced: state.isSynced,
    overall,
    last_success_at: optionalTime(state.askedUntilMs),
    counting_since: optionalTime(state.countingSinceMs),
    history_start: optionalTime(state.historyStartMs),
    incidents: counted && { open: counted.open, resolved: counted.resolved, excluded: counted.excluded },
    rejected: Object.fromEntries(rejected.filter(([reason]) => REJECTION_REASONS.some((one) => one === reason))),
    unmapped_severities: store.unmappedSeverities().flatMap((one) => (one.provider === name ? [one.value] : [])),
  };
}
