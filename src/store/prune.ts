import { isKept } from '../model/stored.ts';
import type { EngineWriter, StoreEngine } from './engine.ts';
import { number } from './incident-row.ts';
import { reconcileServices } from './service-limit.ts';
import { facetKey, type LedgerState, serviceKey } from './state.ts';
import type { PruneResult } from './store.ts';

/** Closed incidents that are deleted in one step: some 50 ms, so that commits and pages do not wait for long. */
const PRUNED_AT_ONCE = 5000;

export interface PruneInput {
  readonly engine: StoreEngine;
  readonly writer: EngineWriter;
  readonly fork: LedgerState;
  readonly nowMs: number;
}

/** Deletes some of what was closed before the retention began, and what belonged to nothing else. */
export function prune(input: PruneInput): PruneResult {
  const { fork, nowMs } = input;
  // Of what the step before deleted: until that was over, statistics still asked for its labels.
  forgetUnused(input);
  const removedRows: number[] = [];
  for (const name of fork.settings.readers.keys()) {
    if (removedRows.length < PRUNED_AT_ONCE) removedRows.push(...pruneProvider(input, name, removedRows.length));
  }
  const hasMore = removedRows.length >= PRUNED_AT_ONCE;
  return { removedRows, isRelabelled: !hasMore && reconcileServices(fork, nowMs), hasMore };
}

/** By the provider's own polls: a clock that is ahead deletes nothing. */
function pruneProvider({ engine, writer, fork, nowMs }: PruneInput, name: string, removed: number): number[] {
  const provider = fork.provider(name);
  if (!provider.isSynced || provider.polledUntilMs === undefined) return [];
  const beforeMs = Math.min(nowMs, provider.polledUntilMs) - fork.settings.retentionMs;
  const expired = engine.incidents('closedBefore', provider.row, beforeMs, PRUNED_AT_ONCE - removed);
  for (const one of expired) if (isKept(number(one, 'marks'))) fork.addIncidents(number(one, 'facet'), -1);
  const prunedBeforeMs = Math.max(beforeMs, provider.prunedBeforeMs ?? beforeMs);
  fork.providers.set(name, { ...provider, prunedBeforeMs });
  writer.prune(provider.row, expired, beforeMs);
  return expired.map((one) => number(one, 'row'));
}

/** Facets that no incident has any more, and services that have neither a facet nor a place in a list. */
function forgetUnused({ engine, fork }: PruneInput): void {
  const used = new Set<string>();
  let mayBeUnused = false;
  for (const { row, providerRow, serviceId } of fork.facets.values()) {
    used.add(serviceKey(providerRow, serviceId));
    if ((fork.incidents.get(row) ?? 0) === 0) mayBeUnused = true;
  }
  // Only then it is worth going over all incidents.
  const unused = mayBeUnused ? engine.unusedFacets() : [];
  for (const row of unused) {
    const facet = fork.facets.get(row);
    if (facet === undefined) continue;
    fork.facets.delete(row);
    fork.incidents.delete(row);
    fork.facetRows.delete(facetKey(facet));
  }
  if (unused.length > 0) {
    used.clear();
    for (const { providerRow, serviceId } of fork.facets.values()) used.add(serviceKey(providerRow, serviceId));
    fork.relabel();
  }
  for (const [key, { isListed }] of fork.services.entries()) {
    if (!isListed && !used.has(key)) fork.services.delete(key);
  }
}
