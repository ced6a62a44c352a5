import { cutLabel } from '../config/label-mapper.ts';
import { ensureDeploymentSeries, ensureSeries } from './series.ts';
import { type LedgerState, OTHER } from './state.ts';

/** Gives a service that appears after the first sync a label of its own, within `metrics.max_services`. */
export function allocateService(state: LedgerState, dimensionsRow: number): void {
  const mapped = state.mapped(dimensionsRow);
  if (mapped !== undefined && !mapped.excluded) allocate(state, mapped.service);
}

/** The same for the service of a deployment. */
export function allocateDeployed(state: LedgerState, subjectRow: number): void {
  const labels = state.deploymentLabels(subjectRow);
  if (labels !== undefined) allocate(state, labels.renamedService);
}

function allocate(state: LedgerState, service: string): void {
  if (state.allocated.has(service)) return;
  if (state.allocated.size >= state.settings.maxServices) {
    if (!state.overflowed.has(service)) state.overflowed.set(service, true);
    return;
  }
  state.allocated.set(service, true);
  state.relabel();
}

/**
 * Brings the services that have a label of their own, and the series, up to date with what is stored and configured: unused
 * services lose it, waiting ones get it (most incidents first), and missing series are created at zero.
 * True when labels of incidents may have changed.
 */
export function reconcileServices(state: LedgerState, nowMs: number): boolean {
  const incidentsByService = countByService(state);
  const hasReleased = releaseUnused(state, incidentsByService);
  const hasAllocated = allocateWaiting(state, incidentsByService);
  const hasChanged = hasReleased || hasAllocated;
  if (hasChanged) state.relabel();
  for (const [key, { kind, provider, service, environment }] of state.labelSets.entries()) {
    const hasOwnLabel = kind === 'severity' || service === OTHER || state.allocated.has(service);
    const isMapped = environment === undefined || environmentsOf(state, provider).includes(environment);
    if (!(hasOwnLabel && isMapped) && state.isRead(provider)) state.labelSets.delete(key);
  }
  for (const { labels } of state.subjectsInUse()) ensureDeploymentSeries(state, labels, nowMs);
  for (const row of state.dimensionsInUse()) {
    const labels = state.labels(row);
    if (labels !== undefined && !labels.excluded) ensureSeries(state, labels, nowMs);
  }
  return hasChanged;
}

/** True when the limit has room, and a service has no label of its own. */
export function hasWaitingServices(state: LedgerState): boolean {
  if (state.allocated.size >= state.settings.maxServices) return false;
  for (const { row, provider } of state.dimensionsByRow.values()) {
    const mapped = state.isRead(provider) ? state.mapped(row) : undefined;
    if (mapped !== undefined && !mapped.excluded && !state.allocated.has(mapped.service)) return true;
  }
  for (const { row, provider } of state.subjectsByRow.values()) {
    const labels = state.isRead(provider) ? state.deploymentLabels(row) : undefined;
    if (labels !== undefined && !state.allocated.has(labels.renamedService)) return true;
  }
  return false;
}

/** Our environments that a provider is configured to have. */
function environmentsOf(state: LedgerState, provider: string): readonly string[] {
  return state.labelMapper(provider)?.provider.deployments?.environments.map(({ to }) => cutLabel(to)) ?? [];
}

function countByService(state: LedgerState): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of state.dimensionsInUse()) {
    const mapped = state.mapped(row);
    if (mapped === undefined || mapped.excluded) continue;
    counts.set(mapped.service, (counts.get(mapped.service) ?? 0) + (state.incidents.get(row) ?? 0));
  }
  for (const { row, labels } of state.subjectsInUse()) {
    const { renamedService } = labels;
    counts.set(renamedService, (counts.get(renamedService) ?? 0) + (state.deployments.get(row) ?? 0));
  }
  return counts;
}

/** Services in no catalogue and without countable incidents lose their label; so do those with the fewest incidents when the limit was lowered. */
function releaseUnused(state: LedgerState, incidentsByService: ReadonlyMap<string, number>): boolean {
  const listed = listedServices(state);
  const names = state.allocated.entries().map(([name]) => name);
  const isUsed = (name: string) => incidentsByService.has(name) || listed.has(name);
  const surplus = names.filter(isUsed).sort(byIncidents(incidentsByService)).slice(state.settings.maxServices);
  const released = [...names.filter((name) => !isUsed(name)), ...surplus];
  for (const name of released) state.allocated.delete(name);
  return released.length > 0;
}

function allocateWaiting(state: LedgerState, incidentsByService: ReadonlyMap<string, number>): boolean {
  const waiting = [...incidentsByService.keys()].filter((name) => !state.allocated.has(name));
  waiting.sort(byIncidents(incidentsByService));
  const free = Math.max(0, state.settings.maxServices - state.allocated.size);
  for (const name of waiting.slice(0, free)) state.allocated.set(name, true);
  const beyond = new Set(waiting.slice(free));
  for (const [name] of state.overflowed.entries()) if (!beyond.has(name)) state.overflowed.delete(name);
  for (const name of beyond) if (!state.overflowed.has(name)) state.overflowed.set(name, true);
  return waiting.length > 0 && free > 0;
}

function listedServices(state: LedgerState): Set<string> {
  const providerNames = new Map(state.providers.values().map(({ row, name }) => [row, name]));
  const names = new Set<string>();
  for (const { isListed, providerRow, id, name } of state.services.values()) {
    const provider = providerNames.get(providerRow);
    if (!isListed || provider === undefined || !state.isRead(provider)) continue;
    const dimensions = { row: 0, provider, serviceId: id, serviceName: name, team: '', severity: {} };
    names.add(state.labelMapper(provider)?.map(dimensions).service ?? '');
  }
  return names;
}

/** Most incidents first. */
function byIncidents(counts: ReadonlyMap<string, number>): (nameA: string, nameB: string) => number {
  const countOf = (name: string) => counts.get(name) ?? 0;
  return (nameA, nameB) => countOf(nameB) - countOf(nameA) || (nameA < nameB ? -1 : 1);
}
