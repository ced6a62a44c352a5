import { baselineHistoryMs, type Config } from '../config/types.ts';
import type { CoreProviderStatus, CoreStatus } from '../core/messages.ts';
import type { Capabilities } from '../model/capabilities.ts';
import { formatCount, formatList } from '../model/format.ts';
import { MINUTE_MS } from '../model/time.ts';
import type { Readiness } from '../server/request-handler.ts';
import { formatSpan } from '../server/status-page/html.ts';
import type { Issue, ProviderStatus } from '../server/status-page/view.ts';
import { findBaselineGap } from './baselines.ts';
import { type DeliveryHistory, NO_DELIVERIES } from './deliveries.ts';
import { findEmptiness, type HeldIncidents } from './emptiness.ts';
import type { Engine, EngineProvider } from './engine.ts';
import type { PageLoop } from './page-loop.ts';

/** A first sync that failed this often in a row no longer keeps the exporter unready. */
const FAILURES_UNTIL_READY = 3;
/** A provider without a success for longer is stale, as in the bundled alert; three polls may always fail. */
const STALE_MS = 15 * MINUTE_MS;
/** Share of the rate limit below which polls may soon have to wait. */
const LOW_RATE_LIMIT_RATIO = 0.1;

/** Names of environments in one notice. */
const UNREAD_SHOWN_MAX = 20;

/** What readiness needs of a provider. */
interface PolledProvider {
  readonly config: Pick<EngineProvider['config'], 'name'>;
  readonly poller: Pick<EngineProvider['poller'], 'state'>;
}

/**
 * Ready when the metrics page includes every provider, or its first sync has failed three times in a row; a line per
 * provider says which, and why one adds nothing to any number.
 */
export function findReadiness(
  { providers, emptiness }: { readonly providers: readonly PolledProvider[]; readonly emptiness: Engine['emptiness'] },
  pageLoop: Pick<PageLoop, 'hasPage' | 'includes'>,
): Readiness {
  const states = providers.map(({ config: { name }, poller }) => {
    const { isUp, error, failuresInRow } = poller.state();
    const isSynced = pageLoop.includes(name);
    const phase = isSynced ? 'synced' : 'first sync is not complete';
    const reason = emptiness.reason(name);
    const empty = reason === undefined ? '' : `, but adds nothing to any number: ${reason}`;
    const up = isUp === true && isSynced ? `up${empty}` : phase;
    const line = `${name}: ${isUp === false ? `down, ${phase}: ${error ?? 'unknown reason'}` : up}`;
    return { line, isReady: isSynced || failuresInRow >= FAILURES_UNTIL_READY };
  });
  const isReady = pageLoop.hasPage() && states.every((state) => state.isReady);
  return { ready: isReady, lines: states.map(({ line }) => line) };
}

/** The status of each configured provider, in their order. */
export function toProviderStatuses(
  { providers }: Engine,
  core: CoreStatus,
  deliveries: Pick<DeliveryHistory, 'find'>,
): ProviderStatus[] {
  return providers.map((provider) => {
    const { config, poller, requestsLeft, isImportedOnly, webhook, push } = provider;
    const { name, type, rateLimit } = config;
    const isReceiving = webhook !== undefined || push !== undefined;
    const known = findProvider(core, name);
    const unreadEnvironments = known?.unreadEnvironments ?? [];
    const { isUp, error } = poller.state();
    const synced = known?.state.isSynced ?? false;
    return {
      name,
      type,
      state: toProviderState(isUp, synced),
      error,
      ...(isReceiving && { deliveries: deliveries.find(name) ?? NO_DELIVERIES }),
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
      ...(unreadEnvironments.length > 0 && { unreadEnvironments }),
    };
  });
}

/** What the core knows of a provider; undefined while it reads the store. */
export function findProvider(core: CoreStatus, name: string): CoreProviderStatus | undefined {
  return core.providers.find(({ state }) => state.name === name);
}

/** Before its first poll since the start a provider is neither up nor down. */
export function toProviderState(
  isUp: boolean | undefined,
  isSynced: boolean,
): 'starting' | 'first sync' | 'up' | 'down' {
  if (isUp === false) return 'down';
  if (!isSynced) return 'first sync';
  return isUp === undefined ? 'starting' : 'up';
}

export interface HealthInput {
  readonly config: Config;
  readonly core: CoreStatus;
  readonly providers: readonly ProviderStatus[];
  readonly held: readonly HeldIncidents[];
  /** By provider. */
  readonly capabilities: ReadonlyMap<string, Pick<Capabilities, 'retentionMs'>>;
  /** The time by the clock of a provider's platform. */
  readonly nowMs: (provider: string) => number;
  /** The first metrics page exists. */
  readonly hasPage: boolean;
  /** Why the metrics page cannot be updated. */
  readonly pageFailure: string | undefined;
  readonly reloadFailure: string | undefined;
}

/** What is wrong now, in words for people; empty when nothing is. */
export function findIssues(input: HealthInput): Issue[] {
  const { config, core, providers, hasPage, pageFailure, reloadFailure } = input;
  const overflow = core.servicesOverflowed;
  return [
    ...notice(!hasPage, 'The exporter is starting: it reads the store, and there is no metrics page yet.'),
    ...problem(pageFailure !== undefined, `The metrics page cannot be updated: ${pageFailure}`),
    ...problem(reloadFailure !== undefined, `The configuration was not reloaded, the old one stays: ${reloadFailure}`),
    ...providers.flatMap((provider) => findProviderIssues(input, provider)),
    ...notice(
      overflow > 0,
      `${overflow} services more than metrics.max_services (${config.metrics.maxServices}) are shown together as "other".`,
    ),
  ];
}

function findProviderIssues(input: HealthInput, provider: ProviderStatus): Issue[] {
  const { config, core, nowMs } = input;
  const { name, error, synced, lastSuccessAtMs, allowance, unmappedSeverities: unmapped } = provider;
  const unread = provider.unreadEnvironments ?? [];
  const unreadCount = unread.reduce((sum, { deployments }) => sum + deployments, 0);
  const pollIntervalMs = config.providers.find((one) => one.name === name)?.pollIntervalMs ?? 0;
  const ageMs = lastSuccessAtMs === undefined ? 0 : nowMs(name) - lastSuccessAtMs;
  // Where nothing is requested, numbers are frozen on purpose.
  const isStale = allowance !== undefined && synced && ageMs > Math.max(STALE_MS, 3 * pollIntervalMs);
  // A first sync uses the whole rate limit, as it should.
  const isLow = synced && (allowance?.left ?? Infinity) < (allowance?.requests ?? 0) * LOW_RATE_LIMIT_RATIO;
  const reasons = (findProvider(core, name)?.rejected ?? []).map(({ label, value }) => `${value} ${label}`);
  const { heldIncidents, rejectedRecords, waitingRecords } = provider;
  const retried = waitingRecords > 0 ? `; ${waitingRecords} of them are fetched again with each poll` : '';
  const empty = findProviderEmptiness(input, name);
  return [
    ...problem(error !== undefined, `${name} is down: ${error}`),
    ...problem(isStale, `${name}: the last successful poll was ${formatSpan(ageMs)} ago; its numbers are outdated.`),
    ...notice(
      !synced,
      `${name}: the first sync is not complete (${heldIncidents} incidents so far); its incidents are in no number yet.`,
    ),
    ...problem(empty !== undefined, `${name} adds nothing to any number: ${empty}`),
    ...findBaselineIssues(input, provider),
    ...notice(
      isLow,
      `${name}: ${allowance?.left} of ${allowance?.requests} requests are left; polls may have to wait.`,
    ),
    ...notice(
      rejectedRecords > 0,
      `${name}: ${rejectedRecords} records were rejected (${reasons.join(', ')})${retried}. They are in no number.`,
    ),
    ...notice(
      unmapped.length > 0,
      `${name}: severities without a mapping got the default: ${unmapped.join(', ')}. Map them in severity.map.`,
    ),
    ...notice(
      unread.length > 0,
      `${name}: ${formatCount(unreadCount, 'deployment')} of environments that the configuration does not name (${formatList(
        unread.flatMap((one) => (one.name === '' ? [] : [one.name])),
        UNREAD_SHOWN_MAX,
      )}) were not read. Name them in environments.`,
    ),
  ];
}

function findProviderEmptiness({ held, core }: HealthInput, name: string): string | undefined {
  const own = held.find(({ config }) => config.name === name);
  return own && findEmptiness(own, findProvider(core, name));
}

/** Windows of rows with this provider that have no baseline yet: alerts that compare with it are mute. */
function findBaselineIssues({ config, core, capabilities }: HealthInput, { name, allowance }: ProviderStatus): Issue[] {
  const isOverall = config.providers.find((one) => one.name === name)?.overall === true;
  const { polledUntilMs: endMs, historyStartMs: startMs, isSynced = false } = findProvider(core, name)?.state ?? {};
  const hasRows = isOverall || config.groupings.includes('provider');
  if (!isSynced || !hasRows || endMs === undefined || startMs === undefined) return [];
  const retentionMs = capabilities.get(name)?.retentionMs;
  const gap = findBaselineGap({ config, retentionMs, reachMs: endMs - startMs });
  if (gap === undefined) return [];
  // Windows of imported incidents stand still.
  const isMoving = allowance !== undefined;
  const windows = gap.windows.map((window) => {
    const day = new Date(startMs + baselineHistoryMs(window.ms)).toISOString().slice(0, 10);
    return isMoving ? `${window.name} (until ${day})` : window.name;
  });
  const rows = isOverall ? `any row that ${name} counts in` : `its rows`;
  const mute = `Alerts that compare with the baseline, such as MttrRegressed, cannot fire over these windows for ${rows}.`;
  return notice(true, `${name}: no baseline over ${formatList(windows)}, because ${gap.reason}. ${mute}`);
}

function problem(isPresent: boolean, text: string): Issue[] {
  return isPresent ? [{ kind: 'problem', text }] : [];
}

function notice(isPresent: boolean, text: string): Issue[] {
  return isPresent ? [{ kind: 'notice', text }] : [];
}
