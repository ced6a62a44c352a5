import { MARKS, STATUSES, type StoredIncident } from '../../model/stored.ts';

/** From this instant on an incident is in this status (index into STATUSES); undefined: it is not open. */
export interface Change {
  readonly atMs: number;
  readonly status: number | undefined;
}

const TRIGGERED = STATUSES.indexOf('triggered');

/**
 * What an incident went through, in order of time, by what is known today: opened and closed as its spans say, further
 * by its stamps while it was open. After its last change an open incident has the status that its platform says.
 */
export function lifeOf(incident: StoredIncident): readonly Change[] {
  const changes: Change[] = [];
  let status: number | undefined;
  for (const { atMs, next } of steps(incident)) {
    const isStamp = next.kind === 'stamp';
    if (isStamp && (status === undefined || next.status <= status)) continue;
    status = next.status;
    changes.push({ atMs, status });
  }
  const last = changes.at(-1);
  if (last !== undefined && last.status !== undefined && last.status !== incident.status) {
    changes.push({ atMs: last.atMs, status: incident.status });
  }
  return changes;
}

type Next = { readonly kind: 'span'; readonly status: number | undefined } | { readonly kind: 'stamp'; status: number };

function steps(incident: StoredIncident): { readonly atMs: number; readonly next: Next }[] {
  const { acknowledgedAtMs, identifiedAtMs, mitigatedAtMs } = incident;
  const spans = closedIfMerged(incident).map((atMs, place) => {
    const next: Next = { kind: 'span', status: place % 2 === 0 ? TRIGGERED : undefined };
    return { atMs, next };
  });
  const stamped = [
    [acknowledgedAtMs, STATUSES.indexOf('acknowledged')],
    [identifiedAtMs, STATUSES.indexOf('identified')],
    [mitigatedAtMs, STATUSES.indexOf('mitigated')],
  ] as const;
  const stamps = stamped.flatMap(([atMs, status]) => {
    const next: Next = { kind: 'stamp', status };
    return atMs === undefined ? [] : [{ atMs, next }];
  });
  return [...spans, ...stamps].sort((one, other) => one.atMs - other.atMs);
}

/** Open and close instants in turn. A merged incident is not open any more, whether or not the platform says since when. */
function closedIfMerged({ spans, triggeredAtMs, resolvedAtMs, marks }: StoredIncident): readonly number[] {
  const known = spans ?? (resolvedAtMs === undefined ? [triggeredAtMs] : [triggeredAtMs, resolvedAtMs]);
  const isMerged = (marks & MARKS.merged) !== 0;
  return isMerged && known.length % 2 === 1 ? [...known, known.at(-1) ?? triggeredAtMs] : known;
}
