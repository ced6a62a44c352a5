import type { Incident, Rejection, Service, Signal } from '../model/incident.ts';
import type { Known, Page } from '../model/poll.ts';
import type { Clock } from '../model/time.ts';
import { judgePage } from './merge.ts';

/** What a reading found, as one page; where the provider stands after it is not part of it. */
export type Gathered = Omit<Page, 'cursor' | 'complete'>;

/** Pages that are not committed yet, laid over the store. */
export interface Gathering {
  /** What the store would say if all these pages were committed. */
  readonly known: Known;
  add(page: Page): void;
  /** How many incidents were told. */
  size(): number;
  /** Those that were neither told nor rejected nor deleted so far. */
  unseen(ids: readonly string[]): readonly string[];
  /** Lets the next poll ask for these as if they were open: each platform is asked for what was open and is in no list. */
  askFor(ids: readonly string[]): void;
  /** Each incident once, as it was told last. */
  gathered(): Gathered;
}

interface Found {
  readonly incidents: Map<string, Incident>;
  /** Ids of incidents that are made of signals, by subject; some may be gone from `incidents`. */
  readonly idsBySubject: Map<string, Set<string>>;
  /** By subject, then by the signal's id. */
  readonly signals: Map<string, Map<string, Signal>>;
  /** By key and reason. */
  readonly rejected: Map<string, Rejection>;
  readonly deletedIds: Set<string>;
  readonly wholeSubjects: Set<string>;
  catalogue: readonly Service[] | undefined;
}

/** Gathers pages over what the store knows; records are judged when they come. */
export function createGathering(stored: Known, { nowMs }: Pick<Clock, 'nowMs'>): Gathering {
  const found: Found = {
    incidents: new Map(),
    idsBySubject: new Map(),
    signals: new Map(),
    rejected: new Map(),
    deletedIds: new Set(),
    wholeSubjects: new Set(),
    catalogue: undefined,
  };
  const asked = new Set<string>();
  return {
    known: knownWith(stored, found, asked),
    add: (page) => take(found, judgePage(page, nowMs())),
    size: () => found.incidents.size,
    unseen: (ids) => {
      const rejectedIds = new Set([...found.rejected.values()].map(({ id }) => id));
      return ids.filter((id) => !found.incidents.has(id) && !found.deletedIds.has(id) && !rejectedIds.has(id));
    },
    askFor: (ids) => ids.forEach((id) => asked.add(id)),
    gathered: () => ({
      incidents: [...found.incidents.values()],
      signals: [...found.signals.values()].flatMap((signals) => [...signals.values()]),
      rejected: [...found.rejected.values()],
      deletedIds: [...found.deletedIds],
      wholeSubjects: [...found.wholeSubjects],
      catalogue: found.catalogue,
    }),
  };
}

/** In the order in which commits of the pages would take effect. */
function take(found: Found, page: Page): void {
  for (const signal of page.signals) {
    const ofSubject = found.signals.get(signal.subject) ?? new Map<string, Signal>();
    found.signals.set(signal.subject, ofSubject.set(signal.id, signal));
  }
  for (const subject of page.wholeSubjects) {
    for (const id of found.idsBySubject.get(subject) ?? []) found.incidents.delete(id);
    found.wholeSubjects.add(subject);
  }
  const told = new Set(page.incidents.map(({ id }) => id));
  for (const [key, { id }] of found.rejected) if (id !== undefined && told.has(id)) found.rejected.delete(key);
  for (const incident of page.incidents) takeIncident(found, incident);
  for (const rejection of page.rejected) found.rejected.set(`${rejection.key} ${rejection.reason}`, rejection);
  for (const id of page.deletedIds) {
    found.incidents.delete(id);
    found.deletedIds.add(id);
  }
  found.catalogue = page.catalogue ?? found.catalogue;
}

function takeIncident({ incidents, idsBySubject, deletedIds }: Found, incident: Incident): void {
  const { id, subject } = incident;
  incidents.set(id, incident);
  deletedIds.delete(id);
  if (subject === undefined) return;
  const ids = idsBySubject.get(subject) ?? new Set();
  idsBySubject.set(subject, ids.add(id));
}

function knownWith(stored: Known, found: Found, asked: ReadonlySet<string>): Known {
  return {
    incidents: async (ids) => {
      const incidents = new Map(await stored.incidents(ids));
      for (const id of ids) {
        const told = found.incidents.get(id);
        if (told !== undefined) incidents.set(id, told);
      }
      return incidents;
    },
    openIds: async () => {
      const untold = [...(await stored.openIds()), ...asked].filter((id) => !found.incidents.has(id));
      const ids = await withoutReplaced(untold, stored, found);
      const told = [...found.incidents.values()].filter(isOpen).map(({ id }) => id);
      return [...new Set([...ids, ...told])].filter((id) => !found.deletedIds.has(id));
    },
    rejectedIds: async () => {
      const ids = (await stored.rejectedIds()).filter((id) => !found.incidents.has(id) && !found.deletedIds.has(id));
      return [...new Set([...ids, ...[...found.rejected.values()].flatMap(({ id }) => id ?? [])])];
    },
    signals: async (subjects) => {
      const before = await stored.signals(subjects);
      return new Map(subjects.map((one) => [one, joined(before.get(one) ?? [], found.signals.get(one))]));
    },
    bySubject: async (subjects) => {
      const before = await stored.bySubject(subjects);
      return new Map(subjects.map((one) => [one, incidentsOf(found, one, before.get(one) ?? [])]));
    },
  };
}

/** As the store has them: each once, in order of time. */
function joined(before: readonly Signal[], told: ReadonlyMap<string, Signal> | undefined): readonly Signal[] {
  if (told === undefined) return before;
  const all = new Map([...told, ...before.map((signal) => [signal.id, signal] as const)]);
  return [...all.values()].sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
}

function incidentsOf(found: Found, subject: string, before: readonly Incident[]): readonly Incident[] {
  const kept = found.wholeSubjects.has(subject) ? [] : before;
  const told = [...(found.idsBySubject.get(subject) ?? [])].flatMap((id) => found.incidents.get(id) ?? []);
  const toldIds = new Set(told.map(({ id }) => id));
  return [...kept.filter(({ id }) => !toldIds.has(id) && !found.deletedIds.has(id)), ...told];
}

/** Without incidents of subjects that were told whole since: what was not told again is gone. */
async function withoutReplaced(ids: readonly string[], stored: Known, { wholeSubjects }: Found) {
  if (wholeSubjects.size === 0) return ids;
  const incidents = await stored.incidents(ids);
  return ids.filter((id) => !wholeSubjects.has(incidents.get(id)?.subject ?? ''));
}

function isOpen({ resolvedAtMs, merged, setApart }: Incident): boolean {
  return resolvedAtMs === undefined && !merged && setApart === undefined;
}
