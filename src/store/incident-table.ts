import type { Incident } from '../model/incident.ts';
import { FLAGS, isCountable } from '../model/stored.ts';
import type { CountingState } from './count.ts';
import { type Cell, CONTENT_COLUMNS, type IncidentRow, number, text } from './incident-row.ts';
import type { LedgerState } from './state.ts';

/** The rows of incidents that one decision works on: as they were loaded, then as they are to be written. */
export class IncidentTable {
  readonly #rows = new Map<number, IncidentRow>();
  readonly #rowById = new Map<string, number>();
  readonly #rowByRecovery = new Map<string, number>();
  readonly #rowsBySubject = new Map<string, number[]>();
  readonly #state: LedgerState;
  /** Rows that are to be written, in order. */
  readonly written: Map<number, IncidentRow> = new Map();
  /** Rows whose ids change among themselves and have to be freed before they are written. */
  readonly freed: Set<number> = new Set();

  /** All rows must be of one provider. */
  constructor(state: LedgerState, loaded: readonly IncidentRow[]) {
    this.#state = state;
    this.load(loaded);
  }

  /** Adds stored rows; those that it has already stay as they are. */
  load(rows: readonly IncidentRow[]): void {
    for (const row of rows) if (!this.#rows.has(number(row, 'row'))) this.#index(row);
  }

  byRow(row: number): IncidentRow | undefined {
    return this.#rows.get(row);
  }

  rows(): IncidentRow[] {
    return [...this.#rows.values()];
  }

  byId(id: string): IncidentRow | undefined {
    return this.#at(this.#rowById.get(id));
  }

  bySubject(subject: string): IncidentRow[] {
    return (this.#rowsBySubject.get(subject) ?? [])
      .map((row) => this.#rows.get(row))
      .filter((row) => row !== undefined);
  }

  /**
   * The row of an incident. A recovery whose anchor moved has another id, but the same end: it is the same row, never a
   * second one.
   */
  find({ id, subject, recoveryKey }: Incident): IncidentRow | undefined {
    const known = this.byId(id);
    if (known !== undefined || subject === undefined || recoveryKey === undefined) return known;
    return this.#at(this.#rowByRecovery.get(recoveryText(subject, recoveryKey)));
  }

  nextRow(): number {
    this.#state.lastIncidentRow += 1;
    return this.#state.lastIncidentRow;
  }

  /** Writes the content (CONTENT_COLUMNS) and the counting state of an incident. */
  put(providerRow: number, cells: readonly Cell[], counting: CountingState): IncidentRow {
    const row: Record<string, unknown> = { provider: providerRow, ...countingColumns(counting) };
    for (let at = 0; at < CONTENT_COLUMNS.length; at += 1) row[CONTENT_COLUMNS[at] ?? ''] = cells[at];
    return this.#put(row);
  }

  /** Writes only the counting state. */
  putCounting(before: IncidentRow, counting: CountingState): IncidentRow {
    return this.#put({ ...before, ...countingColumns(counting) });
  }

  /** Updates the number of incidents per set of dimensions, which decides which services have a label of their own. */
  #put(row: IncidentRow): IncidentRow {
    const key = number(row, 'row');
    const before = this.#rows.get(key);
    if (before !== undefined) {
      if (isCountable(number(before, 'marks'))) this.#state.addIncidents(number(before, 'facet'), -1);
      const idBefore = text(before, 'id') ?? '';
      if (idBefore !== row['id'] && this.#rowById.get(idBefore) === key) this.#rowById.delete(idBefore);
    }
    if (isCountable(number(row, 'marks'))) this.#state.addIncidents(number(row, 'facet'), 1);
    this.#index(row);
    this.written.set(key, row);
    return row;
  }

  #at(row: number | undefined): IncidentRow | undefined {
    return row === undefined ? undefined : this.#rows.get(row);
  }

  #index(row: IncidentRow): void {
    const key = number(row, 'row');
    const subject = text(row, 'subject');
    const isNew = !this.#rows.has(key);
    this.#rows.set(key, row);
    this.#rowById.set(text(row, 'id') ?? '', key);
    if (subject === undefined) return;
    if (isNew) {
      const rows = this.#rowsBySubject.get(subject) ?? [];
      rows.push(key);
      this.#rowsBySubject.set(subject, rows);
    }
    const recoveryKey = text(row, 'recovery_key');
    if (recoveryKey === undefined) return;
    const known = this.#rowByRecovery.get(recoveryText(subject, recoveryKey));
    if (known === undefined || known > key) this.#rowByRecovery.set(recoveryText(subject, recoveryKey), key);
  }
}

/** The counting state of a stored row. */
export function readCounting(row: IncidentRow): CountingState {
  return {
    row: number(row, 'row'),
    flags: number(row, 'marks'),
    escalationsCounted: number(row, 'escalations_counted'),
    reopensCounted: number(row, 'reopens_counted'),
  };
}

export function isSameCounting(a: CountingState, b: CountingState): boolean {
  return a.flags === b.flags && a.escalationsCounted === b.escalationsCounted && a.reopensCounted === b.reopensCounted;
}

/** Which stored row of a subject each reported incident is: by the end first, counted rows before others; then by id. */
export function matchRows(stored: readonly IncidentRow[], reported: readonly Incident[]): Map<Incident, IncidentRow> {
  const isCounted = (row: IncidentRow) => (number(row, 'marks') & FLAGS.counted) !== 0;
  const rows = [...stored.filter(isCounted), ...stored.filter((row) => !isCounted(row))];
  const byEnd = new Map<string, IncidentRow>();
  const byId = new Map<string, IncidentRow>();
  for (const row of rows.toReversed()) {
    byId.set(text(row, 'id') ?? '', row);
    const end = text(row, 'recovery_key');
    if (end !== undefined) byEnd.set(end, row);
  }
  const matches = new Map<Incident, IncidentRow>();
  const matched = new Set<IncidentRow>();
  const match = (incident: Incident, row: IncidentRow | undefined) => {
    if (row === undefined || matched.has(row) || matches.has(incident)) return;
    matches.set(incident, row);
    matched.add(row);
  };
  for (const incident of reported) match(incident, byEnd.get(incident.recoveryKey ?? ''));
  for (const incident of reported) match(incident, byId.get(incident.id));
  return matches;
}

function countingColumns({ row, flags, escalationsCounted, reopensCounted }: CountingState) {
  return { row, marks: flags, escalations_counted: escalationsCounted, reopens_counted: reopensCounted };
}

function recoveryText(subject: string, recoveryKey: string): string {
  return `${subject}\n${recoveryKey}`;
}
