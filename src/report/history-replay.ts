import { isVisible } from '../config/reading.ts';
import type { Grouping } from '../config/types.ts';
import { type FacetLabels, MARKS, recoveryMs, STATUSES, type StoredIncident } from '../model/stored.ts';
import type { OpenRow, Row } from '../stats/rows.ts';
import { SortedNumbers } from '../stats/sorted-numbers.ts';
import { openTimeline, reachOf, type TimelineInput } from './timeline.ts';

/** What live gauges said, or would have said, at one instant; the same objects each time, so read them before the next. */
export interface Moment {
  readonly rows: readonly Row[];
  readonly openRows: readonly OpenRow[];
}

/** Everything that is known of instants of the past, by what is known today. */
export interface Past {
  /** Instants must not descend. */
  at(ms: number): Moment;
  /** From when on what a row rests on is known; `values` are its labels, in the order of the grouping. */
  startMs(grouping: Grouping, values: readonly string[]): number;
}

/** Reads all incidents of a history twice; each further instant costs what changed since the one before. */
export function openPast(input: Omit<TimelineInput, 'isWanted'>): Past {
  const { history, providers, settings } = input;
  const read = history.providers.flatMap((state) => {
    const provider = providers.find(({ name }) => name === state.name);
    const reach = reachOf(state);
    return provider === undefined || reach === undefined ? [] : [{ ...provider, ...reach }];
  });
  const coverage = createCoverage(read);
  const openPast = createOpenPast({ hasTeam: settings.team });
  const known = new Set<number>();
  history.each((incident) => {
    const labels = history.labels(incident.facet);
    if (labels === undefined || !isSeen(incident, labels, input)) return;
    openPast.put(incident, labels);
    if (!known.has(incident.facet)) coverage.put(labels);
    known.add(incident.facet);
  });
  const timeline = openTimeline(input);
  return {
    at: (ms) => ({ rows: timeline.at({ liveAtMs: ms }), openRows: openPast.at(ms) }),
    startMs: (grouping, values) => coverage.startMs(grouping, values),
  };
}

function isSeen(incident: StoredIncident, labels: FacetLabels, { reader, settings }: Omit<TimelineInput, 'isWanted'>) {
  const provider = reader(labels.provider);
  if (provider === undefined) return false;
  const { marks, title } = incident;
  return isVisible({ marks, title, recoveryMs: recoveryMs(incident, settings.reopened) }, labels, provider);
}

/** A provider that was read, and from when on its incidents are known. */
export interface ReadProvider {
  readonly name: string;
  readonly isOverall: boolean;
  readonly historyStartMs: number;
}

/** From when on what a row rests on is known. */
export interface Coverage {
  /** Takes the labels of incidents. */
  put(labels: FacetLabels): void;
  /** The latest beginning of history among the providers of a row; `values` are its labels, in the order of the grouping. */
  startMs(grouping: Grouping, values: readonly string[]): number;
}

/** Rows over everything stand on all overall providers, others on those that have incidents of theirs (as windowed statistics do). */
export function createCoverage(providers: readonly ReadProvider[]): Coverage {
  const starts = new Map(providers.map(({ name, historyStartMs }) => [name, historyStartMs]));
  const overall = new Set(providers.filter(({ isOverall }) => isOverall).map(({ name }) => name));
  const byGroup = new Map<string, Set<string>>();
  const add = (provider: string, key: string) => {
    byGroup.set(key, (byGroup.get(key) ?? new Set()).add(provider));
  };
  return {
    put: ({ provider, service, severity, team }) => {
      if (!overall.has(provider)) return;
      add(provider, keyOf('service', [service]));
      add(provider, keyOf('service,severity', [service, severity]));
      add(provider, keyOf('team', [team]));
    },
    startMs: (grouping, values) => {
      const [value = ''] = values;
      if (grouping === 'provider') return starts.get(value) ?? Number.NEGATIVE_INFINITY;
      const isOfAll = grouping === 'all' || grouping === 'severity';
      const names = isOfAll ? overall : (byGroup.get(keyOf(grouping, values)) ?? new Set());
      return Math.max(...[...names].map((name) => starts.get(name) ?? Number.NEGATIVE_INFINITY));
    },
  };
}

function keyOf(grouping: Grouping, values: readonly string[]): string {
  return JSON.stringify([grouping, ...values]);
}

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
