import type { LabelMapper } from '../config/label-mapper.ts';
import type { ProviderConfig } from '../config/types.ts';
import { DEPLOYMENT_FLAGS } from '../model/deployment.ts';
import type { Log } from '../model/log.ts';
import { FLAGS, type IncidentSummary, isCountable } from '../model/stored.ts';
import type { ExemplarCandidate } from './count.ts';
import { completeImport, decideAnew, decideBatch, decideImport, type ImportPart } from './decide.ts';
import { isDeleted, toSummary } from './deployment-row.ts';
import {
  type Change,
  type Changes,
  type DeploymentChanges,
  type EngineWriter,
  loadTouched,
  type RecentRecovery,
  type StoreEngine,
} from './engine.ts';
import { list, number, timestamp } from './incident-row.ts';
import { IncidentTable, isSameCounting, readCounting } from './incident-table.ts';
import { bucketOf, type LabelSet } from './label-sets.ts';
import { createQueries } from './queries.ts';
import { endHold, migrateLayout } from './series.ts';
import { reconcileServices } from './service-limit.ts';
import { dimensionsKey, type LedgerState, serviceKey } from './state.ts';
import type { Batch, Exemplar, PruneResult, Store, StoreSettings } from './store.ts';

const RESTARTED = 'cumulative series restart at zero, with a new _created: their layout was changed';

interface StoreInput {
  readonly engine: StoreEngine;
  readonly log: Log;
  readonly nowMs: number;
  readonly isBroken: (error: unknown) => boolean;
  readonly verify: () => void;
  readonly close: () => void;
}

/** The store on top of an engine: loads the rows that a change touches, decides, writes, and then updates memory. */
export function createStore({ engine, log, nowMs, isBroken, verify, close }: StoreInput): Store {
  const state = engine.loadState();
  const exemplars = createExemplars();
  let configuredAtMs = nowMs;
  const change = toChanges(engine, state);
  const decide = (fork: LedgerState, batch: Batch) => {
    const { row, isSynced } = fork.provider(batch.provider);
    return decideBatch(fork, loadTouched(engine, row, batch, isSynced), batch);
  };
  return {
    configure: (settings, atMs) => {
      const restarted = change((fork, writer) => configure({ engine, writer, fork, settings, nowMs: atMs }));
      for (const what of restarted) log.warn(RESTARTED, { what });
      configuredAtMs = atMs;
      exemplars.restore(engine.recentLedger(), state.labelSets.values(), settings.bucketsMs);
    },
    load: (each, eachDeployment) => {
      loadIncidents(engine, state, each);
      loadDeployments(engine, state, eachDeployment);
      change((fork) => reconcileServices(fork, configuredAtMs));
    },
    commit: (batch) => {
      const { changes, ...result } = change((fork, writer) => {
        const decision = decide(fork, batch);
        writer.changes(decision.changes);
        return decision;
      });
      exemplars.note(changes.exemplars);
      logUnread(log, batch.provider, changes.unread.newNames);
      return result;
    },
    preview: (batch) => decide(state.fork(), batch).counts,
    ...imports(engine, change, log),
    release: (releases) => {
      if (releases.length === 0) return;
      change((fork) => {
        for (const { set, group } of releases) endHold(fork, set, group);
      });
    },
    prune: (atMs) => {
      const result = change((fork, writer) => prune({ engine, writer, fork, nowMs: atMs }));
      exemplars.keepOnly(state.labelSets.values());
      return result;
    },
    ...createQueries(engine, state),
    exemplars: (set) => exemplars.of(set),
    verify,
    isBroken,
    close,
  };
}

function toChanges(engine: StoreEngine, state: LedgerState): Change {
  return (decide) => {
    const fork = state.fork();
    const result = engine.transaction((writer) => {
      const decided = decide(fork, writer);
      writer.state(fork);
      return decided;
    });
    state.apply(fork);
    return result;
  };
}

function logUnread(log: StoreInput['log'], provider: string, names: readonly string[]): void {
  for (const environment of names) {
    log.warn('environment is not read: the configuration does not name it', { provider, environment });
  }
}

function imports(
  engine: StoreEngine,
  change: Change,
  log: StoreInput['log'],
): Pick<Store, 'import' | 'importDeployments'> {
  return {
    import: (input, parts, span) => {
      if (span === undefined) return;
      change((fork, writer) => {
        for (const incidents of parts) importPart(engine, writer, fork, { ...input, incidents });
        completeImport(fork, input, span);
      });
    },
    importDeployments: (input, parts, span) => {
      if (span === undefined) return;
      const newNames: string[] = [];
      change((fork, writer) => {
        for (const deployments of parts) {
          const { unread } = importPart(engine, writer, fork, { ...input, incidents: [], deployments });
          newNames.push(...unread.newNames);
        }
        completeImport(fork, input, span);
      });
      logUnread(log, input.provider, newNames);
    },
  };
}

function importPart(engine: StoreEngine, writer: EngineWriter, fork: LedgerState, part: ImportPart): Changes {
  const { row } = fork.provider(part.provider);
  const changes = decideImport(fork, loadTouched(engine, row, part, false), part);
  writer.changes(changes);
  return changes;
}

/** Reads all incidents of the configured providers, counting on the way how many each set of dimensions has. */
function loadIncidents(engine: StoreEngine, state: LedgerState, each: Parameters<Store['load']>[0]): void {
  const counts = new Map<number, number>();
  const isConfigured = new Map<number, boolean>();
  for (const { row, provider } of state.dimensionsByRow.values())
    isConfigured.set(row, state.labelMapper(provider) !== undefined);
  const visit = (incident: IncidentSummary) => {
    const { dimensionsRow, flags } = incident;
    if (isCountable(flags)) counts.set(dimensionsRow, (counts.get(dimensionsRow) ?? 0) + 1);
    if (isConfigured.get(dimensionsRow) === true) each(incident);
  };
  engine.eachIncident(visit, { isTitleWanted: state.isTitleWanted() });
  for (const row of isConfigured.keys()) state.incidents.set(row, counts.get(row) ?? 0);
}

/** Reads all deployments of the configured providers, counting on the way how many each subject has. */
function loadDeployments(engine: StoreEngine, state: LedgerState, each: Parameters<Store['load']>[1]): void {
  const counts = new Map<number, number>();
  const isConfigured = new Map(
    state.subjectsByRow.values().map(({ row, provider }) => [row, state.labelMapper(provider) !== undefined]),
  );
  engine.eachDeployment((deployment) => {
    const { subject } = deployment;
    if (!isDeleted(deployment)) counts.set(subject, (counts.get(subject) ?? 0) + 1);
    if (isConfigured.get(subject) === true) each?.(toSummary(deployment));
  });
  for (const row of isConfigured.keys()) state.deployments.set(row, counts.get(row) ?? 0);
}

interface ConfigureInput {
  readonly engine: StoreEngine;
  readonly writer: EngineWriter;
  readonly fork: LedgerState;
  readonly settings: StoreSettings;
  readonly nowMs: number;
}

/** New layouts restart series; a changed filter moves `countingSinceMs`. Returns what restarts at zero, for the log. */
export function configure({ engine, writer, fork, settings, nowMs }: ConfigureInput): string[] {
  fork.settings = settings;
  fork.relabel();
  for (const [name, labelMapper] of settings.labelMappers) {
    const table = applyFilter(engine, fork, name, filterText(labelMapper));
    if (table !== undefined) writer.incidents(table);
    const uncounted = table === undefined ? undefined : toPending(engine, fork, name);
    if (uncounted !== undefined) writer.deployments({ provider: fork.provider(name).row, nowMs }, uncounted);
    const derived = applyDeploymentPolicy(engine, fork, labelMapper.provider, nowMs);
    if (derived !== undefined) writer.changes(derived);
  }
  return migrateLayout(fork, nowMs);
}

/**
 * What a changed filter lets in had ended before anybody wanted it counted, so counting starts again at the last successful
 * poll: earlier escalations and reopenings are counted ones no longer, and what happened since may have to be counted.
 * Recoveries that wait to be counted wait on.
 */
function applyFilter(engine: StoreEngine, fork: LedgerState, name: string, filter: string): IncidentTable | undefined {
  const before = fork.provider(name);
  if (before.filter === filter) return undefined;
  const isChanged = before.filter !== undefined && before.countingSinceMs !== undefined;
  const { countingSinceMs: sinceMs = 0, polledUntilMs = sinceMs } = before;
  // Imports reach no further than their files, which may end before counting began.
  const countingSinceMs = isChanged ? Math.max(sinceMs, polledUntilMs) : before.countingSinceMs;
  fork.providers.set(name, { ...before, filter, countingSinceMs });
  if (!isChanged || countingSinceMs === undefined) return undefined;
  const rows = engine.incidents('happenedSince', before.row, countingSinceMs);
  const waiting = engine.incidents('pending', before.row).filter((row) => {
    const resolvedMs = timestamp(row, 'resolved_ms');
    return resolvedMs !== undefined && resolvedMs >= (before.countingSinceMs ?? resolvedMs);
  });
  const waitingRows = new Set(waiting.map((row) => number(row, 'row')));
  const table = new IncidentTable(fork, [...rows, ...waiting]);
  for (const row of table.rows()) {
    const counting = readCounting(row);
    if (waitingRows.has(counting.row)) counting.flags |= FLAGS.endedInTime;
    const since = (column: string) => list(row, column)?.filter((ms) => ms >= countingSinceMs).length ?? 0;
    counting.escalationsCounted = Math.min(counting.escalationsCounted, since('escalated'));
    counting.reopensCounted = Math.min(counting.reopensCounted, since('reopened'));
    counting.flags |= FLAGS.pending;
    if (!isSameCounting(counting, readCounting(row))) table.putCounting(row, counting);
  }
  return table;
}

/** Deployments that a changed filter lets in are counted if they end at or after the time from which counting starts again. */
function toPending(engine: StoreEngine, fork: LedgerState, name: string): DeploymentChanges {
  const { row, countingSinceMs = Number.POSITIVE_INFINITY } = fork.provider(name);
  const deployments = engine
    .deployments('uncountedSince', row, countingSinceMs)
    .map((one) => ({ ...one, flags: one.flags | DEPLOYMENT_FLAGS.pending }));
  return { deployments, comparisons: [], countedChanges: [] };
}

/** Where a changed configuration pairs or compares deployments in another way, all of them are derived anew. */
function applyDeploymentPolicy(
  engine: StoreEngine,
  fork: LedgerState,
  { name, deployments, recoveryLimits }: ProviderConfig,
  nowMs: number,
): Changes | undefined {
  const before = fork.provider(name);
  const { environments, leadTime } = deployments ?? {};
  const rules = environments?.map(({ match, to }) => [match.pattern, to]);
  const policy = deployments === undefined ? undefined : JSON.stringify([rules, leadTime, recoveryLimits]);
  if (policy === undefined || before.deploymentPolicy === policy) return undefined;
  fork.providers.set(name, { ...before, deploymentPolicy: policy });
  if (before.deploymentPolicy === undefined) return undefined;
  return decideAnew(fork, loadTouched(engine, before.row, { incidents: [] }, false), { provider: name, nowMs });
}

/** The filter as text, to notice changes; with the mappings it depends on, as they decide what it lets through. */
function filterText({ provider, services: { overrides, teams: teamsOfServices } }: LabelMapper): string {
  const { filter, severity, services, team, deployments } = provider;
  const { severities, services: names, teams, excludeTitles, shorterThanMs } = filter;
  const own = [severities, names, teams, excludeTitles.map(String), shorterThanMs];
  const renamed = services.rename.map(({ match, to }) => [String(match), to]);
  const teamsOf = [
    team?.from ?? [],
    [...overrides].flatMap(([name, one]) => (one.team ? [name, one.team] : [])),
    [...teamsOfServices],
  ];
  const maps: unknown[] = [
    severities.length > 0 ? [severity.from, severity.tag, [...severity.map], severity.default] : [],
    names.length > 0 ? [...renamed, ...(services.from === undefined ? [] : [services.from])] : [],
  ];
  // Teams stand on services; what is not configured adds nothing, as texts of earlier versions are compared with this one.
  if (teams.length > 0 && teamsOf.some((one) => one.length > 0)) maps.push([teamsOf, renamed, services.from]);
  const environments = deployments?.environments.map(({ match, to }) => [match.pattern, to]);
  return JSON.stringify([own, maps, ...(environments === undefined ? [] : [environments])]);
}

/** Closed incidents that are deleted in one step: some 50 ms, so that commits and pages do not wait for long. */
const PRUNED_AT_ONCE = 5000;

export interface PruneInput {
  readonly engine: StoreEngine;
  readonly writer: EngineWriter;
  readonly fork: LedgerState;
  readonly nowMs: number;
}

/** Deletes some of the incidents that were closed before the retention began, and what only they used. */
export function prune(input: PruneInput): PruneResult {
  const { fork, nowMs } = input;
  // Only what the step before deleted: statistics still needed its labels until now.
  forgetUnused(input);
  const removedRows: number[] = [];
  const removedDeployments: number[] = [];
  for (const name of fork.settings.labelMappers.keys()) {
    if (removedRows.length < PRUNED_AT_ONCE) removedRows.push(...pruneProvider(input, name, removedRows.length));
    const removed = removedDeployments.length;
    if (removed < PRUNED_AT_ONCE) removedDeployments.push(...pruneDeployed(input, name, removed));
  }
  const hasMore = Math.max(removedRows.length, removedDeployments.length) >= PRUNED_AT_ONCE;
  const isRelabelled = !hasMore && reconcileServices(fork, nowMs);
  return { removedRows, ...(removedDeployments.length > 0 && { removedDeployments }), isRelabelled, hasMore };
}

/** Prunes up to where the provider's own polls have reached: a clock that is ahead deletes nothing. */
function pruneProvider({ engine, writer, fork, nowMs }: PruneInput, name: string, removed: number): number[] {
  const provider = fork.provider(name);
  if (!provider.isSynced || provider.polledUntilMs === undefined) return [];
  const beforeMs = Math.min(nowMs, provider.polledUntilMs) - fork.settings.retentionMs;
  const expired = engine.incidents('closedBefore', provider.row, beforeMs, PRUNED_AT_ONCE - removed);
  for (const one of expired) if (isCountable(number(one, 'marks'))) fork.addIncidents(number(one, 'facet'), -1);
  const prunedBeforeMs = Math.max(beforeMs, provider.prunedBeforeMs ?? beforeMs);
  fork.providers.set(name, { ...provider, prunedBeforeMs });
  writer.prune(provider.row, expired, beforeMs);
  return expired.map((one) => number(one, 'row'));
}

/** The same for deployments; of each environment of a repository the newest success stays. */
function pruneDeployed({ engine, writer, fork, nowMs }: PruneInput, name: string, removed: number): number[] {
  const provider = fork.provider(name);
  if (!provider.isSynced || provider.polledUntilMs === undefined) return [];
  const beforeMs = Math.min(nowMs, provider.polledUntilMs) - fork.settings.retentionMs;
  const expired = engine.deployments('endedBefore', provider.row, beforeMs, PRUNED_AT_ONCE - removed);
  for (const one of expired) if (!isDeleted(one)) fork.addDeployments(one.subject, -1);
  writer.pruneDeployments(provider.row, { expired, beforeMs });
  return expired.map(({ row }) => row);
}

/** Deletes dimensions that no incident has any more, and services that have neither a set of dimensions nor an entry in a catalogue. */
function forgetUnused({ engine, fork }: PruneInput): void {
  const used = new Set<string>();
  let mayBeUnused = false;
  for (const { row, providerRow, serviceId } of fork.dimensionsByRow.values()) {
    used.add(serviceKey(providerRow, serviceId));
    if ((fork.incidents.get(row) ?? 0) === 0) mayBeUnused = true;
  }
  // Only then is it worth going over all incidents.
  const unused = mayBeUnused ? engine.unusedDimensions() : [];
  for (const row of unused) {
    const dimensions = fork.dimensionsByRow.get(row);
    if (dimensions === undefined) continue;
    fork.dimensionsByRow.delete(row);
    fork.incidents.delete(row);
    fork.dimensionsRowByKey.delete(dimensionsKey(dimensions));
  }
  if (unused.length > 0) {
    used.clear();
    for (const { providerRow, serviceId } of fork.dimensionsByRow.values())
      used.add(serviceKey(providerRow, serviceId));
    fork.relabel();
  }
  for (const { row, providerRow, repository } of fork.subjectsByRow.values()) {
    if ((fork.deployments.get(row) ?? 0) > 0) used.add(serviceKey(providerRow, repository));
  }
  for (const [key, { isListed }] of fork.services.entries()) {
    if (!isListed && !used.has(key)) fork.services.delete(key);
  }
}

/** The last recovery of each bucket of each label set; not part of the totals, so memory and the recent ledger suffice. */
export interface Exemplars {
  of(set: number): readonly (Exemplar | undefined)[];
  note(candidates: readonly ExemplarCandidate[]): void;
  /** Drops the exemplars of all other label sets. */
  keepOnly(sets: readonly LabelSet[]): void;
  /** Rebuilds the exemplars of these label sets from the newest ledger rows, by today's buckets. */
  restore(recent: readonly RecentRecovery[], sets: readonly LabelSet[], bucketsMs: readonly number[]): void;
}

export function createExemplars(): Exemplars {
  const bySet = new Map<number, (Exemplar | undefined)[]>();
  const note = (set: number, bucket: number, exemplar: Exemplar) => {
    const exemplars = bySet.get(set) ?? [];
    const known = exemplars[bucket];
    // An exemplar older than the last one would be refused by Prometheus as out of order.
    if (known === undefined || known.resolvedAtMs <= exemplar.resolvedAtMs) exemplars[bucket] = exemplar;
    bySet.set(set, exemplars);
  };
  return {
    of: (set) => bySet.get(set) ?? [],
    note: (candidates) => {
      for (const { set, bucket, exemplar } of candidates) note(set, bucket, exemplar);
    },
    keepOnly: (sets) => {
      const kept = new Set(sets.map(({ row }) => row));
      for (const set of bySet.keys()) if (!kept.has(set)) bySet.delete(set);
    },
    restore: (recent, sets, bucketsMs) => {
      bySet.clear();
      const createdAtMs = new Map(sets.map(({ row, groups }) => [row, groups.recovery?.createdAtMs]));
      for (const { set, ms, resolvedAtMs, countedAtMs, incidentId } of recent) {
        // What was counted before the histogram restarted is not in it.
        if (countedAtMs < (createdAtMs.get(set) ?? Number.POSITIVE_INFINITY)) continue;
        note(set, bucketOf(ms, bucketsMs), { incidentId, ms, resolvedAtMs });
      }
    },
  };
}
