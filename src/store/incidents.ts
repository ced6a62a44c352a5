import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Incident } from '../model/incident.ts';
import { isKept, MARKS } from '../model/stored.ts';
import type { Facets } from './facets.ts';
import {
  type Cell,
  CONTENT_COLUMNS,
  CONTENT_MARKS,
  cellsOf,
  contentMarks,
  type IncidentRow,
  incidentOf,
  number,
} from './incident-row.ts';
import type { Account, Book } from './ledger.ts';

export interface ProviderRow {
  readonly row: number;
  readonly name: string;
}

/** An incident before and after a page told of it. */
export interface Arrival extends Account {
  /** The stored row before; undefined when the incident is new. */
  readonly before: IncidentRow | undefined;
  /** CONTENT_COLUMNS as they are to be. */
  readonly cells: readonly Cell[];
  /** What is stored of it differs from what was told. */
  readonly isChanged: boolean;
}

const COLUMNS = ['row', 'provider', 'marks', 'escalations_counted', 'reopens_counted', ...CONTENT_COLUMNS];

/** Reads and writes rows of `incidents`. */
export class Incidents {
  readonly #facets: Facets;
  readonly #byId: StatementSync;
  readonly #byRow: StatementSync;
  readonly #bySubject: StatementSync;
  readonly #byRecovery: StatementSync;
  readonly #firstOfSubject: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #updateBook: StatementSync;
  readonly #rename: StatementSync;
  #lastRow: number;

  constructor(database: DatabaseSync, facets: Facets) {
    this.#facets = facets;
    this.#byId = database.prepare('SELECT * FROM incidents WHERE provider = ? AND id = ?');
    this.#byRow = database.prepare('SELECT * FROM incidents WHERE row = ?');
    this.#bySubject = database.prepare('SELECT * FROM incidents WHERE provider = ? AND subject = ? ORDER BY row');
    this.#byRecovery = database.prepare(
      'SELECT * FROM incidents WHERE provider = ? AND subject = ? AND recovery_key = ? ORDER BY row LIMIT 1',
    );
    this.#firstOfSubject = database.prepare(
      'SELECT min(triggered_ms) AS first FROM incidents WHERE provider = ? AND subject = ?',
    );
    this.#insert = database.prepare(
      `INSERT INTO incidents (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
    );
    const content = CONTENT_COLUMNS.map((column) => `${column} = ?`).join(', ');
    const book = 'marks = ?, escalations_counted = ?, reopens_counted = ?';
    this.#update = database.prepare(`UPDATE incidents SET ${content}, ${book} WHERE row = ?`);
    this.#updateBook = database.prepare(`UPDATE incidents SET ${book} WHERE row = ?`);
    this.#rename = database.prepare('UPDATE incidents SET id = ? WHERE row = ?');
    this.#lastRow = Number(database.prepare('SELECT max(row) AS last FROM incidents').get()?.['last'] ?? 0);
  }

  byId(provider: ProviderRow, id: string): IncidentRow | undefined {
    return this.#byId.get(provider.row, id);
  }

  byRow(row: number): IncidentRow | undefined {
    return this.#byRow.get(row);
  }

  bySubject(provider: ProviderRow, subject: string): IncidentRow[] {
    return this.#bySubject.all(provider.row, subject);
  }

  byRecovery(provider: ProviderRow, subject: string, recoveryKey: string): IncidentRow | undefined {
    return this.#byRecovery.get(provider.row, subject, recoveryKey);
  }

  /** When the earliest stored incident of a subject was triggered. */
  firstOfSubjectMs(providerRow: number, subject: string): number | undefined {
    const first = this.#firstOfSubject.get(providerRow, subject)?.['first'];
    return typeof first === 'number' ? first : undefined;
  }

  /** The incident that a row holds. */
  read(row: IncidentRow): Incident {
    return incidentOf(row, this.#facets.facet(number(row, 'facet')));
  }

  /** What is known of an incident that a page tells of; nothing is written yet. */
  receive(incident: Incident, provider: ProviderRow, before: IncidentRow | undefined): Arrival {
    const facet = this.#facets.of(incident, provider);
    const cells = cellsOf(incident, facet);
    if (before === undefined) {
      const book = { row: this.#nextRow(), marks: contentMarks(incident), escalationsCounted: 0, reopensCounted: 0 };
      return { incident, facet, book, before, cells, isChanged: true };
    }
    const book = bookOf(before);
    book.marks = (book.marks & ~CONTENT_MARKS) | contentMarks(incident);
    const isSame = CONTENT_COLUMNS.every((column, at) => before[column] === cells[at]);
    return { incident, facet, book, before, cells, isChanged: !isSame || book.marks !== number(before, 'marks') };
  }

  /** Writes an arrival with its book. */
  write({ facet, book, before, cells }: Arrival, provider: ProviderRow): void {
    const { row, marks, escalationsCounted, reopensCounted } = book;
    if (before === undefined) this.#insert.run(row, provider.row, marks, escalationsCounted, reopensCounted, ...cells);
    else this.#update.run(...cells, marks, escalationsCounted, reopensCounted, row);
    this.#recount(before, facet, marks);
  }

  /** Writes only the bookkeeping. */
  writeBook({ row, marks, escalationsCounted, reopensCounted }: Book, before: IncidentRow): void {
    this.#updateBook.run(marks, escalationsCounted, reopensCounted, row);
    this.#recount(before, number(before, 'facet'), marks);
  }

  /** Frees the ids of rows whose ids are about to change among themselves. */
  freeIds(rows: readonly IncidentRow[]): void {
    for (const row of rows) this.#rename.run(`${String(row['id'])}\n${number(row, 'row')}`, number(row, 'row'));
  }

  #nextRow(): number {
    this.#lastRow += 1;
    return this.#lastRow;
  }

  /** Keeps the number of incidents per facet, which decides over places of services. */
  #recount(before: IncidentRow | undefined, facet: number, marks: number): void {
    if (before !== undefined && isKept(number(before, 'marks'))) this.#facets.count(number(before, 'facet'), -1);
    if (isKept(marks)) this.#facets.count(facet, 1);
  }
}

export function bookOf(row: IncidentRow): Book {
  return {
    row: number(row, 'row'),
    marks: number(row, 'marks'),
    escalationsCounted: number(row, 'escalations_counted'),
    reopensCounted: number(row, 'reopens_counted'),
  };
}

export function isCounted(row: IncidentRow): boolean {
  return (number(row, 'marks') & MARKS.counted) !== 0;
}
