import type { Incident, RejectionReason } from '../model/incident.ts';
import { isSameContent } from '../store/incident-row.ts';
import { incidentOf, type Taken } from './incident.ts';
import { placesOf } from './mapping.ts';
import { type Place, pickPlaces } from './paths.ts';
import type { Row } from './rows.ts';
import type { Fate, Tallying } from './tally.ts';
import type { Surroundings } from './values.ts';

/** Records that are looked up and written together. */
const CHUNK = 500;

/** Where incidents of files go. */
export interface ImportTarget {
  /** What is known of these ids, from this import or from before; unknown ids are left out. */
  incidents(ids: readonly string[]): Map<string, Incident>;
  /** Takes incidents, new or in the place of those of the same ids. */
  add(incidents: readonly Incident[]): void;
}

/** A record that was not taken. */
export interface RejectedRow {
  readonly line: number;
  readonly reason: RejectionReason;
  readonly detail: string;
  /** Nothing but what the mapping reads of it; empty where it could not be read at all. */
  readonly record: Readonly<Record<string, unknown>>;
}

export interface ImportingInput {
  readonly rows: AsyncIterable<Row>;
  readonly around: Surroundings;
  readonly target: ImportTarget;
  readonly nowMs: number;
  readonly tallying: Tallying;
  readonly onRejected: (row: RejectedRow) => void;
  /** Called now and then with the number of rows that were read. */
  readonly onProgress?: (rows: number) => void;
}

/** Puts what the rows tell into the target, some hundred at a time; of rows with one id the last one counts. */
export async function importRows(input: ImportingInput): Promise<void> {
  const { around, nowMs, tallying, onRejected } = input;
  const places = placesOf(around.mapping);
  let chunk: Taken[] = [];
  let rows = 0;
  for await (const row of input.rows) {
    rows += 1;
    const taken = 'problem' in row ? malformed(row.problem) : incidentOf(row.record, around, nowMs);
    if ('reason' in taken) {
      tallying.reject(taken.reason);
      onRejected({ ...taken, line: row.line, record: kept(row, places) });
      continue;
    }
    chunk.push(taken);
    if (chunk.length < CHUNK) continue;
    takeChunk(chunk, input);
    input.onProgress?.(rows);
    chunk = [];
  }
  takeChunk(chunk, input);
}

function malformed(detail: string) {
  return { reason: 'malformed', detail } as const;
}

function kept(row: Row, places: readonly Place[]): Record<string, unknown> {
  return 'record' in row ? pickPlaces(row.record, places) : {};
}

function takeChunk(chunk: readonly Taken[], { target, tallying }: ImportingInput): void {
  const known = target.incidents(chunk.map(({ incident }) => incident.id));
  const news = new Map<string, Incident>();
  for (const taken of chunk) {
    const { incident } = taken;
    const fate = fateOf(taken, known.get(incident.id));
    tallying.read(incident, fate);
    if (fate === 'unchanged' || fate === 'older') continue;
    known.set(incident.id, incident);
    news.set(incident.id, incident);
  }
  target.add([...news.values()]);
}

/** What a poll told stands until the file tells something newer; of two imports the later one counts, unless its own stamp is older. */
function fateOf({ incident, hasUpdate }: Taken, stored: Incident | undefined): Fate {
  if (stored === undefined) return 'new';
  const isNewer = incident.updatedAtMs > stored.updatedAtMs;
  if (stored.imported !== true) return hasUpdate && isNewer ? 'changed' : 'older';
  if (isSameContent(stored, incident)) return 'unchanged';
  return hasUpdate && incident.updatedAtMs < stored.updatedAtMs ? 'older' : 'changed';
}
