import type { Incident, Rejection } from '../model/incident.ts';
import { MARKS } from '../model/stored.ts';
import type { StoreEngine } from './engine.ts';
import { type IncidentRow, instant, number } from './incident-row.ts';

/** The stored rows that a batch touches. */
export interface LoadedRows {
  /** Reported or deleted incidents, those of the same recovery, and all of `replacedSubjects`. */
  readonly incidents: readonly IncidentRow[];
  /** Incidents of the provider of which something may still have to be counted. */
  readonly pending: readonly IncidentRow[];
  /** Ends that the ledger has of incidents that are open again, by row. */
  readonly countedEndsMs: ReadonlyMap<number, number>;
  /** `rejectionKey` of the rejections of this batch that are known already. */
  readonly knownRejections: ReadonlySet<string>;
  /** Ids of rejected records that are asked for again. */
  readonly waitingIds: ReadonlySet<string>;
}

/** What a batch touches. */
export interface Touched {
  readonly incidents: readonly Pick<Incident, 'id' | 'subject' | 'recoveryKey'>[];
  readonly deletedIds?: readonly string[];
  readonly replacedSubjects?: readonly string[];
  readonly rejected?: readonly Rejection[];
}

export function rejectionKey({ key, reason }: Pick<Rejection, 'key' | 'reason'>): string {
  return `${reason} ${key}`;
}

export function loadTouched(
  engine: StoreEngine,
  provider: number,
  { incidents: reported, deletedIds = [], replacedSubjects = [], rejected = [] }: Touched,
  isPendingWanted: boolean,
): LoadedRows {
  const incidents: IncidentRow[] = [];
  for (const { id, subject, recoveryKey } of reported) {
    const known = engine.incidents('byId', provider, id);
    const isMoved = known.length === 0 && subject !== undefined && recoveryKey !== undefined;
    incidents.push(...(isMoved ? engine.incidents('byRecovery', provider, subject, recoveryKey) : known));
  }
  for (const id of deletedIds) incidents.push(...engine.incidents('byId', provider, id));
  for (const subject of replacedSubjects) incidents.push(...engine.incidents('bySubject', provider, subject));
  const countedEndsMs = new Map<number, number>();
  for (const one of incidents) {
    const row = number(one, 'row');
    const isOpenAgain = (number(one, 'marks') & MARKS.counted) !== 0 && instant(one, 'resolved_ms') === undefined;
    const endMs = isOpenAgain ? engine.countedEndMs(row) : undefined;
    if (endMs !== undefined) countedEndsMs.set(row, endMs);
  }
  return {
    incidents,
    pending: isPendingWanted ? engine.incidents('pending', provider) : [],
    countedEndsMs,
    knownRejections: new Set(rejected.filter((one) => engine.isRejected(provider, one)).map(rejectionKey)),
    waitingIds: new Set(engine.rejectedIds(provider)),
  };
}
