import { createBreath } from '../model/breath.ts';
import type { Incident } from '../model/incident.ts';
import { MARKS } from '../model/stored.ts';
import { matchRows, storedBefore } from './arrivals.ts';
import { CONTENT_MARKS, contentMarks, type IncidentRow, incidentOf, isSameContent, number } from './incident-row.ts';
import type { ProviderRow } from './incidents.ts';
import type { Rooms } from './sqlite.ts';
import type { Batch, Comparison } from './store.ts';

/** Rows that SQLite goes over in one call: some 10 ms when all of them are wanted. */
const ROWS_AT_ONCE = 5_000;

type Told = Pick<Batch, 'provider' | 'incidents' | 'deletedIds' | 'wholeSubjects'>;

/** How what is told differs from what is stored, in slices that let others run; writes nothing. */
export async function compare(rooms: Rooms, batch: Told): Promise<Comparison> {
  const provider = rooms.providers.get(batch.provider);
  const counts = { added: 0, changed: 0, unchanged: 0, deleted: 0 };
  const differing: Incident[] = [];
  const breathe = createBreath();
  for (const { incident, before, isWhole } of pairs(rooms, batch, provider)) {
    const verdict = verdictOn(rooms, incident, before);
    counts[verdict] += 1;
    if (isWhole || verdict !== 'unchanged') differing.push(incident);
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  for (const row of gone(rooms, batch, provider)) if (!isDeleted(row)) counts.deleted += 1;
  return { ...counts, differing };
}

/** A platform that does not show these has not lost them: they are gone already, or a file told of them. */
const NOT_SHOWN = MARKS.deleted | MARKS.imported;

/** Ids of a provider's incidents that were triggered at or after an instant, as far as its platform should have them in its lists. */
export async function idsSince({ database, providers }: Rooms, name: string, sinceMs: number): Promise<string[]> {
  const provider = providers.get(name);
  const last = Number(database.prepare('SELECT max(row) AS last FROM incidents').get()?.['last'] ?? 0);
  // The plus keeps SQLite from going over the index of all the provider's ids in each slice.
  const slice = database.prepare(
    `SELECT id FROM incidents WHERE row > ? AND row <= ? AND +provider = ? AND triggered_ms >= ?
     AND subject IS NULL AND marks & ${NOT_SHOWN} = 0`,
  );
  const ids: string[] = [];
  const breathe = createBreath();
  for (let from = 0; from < last; from += ROWS_AT_ONCE) {
    for (const row of slice.iterate(from, from + ROWS_AT_ONCE, provider.row, sinceMs)) ids.push(String(row['id']));
    await breathe();
  }
  return ids;
}

interface Pair {
  readonly incident: Incident;
  readonly before: IncidentRow | undefined;
  /** Its subject is told whole, so all of it has to be committed. */
  readonly isWhole: boolean;
}

function* pairs(rooms: Rooms, batch: Told, provider: ProviderRow): Generator<Pair> {
  const whole = new Set(batch.wholeSubjects);
  for (const incident of batch.incidents) {
    const isWhole = incident.subject !== undefined && whole.has(incident.subject);
    if (!isWhole) yield { incident, before: storedBefore(rooms, provider, incident), isWhole };
  }
  for (const { told, matches } of wholeSubjects(rooms, batch, provider)) {
    for (const incident of told) yield { incident, before: matches.get(incident), isWhole: true };
  }
}

function* gone(rooms: Rooms, batch: Told, provider: ProviderRow): Generator<IncidentRow> {
  for (const id of new Set(batch.deletedIds)) {
    const row = rooms.incidents.byId(provider, id);
    if (row !== undefined) yield row;
  }
  for (const { stored, matches } of wholeSubjects(rooms, batch, provider)) {
    const matched = new Set(matches.values());
    yield* stored.filter((row) => !matched.has(row));
  }
}

function* wholeSubjects({ incidents }: Rooms, batch: Told, provider: ProviderRow) {
  if (batch.wholeSubjects.length === 0) return;
  const bySubject = Map.groupBy(batch.incidents, ({ subject }) => subject);
  for (const subject of new Set(batch.wholeSubjects)) {
    const told = bySubject.get(subject) ?? [];
    const stored = incidents.bySubject(provider, subject);
    yield { told, stored, matches: matchRows(stored, told) };
  }
}

function verdictOn(
  rooms: Rooms,
  incident: Incident,
  before: IncidentRow | undefined,
): 'added' | 'changed' | 'unchanged' {
  if (before === undefined) return 'added';
  const stored = incidentOf(before, rooms.facets.facet(number(before, 'facet')));
  const hasSameMarks = (number(before, 'marks') & CONTENT_MARKS) === contentMarks(incident);
  const hasSameName = stored.serviceName === incident.serviceName;
  return hasSameMarks && hasSameName && isSameContent(stored, incident) ? 'unchanged' : 'changed';
}

function isDeleted(row: IncidentRow): boolean {
  return (number(row, 'marks') & MARKS.deleted) !== 0;
}
