import type { CoreStatus } from '../../core/messages.ts';
import { REJECTION_REASONS } from '../../model/incident.ts';
import { SECOND_MS } from '../../model/time.ts';
import { toOptionalTime } from '../../report/incident-json.ts';
import type { StatusAnswer } from '../../server/api/answers.ts';
import type { Engine, EngineProvider } from '../engine.ts';
import { findProvider, stateWord } from '../provider-status.ts';

export interface StatusResponseInput {
  readonly engine: Engine;
  readonly core: CoreStatus;
  readonly version: string;
  readonly uptimeMs: number;
  /** The first page of metrics exists. */
  readonly isOpen: boolean;
  /** Why the last reload was refused. */
  readonly reloadFailure: string | undefined;
}

/** How the exporter and its providers are doing, as `/metrics` says it. */
export function statusResponse(input: StatusResponseInput): StatusAnswer {
  const { engine, core, version, uptimeMs, isOpen, reloadFailure } = input;
  return {
    version,
    uptime_seconds: Math.max(0, uptimeMs) / SECOND_MS,
    started: isOpen,
    providers: engine.providers.map((provider) => providerResponse(provider, core)),
    reload: { successful: reloadFailure === undefined, error: reloadFailure },
    services_overflowed: core.servicesOverflowed,
    store_bytes: core.storeBytes,
  };
}

function providerResponse({ config, poller }: EngineProvider, core: CoreStatus): StatusAnswer['providers'][number] {
  const { name, type, overall } = config;
  const known = findProvider(core, name);
  const { isUp, error } = poller.state();
  const counts = known?.counts;
  const rejected = (known?.rejected ?? []).map(({ label, value }) => [label, value] as const);
  return {
    name,
    type,
    state: stateWord(isUp, known?.state.isSynced === true),
    error,
    synced: known?.state.isSynced === true,
    overall,
    last_success_at: toOptionalTime(known?.state.polledUntilMs),
    counting_since: toOptionalTime(known?.state.countingSinceMs),
    history_start: toOptionalTime(known?.state.historyStartMs),
    incidents: counts && { open: counts.open, resolved: counts.resolved, excluded: counts.excluded },
    rejected: Object.fromEntries(rejected.filter(([reason]) => REJECTION_REASONS.some((one) => one === reason))),
    unmapped_severities: [...(known?.unmappedSeverities ?? [])],
  };
}
