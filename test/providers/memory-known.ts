import type { Comparison, Deployment } from '../../src/model/deployment.ts';
import type { Incident, Rejection, Service, StateChange } from '../../src/model/incident.ts';
import type { Page, PollCoverage, StoredState } from '../../src/model/poll.ts';
import { validate } from '../../src/model/validity.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { StoredIncidents } from '../../src/store/store.ts';

/** What a store would hold of one provider, in memory: pages go in, `known` answers as the store does. */
export interface MemoryKnown {
  readonly known: StoredState;
  /** The same, at once. */
  readonly stored: StoredIncidents;
  readonly incidents: Map<string, Incident>;
  readonly deployments: Map<string, Deployment>;
  readonly comparisons: Comparison[];
  /** By subject, then by the signal's id. */
  readonly stateChanges: Map<string, Map<string, StateChange>>;
  /** By the rejection's key and reason. */
  readonly rejected: Map<string, Rejection>;
  readonly deletedIds: Set<string>;
  catalogue: readonly Service[];
  cursor: string | undefined;
  /** Of the last complete poll. */
  end: PollCoverage | undefined;
  apply(page: Page, nowMs: number): void;
}

/** An empty store in memory. */
export function createMemoryKnown(): MemoryKnown {
  const stored = storedOf(() => memory);
  const memory: MemoryKnown = {
    incidents: new Map(),
    deployments: new Map(),
    comparisons: [],
    stateChanges: new Map(),
    rejected: new Map(),
    deletedIds: new Set(),
    catalogue: [],
    cursor: undefined,
    end: undefined,
    known: toKnown(stored),
    stored,
    apply: (page, nowMs) => applyPage(memory, page, nowMs),
  };
  return memory;
}

function storedOf(memory: () => MemoryKnown): StoredIncidents {
  return {
    incidents: (ids) => pick(ids, (id) => memory().incidents.get(id)),
    openIds: () => [...memory().incidents.values()].filter(isOpen).map(({ id }) => id),
    rejectedIds: () => [
      ...new Set([...memory().rejected.values()].map(({ id }) => id).filter((id) => id !== undefined)),
    ],
    stateChanges: (subjects) => pick(subjects, (subject) => signalsOf(memory(), subject)),
    bySubject: (subjects) =>
      pick(subjects, (subject) => {
        const found = [...memory().incidents.values()].filter((incident) => incident.subject === subject);
        return found.length === 0 ? undefined : found;
      }),
    deployments: (ids) => pick(ids, (id) => memory().deployments.get(id)),
    deploymentsOf: (repositories) => {
      const found = Map.groupBy(memory().deployments.values(), ({ repository }) => repository);
      return new Map(repositories.map((repository) => [repository, found.get(repository) ?? []]));
    },
    unfinishedDeployments: () => [...memory().deployments.values()].filter(({ outcome }) => outcome === undefined),
    comparisons: (pairs) =>
      memory().comparisons.filter((one) =>
        pairs.some(
          ({ repository, baseSha, headSha }) =>
            one.repository === repository && one.baseSha === baseSha && one.headSha === headSha,
        ),
      ),
  };
}

/** As a provider is told it: later. */
function toKnown(stored: StoredIncidents): StoredState {
  return {
    incidents: async (ids) => stored.incidents(ids),
    openIds: async () => stored.openIds(),
    rejectedIds: async () => stored.rejectedIds(),
    stateChanges: async (subjects) => stored.stateChanges(subjects),
    bySubject: async (subjects) => stored.bySubject(subjects),
    deployments: async (ids) => stored.deployments(ids),
    deploymentsOf: async (repositories, sinceMs) => stored.deploymentsOf(repositories, sinceMs),
    unfinishedDeployments: async () => stored.unfinishedDeployments(),
    comparisons: async (pairs) => stored.comparisons(pairs),
  };
}

function pick<Value>(keys: readonly string[], find: (key: string) => Value | undefined): Map<string, Value> {
  const found = new Map<string, Value>();
  for (const key of keys) {
    const value = find(key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
}

function isOpen({ status, merged, exclusion }: Incident): boolean {
  return status !== 'resolved' && !merged && exclusion === undefined;
}

function signalsOf(memory: MemoryKnown, subject: string): readonly StateChange[] | undefined {
  const stateChanges = memory.stateChanges.get(subject);
  return stateChanges === undefined ? undefined : [...stateChanges.values()].sort((a, b) => a.atMs - b.atMs);
}

function applyPage(memory: MemoryKnown, page: Page, nowMs: number): void {
  for (const signal of page.stateChanges) {
    const bySubject = memory.stateChanges.get(signal.subject) ?? new Map<string, StateChange>();
    memory.stateChanges.set(signal.subject, bySubject.set(signal.id, signal));
  }
  const onPage = new Set(page.incidents.map(({ id }) => id));
  for (const [id, { subject }] of memory.incidents) {
    if (subject !== undefined && page.replacedSubjects.includes(subject) && !onPage.has(id))
      memory.incidents.delete(id);
  }
  for (const rejection of page.rejected) reject(memory, rejection);
  for (const incident of page.incidents) take(memory, incident, nowMs);
  for (const id of page.deletedIds) {
    if (memory.incidents.delete(id)) memory.deletedIds.add(id);
    forget(memory, id);
  }
  for (const deployment of page.deployments ?? []) memory.deployments.set(deployment.id, deployment);
  for (const id of page.deletedDeploymentIds ?? []) memory.deployments.delete(id);
  memory.comparisons.push(...(page.comparisons ?? []));
  memory.catalogue = page.catalogue ?? memory.catalogue;
  memory.cursor = page.cursor;
  memory.end = page.complete ?? memory.end;
}

function take(memory: MemoryKnown, incident: Incident, nowMs: number): void {
  const valid = validate(incident, nowMs);
  if ('reason' in valid) {
    reject(memory, { id: incident.id, key: incident.id, ...valid });
    return;
  }
  memory.incidents.set(incident.id, valid);
  forget(memory, incident.id);
}

function reject(memory: MemoryKnown, rejection: Rejection): void {
  memory.rejected.set(`${rejection.key} ${rejection.reason}`, rejection);
}

function forget(memory: MemoryKnown, id: string): void {
  for (const [key, rejection] of memory.rejected) if (rejection.id === id) memory.rejected.delete(key);
}

export interface PollCall {
  readonly nowMs: number;
  readonly historyStartMs: number;
  readonly signal?: AbortSignal;
  /** As if the process died when so many pages of a first sync are committed. */
  readonly dieAfterPages?: number;
}

/**
 * One poll as the poller and the store do it: a first sync is committed page by page, a later poll as a whole.
 * Gives the pages that were committed.
 */
export async function pollInto(memory: MemoryKnown, provider: Provider, call: PollCall): Promise<Page[]> {
  const { nowMs, historyStartMs, signal = new AbortController().signal } = call;
  const pages: Page[] = [];
  const isFirst = memory.end === undefined;
  for await (const page of provider.poll({
    cursor: memory.cursor,
    nowMs,
    historyStartMs,
    stored: memory.known,
    signal,
  })) {
    pages.push(page);
    if (isFirst) memory.apply(page, nowMs);
    if (isFirst && pages.length === call.dieAfterPages) return pages;
  }
  if (pages.at(-1)?.complete === undefined) throw new Error('the poll ended without `complete` on its last page');
  if (!isFirst) for (const page of pages) memory.apply(page, nowMs);
  return pages;
}
