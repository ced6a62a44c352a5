import type { Log } from '../model/log.ts';
import { isKept, type StoredIncident } from '../model/stored.ts';
import { configure } from './configure.ts';
import { completeImport, decideBatch, decideImport, type ImportPart } from './decide.ts';
import type { Change, EngineWriter, StoreEngine } from './engine.ts';
import { createExemplars } from './exemplars.ts';
import { releaseGroup } from './label-sets.ts';
import { loadTouched } from './loaded-rows.ts';
import { prune } from './prune.ts';
import { readings } from './readings.ts';
import { reconcileServices } from './service-limit.ts';
import type { LedgerState } from './state.ts';
import type { Batch, Store } from './store.ts';

const RESTARTED = 'cumulative series restart at zero, with a new _created: their layout was changed';

export interface StoreInput {
  readonly engine: StoreEngine;
  readonly log: Log;
  readonly nowMs: number;
  readonly isBroken: (error: unknown) => boolean;
  readonly verify: () => void;
  readonly close: () => void;
}

/** The store on top of an engine: loads what a change touches, decides, writes, and lets memory follow. */
export function createStore({ engine, log, nowMs, isBroken, verify, close }: StoreInput): Store {
  const state = engine.loadState();
  const exemplars = createExemplars();
  let configuredAtMs = nowMs;
  const change = changesOf(engine, state);
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
    load: (each) => {
      loadIncidents(engine, state, each);
      change((fork) => reconcileServices(fork, configuredAtMs));
    },
    commit: (batch) => {
      const { changes, ...result } = change((fork, writer) => {
        const decision = decide(fork, batch);
        writer.changes(decision.changes);
        return decision;
      });
      exemplars.note(changes.exemplars);
      return result;
    },
    preview: (batch) => decide(state.fork(), batch).counts,
    import: (input, parts, span) => {
      if (span === undefined) return;
      change((fork, writer) => {
        for (const incidents of parts) importPart(engine, writer, fork, { ...input, incidents });
        completeImport(fork, input, span);
      });
    },
    release: (releases) => {
      if (releases.length === 0) return;
      change((fork) => {
        for (const { set, group } of releases) releaseGroup(fork, set, group);
      });
    },
    prune: (atMs) => {
      const result = change((fork, writer) => prune({ engine, writer, fork, nowMs: atMs }));
      exemplars.keepOnly(state.labelSets.values());
      return result;
    },
    ...readings({ engine, state, exemplars }),
    verify,
    isBroken,
    close,
  };
}

function changesOf(engine: StoreEngine, state: LedgerState): Change {
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

function importPart(engine: StoreEngine, writer: EngineWriter, fork: LedgerState, part: ImportPart): void {
  const { row } = fork.provider(part.provider);
  writer.changes(decideImport(fork, loadTouched(engine, row, part, false), part));
}

/** Reads all incidents of the configured providers, counting on the way how many each facet has. */
function loadIncidents(engine: StoreEngine, state: LedgerState, each: Parameters<Store['load']>[0]): void {
  const counts = new Map<number, number>();
  const isConfigured = new Map<number, boolean>();
  for (const { row, provider } of state.facets.values()) isConfigured.set(row, state.reader(provider) !== undefined);
  const visit = (incident: StoredIncident) => {
    const { facet, marks } = incident;
    if (isKept(marks)) counts.set(facet, (counts.get(facet) ?? 0) + 1);
    if (isConfigured.get(facet) === true) each(incident);
  };
  engine.eachIncident(visit, { isTitleWanted: state.isTitleWanted() });
  for (const row of isConfigured.keys()) state.incidents.set(row, counts.get(row) ?? 0);
}
