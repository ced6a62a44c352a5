import { type FacetLabels, MARKS, STATUSES, type StoredIncident } from '../../model/stored.ts';
import type { OpenRow } from '../../stats/rows.ts';
import { SortedNumbers } from '../../stats/sorted-numbers.ts';
import { lifeOf } from './life.ts';

/** What was open at instants of the past, per combination of base labels, by what is known today. */
export interface OpenPast {
  /** Takes an incident that statistics see. */
  put(incident: StoredIncident, labels: FacetLabels): void;
  /** All combinations that had an incident by then; the same objects each time. Instants must not descend. */
  at(ms: number): readonly OpenRow[];
}

/** One combination of base labels as it stands at the instant that is looked at. */
class PastRow implements OpenRow {
  readonly provider: string;
  readonly service: string;
  readonly severity: string;
  readonly team: string;
  readonly open: number[] = STATUSES.map(() => 0);
  lastResolvedAtMs: number | undefined;
  version = 0;
  readonly #openSince = new SortedNumbers();

  constructor({ provider, service, severity, team }: Omit<FacetLabels, 'excluded'>) {
    this.provider = provider;
    this.service = service;
    this.severity = severity;
    this.team = team;
  }

  get oldestAtMs(): number | undefined {
    return this.#openSince.at(0);
  }

  /** An incident that was triggered then goes from one status to another. */
  move({ triggeredAtMs, from, to }: Move): void {
    this.version += 1;
    if (from === undefined) this.#openSince.add(triggeredAtMs);
    else this.open[from] = (this.open[from] ?? 0) - 1;
    if (to === undefined) this.#openSince.remove(triggeredAtMs);
    else this.open[to] = (this.open[to] ?? 0) + 1;
  }

  resolve(atMs: number): void {
    this.version += 1;
    this.lastResolvedAtMs = Math.max(atMs, this.lastResolvedAtMs ?? atMs);
  }
}

interface Move {
  readonly triggeredAtMs: number;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

interface PastEvent {
  readonly atMs: number;
  readonly row: PastRow;
  /** Absent where the incident was resolved for good. */
  readonly move: Move | undefined;
}

/** `hasTeam`: combinations carry the team, as with `metrics.team`. */
export function createOpenPast({ hasTeam }: { readonly hasTeam: boolean }): OpenPast {
  const rows = new Map<string, PastRow>();
  const shown = new Set<PastRow>();
  const events: PastEvent[] = [];
  let isSorted = false;
  let done = 0;
  let list: readonly PastRow[] = [];
  const rowOf = (labels: FacetLabels): PastRow => {
    const { provider, service, severity } = labels;
    const team = hasTeam ? labels.team : '';
    const key = JSON.stringify([provider, service, severity, team]);
    const row = rows.get(key) ?? new PastRow({ provider, service, severity, team });
    rows.set(key, row);
    return row;
  };
  return {
    put: (incident, labels) => {
      for (const event of eventsOf(incident, rowOf(labels))) events.push(event);
      isSorted = false;
    },
    at: (ms) => {
      if (!isSorted) events.sort((one, other) => one.atMs - other.atMs);
      isSorted = true;
      for (let event = events[done]; event !== undefined && event.atMs <= ms; event = events[done]) {
        if (event.move === undefined) event.row.resolve(event.atMs);
        else event.row.move(event.move);
        shown.add(event.row);
        done += 1;
      }
      if (list.length !== shown.size) list = [...shown];
      return list;
    },
  };
}

function eventsOf(incident: StoredIncident, row: PastRow): PastEvent[] {
  const { triggeredAtMs, resolvedAtMs, marks } = incident;
  let from: number | undefined;
  const moves = lifeOf(incident).map(({ atMs, status: to }): PastEvent => {
    const move = { triggeredAtMs, from, to };
    from = to;
    return { atMs, row, move };
  });
  const isResolved = resolvedAtMs !== undefined && (marks & MARKS.merged) === 0;
  return isResolved ? [...moves, { atMs: resolvedAtMs, row, move: undefined }] : moves;
}
