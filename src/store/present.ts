import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { isVisible } from '../config/reading.ts';
import { type FacetLabels, STATUSES } from '../model/stored.ts';
import { number, text } from './incident-row.ts';
import { NOT_OPEN } from './known.ts';
import type { Rooms } from './sqlite.ts';
import type { OpenIncident } from './store.ts';

/** What is so right now, read through a connection of its own: it sees what was committed, never half a transaction. */
export class Present {
  readonly #rooms: Pick<Rooms, 'path' | 'facets' | 'settings'>;
  readonly #isRead: (provider: string) => boolean;
  #statements: { readonly open: StatementSync; readonly waiting: StatementSync } | undefined;
  #database: DatabaseSync | undefined;

  constructor(rooms: Pick<Rooms, 'path' | 'facets' | 'settings'>, isRead: (provider: string) => boolean) {
    this.#rooms = rooms;
    this.#isRead = isRead;
  }

  /** Oldest first, at most `limit`, and how many there are in all. */
  openIncidents(limit: number): { readonly oldest: readonly OpenIncident[]; readonly total: number } {
    const oldest: OpenIncident[] = [];
    let total = 0;
    for (const row of this.#prepared().open.iterate()) {
      const labels = this.#rooms.facets.labels(number(row, 'facet'));
      if (labels === undefined || !this.#isShown(row, labels)) continue;
      total += 1;
      if (oldest.length < limit) oldest.push(readOpen(row, labels));
    }
    return { oldest, total };
  }

  /** Rejected records of a provider that are fetched again. */
  waitingRecords(providerRow: number): number {
    return Number(this.#prepared().waiting.get(providerRow)?.['records'] ?? 0);
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
    this.#statements = undefined;
  }

  #isShown(row: Readonly<Record<string, unknown>>, labels: FacetLabels): boolean {
    const reader = this.#rooms.settings().readers.get(labels.provider);
    if (reader === undefined || !this.#isRead(labels.provider)) return false;
    const incident = { marks: number(row, 'marks'), title: text(row, 'title'), recoveryMs: undefined };
    return isVisible(incident, labels, reader);
  }

  #prepared() {
    if (this.#statements !== undefined) return this.#statements;
    const database = new DatabaseSync(this.#rooms.path, { readOnly: true });
    this.#database = database;
    this.#statements = {
      open: database.prepare(
        `SELECT id, facet, marks, status, triggered_ms, title, url FROM incidents INDEXED BY open_incidents
         WHERE resolved_ms IS NULL AND marks & ${NOT_OPEN} = 0 ORDER BY triggered_ms, row`,
      ),
      waiting: database.prepare(
        'SELECT count(DISTINCT id) AS records FROM rejections WHERE provider = ? AND id IS NOT NULL',
      ),
    };
    return this.#statements;
  }
}

function readOpen(row: Readonly<Record<string, unknown>>, labels: FacetLabels): OpenIncident {
  const { provider, service, severity } = labels;
  return {
    provider,
    service,
    severity,
    id: text(row, 'id') ?? '',
    url: text(row, 'url'),
    status: STATUSES[number(row, 'status')] ?? 'triggered',
    triggeredAtMs: number(row, 'triggered_ms'),
  };
}
