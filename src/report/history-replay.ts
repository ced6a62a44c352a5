import { isVisible } from '../config/label-mapper.ts';
import type { Grouping } from '../config/types.ts';
import { FLAGS, type IncidentLabels, type IncidentSummary, recoveryMs, STATUSES } from '../model/stored.ts';
import type { OpenRow, Row } from '../stats/rows.ts';
import { SortedNumbers } from '../stats/sorted-numbers.ts';
import { createTimeline, findSyncedProviders, type HistoryInput } from './timeline.ts';

/** What live gauges had, or would have had, at one time; the same objects each time, so read them before the next. */
export interface Snapshot {
  readonly rows: readonly Row[];
  readonly openRows: readonly OpenRow[];
}

/** Everything that is known of times of the past, by what is known today. */
export interface HistoryReplay {
  /** Times must not descend. */
  at(ms: number): Snapshot;
  /** From when on what a row rests on is known; `values` are its labels, in the order of the grouping. */
  findStartMs(grouping: Grouping, values: readonly string[]): number;
}

/** Reads all incidents of a history twice; each further time costs what changed since the one before. */
export function replayHistory(input: HistoryInput): HistoryReplay {
  const { history, labelMapper: findLabelMapper, settings } = input;
  const starts = createStartIndex(
    findSyncedProviders(input).map(({ provider, historyStartMs }) => ({ ...provider, historyStartMs })),
  );
  const openIncidents = createOpenIncidentReplay({ hasTeam: settings.team });
  const indexed = new Set<number>();
  history.each((incident) => {
    const labels = history.labels(incident.dimensionsRow);
    const labelMapper = findLabelMapper(labels?.provider ?? '');
    if (labels === undefined || labelMapper === undefined) return;
    const { flags, title } = incident;
    if (!isVisible({ flags, title, recoveryMs: recoveryMs(incident, settings) }, labels, labelMapper)) return;
    openIncidents.put(incident, labels);
    if (!indexed.has(incident.dimensionsRow)) starts.put(labels);
    indexed.add(incident.dimensionsRow);
  });
  const timeline = createTimeline(input);
  return {
    at: (ms) => ({ rows: timeline.at({ liveAtMs: ms }), openRows: openIncidents.at(ms) }),
    findStartMs: (grouping, values) => starts.findStartMs(grouping, values),
  };
}

/** From when on what a row rests on is known. */
export interface StartIndex {
  /** Takes the labels of incidents. */
  put(labels: IncidentLabels): void;
  /** The latest beginning of history among the providers of a row; `values` are its labels, in the order of the grouping. */
  findStartMs(grouping: Grouping, values: readonly string[]): number;
}

/** Rows over everything stand on all overall providers, others on those that have incidents of theirs (as windowed statistics do). */
export function createStartIndex(
  providers: readonly { readonly name: string; readonly isOverall: boolean; readonly historyStartMs: number }[],
): StartIndex {
  const startMsByName = new Map(providers.map(({ name, historyStartMs }) => [name, historyStartMs]));
  const overall = new Set(providers.filter(({ isOverall }) => isOverall).map(({ name }) => name));
  const namesByGroup = new Map<string, Set<string>>();
  const add = (provider: string, key: string) => {
    namesByGroup.set(key, (namesByGroup.get(key) ?? new Set()).add(provider));
  };
  return {
    put: ({ provider, service, severity, team }) => {
      if (!overall.has(provider)) return;
      add(provider, toGroupKey('service', [service]));
      add(provider, toGroupKey('service,severity', [service, severity]));
      add(provider, toGroupKey('team', [team]));
    },
    findStartMs: (grouping, values) => {
      const [value = ''] = values;
      if (grouping === 'provider') return startMsByName.get(value) ?? Number.NEGATIVE_INFINITY;
      const isOfAll = grouping === 'all' || grouping === 'severity';
      const names = isOfAll ? overall : (namesByGroup.get(toGroupKey(grouping, values)) ?? new Set());
      return Math.max(...[...names].map((name) => startMsByName.get(name) ?? Number.NEGATIVE_INFINITY));
    },
  };
}

function toGroupKey(grouping: Grouping, values: readonly string[]): string {
  return JSON.stringify([grouping, ...values]);
}

/** What was open at times of the past, per combination of base labels, by what is known today. */
export interface OpenIncidentReplay {
  /** Takes an incident that statistics see. */
  put(incident: IncidentSummary, labels: IncidentLabels): void;
  /** All combinations that had an incident by then; the same objects each time. Times must not descend. */
  at(ms: number): readonly OpenRow[];
}

/** `hasTeam`: combinations carry the team, as with `metrics.team`. */
export function createOpenIncidentReplay({ hasTeam }: { readonly hasTeam: boolean }): OpenIncidentReplay {
  const rows = new Map<string, ReplayedRow>();
  const seenRows = new Set<ReplayedRow>();
  const events: RowEvent[] = [];
  let isSorted = false;
  let nextEvent = 0;
  let list: readonly ReplayedRow[] = [];
  const ensureRow = ({ provider, service, severity, team }: IncidentLabels): ReplayedRow => {
    const labels = { provider, service, severity, team: hasTeam ? team : '' };
    const key = JSON.stringify(Object.values(labels));
    const row = rows.get(key) ?? new ReplayedRow(labels);
    rows.set(key, row);
    return row;
  };
  return {
    put: (incident, labels) => {
      for (const event of toEvents(incident, ensureRow(labels))) events.push(event);
      isSorted = false;
    },
    at: (ms) => {
      if (!isSorted) events.sort((one, other) => one.atMs - other.atMs);
      isSorted = true;
      for (let event = events[nextEvent]; event !== undefined && event.atMs <= ms; event = events[nextEvent]) {
        if (event.move === undefined) event.row.resolve(event.atMs);
        else event.row.move(event.move);
        seenRows.add(event.row);
        nextEvent += 1;
      }
      if (list.length !== seenRows.size) list = [...seenRows];
      return list;
    },
  };
}

/** One combination of base labels as it stands at the time that is looked at. */
class ReplayedRow implements OpenRow {
  readonly provider: string;
  readonly service: string;
  readonly severity: string;
  readonly team: string;
  readonly open: number[] = STATUSES.map(() => 0);
  lastResolvedAtMs: number | undefined;
  version = 0;
  readonly #openSince = new SortedNumbers();

  constructor({ provider, service, severity, team }: Omit<IncidentLabels, 'excluded'>) {
    this.provider = provider;
    this.service = service;
    this.severity = severity;
    this.team = team;
  }

  get oldestAtMs(): number | undefined {
    return this.#openSince.at(0);
  }

  /** An incident that was triggered then goes from one status to another. */
  move({ triggeredAtMs, from, to }: StatusMove): void {
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

/** Statuses are indexes into STATUSES; undefined: not open. */
interface StatusMove {
  readonly triggeredAtMs: number;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

interface RowEvent {
  readonly atMs: number;
  readonly row: ReplayedRow;
  /** Absent where the incident was resolved for good. */
  readonly move: StatusMove | undefined;
}

function toEvents(incident: IncidentSummary, row: ReplayedRow): RowEvent[] {
  const { triggeredAtMs, resolvedAtMs, flags } = incident;
  let from: number | undefined;
  const moves = findStatusChanges(incident).map(({ atMs, status: to }): RowEvent => {
    const move = { triggeredAtMs, from, to };
    from = to;
    return { atMs, row, move };
  });
  const isResolved = resolvedAtMs !== undefined && (flags & FLAGS.merged) === 0;
  return isResolved ? [...moves, { atMs: resolvedAtMs, row, move: undefined }] : moves;
}

/** From this time on an incident is in this status; undefined: it is not open. */
export interface StatusChange {
  readonly atMs: number;
  readonly status: number | undefined;
}

/**
 * What an incident went through, in order of time, by what is known today: opened and closed as its spans say, further
 * by its timestamps while it was open. After its last change an open incident has the status that its platform reports.
 */
export function findStatusChanges(incident: IncidentSummary): readonly StatusChange[] {
  const { acknowledgedAtMs, identifiedAtMs, mitigatedAtMs } = incident;
  const spanEnds = findSpanEnds(incident).map((atMs, index) => {
    const status = index % 2 === 0 ? STATUSES.indexOf('triggered') : undefined;
    return { atMs, status, isTimestamp: false };
  });
  const timestamps = [
    { atMs: acknowledgedAtMs, status: STATUSES.indexOf('acknowledged'), isTimestamp: true },
    { atMs: identifiedAtMs, status: STATUSES.indexOf('identified'), isTimestamp: true },
    { atMs: mitigatedAtMs, status: STATUSES.indexOf('mitigated'), isTimestamp: true },
  ].flatMap(({ atMs, ...rest }) => (atMs === undefined ? [] : [{ atMs, ...rest }]));
  const changes: StatusChange[] = [];
  let current: number | undefined;
  for (const { atMs, status, isTimestamp } of [...spanEnds, ...timestamps].sort((a, b) => a.atMs - b.atMs)) {
    if (isTimestamp && (current === undefined || (status ?? 0) <= current)) continue;
    current = status;
    changes.push({ atMs, status });
  }
  const last = changes.at(-1);
  if (last?.status !== undefined && last.status !== incident.status) {
    changes.push({ atMs: last.atMs, status: incident.status });
  }
  return changes;
}

/** When it opened and closed, in turn. A merged incident is not open any more, whether or not the platform says since when. */
function findSpanEnds({ spans, triggeredAtMs, resolvedAtMs, flags }: IncidentSummary): readonly number[] {
  const known = spans ?? (resolvedAtMs === undefined ? [triggeredAtMs] : [triggeredAtMs, resolvedAtMs]);
  const isMerged = (flags & FLAGS.merged) !== 0;
  return isMerged && known.length % 2 === 1 ? [...known, known.at(-1) ?? triggeredAtMs] : known;
}
