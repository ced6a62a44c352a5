import type { Incident, Rejection, StateChange } from '../../model/incident.ts';
import type { StoredState } from '../../model/poll.ts';
import { assemble, factsOf, unloggedReopenMs } from './assemble.ts';
import type { IncidentFacts } from './schema.ts';
import { reopenSignal } from './state-changes.ts';

/** What was just read. Facts by the incident's id. */
export interface Reading {
  readonly facts: ReadonlyMap<string, IncidentFacts>;
  readonly stateChanges: readonly StateChange[];
  /**
   * True when all of the log up to now is known: an incident that is open although its log closed it was then reopened
   * without a word, and a signal keeps when that was seen.
   */
  readonly isLogWhole: boolean;
}

/** What is to be stored of it. */
export interface Combined {
  readonly incidents: readonly Incident[];
  readonly stateChanges: readonly StateChange[];
  readonly rejected: readonly Rejection[];
}

/** Joins what was read with what is stored: each incident that either side names is assembled anew from all of its log. */
export async function combine(known: StoredState, { facts, stateChanges, isLogWhole }: Reading): Promise<Combined> {
  const ids = [...new Set([...facts.keys(), ...stateChanges.map(({ subject }) => subject)])];
  const [stored, told] = await Promise.all([known.incidents(ids), known.stateChanges(ids)]);
  const fresh = Map.groupBy(stateChanges, ({ subject }) => subject);
  const incidents: Incident[] = [];
  const rejected: Rejection[] = [];
  const added: StateChange[] = [];
  for (const id of ids) {
    const before = stored.get(id);
    const now = newestFacts(facts.get(id), before);
    // Of an incident that is older than the history only the log is kept.
    if (now === undefined) continue;
    const log = [...(told.get(id) ?? []), ...(fresh.get(id) ?? [])];
    const reopenedAtMs = isLogWhole ? unloggedReopenMs(now, log, endOfStored(before)) : undefined;
    if (reopenedAtMs !== undefined) {
      const reopening = reopenSignal(id, reopenedAtMs);
      added.push(reopening);
      log.push(reopening);
    }
    const made = assemble(now, log);
    if ('reason' in made) rejected.push(made);
    else incidents.push(made);
  }
  return { incidents, stateChanges: [...stateChanges, ...added], rejected };
}

/** Lists may lag behind one another: what is stored may be newer than what was read. */
function newestFacts(read: IncidentFacts | undefined, stored: Incident | undefined): IncidentFacts | undefined {
  if (stored === undefined) return read;
  if (read === undefined || read.updatedAtMs < stored.updatedAtMs) return factsOf(stored);
  return read;
}

function endOfStored(stored: Incident | undefined): number | undefined {
  return stored?.status === 'resolved' ? stored.resolvedAtMs : undefined;
}
