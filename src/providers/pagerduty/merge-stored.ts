import type { Incident, Rejection, StateChange } from '../../model/incident.ts';
import type { StoredState } from '../../model/poll.ts';
import { buildIncident, toRecord, unloggedReopenMs } from './build-incident.ts';
import type { IncidentRecord } from './schema.ts';
import { toReopen } from './state-changes.ts';

/** What was just read. Records by the incident's id. */
export interface ReadRecords {
  readonly records: ReadonlyMap<string, IncidentRecord>;
  readonly stateChanges: readonly StateChange[];
  /**
   * True when all of the log up to now is known: an incident that is open although its log closed it was then reopened
   * without a word, and a state change keeps when that was seen.
   */
  readonly isLogWhole: boolean;
}

/** What is to be stored of it. */
export interface MergeResult {
  readonly incidents: readonly Incident[];
  readonly stateChanges: readonly StateChange[];
  readonly rejected: readonly Rejection[];
}

/** Joins what was read with what is stored: each incident that either side names is built anew from all of its log. */
export async function mergeStored(
  store: StoredState,
  { records, stateChanges, isLogWhole }: ReadRecords,
): Promise<MergeResult> {
  const ids = [...new Set([...records.keys(), ...stateChanges.map(({ subject }) => subject)])];
  const [stored, storedChanges] = await Promise.all([store.incidents(ids), store.stateChanges(ids)]);
  const fresh = Map.groupBy(stateChanges, ({ subject }) => subject);
  const incidents: Incident[] = [];
  const rejected: Rejection[] = [];
  const added: StateChange[] = [];
  for (const id of ids) {
    const before = stored.get(id);
    const now = newestRecord(records.get(id), before);
    // Of an incident that is older than the history only the log is kept.
    if (now === undefined) continue;
    const log = [...(storedChanges.get(id) ?? []), ...(fresh.get(id) ?? [])];
    const reopenedAtMs = isLogWhole ? unloggedReopenMs(now, log, findStoredEnd(before)) : undefined;
    if (reopenedAtMs !== undefined) {
      const reopening = toReopen(id, reopenedAtMs);
      added.push(reopening);
      log.push(reopening);
    }
    const made = buildIncident(now, log);
    if ('reason' in made) rejected.push(made);
    else incidents.push(made);
  }
  return { incidents, stateChanges: [...stateChanges, ...added], rejected };
}

/** Lists may lag behind one another: what is stored may be newer than what was read. */
function newestRecord(read: IncidentRecord | undefined, stored: Incident | undefined): IncidentRecord | undefined {
  if (stored === undefined) return read;
  if (read === undefined || read.updatedAtMs < stored.updatedAtMs) return toRecord(stored);
  return read;
}

function findStoredEnd(stored: Incident | undefined): number | undefined {
  return stored?.status === 'resolved' ? stored.resolvedAtMs : undefined;
}
