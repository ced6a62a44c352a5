import type { Reader } from '../config/reading.ts';
import { createBreath } from '../model/breath.ts';
import { isKept, type StoredIncident } from '../model/stored.ts';
import { listIn } from './incident-row.ts';
import { isOwed } from './ledger.ts';
import type { Rooms } from './sqlite.ts';

/** Columns that statistics need, in the order of `storedIn`. */
export const STORED_COLUMNS =
  'row, facet, marks, status, triggered_ms, started_ms, identified_ms, acknowledged_ms, mitigated_ms, resolved_ms, spans, fingerprint_digest';

/** What to select for `storedIn`: the title only where a filter asks for it. */
export function storedColumns(readers: ReadonlyMap<string, Reader>): string {
  const withTitle = [...readers.values()].some(({ provider }) => provider.filter.excludeTitles.length > 0);
  return withTitle ? `${STORED_COLUMNS}, title` : STORED_COLUMNS;
}

/** Reads every incident as statistics need it, in slices; remembers on the way what is still to be counted. */
export async function load(rooms: Rooms, each: (incident: StoredIncident) => void): Promise<void> {
  const { database, facets, pending } = rooms;
  const columns = storedColumns(rooms.settings().readers);
  const breathe = createBreath();
  facets.forgetCounts();
  pending.clear();
  const standings: Standing[] = [];
  const rows = database.prepare(`SELECT ${columns} FROM incidents ORDER BY row`);
  // A row as a list is made in half the time of one as an object (measured over a million rows).
  rows.setReturnArrays(true);
  for (const cells of rows.iterate()) {
    const incident = storedIn(cells);
    const { facet } = incident;
    const standing = standings[facet] ?? standingOf(rooms, facet);
    standings[facet] = standing;
    if (isKept(incident.marks)) facets.count(facet, 1);
    if (!standing.isRead) continue;
    if (!standing.isExcluded && isOwed(incident, standing.provider)) pending.set(incident.row, standing.provider.name);
    each(incident);
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
}

type Standing = ReturnType<typeof standingOf>;

/** What all incidents of a facet share. */
function standingOf(rooms: Rooms, facet: number) {
  const provider = rooms.providers.get(rooms.facets.facet(facet).provider);
  const isRead = rooms.settings().readers.has(provider.name);
  return { provider, isRead, isExcluded: rooms.facets.labels(facet)?.excluded === true };
}

/** One row as a list. */
export type Cells = Readonly<Record<number, unknown>>;

/** The incident of one row of STORED_COLUMNS, as a list; the title where it was asked for after them. */
export function storedIn(cells: Cells): StoredIncident {
  return {
    row: numberAt(cells, 0),
    facet: numberAt(cells, 1),
    marks: numberAt(cells, 2),
    status: numberAt(cells, 3),
    triggeredAtMs: numberAt(cells, 4),
    startedAtMs: instantAt(cells, 5),
    identifiedAtMs: instantAt(cells, 6),
    acknowledgedAtMs: instantAt(cells, 7),
    mitigatedAtMs: instantAt(cells, 8),
    resolvedAtMs: instantAt(cells, 9),
    spans: listIn(cells[10]),
    fingerprint: numberAt(cells, 11),
    title: typeof cells[12] === 'string' ? cells[12] : undefined,
  };
}

function numberAt(cells: Cells, at: number): number {
  const value = cells[at];
  if (typeof value !== 'number') throw new Error(`the store holds no number in cell ${at} of an incident`);
  return value;
}

function instantAt(cells: Cells, at: number): number | undefined {
  const value = cells[at];
  return typeof value === 'number' ? value : undefined;
}
