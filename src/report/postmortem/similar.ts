import { isKept, recoveryMs, type StoredIncident } from '../../model/stored.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { History } from '../../store/history.ts';

/** Earlier incidents that are named; the others are counted. */
const NAMED_MAX = 5;

export interface SimilarIncident {
  readonly id: string;
  readonly url: string | undefined;
  readonly triggeredAtMs: number;
  /** Its recovery; undefined without one. */
  readonly minutes: number | undefined;
}

/** Earlier incidents of the same trouble. */
export interface Similar {
  readonly count: number;
  /** The last ones, the newest first. */
  readonly last: readonly SimilarIncident[];
}

/** Finds those with the same fingerprint that were triggered earlier. */
export function similarTo(
  incident: StoredIncident,
  { history, reopened }: { readonly history: History; readonly reopened: 'last' | 'first' | 'sum' },
): Similar {
  let count = 0;
  let newest: StoredIncident[] = [];
  history.each((other) => {
    if (other.fingerprint !== incident.fingerprint || other.row === incident.row || !isKept(other.marks)) return;
    if (!isEarlier(other, incident)) return;
    count += 1;
    newest.push(other);
    if (newest.length > NAMED_MAX) newest = newest.sort(byTrigger).slice(0, NAMED_MAX);
  });
  newest.sort(byTrigger);
  const last = history.recorded(newest.map(({ row }) => row)).map(({ incident: found, stored }) => {
    const ms = recoveryMs(stored, reopened);
    const { id, url, triggeredAtMs } = found;
    return { id, url, triggeredAtMs, minutes: ms === undefined ? undefined : ms / MINUTE_MS };
  });
  return { count, last };
}

function isEarlier(other: StoredIncident, incident: StoredIncident): boolean {
  return byTrigger(incident, other) < 0;
}

/** The newest first. */
function byTrigger(a: StoredIncident, b: StoredIncident): number {
  return b.triggeredAtMs - a.triggeredAtMs || b.row - a.row;
}
