import type { Incident, Rejection, Service, StateChange } from '../model/incident.ts';
import type { Page } from '../model/poll.ts';
import type { Batch, Store, StoredIncidents } from '../store/store.ts';
import type { PollCommit, StoredQuery } from './messages.ts';
import { createPolledDeployments, type PolledDeployments } from './poll-deployments.ts';

/** What all pages of a poll found; where the provider stands after it is not part of it. */
export type BufferedPages = Omit<Page, 'cursor' | 'complete'>;

/** Pages of a poll that are not committed yet. */
export interface PollBuffer {
  add(page: Page): void;
  /** Each incident once, as it was reported last. */
  pages(): BufferedPages;
  /** What the store would hold if all these pages were committed. */
  readonly overlay: StoredIncidents;
  /** How many incidents were reported. */
  size(): number;
  /** Those that were neither reported nor rejected nor deleted so far. */
  missing(ids: readonly string[]): readonly string[];
  /** Drops these incidents. */
  drop(ids: readonly string[]): void;
  /** Lists these as open in `overlay`: a poll asks the platform for each incident that was open and is in no list. */
  requestAgain(ids: readonly string[]): void;
}

/** The part of a page that a delivery can outdate. */
type Outdatable = Pick<Page, 'incidents' | 'rejected' | 'deletedIds'>;

/** The polls under way, one of each provider at most. */
export interface PollBuffers {
  begin(provider: string): void;
  /** The pages of the poll of a provider; throws when none has begun, or when a reload has ended it. */
  find(provider: string): PollBuffer;
  /** Adds a page, without what is outdated. */
  add(provider: string, page: Page): void;
  /** Something newer than the poll under way was stored of these incidents. */
  outdate(provider: string, ids: readonly string[]): void;
  /** What of a page is not outdated. */
  withoutOutdated(provider: string, page: Outdatable): Outdatable;
  /** Drops its pages. */
  end(provider: string): void;
  clear(): void;
  /** All pages as one change of the store. */
  toBatch(poll: PollCommit): Batch;
  /** What a provider may ask about its own past. */
  stored(query: StoredQuery): StoredIncidents;
  requestMissing(provider: string, sinceMs: number, max: number): number;
}

export function createPollBuffers(store: Pick<Store, 'stored' | 'idsSince'>): PollBuffers {
  const buffers = new Map<string, PollBuffer>();
  const outdated = new Map<string, Set<string>>();
  const withoutOutdated = (provider: string, { incidents, rejected, deletedIds }: Outdatable): Outdatable => {
    const isCurrent = (id: string | undefined) => id === undefined || outdated.get(provider)?.has(id) !== true;
    return {
      incidents: incidents.filter(({ id }) => isCurrent(id)),
      rejected: rejected.filter(({ id }) => isCurrent(id)),
      deletedIds: deletedIds.filter(isCurrent),
    };
  };
  const find = (provider: string): PollBuffer => {
    const buffer = buffers.get(provider);
    if (buffer === undefined) throw new Error(`no poll of ${provider} is under way`);
    return buffer;
  };
  return {
    begin: (provider) => {
      outdated.set(provider, new Set());
      buffers.set(provider, createPollBuffer(store.stored(provider)));
    },
    find,
    add: (provider, page) => find(provider).add({ ...page, ...withoutOutdated(provider, page) }),
    outdate: (provider, ids) => {
      const known = outdated.get(provider);
      if (known === undefined) return;
      for (const id of ids) known.add(id);
      buffers.get(provider)?.drop(ids);
    },
    withoutOutdated,
    end: (provider) => {
      outdated.delete(provider);
      buffers.delete(provider);
    },
    clear: () => {
      outdated.clear();
      buffers.clear();
    },
    toBatch: ({ provider, ...end }) => ({ ...find(provider).pages(), ...end, provider }),
    stored: ({ provider, withPoll }) => (withPoll ? find(provider).overlay : store.stored(provider)),
    requestMissing: (provider, sinceMs, max) => {
      const buffer = find(provider);
      const missing = buffer.missing(store.idsSince(provider, sinceMs));
      // A platform that lists nothing at all has lost its data, or our key cannot see it.
      if (buffer.size() === 0 || missing.length > max) return missing.length;
      buffer.requestAgain(missing);
      return 0;
    },
  };
}

interface Found {
  readonly incidents: Map<string, Incident>;
  /** Ids of incidents that are made of state changes, by subject; some may be gone from `incidents`. */
  readonly idsBySubject: Map<string, Set<string>>;
  /** By subject, then by the id of the change. */
  readonly stateChanges: Map<string, Map<string, StateChange>>;
  /** By id; records without one by their key. */
  readonly rejected: Map<string, Rejection[]>;
  readonly deletedIds: Set<string>;
  readonly replacedSubjects: Set<string>;
  catalogue: readonly Service[] | undefined;
}

export function createPollBuffer(stored: StoredIncidents): PollBuffer {
  const found: Found = {
    incidents: new Map(),
    idsBySubject: new Map(),
    stateChanges: new Map(),
    rejected: new Map(),
    deletedIds: new Set(),
    replacedSubjects: new Set(),
    catalogue: undefined,
  };
  const requested = new Set<string>();
  const deployments = createPolledDeployments(stored);
  return {
    add: (page) => {
      addPage(found, page);
      deployments.add(page);
    },
    pages: () => ({
      ...deployments.pages(),
      incidents: [...found.incidents.values()],
      stateChanges: [...found.stateChanges.values()].flatMap((stateChanges) => [...stateChanges.values()]),
      rejected: [...found.rejected.values()].flat(),
      deletedIds: [...found.deletedIds],
      replacedSubjects: [...found.replacedSubjects],
      catalogue: found.catalogue,
    }),
    overlay: { ...overlayOn(stored, found, requested), ...deployments.overlay },
    drop: (ids) => {
      for (const id of ids) {
        found.incidents.delete(id);
        found.rejected.delete(id);
        found.deletedIds.delete(id);
      }
    },
    size: () => found.incidents.size,
    missing: (ids) =>
      ids.filter((id) => !found.incidents.has(id) && !found.deletedIds.has(id) && !found.rejected.has(id)),
    requestAgain: (ids) => {
      for (const id of ids) requested.add(id);
    },
  };
}

/** In the order in which commits of the pages would take effect. */
function addPage(found: Found, page: Page): void {
  for (const change of page.stateChanges) {
    const bySubject = found.stateChanges.get(change.subject) ?? new Map<string, StateChange>();
    found.stateChanges.set(change.subject, bySubject.set(change.id, change));
  }
  for (const subject of page.replacedSubjects) {
    for (const id of found.idsBySubject.get(subject) ?? []) found.incidents.delete(id);
    found.replacedSubjects.add(subject);
  }
  for (const incident of page.incidents) {
    const { id, subject } = incident;
    found.rejected.delete(id);
    found.deletedIds.delete(id);
    // Last in the list as it was reported last.
    found.incidents.delete(id);
    found.incidents.set(id, incident);
    if (subject !== undefined) found.idsBySubject.set(subject, (found.idsBySubject.get(subject) ?? new Set()).add(id));
  }
  for (const rejection of page.rejected) {
    const key = rejection.id ?? rejection.key;
    const known = found.rejected.get(key) ?? [];
    const isKnown = known.some((one) => one.key === rejection.key && one.reason === rejection.reason);
    if (!isKnown) found.rejected.set(key, [...known, rejection]);
  }
  for (const id of page.deletedIds) {
    found.incidents.delete(id);
    found.deletedIds.add(id);
  }
  found.catalogue = page.catalogue ?? found.catalogue;
}

function overlayOn(
  stored: StoredIncidents,
  found: Found,
  requested: ReadonlySet<string>,
): Omit<StoredIncidents, keyof PolledDeployments['overlay']> {
  return {
    incidents: (ids) => {
      const incidents = stored.incidents(ids);
      for (const id of ids) {
        const reported = found.incidents.get(id);
        if (reported !== undefined) incidents.set(id, reported);
      }
      return incidents;
    },
    openIds: () => {
      const unreported = [...stored.openIds(), ...requested].filter((id) => !found.incidents.has(id));
      const reported = [...found.incidents.values()].filter(isOpen).map(({ id }) => id);
      const ids = [...new Set([...withoutReplaced(unreported, stored, found), ...reported])];
      return ids.filter((id) => !found.deletedIds.has(id));
    },
    rejectedIds: () => {
      const ids = stored.rejectedIds().filter((id) => !found.incidents.has(id) && !found.deletedIds.has(id));
      return [...new Set([...ids, ...[...found.rejected.values()].flat().flatMap(({ id }) => id ?? [])])];
    },
    stateChanges: (subjects) => {
      const before = stored.stateChanges(subjects);
      return new Map(
        subjects.map((one) => [one, mergeStateChanges(before.get(one) ?? [], found.stateChanges.get(one))]),
      );
    },
    bySubject: (subjects) => {
      const before = stored.bySubject(subjects);
      return new Map(subjects.map((one) => [one, incidentsOfSubject(found, one, before.get(one) ?? [])]));
    },
  };
}

/** As the store has them: each once, in order of time. */
function mergeStateChanges(
  before: readonly StateChange[],
  reported: ReadonlyMap<string, StateChange> | undefined,
): readonly StateChange[] {
  if (reported === undefined) return before;
  const all = new Map([...reported, ...before.map((change) => [change.id, change] as const)]);
  return [...all.values()].sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
}

function incidentsOfSubject(found: Found, subject: string, before: readonly Incident[]): readonly Incident[] {
  const kept = found.replacedSubjects.has(subject) ? [] : before;
  const reported = [...(found.idsBySubject.get(subject) ?? [])].flatMap((id) => found.incidents.get(id) ?? []);
  const ids = new Set(reported.map(({ id }) => id));
  return [...kept.filter(({ id }) => !ids.has(id) && !found.deletedIds.has(id)), ...reported];
}

/** Without incidents of subjects that were reported whole since: what was not reported again is gone. */
function withoutReplaced(ids: readonly string[], stored: StoredIncidents, { replacedSubjects }: Found) {
  if (replacedSubjects.size === 0) return ids;
  const incidents = stored.incidents(ids);
  return ids.filter((id) => !replacedSubjects.has(incidents.get(id)?.subject ?? ''));
}

function isOpen({ resolvedAtMs, merged, exclusion }: Incident): boolean {
  return resolvedAtMs === undefined && !merged && exclusion === undefined;
}
