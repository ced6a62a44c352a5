import { describeConfig } from '../../config/describe.ts';
import type { Core, CoreStatus } from '../../core/messages.ts';
import type { Remote } from '../../core/remote.ts';
import { REJECTION_REASONS } from '../../model/incident.ts';
import { asBuffer } from '../../model/threads.ts';
import { type Clock, SECOND_MS } from '../../model/time.ts';
import type { ProviderRefresh } from '../../poller/refresh.ts';
import type { Platform } from '../../providers/provider.ts';
import { toOptionalTime } from '../../report/incident-json.ts';
import type { ApiSource } from '../../server/api/endpoints.ts';
import { parseScopeMs, type RefreshQuery } from '../../server/api/queries.ts';
import type { RefreshResponse, StatusResponse } from '../../server/api/schemas.ts';
import { invalidParameters, RequestProblem } from '../../server/responses.ts';
import type { Engine, EngineProvider } from '../engine.ts';
import { findProvider, toProviderState } from '../health.ts';
import type { PageLoop } from '../page-loop.ts';
import { readCoreStatus } from '../status.ts';
import type { QueryContext, QueryResult, StoreQueries } from '../store-queries.ts';
import { toLastPollResponse } from './last-poll.ts';

/** A first page takes seconds. */
const STARTING_RETRY_SECONDS = 5;

/** What the responses are made of; the engine changes with each reload. */
export interface ApiSourceInput {
  readonly engine: () => Engine;
  readonly core: Pick<Remote<Core>, 'status' | 'statistics'>;
  readonly storeQueries: Remote<StoreQueries>;
  readonly pageLoop: PageLoop;
  /** Why the last reload failed. */
  readonly reloadFailure: () => string | undefined;
  /** The store that is open, whatever the configuration says since. */
  readonly storePath: string;
  readonly platforms: readonly Platform[];
  readonly clock: Clock;
  readonly version: string;
  readonly startedAtMs: number;
}

/** What a query on the other thread needs to know. */
export function toQueryContext({
  engine,
  storePath,
  clock,
}: Pick<ApiSourceInput, 'engine' | 'storePath' | 'clock'>): QueryContext {
  return { ...engine().setup, storePath, nowMs: clock.nowMs() };
}

/** Responses from the core, which the metrics page comes from too, or from the store, read at one time. */
export function createApiSource(input: ApiSourceInput): ApiSource {
  const { engine, core, storeQueries } = input;
  return {
    adminToken: () => engine().config.web.adminToken,
    status: async () => toStatusResponse(input, await readCoreStatus(input)),
    statistics: async (query) => {
      requirePage(input);
      const result = await core.statistics(query);
      if ('errors' in result) throw invalidParameters(result.errors);
      return asBuffer(result.json);
    },
    incidents: async (query) => {
      requirePage(input);
      return toBuffer(await storeQueries.incidents(toQueryContext(input), query));
    },
    dora: async (query) => {
      requirePage(input);
      return toBuffer(await storeQueries.dora(toQueryContext(input), query));
    },
    deployments: async (query) => {
      requirePage(input);
      return toBuffer(await storeQueries.deployments(toQueryContext(input), query));
    },
    explain: async (query) => {
      requirePage(input);
      return toBuffer(await storeQueries.explain(toQueryContext(input), query));
    },
    postmortem: async (query) => {
      requirePage(input);
      return toBuffer(await storeQueries.postmortem(toQueryContext(input), query));
    },
    config: () => describeConfig(engine().config, input.platforms),
    lastPoll: async (name) => toLastPollResponse(name, findOpened(engine(), name).transcript.last()),
    refresh: (query) => refresh(input, query),
  };
}

function findOpened({ providers }: Engine, name: string): EngineProvider {
  const found = providers.find(({ config }) => config.name === name);
  if (found !== undefined) return found;
  const known = providers.map(({ config }) => config.name).join(', ');
  throw new RequestProblem(404, `${JSON.stringify(name)} is not a configured provider (known: ${known})`);
}

function requirePage({ pageLoop }: ApiSourceInput): void {
  if (pageLoop.hasPage()) return;
  const retryAfterSeconds = STARTING_RETRY_SECONDS;
  throw new RequestProblem(503, 'the exporter is still starting', { retryAfterSeconds });
}

function toBuffer(result: QueryResult): Buffer {
  if ('body' in result) return asBuffer(result.body);
  const { status, detail, errors } = result.problem;
  throw new RequestProblem(status, detail, { errors });
}

function toStatusResponse(input: ApiSourceInput, core: CoreStatus): StatusResponse {
  const { engine, clock, version, startedAtMs, pageLoop } = input;
  const reloadFailure = input.reloadFailure();
  return {
    version,
    uptime_seconds: Math.max(0, clock.nowMs() - startedAtMs) / SECOND_MS,
    started: pageLoop.hasPage(),
    providers: engine().providers.map((provider) => toProviderResponse(provider, core)),
    reload: { successful: reloadFailure === undefined, error: reloadFailure },
    services_overflowed: core.servicesOverflowed,
    store_bytes: core.storeBytes,
  };
}

function toProviderResponse(
  { config: { name, type, overall }, poller }: EngineProvider,
  core: CoreStatus,
): StatusResponse['providers'][number] {
  const known = findProvider(core, name);
  const { isUp, error } = poller.state();
  const isSynced = known?.state.isSynced === true;
  const counts = known?.counts;
  const rejected = (known?.rejected ?? []).map(({ label, value }) => [label, value] as const);
  return {
    name,
    type,
    state: toProviderState(isUp, isSynced),
    error,
    synced: isSynced,
    overall,
    last_success_at: toOptionalTime(known?.state.polledUntilMs),
    counting_since: toOptionalTime(known?.state.countingSinceMs),
    history_start: toOptionalTime(known?.state.historyStartMs),
    incidents: counts && { open: counts.open, resolved: counts.resolved, excluded: counts.excluded },
    rejected: Object.fromEntries(rejected.filter(([reason]) => REJECTION_REASONS.some((one) => one === reason))),
    unmapped_severities: [...(known?.unmappedSeverities ?? [])],
  };
}

async function refresh(input: ApiSourceInput, query: RefreshQuery): Promise<RefreshResponse> {
  const { scope, dry_run: isDryRun, max_failures: failuresMax } = query;
  requirePage(input);
  const providers = scope === 'stale' ? 'stale' : 'all';
  const results = input.engine().refreshRunner.begin({ providers, spanMs: parseScopeMs(scope), isDryRun, failuresMax });
  if (results === undefined) throw new RequestProblem(409, 'another refresh is running; try again when it has ended');
  return toRefreshResponse(await results, isDryRun);
}

/** A refresh fails as a whole when no provider was refreshed and at least one should have been. */
export function toRefreshResponse(results: readonly ProviderRefresh[], isDryRun: boolean): RefreshResponse {
  const hasFailures = results.some(({ outcome }) => outcome === 'failed' || outcome === 'ended');
  const hasRefreshed = results.some(({ outcome }) => outcome === 'refreshed');
  const failure = hasRefreshed ? 'partial' : 'failed';
  return {
    outcome: hasFailures ? failure : 'complete',
    dry_run: isDryRun,
    providers: results.map((result) => {
      const { provider, outcome } = result;
      if (outcome === 'skipped') return { provider, outcome };
      if (outcome !== 'refreshed') return { provider, outcome, error: result.error };
      const { requests, added, changed, unchanged, deleted, rejected, unverified } = result.refreshed;
      return { provider, outcome, requests, new: added, changed, unchanged, deleted, rejected, unverified };
    }),
  };
}
