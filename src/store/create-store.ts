import { isVisible } from '../config/reading.ts';
import type { ProviderConfig } from '../config/types.ts';
import type { Log } from '../model/log.ts';
import { type FacetLabels, isKept, MARKS, STATUSES } from '../model/stored.ts';
import { type Changes, completeImport, decideBatch, decideImport } from './decide.ts';
import type { StoreEngine } from './engine.ts';
import { createExemplars, type Exemplars } from './exemplars.ts';
import { type IncidentRow, incidentOf, list, number, text } from './incident-row.ts';
import { IncidentTable, isSameBook, readBook } from './incident-table.ts';
import { bucketOf } from './label-set.ts';
import { migrateLayout, releaseGroup } from './label-sets.ts';
import { reconcileServices } from './service-limit.ts';
import { facetKey, type LedgerState, serviceKey } from './state.ts';
import type { Batch, OpenIncident, Store, StoredIncidents, StoreSettings } from './store.ts';

/** Closed incidents that are deleted in one transaction: some 50 ms, so that commits and pages do not wait for long. */
const PRUNED_AT_ONCE = 5000;

export interface StoreInput {
  readonly engine: StoreEngine;
  readonly log: Log;
  readonly nowMs: number;
  readonly isBroken: (error: unknown) => boolean;
  readonly close: () => void;
}

/** The store on top of an engine: loads what a change touches, decides, writes, and lets memory follow. */
export function createStore({ engine, log, nowMs, isBroken, close }: StoreInput): Store {
  const state = engine.loadState();
  const exemplars = createExemplars();
  let configuredAtMs = nowMs;
  const write = (changes: Changes) => {
    writeChanges(engine, changes);
    state.apply(changes.state);
    exemplars.note(changes.exemplars);
  };
  /** Decides on a fork and writes what it changed; what `decide` gives says whether there is anything to write. */
  const change = <Result>(decide: (fork: LedgerState) => Result): Result => {
    const fork = state.fork();
    const result = decide(fork);
    engine.transaction((writer) => writer.state(fork));
    state.apply(fork);
    return result;
  };
  const decide = (batch: Batch) => {
    const { row, isSynced } = state.provider(batch.provider);
    return decideBatch(state, engine.loadTouched(row, { ...batch, isPendingWanted: isSynced }), batch);
  };
  return {
    configure: (next, atMs) => {
      configure({ engine, state, log, next, nowMs: atMs });
      configuredAtMs = atMs;
      exemplars.restore(engine.recentLedger(), {
        bucketOf: (ms) => bucketOf(ms, next.bucketsMs),
        createdAtMs: new Map([...state.labelSets.values()].map(({ row, groups }) => [row, groups.recovery?.bornMs])),
      });
    },
    load: (each) => {
      loadIncidents(engine, state, each);
      change((fork) => reconcileServices(fork, configuredAtMs));
    },
    commit: (batch) => {
      const { changes, changed, isRelabelled, counts } = decide(batch);
      write(changes);
      return { changed, isRelabelled, counts };
    },
    preview: (batch) => decide(batch).counts,
    import: (input, parts, span) => {
      if (span === undefined) return;
      const fork = state.fork();
      engine.transaction((writer) => {
        for (const incidents of parts) {
          const { row } = fork.provider(input.provider);
          const touched = { incidents, deletedIds: [], wholeSubjects: [], rejected: [], isPendingWanted: false };
          const changes = decideImport(fork, engine.loadTouched(row, touched), { ...input, incidents });
          writer.incidents(changes.incidents);
          writer.ledger(changes.ledger);
        }
        completeImport(fork, input, span);
        writer.state(fork);
      });
      state.apply(fork);
    },
    release: (releases) => {
      if (releases.length === 0) return;
      change((fork) => {
        for (const { set, group } of releases) releaseGroup(fork, set, group);
      });
    },
    prune: (atMs) => {
      const removedRows = pruneExpired(engine, state, atMs);
      if (removedRows.length >= PRUNED_AT_ONCE) return { removedRows, isRelabelled: false, hasMore: true };
      const isRelabelled = change((fork) => {
        if (removedRows.length > 0) forgetUnused(fork, engine.unusedFacets());
        return reconcileServices(fork, atMs);
      });
      exemplars.keepOnly(new Set([...state.labelSets.values()].map(({ row }) => row)));
      return { removedRows, isRelabelled, hasMore: false };
    },
    ...readings({ engine, state, exemplars }),
    isBroken,
    close,
  };
}

function writeChanges(engine: StoreEngine, changes: Changes): void {
  const { row } = changes.provider;
  engine.transaction((writer) => {
    writer.state(changes.state);
    writer.signals(row, changes.signals);
    writer.incidents(changes.incidents);
    writer.ledger(changes.ledger);
    writer.rejections(row, changes.rejections, changes.nowMs);
    writer.settleRejections(row, changes.settledIds);
  });
}

/** Reads all incidents of the configured providers, counting on the way how many each facet has. */
function loadIncidents(engine: StoreEngine, state: LedgerState, each: Parameters<Store['load']>[0]): void {
  const counts = new Map<number, number>();
  const isConfigured = new Map<number, boolean>();
  for (const { row, provider } of state.facets.values()) isConfigured.set(row, state.settings.readers.has(provider));
  const isTitleWanted = [...state.settings.readers.values()].some(
    ({ provider }) => provider.filter.excludeTitles.length > 0,
  );
  engine.eachIncident(
    (incident) => {
      const { facet, marks } = incident;
      if (isKept(marks)) counts.set(facet, (counts.get(facet) ?? 0) + 1);
      if (isConfigured.get(facet) === true) each(incident);
    },
    { isTitleWanted },
  );
  for (const [facet] of [...state.incidents.entries()]) state.incidents.delete(facet);
  for (const [facet, count] of counts) state.incidents.set(facet, count);
}

interface ConfigureInput {
  readonly engine: StoreEngine;
  readonly state: LedgerState;
  readonly log: Log;
  readonly next: StoreSettings;
  readonly nowMs: number;
}

/** New layouts restart families; a changed filter moves the start of counting. */
function configure({ engine, state, log, next, nowMs }: ConfigureInput): void {
  const fork = state.fork();
  fork.settings = next;
  fork.relabel();
  const restarted = migrateLayout(fork, nowMs);
  const tables: IncidentTable[] = [];
  for (const [name, { provider }] of next.readers) {
    const table = applyFilter(engine, fork, name, filterText(provider));
    if (table !== undefined) tables.push(table);
  }
  engine.transaction((writer) => {
    writer.state(fork);
    for (const table of tables) writer.incidents(table);
  });
  state.apply(fork);
  for (const what of restarted) {
    log.warn('cumulative series restart at zero, with a new _created: their layout was changed', { what });
  }
}

/**
 * What a changed filter lets in had ended before anybody wanted it counted, so counting starts anew at the last successful
 * poll: earlier escalations and reopenings are counted ones no longer, and what happened since may have to be counted.
 */
function applyFilter(engine: StoreEngine, fork: LedgerState, name: string, filter: string): IncidentTable | undefined {
  const before = fork.provider(name);
  if (before.filter === filter) return undefined;
  const isChanged = before.filter !== undefined && before.countingSinceMs !== undefined;
  const countingSinceMs = isChanged ? (before.askedUntilMs ?? before.countingSinceMs) : before.countingSinceMs;
  fork.providers.set(name, { ...before, filter, countingSinceMs });
  if (!isChanged || countingSinceMs === undefined) return undefined;
  const rows = engine.happenedSince(before.row, countingSinceMs);
  const table = new IncidentTable(fork, rows);
  for (const row of rows) {
    const book = readBook(row);
    const since = (column: string) => list(row, column)?.filter((ms) => ms >= countingSinceMs).length ?? 0;
    book.escalationsCounted = Math.min(book.escalationsCounted, since('escalated'));
    book.reopensCounted = Math.min(book.reopensCounted, since('reopened'));
    book.marks |= MARKS.pending;
    if (!isSameBook(book, readBook(row))) table.putBook(row, book);
  }
  return table;
}

/** Without a filter mappings decide nothing; with one they decide what it lets through. */
function filterText({ filter, severity, services }: ProviderConfig): string {
  const { severities, services: names, teams, excludeTitles, shorterThanMs } = filter;
  const own = [severities, names, teams, excludeTitles.map(String), shorterThanMs];
  const maps = [
    severities.length > 0 ? [severity.from, severity.tag, [...severity.map], severity.default] : [],
    names.length > 0 ? services.rename.map(({ match, to }) => [String(match), to]) : [],
  ];
  return JSON.stringify([own, maps]);
}

/** Deletes some of what was closed before the retention began, by each provider's own polls: a clock that is ahead deletes nothing. */
function pruneExpired(engine: StoreEngine, state: LedgerState, nowMs: number): number[] {
  const removed: number[] = [];
  for (const name of state.settings.readers.keys()) {
    const provider = state.provider(name);
    if (!provider.isSynced || provider.askedUntilMs === undefined) continue;
    const beforeMs = Math.min(nowMs, provider.askedUntilMs) - state.settings.retentionMs;
    const expired = engine.expired(provider.row, beforeMs, PRUNED_AT_ONCE - removed.length);
    const fork = state.fork();
    for (const { facet, isKept: wasKept } of expired) if (wasKept) fork.addIncidents(facet, -1);
    const prunedBeforeMs = Math.max(beforeMs, provider.prunedBeforeMs ?? beforeMs);
    fork.providers.set(name, { ...provider, prunedBeforeMs });
    engine.transaction((writer) => {
      writer.deleteIncidents(provider.row, expired);
      writer.deleteBefore(provider.row, beforeMs);
      writer.state(fork);
    });
    state.apply(fork);
    for (const { row } of expired) removed.push(row);
    if (removed.length >= PRUNED_AT_ONCE) break;
  }
  return removed;
}

/** Facets that no incident has any more, and services that then have neither a facet nor a place in a list. */
function forgetUnused(fork: LedgerState, unusedFacets: readonly number[]): void {
  for (const row of unusedFacets) {
    const facet = fork.facets.get(row);
    if (facet === undefined) continue;
    fork.facets.delete(row);
    fork.incidents.delete(row);
    const { row: _row, ...content } = facet;
    fork.facetRows.delete(facetKey(content));
  }
  if (unusedFacets.length === 0) return;
  const used = new Set<string>();
  for (const { providerRow, serviceId } of fork.facets.values()) used.add(serviceKey(providerRow, serviceId));
  for (const [key, { isListed }] of [...fork.services.entries()]) {
    if (!isListed && !used.has(key)) fork.services.delete(key);
  }
  fork.relabel();
}

interface ReadingsInput {
  readonly engine: StoreEngine;
  readonly state: LedgerState;
  readonly exemplars: Exemplars;
}

type Readings = Pick<
  Store,
  | 'provider'
  | 'stored'
  | 'idsSince'
  | 'labels'
  | 'labelSets'
  | 'exemplars'
  | 'counters'
  | 'unmappedSeverities'
  | 'openIncidents'
  | 'backlog'
  | 'servicesOverflowed'
  | 'sizeBytes'
>;

/** The part of a store that changes nothing. */
function readings({ engine, state, exemplars }: ReadingsInput): Readings {
  return {
    provider: (name) => state.provider(name),
    stored: (name) => storedIncidents(engine, state, name),
    idsSince: (name, sinceMs) => engine.listedIdsSince(state.provider(name).row, sinceMs),
    labels: (facet) => state.labels(facet),
    labelSets: () => [...state.labelSets.values()].filter(({ provider }) => state.isRead(provider)),
    exemplars: (set) => exemplars.of(set),
    counters: () => [...state.counters.values()],
    unmappedSeverities: () => {
      const found = new Map<string, { provider: string; value: string }>();
      for (const row of state.facetsInUse()) {
        const value = state.mapped(row)?.severity.unmapped?.value;
        const { provider } = state.facet(row);
        if (value !== undefined) found.set(JSON.stringify([provider, value]), { provider, value });
      }
      return [...found.values()];
    },
    openIncidents: (limit) => openIncidents(engine, state, limit),
    backlog: (name) => {
      const rows = state.facetsInUse((provider) => provider === name);
      const held = rows.reduce((sum, row) => sum + (state.incidents.get(row) ?? 0), 0);
      return { held, waiting: engine.rejectedIds(state.provider(name).row).length };
    },
    servicesOverflowed: () => state.overflowed.size,
    sizeBytes: () => engine.sizeBytes(),
  };
}

/** What a provider may ask about its own past. */
export function storedIncidents(engine: StoreEngine, state: LedgerState, name: string): StoredIncidents {
  const { row: provider } = state.provider(name);
  const read = (row: IncidentRow) => incidentOf(row, state.facet(number(row, 'facet')));
  return {
    incidents: (ids) => {
      const rows = ids.map((id) => [id, engine.incidentById(provider, id)] as const);
      return new Map(rows.flatMap(([id, row]) => (row === undefined ? [] : [[id, read(row)]])));
    },
    openIds: () => engine.openIds(provider),
    rejectedIds: () => engine.rejectedIds(provider),
    signals: (subjects) => new Map(subjects.map((subject) => [subject, engine.signals(provider, subject)])),
    bySubject: (subjects) =>
      new Map(
        subjects.map((subject) => {
          const rows = engine.incidentsBySubject(provider, subject);
          return [subject, rows.filter((row) => (number(row, 'marks') & MARKS.deleted) === 0).map(read)];
        }),
      ),
  };
}

function openIncidents(engine: StoreEngine, state: LedgerState, limit: number): ReturnType<Store['openIncidents']> {
  const oldest: OpenIncident[] = [];
  let total = 0;
  for (const row of engine.openIncidents()) {
    const labels = state.labels(number(row, 'facet'));
    if (labels === undefined || !isCounted(state, row, labels)) continue;
    total += 1;
    if (oldest.length < limit) oldest.push(toOpenIncident(row, labels));
  }
  return { oldest, total };
}

function isCounted(state: LedgerState, row: IncidentRow, labels: FacetLabels): boolean {
  const reader = state.reader(labels.provider);
  if (reader === undefined || !state.isRead(labels.provider)) return false;
  return isVisible({ marks: number(row, 'marks'), title: text(row, 'title'), recoveryMs: undefined }, labels, reader);
}

function toOpenIncident(row: IncidentRow, { provider, service, severity }: FacetLabels): OpenIncident {
  return {
    provider,
    service,
    severity,
    id: text(row, 'id') ?? '',
    url: text(row, 'url'),
    status: STATUSES[number(row, 'status')] ?? 'triggered',
    triggeredAtMs: number(row, 'triggered_ms'),
  };
}
