import type { Grouping } from '../config/types.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { sharedJson } from '../model/threads.ts';
import { HOUR_MS, MINUTE_MS } from '../model/time.ts';
import { selectStatistics } from '../report/window-statistics.ts';
import type { DoraRow } from '../stats/dora/rows.ts';
import type { Row } from '../stats/rows.ts';
import type { Batch, CommitCounts, Store } from '../store/store.ts';
import { CoreMemory, failOnDamage } from './memory.ts';
import { type Core, CoreFailure, type CoreProviderStatus, type CoreStatus } from './messages.ts';
import { createPollBuffers, type PollBuffers } from './poll-buffer.ts';

/** How often incidents beyond the retention are pruned. */
const PRUNE_EVERY_MS = HOUR_MS;

export interface CoreInput {
  readonly store: Store;
  readonly log: Log;
}

export function createCore({ store, log }: CoreInput): Core {
  const memory = new CoreMemory(store, log);
  const polls = createPollBuffers(store);
  const prune = createPruning(store, memory);
  const commit = (batch: Batch): CommitCounts => {
    const result = failOnDamage(store, () => store.commit(batch));
    memory.apply(batch.provider, result);
    return result.counts;
  };
  return {
    configure: (setup, nowMs) => {
      memory.configure(setup, nowMs);
      polls.clear();
    },
    provider: (name) => store.provider(name),
    commit: (batch) => commit({ ...batch, ...polls.withoutOutdated(batch.provider, batch) }),
    commitDelivery: (delivery) => {
      const counts = commit(delivery);
      const ids = delivery.incidents.map(({ id }) => id);
      polls.outdate(delivery.provider, [...ids, ...delivery.deletedIds]);
      return counts;
    },
    beginPoll: (provider) => {
      polls.begin(provider);
      return store.provider(provider);
    },
    addPage: (provider, page) => polls.add(provider, page),
    commitPoll: (poll) => {
      const counts = commit(polls.toBatch(poll));
      polls.end(poll.provider);
      return counts;
    },
    previewPoll: (poll) => store.preview(polls.toBatch(poll)),
    requestMissing: (provider, sinceMs, max) => polls.requestMissing(provider, sinceMs, max),
    ...storedQueries(polls),
    tick: (nowMs, steadyMs) => {
      const failure = findFailure(() =>
        failOnDamage(store, () => {
          store.verify();
          memory.release(steadyMs);
          prune(nowMs);
        }),
      );
      return { page: memory.render(), providersOnPage: memory.providersOnPage, failure };
    },
    scraped: (version, steadyMs) => memory.scraped(version, steadyMs),
    status: (groupings, openMax) => readStatus(store, memory, groupings, openMax),
    statistics: (query) => {
      const config = memory.setup?.config;
      if (config === undefined) return { json: sharedJson({ rows: [], providers: [] }) };
      const selected = selectStatistics({ ...memory.snapshot, config }, query);
      return 'errors' in selected ? selected : { json: sharedJson(selected) };
    },
    close: () => store.close(),
  };
}

type StoredQueries = Pick<
  Core,
  | 'incidents'
  | 'openIds'
  | 'rejectedIds'
  | 'stateChanges'
  | 'bySubject'
  | 'deployments'
  | 'deploymentsOf'
  | 'unfinishedDeployments'
  | 'comparisons'
>;

/** What providers may ask about their own past. */
function storedQueries(polls: Pick<PollBuffers, 'stored'>): StoredQueries {
  return {
    incidents: (query, ids) => polls.stored(query).incidents(ids),
    openIds: (query) => polls.stored(query).openIds(),
    rejectedIds: (query) => polls.stored(query).rejectedIds(),
    stateChanges: (query, subjects) => polls.stored(query).stateChanges(subjects),
    bySubject: (query, subjects) => polls.stored(query).bySubject(subjects),
    deployments: (query, ids) => polls.stored(query).deployments(ids),
    deploymentsOf: (query, repositories, sinceMs) => polls.stored(query).deploymentsOf(repositories, sinceMs),
    unfinishedDeployments: (query) => polls.stored(query).unfinishedDeployments(),
    comparisons: (query, pairs) => polls.stored(query).comparisons(pairs),
  };
}

/** A failed write (a full disk) is reported, not thrown: the page still shows what was polled before. */
function findFailure(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof CoreFailure) throw error;
    return messageOf(error);
  }
}

/** Prunes once per hour, a part at each tick while there is more. */
function createPruning(store: Store, memory: CoreMemory): (nowMs: number) => void {
  let prunedAtMs: number | undefined;
  return (nowMs) => {
    if (memory.setup === undefined) return;
    // Soon after a start, which may be the only time of the day.
    prunedAtMs ??= nowMs - PRUNE_EVERY_MS + MINUTE_MS;
    // In either direction: somebody may have set the clock back.
    if (Math.abs(nowMs - prunedAtMs) < PRUNE_EVERY_MS) return;
    const result = store.prune(nowMs);
    if (!result.hasMore) prunedAtMs = nowMs;
    memory.forget(result);
  };
}

function readStatus(store: Store, memory: CoreMemory, groupings: readonly Grouping[], openMax: number): CoreStatus {
  const { rows, doraRows, openNow } = memory.snapshot;
  return {
    providers: providerStatuses(store, memory),
    rows: rows.filter(({ grouping }) => groupings.includes(grouping)).map(toPlainRow),
    ...(doraRows.length > 0 && { doraRows: doraRows.map(toPlainDoraRow) }),
    openNow,
    open: store.openIncidents(openMax),
    servicesOverflowed: store.servicesOverflowed(),
    storeBytes: store.sizeBytes(),
  };
}

function providerStatuses(store: Store, memory: CoreMemory): CoreProviderStatus[] {
  const counts = memory.statistics?.counts();
  const rejected = store.counters().filter(({ name, value }) => name === 'rejected' && value > 0);
  const unmapped = store.unmappedSeverities();
  const deploying = new Set((memory.dora?.states() ?? []).map(({ provider }) => provider));
  return (memory.setup?.config.providers ?? []).map(({ name }) => ({
    state: store.provider(name),
    counts: counts?.get(name),
    hasDeployments: deploying.has(name),
    backlog: store.backlog(name),
    rejected: rejected.filter(({ provider }) => provider === name).map(({ label, value }) => ({ label, value })),
    unmappedSeverities: unmapped.filter(({ provider }) => provider === name).map(({ value }) => value),
    unreadEnvironments: store.unreadEnvironments(name),
  }));
}

function toPlainDoraRow({ grouping, labels, values, version }: DoraRow): DoraRow {
  return { grouping, labels, values, version };
}

/** A row as plain data, which can be sent to another thread. */
function toPlainRow({ grouping, labels, statistics, values, versions }: Row): CoreStatus['rows'][number] {
  return { grouping, labels, statistics, values, versions };
}
