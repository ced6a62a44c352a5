import type { EngineWriter, StoreEngine } from './engine.ts';
import { facetKey, type LedgerState, serviceKey } from './state.ts';

/** Of which provider, when, and how many incidents at most. */
interface PruneInput {
  readonly name: string;
  readonly nowMs: number;
  readonly limit: number;
}

/**
 * Deletes some of what was closed before the retention began, by the provider's own polls: a clock that is ahead deletes
 * nothing. Gives the rows of the incidents.
 */
export function pruneExpired(
  engine: StoreEngine,
  writer: EngineWriter,
  fork: LedgerState,
  { name, nowMs, limit }: PruneInput,
): number[] {
  const provider = fork.provider(name);
  if (!provider.isSynced || provider.askedUntilMs === undefined) return [];
  const beforeMs = Math.min(nowMs, provider.askedUntilMs) - fork.settings.retentionMs;
  const expired = engine.expired(provider.row, beforeMs, limit);
  for (const { facet, isKept } of expired) if (isKept) fork.addIncidents(facet, -1);
  const prunedBeforeMs = Math.max(beforeMs, provider.prunedBeforeMs ?? beforeMs);
  fork.providers.set(name, { ...provider, prunedBeforeMs });
  writer.prune(provider.row, expired, beforeMs);
  return expired.map(({ row }) => row);
}

/** Facets that no incident has any more, and services that then have neither a facet nor a place in a list. */
export function forgetUnused(fork: LedgerState, unusedFacets: readonly number[]): void {
  for (const row of unusedFacets) {
    const facet = fork.facets.get(row);
    if (facet === undefined) continue;
    fork.facets.delete(row);
    fork.incidents.delete(row);
    fork.facetRows.delete(facetKey(facet));
  }
  if (unusedFacets.length === 0) return;
  const used = new Set<string>();
  for (const { providerRow, serviceId } of fork.facets.values()) used.add(serviceKey(providerRow, serviceId));
  for (const [key, { isListed }] of fork.services.entries()) {
    if (!isListed && !used.has(key)) fork.services.delete(key);
  }
  fork.relabel();
}
