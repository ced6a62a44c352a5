import type { Incident, Signal } from '../../model/incident.ts';
import type { Known } from '../../model/poll.ts';

/** What this poll and all before it have heard, alarm by alarm: the store's part is read when an alarm is first touched. */
export interface Book {
  load(subjects: Iterable<string>): Promise<void>;
  /** Enters signals and gives those that were not there. */
  learn(signals: readonly Signal[]): Promise<readonly Signal[]>;
  subjects(): readonly string[];
  /** All signals of a loaded subject, in no order. */
  signalsOf(subject: string): readonly Signal[];
  /** The incidents of a loaded subject as the store has them, or as this poll told them last. */
  incidentsOf(subject: string): readonly Incident[];
  /** Enters all incidents of a subject and says what is new about them. */
  tell(subject: string, incidents: readonly Incident[]): Told;
}

export interface Told {
  readonly changed: readonly Incident[];
  /** Ids that are no more. */
  readonly missingIds: readonly string[];
  /** An anchor or an end moved, so an incident may be known by another id or recovery than before. */
  readonly isMoved: boolean;
}

interface Entry {
  readonly signals: Map<string, Signal>;
  incidents: Map<string, Incident>;
}

/** An empty book over what the store holds. */
export function createBook(known: Known): Book {
  const entries = new Map<string, Entry>();
  const entryOf = (subject: string): Entry => {
    const entry = entries.get(subject);
    if (entry === undefined) throw new Error('an alarm was used before it was loaded');
    return entry;
  };
  async function load(subjects: Iterable<string>): Promise<void> {
    const unread = [...new Set(subjects)].filter((subject) => !entries.has(subject));
    if (unread.length === 0) return;
    const [signals, incidents] = [await known.signals(unread), await known.bySubject(unread)];
    for (const subject of unread) {
      entries.set(subject, {
        signals: new Map((signals.get(subject) ?? []).map((signal) => [signal.id, signal])),
        incidents: new Map((incidents.get(subject) ?? []).map((incident) => [incident.id, incident])),
      });
    }
  }
  return {
    load,
    async learn(signals) {
      await load(signals.map(({ subject }) => subject));
      return signals.filter((signal) => {
        const heard = entryOf(signal.subject).signals;
        if (heard.has(signal.id)) return false;
        heard.set(signal.id, signal);
        return true;
      });
    },
    subjects: () => [...entries.keys()],
    signalsOf: (subject) => [...entryOf(subject).signals.values()],
    incidentsOf: (subject) => [...entryOf(subject).incidents.values()],
    tell(subject, incidents) {
      const entry = entryOf(subject);
      const before = entry.incidents;
      entry.incidents = new Map(incidents.map((incident) => [incident.id, incident]));
      const missingIds = [...before.keys()].filter((id) => !entry.incidents.has(id));
      const isMovedEnd = ({ id, recoveryKey }: Incident) =>
        recoveryKey !== undefined && entry.incidents.get(id)?.recoveryKey !== recoveryKey;
      return {
        changed: incidents.filter((incident) => textOf(incident) !== textOf(before.get(incident.id))),
        missingIds,
        isMoved: missingIds.length > 0 || [...before.values()].some(isMovedEnd),
      };
    },
  };
}

/** Everything that may differ between two tellings of one incident; the store gives absent fields back as undefined ones. */
function textOf(incident: Incident | undefined): string {
  if (incident === undefined) return '';
  const { recoveryKey, status, triggeredAtMs, resolvedAtMs, setApart, fingerprint, serviceName, severity } = incident;
  const times = [triggeredAtMs, resolvedAtMs, incident.updatedAtMs];
  return JSON.stringify([recoveryKey, status, times, setApart, fingerprint, serviceName, severity.tag]);
}
