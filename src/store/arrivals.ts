import type { Incident } from '../model/incident.ts';
import { MARKS, type StoredIncident } from '../model/stored.ts';
import { type IncidentRow, number, storedOf, text } from './incident-row.ts';
import { type Arrival, bookOf, isCounted, type ProviderRow } from './incidents.ts';
import type { Rooms } from './sqlite.ts';
import type { Batch } from './store.ts';

/** What a batch changed, by row. */
export type Changed = Map<number, StoredIncident>;

interface Telling {
  readonly provider: ProviderRow;
  readonly changed: Changed;
}

/**
 * Incidents of the page beside what the store holds of them, each read when its turn comes; of whole subjects what is
 * missing on the page goes.
 */
export function* arrivals(rooms: Rooms, batch: Batch, telling: Telling): Generator<Arrival> {
  const { provider } = telling;
  const whole = new Map<string, Map<string, Incident>>();
  for (const subject of batch.wholeSubjects) whole.set(subject, new Map());
  for (const incident of batch.incidents) {
    const told = incident.subject === undefined ? undefined : whole.get(incident.subject);
    if (told !== undefined) told.set(incident.id, incident);
    else yield rooms.incidents.receive(incident, provider, storedBefore(rooms, provider, incident));
  }
  for (const [subject, told] of whole) {
    yield* subjectArrivals(rooms, { ...telling, subject, told: [...told.values()] });
  }
}

/** The row of an incident. A recovery whose anchor moved has another id, but the same end: it is the same row, never a second one. */
export function storedBefore({ incidents }: Rooms, provider: ProviderRow, incident: Incident): IncidentRow | undefined {
  const { id, subject, recoveryKey } = incident;
  const known = incidents.byId(provider, id);
  if (known !== undefined || subject === undefined || recoveryKey === undefined) return known;
  return incidents.byRecovery(provider, subject, recoveryKey);
}

interface Subject extends Telling {
  readonly subject: string;
  /** Distinct by id. */
  readonly told: readonly Incident[];
}

/** A late item may move an anchor (the id changes, the end stays) or an end (the id stays): either way it is the same row. */
function* subjectArrivals(rooms: Rooms, { provider, changed, subject, told }: Subject): Generator<Arrival> {
  const { incidents } = rooms;
  const stored = incidents.bySubject(provider, subject);
  const matches = matchRows(stored, told);
  const matched = new Set(matches.values());
  const missing = stored.filter((row) => !matched.has(row));
  for (const row of missing) remove(rooms, row, { provider, changed });
  const ids = new Set(told.map(({ id }) => id));
  const moved = [...matches].filter(([incident, row]) => text(row, 'id') !== incident.id).map(([, row]) => row);
  incidents.freeIds([...moved, ...missing.filter((row) => ids.has(text(row, 'id') ?? ''))]);
  for (const incident of told) yield incidents.receive(incident, provider, matches.get(incident));
}

/** Which stored row of a subject each told incident is: by the end first, counted rows before others; then by id. */
export function matchRows(stored: readonly IncidentRow[], told: readonly Incident[]): Map<Incident, IncidentRow> {
  const rows = [...stored.filter(isCounted), ...stored.filter((row) => !isCounted(row))];
  const byEnd = new Map<string, IncidentRow>();
  const byId = new Map<string, IncidentRow>();
  for (const row of rows.toReversed()) {
    byId.set(text(row, 'id') ?? '', row);
    const end = text(row, 'recovery_key');
    if (end !== undefined) byEnd.set(end, row);
  }
  const matches = new Map<Incident, IncidentRow>();
  const taken = new Set<IncidentRow>();
  const match = (incident: Incident, row: IncidentRow | undefined) => {
    if (row === undefined || taken.has(row) || matches.has(incident)) return;
    matches.set(incident, row);
    taken.add(row);
  };
  for (const incident of told) match(incident, byEnd.get(incident.recoveryKey ?? ''));
  for (const incident of told) match(incident, byId.get(incident.id));
  return matches;
}

/** Marks a row as gone from the platform; what was counted of it stays counted and is told as a revision. */
export function remove(rooms: Rooms, row: IncidentRow, { provider, changed }: Telling): void {
  const book = bookOf(row);
  if ((book.marks & MARKS.deleted) !== 0) return;
  book.marks |= MARKS.deleted;
  rooms.incidents.writeBook(book, row);
  if (isCounted(row)) rooms.counters.add({ provider: provider.name, name: 'revisions', label: 'deleted' });
  readStored(rooms, number(row, 'row'), changed);
}

/** Notes a row as the running transaction leaves it. */
export function readStored(rooms: Rooms, key: number, changed: Changed): void {
  const row = rooms.incidents.byRow(key);
  if (row !== undefined) changed.set(key, storedOf(row));
}
