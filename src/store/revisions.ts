import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { MARKS } from '../model/stored.ts';
import type { Facets } from './facets.ts';
import { type IncidentRow, instant, list, number } from './incident-row.ts';
import type { Arrival } from './incidents.ts';

/** What may change about an incident after it was counted. */
export const CHANGES = ['reopened', 'severity', 'service', 'resolved_at', 'triggered_at', 'merged', 'deleted'] as const;
export type Change = (typeof CHANGES)[number];

/** Tells what a page corrects about incidents that are counted already; the ledger keeps what it has. */
export class Revisions {
  readonly #facets: Facets;
  readonly #ledgerRow: StatementSync;

  constructor(database: DatabaseSync, facets: Facets) {
    this.#facets = facets;
    this.#ledgerRow = database.prepare('SELECT resolved_ms FROM ledger WHERE incident = ?');
  }

  /** Empty for an incident that is not counted yet. */
  of({ incident, facet, book, before }: Arrival): Change[] {
    if (before === undefined || (book.marks & MARKS.counted) === 0) return [];
    const changes: Change[] = [];
    if (isReopened(before, incident)) changes.push('reopened');
    const then = this.#facets.reading(number(before, 'facet'));
    const now = this.#facets.reading(facet);
    if (then?.severity.name !== now?.severity.name) changes.push('severity');
    if (then?.service !== now?.service) changes.push('service');
    if (this.#isResolvedElsewhen(before, incident.resolvedAtMs)) changes.push('resolved_at');
    if (number(before, 'triggered_ms') !== incident.triggeredAtMs) changes.push('triggered_at');
    if (incident.merged && (number(before, 'marks') & MARKS.merged) === 0) changes.push('merged');
    return changes;
  }

  /** Against the row as it was, or, when that was open again, against what was counted. */
  #isResolvedElsewhen(before: IncidentRow, resolvedAtMs: number | undefined): boolean {
    if (resolvedAtMs === undefined || resolvedAtMs === instant(before, 'resolved_ms')) return false;
    const counted = this.#ledgerRow.get(number(before, 'row'))?.['resolved_ms'];
    return instant(before, 'resolved_ms') !== undefined || counted !== resolvedAtMs;
  }
}

/** By the platform's list of reopenings where it has one, else by the resolve that is gone. */
function isReopened(before: IncidentRow, now: Arrival['incident']): boolean {
  const known = list(before, 'reopened');
  if (known !== undefined && now.reopenedAtMs !== undefined) return now.reopenedAtMs.length > known.length;
  return instant(before, 'resolved_ms') !== undefined && now.resolvedAtMs === undefined;
}
