import type { Incident } from '../model/incident.ts';
import { FLAGS, type IncidentSummary } from '../model/stored.ts';
import {
  type CountInput,
  type CountingRules,
  type CountResult,
  countDue,
  countFallback,
  countUnmapped,
  DEPLOYMENT_REVISION_REASON,
  findRevisions,
  isAnythingCounted,
  mayCount,
  REVISION_REASONS,
  wasCountedAndPruned,
} from './count.ts';
import { toSummary } from './deployment-row.ts';
import { decideDeployments, type ReportedDeployments } from './deployments.ts';
import { type Changes, type DeploymentChanges, type LoadedRows, readCountedEnds, rejectionKey } from './engine.ts';
import {
  CONTENT_COLUMNS,
  CONTENT_FLAGS,
  cellsOf,
  contentFlags,
  type IncidentRow,
  incidentOf,
  number,
  storedOf,
  text,
} from './incident-row.ts';
import { IncidentTable, isSameCounting, matchRows, readCounting } from './incident-table.ts';
import { allocateService, reconcileServices } from './service-limit.ts';
import { updateServices } from './service-names.ts';
import { type LedgerState, type StoredProvider, serviceKey } from './state.ts';
import type { Batch, CommitCounts, CommitResult, ImportInput, ImportSpan } from './store.ts';
import { countUnread, NOTHING_UNREAD, type UnreadChanges } from './unread-environments.ts';

/** A decision: the rows to write, and what the statistics have to know. */
interface Decision extends CommitResult {
  readonly changes: Changes;
}

/** Decides what a batch changes, beginning with `state`, a fork of what is committed, and the rows that the batch touches. */
export function decideBatch(state: LedgerState, loaded: LoadedRows, batch: Batch): Decision {
  const before = state.provider(batch.provider);
  const isRenamed = updateServices(state, before.row, batch) && before.isSynced;
  if (isRenamed) reconcileServices(state, batch.nowMs);
  const work = newWork(state, before, loaded, batch);
  work.counts.rejected = batch.rejected.length;
  upsertAll(work, batch);
  for (const id of batch.deletedIds) {
    const row = work.table.byId(id);
    if (row !== undefined) markDeleted(work, row);
  }
  upsertDeployments(work, batch);
  const settledIds = decideRejections(work, batch);
  const after = advance(state, before, batch);
  state.providers.set(after.name, after);
  const isFirst = after.isSynced && !before.isSynced;
  if (isFirst) {
    const hasDeployments = state.labelMapper(after.name)?.provider.deployments !== undefined;
    const labels = [...REVISION_REASONS, ...(hasDeployments ? [DEPLOYMENT_REVISION_REASON] : [])];
    for (const label of labels) state.count({ provider: after.name, name: 'revisions', label }, 0);
    if (hasDeployments) state.count({ provider: after.name, name: 'unread_environments', label: '' }, 0);
    reconcileServices(state, batch.nowMs);
  }
  // A first sync may not have read the acknowledgements of what ended while it ran; the next poll reads past that time.
  if (before.isSynced) {
    for (const row of loaded.pending) countPending(work, work.table.byRow(number(row, 'row')));
  }
  return {
    changes: { ...toChanges(work), stateChanges: batch.stateChanges, rejections: batch.rejected, settledIds },
    changed: [...work.changed.values()],
    changedDeployments: work.deployed.deployments.map(toSummary),
    isRelabelled: isRenamed || isFirst,
    counts: work.counts,
  };
}

/** Some of the incidents of an import. */
export interface ImportPart extends ImportInput, Pick<ReportedDeployments, 'deployments'> {
  readonly incidents: readonly Incident[];
}

/** Decides what one part of an import changes; `state` is a fork that all parts of the import share. */
export function decideImport(state: LedgerState, loaded: LoadedRows, input: ImportPart): Changes {
  const { nowMs, isOnlySource, incidents } = input;
  const before = state.provider(input.provider);
  const provider = isOnlySource ? { ...before, countingSinceMs: nowMs } : before;
  state.providers.set(provider.name, provider);
  // Names in a file may be old: a service that a poll has named keeps its name.
  const isNamed = ({ serviceId }: Incident) => state.services.has(serviceKey(provider.row, serviceId));
  updateServices(state, provider.row, {
    incidents: isOnlySource ? incidents : incidents.filter((one) => !isNamed(one)),
    deployments: isOnlySource
      ? input.deployments
      : input.deployments?.filter(({ repository }) => !state.services.has(serviceKey(provider.row, repository))),
  });
  const work = newWork(state, provider, loaded, { nowMs });
  for (const incident of incidents) upsert(work, incident, work.table.find(incident));
  upsertDeployments(work, input);
  return toChanges(work);
}

/** Decides what a changed configuration makes of the stored deployments of a provider. */
export function decideAnew(
  state: LedgerState,
  loaded: LoadedRows,
  { provider, nowMs }: { readonly provider: string; readonly nowMs: number },
): Changes {
  const work = newWork(state, state.provider(provider), loaded, { nowMs });
  upsertDeployments(work, { isRefresh: true });
  return toChanges(work);
}

/** History begins where the import begins, if that is earlier; where there are polls, they decide its end. */
export function completeImport(state: LedgerState, input: ImportInput, span: ImportSpan): void {
  const provider = state.provider(input.provider);
  const importedFromMs = Math.min(span.fromMs, provider.importedFromMs ?? span.fromMs);
  const historyStartMs = Math.min(importedFromMs, provider.historyStartMs ?? importedFromMs);
  const imported = { ...provider, importedFromMs };
  if (input.isOnlySource) {
    const polledUntilMs = Math.min(Math.max(span.untilMs, provider.polledUntilMs ?? 0), input.nowMs);
    state.providers.set(provider.name, { ...imported, isSynced: true, historyStartMs, polledUntilMs });
  } else {
    state.providers.set(provider.name, provider.isSynced ? { ...imported, historyStartMs } : imported);
  }
}

/** The rules by which this batch is counted. */
function countingRules(
  { settings }: LedgerState,
  provider: StoredProvider,
  { nowMs, startedAtMs, complete }: PollTimes,
): CountingRules {
  const polledUntilMs = complete?.polledUntilMs ?? provider.polledUntilMs ?? nowMs;
  // A clock that is ahead must not make anything older than it is.
  const retainedSinceMs = Math.min(nowMs, polledUntilMs) - settings.retentionMs;
  const countingSinceMs = provider.countingSinceMs ?? startedAtMs ?? nowMs;
  return {
    provider: provider.name,
    countingSinceMs,
    countingBeganMs: provider.countingBeganMs ?? countingSinceMs,
    polledUntilMs,
    prunedBeforeMs: Math.max(retainedSinceMs, provider.prunedBeforeMs ?? retainedSinceMs),
    nowMs,
  };
}

type PollTimes = Pick<Batch, 'nowMs' | 'startedAtMs' | 'complete'>;

/** The state of a decision while it is made. */
interface Work {
  readonly state: LedgerState;
  readonly table: IncidentTable;
  readonly loaded: LoadedRows;
  readonly provider: StoredProvider;
  readonly rules: CountingRules;
  readonly result: CountResult;
  /** Resolve times in the ledger, by row; those of this decision included. */
  readonly countedEndsMs: Map<number, number>;
  readonly changed: Map<number, IncidentSummary>;
  deployed: DeploymentChanges;
  unread: UnreadChanges;
  readonly counts: { -readonly [Count in keyof CommitCounts]: number };
}

function newWork(state: LedgerState, provider: StoredProvider, loaded: LoadedRows, times: PollTimes): Work {
  return {
    state,
    table: new IncidentTable(state, [...loaded.incidents, ...loaded.pending]),
    loaded,
    provider,
    rules: countingRules(state, provider, times),
    result: { ledger: [], exemplars: [] },
    countedEndsMs: new Map(loaded.countedEndsMs),
    changed: new Map(),
    deployed: { deployments: [], comparisons: [], countedChanges: [] },
    unread: NOTHING_UNREAD,
    counts: { added: 0, changed: 0, unchanged: 0, deleted: 0, rejected: 0 },
  };
}

function toChanges({ provider, rules, table, result, deployed, unread }: Work): Changes {
  const { nowMs } = rules;
  return {
    ...result,
    provider: provider.row,
    nowMs,
    incidents: table,
    stateChanges: [],
    rejections: [],
    settledIds: [],
    deployed,
    unread,
  };
}

/** Deployments, then the incidents that follow from them; the counts are those of the deployments. */
function upsertDeployments(work: Work, reported: ReportedDeployments): void {
  const { state, provider, rules, loaded, table, counts } = work;
  if (state.labelMapper(provider.name)?.provider.deployments === undefined) return;
  const decision = decideDeployments({ state, provider, rules, reader: loaded.reader }, reported);
  work.deployed = decision.changes;
  const { reader } = loaded;
  work.unread = countUnread({ state, provider, reader }, [...(reported.unreadDeployments ?? []), ...decision.unread]);
  const before = { ...counts };
  for (const { subject, afterMs, untilMs, incidents } of decision.paired) {
    const stored = loaded.reader.incidents('bySubjectBetween', provider.row, subject, afterMs, untilMs);
    table.load(stored);
    for (const [row, endMs] of readCountedEnds(loaded.reader, stored)) {
      if (!work.countedEndsMs.has(row)) work.countedEndsMs.set(row, endMs);
    }
    const inRange = (row: IncidentRow) => {
      const triggeredAtMs = number(row, 'triggered_ms');
      return triggeredAtMs > afterMs && triggeredAtMs <= untilMs;
    };
    upsertSubject(work, table.bySubject(subject).filter(inRange), incidents);
  }
  Object.assign(counts, before);
  for (const outcome of ['added', 'changed', 'unchanged', 'deleted'] as const)
    counts[outcome] += decision.counts[outcome];
}

/** Incidents in the order of the batch, then replaced subjects: their incidents that the batch lacks are deleted. */
function upsertAll(work: Work, batch: Batch): void {
  const whole = new Map<string, Map<string, Incident>>();
  for (const subject of batch.replacedSubjects) whole.set(subject, new Map());
  for (const incident of batch.incidents) {
    const reported = incident.subject === undefined ? undefined : whole.get(incident.subject);
    if (reported === undefined) upsert(work, incident, work.table.find(incident));
    else reported.set(incident.id, incident);
  }
  for (const [subject, reported] of whole) upsertSubject(work, work.table.bySubject(subject), [...reported.values()]);
}

/** A late state change may move an anchor (the id changes, the end stays) or an end (the id stays): either way it is the same row. */
function upsertSubject(work: Work, stored: readonly IncidentRow[], reported: readonly Incident[]): void {
  const { table } = work;
  const matches = matchRows(stored, reported);
  const matched = new Set(matches.values());
  const missing = stored.filter((row) => !matched.has(row));
  for (const row of missing) markDeleted(work, row);
  const ids = new Set(reported.map(({ id }) => id));
  const moved = [...matches].filter(([incident, row]) => text(row, 'id') !== incident.id).map(([, row]) => row);
  for (const row of moved) table.freed.add(number(row, 'row'));
  for (const row of missing) if (ids.has(text(row, 'id') ?? '')) freeDeleted(work, number(row, 'row'));
  for (const incident of reported) upsert(work, incident, matches.get(incident));
}

/** A deleted row whose id is used by another one keeps its id, with its row number appended. */
function freeDeleted({ table }: Work, key: number): void {
  const row = table.byRow(key);
  if (row === undefined) return;
  table.freed.add(key);
  table.putCounting({ ...row, id: `${String(row['id'])}\n${key}` }, readCounting(row));
}

/** Inserts or updates one incident, and counts what is due of it. */
function upsert(work: Work, incident: Incident, before: IncidentRow | undefined): void {
  const { state, table, provider, rules } = work;
  const isServiceRenamed = before !== undefined && nameBefore(work, before) !== incident.serviceName;
  const dimensionsRow = state.findDimensionsRow(incident, provider);
  const cells = cellsOf(incident, dimensionsRow);
  const counting = before === undefined ? newCounting(work, incident) : readCounting(before);
  counting.flags = (counting.flags & ~CONTENT_FLAGS) | contentFlags(incident);
  const isContentSame =
    before !== undefined &&
    counting.flags === number(before, 'marks') &&
    CONTENT_COLUMNS.every((column, at) => before[column] === cells[at]);
  if (isContentSame) {
    work.counts[isServiceRenamed ? 'changed' : 'unchanged'] += 1;
    if (provider.isSynced) countPending(work, before);
    return;
  }
  work.counts[before === undefined ? 'added' : 'changed'] += 1;
  if (provider.isSynced) allocateService(state, dimensionsRow);
  if (before !== undefined) {
    const countedEndMs = work.countedEndsMs.get(counting.row);
    for (const label of findRevisions(state, { before, incident, dimensionsRow, countedEndMs })) {
      state.count({ provider: provider.name, name: 'revisions', label });
    }
  }
  countUnmapped(state, { dimensionsRow, counting }, provider.name);
  countFallback(state, { incident, dimensionsRow, counting }, provider.name);
  const isWaiting = provider.isSynced
    ? count(work, { incident, dimensionsRow, counting })
    : mayCount(incident, rules.countingSinceMs);
  setPending(counting, isWaiting);
  work.changed.set(counting.row, storedOf(table.put(provider.row, cells, counting)));
}

function newCounting({ table, provider, rules }: Work, incident: Incident): CountInput['counting'] {
  const wasCounted = provider.isSynced && wasCountedAndPruned(incident, rules, provider.prunedBeforeMs);
  const flags = wasCounted ? FLAGS.counted | FLAGS.openingCounted : 0;
  return { row: table.nextRow(), flags, escalationsCounted: 0, reopensCounted: 0 };
}

/** The name that the service of a stored row had before this decision. */
function nameBefore({ state }: Work, before: IncidentRow): string | undefined {
  const dimensions = state.dimensionsByRow.get(number(before, 'facet'));
  return dimensions === undefined
    ? undefined
    : state.services.getBase(serviceKey(dimensions.providerRow, dimensions.serviceId))?.name;
}

/** True when a recovery still waits to be counted. */
function count({ state, rules, result, countedEndsMs }: Work, input: CountInput): boolean {
  const ledgerRows = result.ledger.length;
  const isWaiting = countDue(state, input, rules, result);
  const [counted] = result.ledger.slice(ledgerRows);
  // A batch may report an incident twice: the second time it is compared with what was counted the first time.
  if (counted !== undefined) countedEndsMs.set(counted.incident, counted.resolvedAtMs);
  return isWaiting;
}

/** What was counted of a deleted incident stays counted and is a revision. */
function markDeleted(work: Work, before: IncidentRow): void {
  const counting = readCounting(before);
  if ((counting.flags & FLAGS.deleted) !== 0) return;
  counting.flags |= FLAGS.deleted;
  setPending(counting, false);
  work.counts.deleted += 1;
  if (isAnythingCounted(before)) {
    work.state.count({ provider: work.provider.name, name: 'revisions', label: 'deleted' });
  }
  putCounting(work, before, counting);
}

/** Counts what is due of a pending incident; an unsettled recovery stays pending. */
function countPending(work: Work, row: IncidentRow | undefined): void {
  if (row === undefined || (number(row, 'marks') & FLAGS.pending) === 0) return;
  const counting = readCounting(row);
  const dimensionsRow = number(row, 'facet');
  const incident = incidentOf(row, work.state.dimensions(dimensionsRow));
  setPending(counting, count(work, { incident, dimensionsRow, counting }));
  if (!isSameCounting(counting, readCounting(row))) putCounting(work, row, counting);
}

function putCounting({ table, changed }: Work, before: IncidentRow, counting: CountInput['counting']): void {
  changed.set(counting.row, storedOf(table.putCounting(before, counting)));
}

function setPending(counting: CountInput['counting'], isPending: boolean): void {
  counting.flags = isPending ? counting.flags | FLAGS.pending : counting.flags & ~FLAGS.pending;
}

/**
 * Each (record, reason) is counted once. A rejected id is requested again until its record is accepted; when it is rejected
 * again, it is not counted again. Returns the ids that are no longer requested.
 */
function decideRejections({ state, loaded, provider }: Work, batch: Batch): string[] {
  const known = new Set(loaded.knownRejections);
  for (const rejection of batch.rejected) {
    const key = rejectionKey(rejection);
    if (known.has(key)) continue;
    known.add(key);
    state.count({ provider: provider.name, name: 'rejected', label: rejection.reason });
  }
  const rejectedNow = new Set(batch.rejected.map(({ id }) => id));
  const reported = [...batch.incidents, ...(batch.deployments ?? [])];
  const accepted = reported.map(({ id }) => id).filter((id) => !rejectedNow.has(id));
  return [...accepted, ...batch.deletedIds, ...(batch.deletedDeploymentIds ?? [])].filter((id) =>
    loaded.waitingIds.has(id),
  );
}

/** A window's end never moves backwards: a clock that was set back has to catch up first. */
function advance({ settings }: LedgerState, before: StoredProvider, batch: Batch): StoredProvider {
  const countingSinceMs = before.countingSinceMs ?? batch.startedAtMs ?? batch.nowMs;
  const countingBeganMs = before.countingBeganMs ?? countingSinceMs;
  const after = { ...before, countingSinceMs, countingBeganMs, cursor: batch.cursor ?? before.cursor };
  if (batch.complete === undefined) return after;
  const polledUntilMs = Math.max(batch.complete.polledUntilMs, before.polledUntilMs ?? batch.complete.polledUntilMs);
  const { historyStartMs } = batch.complete;
  const { importedFromMs } = before;
  // An import may reach further back than the polls, as far as the retention lets it.
  const retainedFromMs = polledUntilMs - settings.retentionMs;
  const fromMs =
    importedFromMs === undefined ? historyStartMs : Math.min(historyStartMs, Math.max(importedFromMs, retainedFromMs));
  return { ...after, isSynced: true, polledUntilMs, historyStartMs: fromMs };
}
