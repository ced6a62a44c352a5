import type { Incident, StateChange } from '../../model/incident.ts';
import type { StoredState } from '../../model/poll.ts';
import { type AlarmAttributes, hasAttributes, withAttributes } from './derive-incidents.ts';

/** Signals and incidents of each alarm, from the store and from this poll. An alarm is read from the store on first use. */
export interface AlarmCache {
  load(subjects: Iterable<string>): Promise<void>;
  /** Adds state changes and returns those that were new. */
  addSignals(stateChanges: readonly StateChange[]): Promise<readonly StateChange[]>;
  subjects(): readonly string[];
  /** The state changes of a loaded subject since it was last OK before `fromMs`: no later signal changes the incidents before that. */
  findSinceOk(subject: string, fromMs: number): SignalRange;
  /** True when the loaded subject is known to have changed to this state at this time. */
  hasSignal(subject: string, atMs: number, kind: string): boolean;
  /** The newest incident of a loaded subject, as last reported by this poll, else as stored. */
  findLastIncident(subject: string): Incident | undefined;
  /** An open incident of a loaded subject, as last reported by this poll, else as stored. */
  findOpenIncident(subject: string): Incident | undefined;
  /** Replaces the incidents after `afterMs`, applies the attributes to all incidents of the alarm, and returns what changed. */
  updateIncidents(subject: string, update: IncidentUpdate): IncidentChanges;
}

/** Signals of one subject, ordered by time. */
export interface SignalRange {
  readonly stateChanges: readonly StateChange[];
  /** All of them are later than this. */
  readonly afterMs: number;
}

export interface IncidentUpdate {
  readonly afterMs: number;
  /** All incidents triggered after `afterMs`, ascending. */
  readonly incidents: readonly Incident[];
  /** Undefined when nothing needed them. */
  readonly attributes: AlarmAttributes | undefined;
}

export interface IncidentChanges {
  readonly changed: readonly Incident[];
  /** Ids of incidents that no longer exist. */
  readonly missingIds: readonly string[];
  /** An anchor or an end moved, so an incident may be stored under another id or recovery key. */
  readonly isMoved: boolean;
  /** All incidents of the subject. */
  readonly all: () => readonly Incident[];
}

interface Entry {
  /** Ordered by time. */
  readonly stateChanges: StateChange[];
  readonly signalIds: Set<string>;
  /** Ascending by trigger time. */
  readonly incidents: Incident[];
  /** The attributes last applied, as JSON. */
  attributes: string | undefined;
}

/** An empty cache over the stored state. */
export function createAlarmCache(known: StoredState): AlarmCache {
  const entries = new Map<string, Entry>();
  const getEntry = (subject: string): Entry => {
    const entry = entries.get(subject);
    if (entry === undefined) throw new Error('an alarm was used before it was loaded');
    return entry;
  };
  async function load(subjects: Iterable<string>): Promise<void> {
    const unread = [...new Set(subjects)].filter((subject) => !entries.has(subject));
    if (unread.length === 0) return;
    const [stateChanges, incidents] = [await known.stateChanges(unread), await known.bySubject(unread)];
    for (const subject of unread) {
      const storedSignals = stateChanges.get(subject) ?? [];
      const storedIncidents = incidents.get(subject) ?? [];
      entries.set(subject, {
        stateChanges: storedSignals.toSorted((a, b) => a.atMs - b.atMs),
        signalIds: new Set(storedSignals.map(({ id }) => id)),
        incidents: storedIncidents.toSorted((a, b) => a.triggeredAtMs - b.triggeredAtMs),
        attributes: undefined,
      });
    }
  }
  return {
    load,
    async addSignals(stateChanges) {
      await load(stateChanges.map(({ subject }) => subject));
      return stateChanges.filter((signal) => {
        const entry = getEntry(signal.subject);
        if (entry.signalIds.has(signal.id)) return false;
        entry.signalIds.add(signal.id);
        insertByTime(entry.stateChanges, signal);
        return true;
      });
    },
    subjects: () => [...entries.keys()],
    findSinceOk: (subject, fromMs) => sliceSinceOk(getEntry(subject).stateChanges, fromMs),
    hasSignal: (subject, atMs, kind) =>
      getEntry(subject).stateChanges.some((signal) => signal.atMs === atMs && signal.kind === kind),
    findLastIncident: (subject) => getEntry(subject).incidents.at(-1),
    findOpenIncident: (subject) => getEntry(subject).incidents.find(({ status }) => status !== 'resolved'),
    updateIncidents: (subject, update) => updateEntry(getEntry(subject), update),
  };
}

/** History is ordered by time except for late items, so the position is nearly always the end. */
function insertByTime(stateChanges: StateChange[], signal: StateChange): void {
  let index = stateChanges.length;
  while (index > 0 && (stateChanges[index - 1]?.atMs ?? 0) > signal.atMs) index -= 1;
  stateChanges.splice(index, 0, signal);
}

function sliceSinceOk(stateChanges: readonly StateChange[], fromMs: number): SignalRange {
  for (let end = stateChanges.length; end > 0; end = findSameTimeStart(stateChanges, end)) {
    const simultaneous = stateChanges.slice(findSameTimeStart(stateChanges, end), end);
    const { atMs = 0 } = simultaneous[0] ?? {};
    // The order of changes with equal timestamps is unknown.
    if (atMs < fromMs && simultaneous.every(({ kind }) => kind === 'OK'))
      return { stateChanges: stateChanges.slice(end), afterMs: atMs };
  }
  return { stateChanges, afterMs: Number.NEGATIVE_INFINITY };
}

/** Index of the first signal with the same time as the last one before `end`. */
function findSameTimeStart(stateChanges: readonly StateChange[], end: number): number {
  let start = end - 1;
  while (start > 0 && stateChanges[start - 1]?.atMs === stateChanges[end - 1]?.atMs) start -= 1;
  return start;
}

function updateEntry(entry: Entry, { afterMs, incidents, attributes }: IncidentUpdate): IncidentChanges {
  const first = entry.incidents.findLastIndex(({ triggeredAtMs }) => triggeredAtMs <= afterMs) + 1;
  const before = new Map(entry.incidents.splice(first).map((incident) => [incident.id, incident]));
  const updated = applyAttributes(entry, attributes);
  entry.incidents.push(...incidents);
  const current = new Map(incidents.map((incident) => [incident.id, incident]));
  const missingIds = [...before.keys()].filter((id) => !current.has(id));
  const hasMovedEnd = ({ id, recoveryKey }: Incident) =>
    recoveryKey !== undefined && current.get(id)?.recoveryKey !== recoveryKey;
  const changed = incidents.filter(
    (incident) => toComparableText(incident) !== toComparableText(before.get(incident.id)),
  );
  return {
    changed: [...updated, ...changed],
    missingIds,
    isMoved: missingIds.length > 0 || [...before.values()].some(hasMovedEnd),
    all: () => [...entry.incidents],
  };
}

/** Applies the attributes to all cached incidents and returns those that changed. Does nothing when they were applied before. */
function applyAttributes(entry: Entry, attributes: AlarmAttributes | undefined): Incident[] {
  const text = JSON.stringify(attributes);
  if (attributes === undefined || text === entry.attributes) return [];
  entry.attributes = text;
  const changed: Incident[] = [];
  for (const [index, incident] of entry.incidents.entries()) {
    if (hasAttributes(incident, attributes)) continue;
    const updated = withAttributes(incident, attributes);
    entry.incidents[index] = updated;
    changed.push(updated);
  }
  return changed;
}

/** All fields that may change between two reports of an incident; the store returns absent fields as undefined ones. */
function toComparableText(incident: Incident | undefined): string {
  if (incident === undefined) return '';
  const { recoveryKey, status, triggeredAtMs, resolvedAtMs, exclusion, fingerprint, serviceName, severity, team } =
    incident;
  const times = [triggeredAtMs, resolvedAtMs, incident.updatedAtMs];
  return JSON.stringify([recoveryKey, status, times, exclusion, fingerprint, serviceName, severity.tag, team]);
}
