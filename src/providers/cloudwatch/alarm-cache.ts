import type { Incident, Signal } from '../../model/incident.ts';
import type { Known } from '../../model/poll.ts';
import { type AlarmAttributes, hasAttributes, withAttributes } from './derive-incidents.ts';

/** What this poll and all before it have heard, alarm by alarm: the store's part is read when an alarm is first touched. */
export interface AlarmCache {
  load(subjects: Iterable<string>): Promise<void>;
  /** Enters signals and gives those that were not there. */
  learn(signals: readonly Signal[]): Promise<readonly Signal[]>;
  subjects(): readonly string[];
  /** What happened to a loaded subject since it was last OK before `fromMs`: nothing later changes what came before. */
  since(subject: string, fromMs: number): Stretch;
  /** True when the loaded subject is known to have come into this state at this time. */
  hasSignal(subject: string, atMs: number, kind: string): boolean;
  /** The newest incident of a loaded subject, as the store has it or as this poll told it last. */
  lastIncident(subject: string): Incident | undefined;
  /** One that is open, as the store has it or as this poll told it last. */
  openIncident(subject: string): Incident | undefined;
  /** Enters the incidents of a stretch, and the facts of all incidents of the alarm; says what is new about them. */
  tell(subject: string, telling: IncidentUpdate): IncidentChanges;
}

/** Signals of one subject in order of time. */
export interface Stretch {
  readonly signals: readonly Signal[];
  /** All of them are later than this. */
  readonly afterMs: number;
}

export interface IncidentUpdate {
  readonly afterMs: number;
  /** All that were triggered after that, ascending. */
  readonly incidents: readonly Incident[];
  /** Absent where they were not needed. */
  readonly attributes: AlarmAttributes | undefined;
}

export interface IncidentChanges {
  readonly changed: readonly Incident[];
  /** Ids that are no more. */
  readonly missingIds: readonly string[];
  /** An anchor or an end moved, so an incident may be known by another id or recovery than before. */
  readonly isMoved: boolean;
  /** All incidents of the subject. */
  readonly all: () => readonly Incident[];
}

interface Entry {
  /** In order of time. */
  readonly signals: Signal[];
  readonly signalIds: Set<string>;
  /** Ascending by trigger. */
  readonly incidents: Incident[];
  /** What all incidents were last given. */
  attributes: string | undefined;
}

/** An empty book over what the store holds. */
export function createAlarmCache(known: Known): AlarmCache {
  const entries = new Map<string, Entry>();
  const getEntry = (subject: string): Entry => {
    const entry = entries.get(subject);
    if (entry === undefined) throw new Error('an alarm was used before it was loaded');
    return entry;
  };
  async function load(subjects: Iterable<string>): Promise<void> {
    const unread = [...new Set(subjects)].filter((subject) => !entries.has(subject));
    if (unread.length === 0) return;
    const [signals, incidents] = [await known.signals(unread), await known.bySubject(unread)];
    for (const subject of unread) {
      const told = signals.get(subject) ?? [];
      const stored = incidents.get(subject) ?? [];
      entries.set(subject, {
        signals: told.toSorted((a, b) => a.atMs - b.atMs),
        signalIds: new Set(told.map(({ id }) => id)),
        incidents: stored.toSorted((a, b) => a.triggeredAtMs - b.triggeredAtMs),
        attributes: undefined,
      });
    }
  }
  return {
    load,
    async learn(signals) {
      await load(signals.map(({ subject }) => subject));
      return signals.filter((signal) => {
        const entry = getEntry(signal.subject);
        if (entry.signalIds.has(signal.id)) return false;
        entry.signalIds.add(signal.id);
        insert(entry.signals, signal);
        return true;
      });
    },
    subjects: () => [...entries.keys()],
    since: (subject, fromMs) => findSinceOk(getEntry(subject).signals, fromMs),
    hasSignal: (subject, atMs, kind) =>
      getEntry(subject).signals.some((signal) => signal.atMs === atMs && signal.kind === kind),
    lastIncident: (subject) => getEntry(subject).incidents.at(-1),
    openIncident: (subject) => getEntry(subject).incidents.find(({ status }) => status !== 'resolved'),
    tell: (subject, telling) => tell(getEntry(subject), telling),
  };
}

/** History comes in order of time but for what is shown late, so the place is nearly always the end. */
function insert(signals: Signal[], signal: Signal): void {
  let place = signals.length;
  while (place > 0 && (signals[place - 1]?.atMs ?? 0) > signal.atMs) place -= 1;
  signals.splice(place, 0, signal);
}

function findSinceOk(signals: readonly Signal[], fromMs: number): Stretch {
  for (let end = signals.length; end > 0; end = startOfSameTime(signals, end)) {
    const moment = signals.slice(startOfSameTime(signals, end), end);
    const { atMs = 0 } = moment[0] ?? {};
    // Of changes at one and the same time nobody knows which came last.
    if (atMs < fromMs && moment.every(({ kind }) => kind === 'OK'))
      return { signals: signals.slice(end), afterMs: atMs };
  }
  return { signals, afterMs: Number.NEGATIVE_INFINITY };
}

/** Where the signals begin that came at the same time as the last one before `end`. */
function startOfSameTime(signals: readonly Signal[], end: number): number {
  let start = end - 1;
  while (start > 0 && signals[start - 1]?.atMs === signals[end - 1]?.atMs) start -= 1;
  return start;
}

function tell(entry: Entry, { afterMs, incidents, attributes }: IncidentUpdate): IncidentChanges {
  const first = entry.incidents.findLastIndex(({ triggeredAtMs }) => triggeredAtMs <= afterMs) + 1;
  const before = new Map(entry.incidents.splice(first).map((incident) => [incident.id, incident]));
  const updated = applyAttributes(entry, attributes);
  entry.incidents.push(...incidents);
  const told = new Map(incidents.map((incident) => [incident.id, incident]));
  const missingIds = [...before.keys()].filter((id) => !told.has(id));
  const isMovedEnd = ({ id, recoveryKey }: Incident) =>
    recoveryKey !== undefined && told.get(id)?.recoveryKey !== recoveryKey;
  const changed = incidents.filter(
    (incident) => toComparableText(incident) !== toComparableText(before.get(incident.id)),
  );
  return {
    changed: [...updated, ...changed],
    missingIds,
    isMoved: missingIds.length > 0 || [...before.values()].some(isMovedEnd),
    all: () => [...entry.incidents],
  };
}

/** Gives all incidents that are entered the facts of their alarm, and those that had others back; once for the same facts. */
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

/** Everything that may differ between two tellings of one incident; the store gives absent fields back as undefined ones. */
function toComparableText(incident: Incident | undefined): string {
  if (incident === undefined) return '';
  const { recoveryKey, status, triggeredAtMs, resolvedAtMs, setApart, fingerprint, serviceName, severity } = incident;
  const times = [triggeredAtMs, resolvedAtMs, incident.updatedAtMs];
  return JSON.stringify([recoveryKey, status, times, setApart, fingerprint, serviceName, severity.tag]);
}
