import type { Incident } from '../model/incident.ts';
import { MARKS } from '../model/stored.ts';
import { type IncidentRow, instant, list, number } from './incident-row.ts';
import type { LedgerState } from './state.ts';

/** What may change about an incident after something of it was counted. */
export const CHANGES = ['reopened', 'severity', 'service', 'resolved_at', 'triggered_at', 'merged', 'deleted'] as const;
export type Change = (typeof CHANGES)[number];

/** True when anything of the stored incident was counted, its opening included. */
export function isAnythingCounted(row: IncidentRow): boolean {
  if ((number(row, 'marks') & (MARKS.counted | MARKS.openingCounted)) !== 0) return true;
  return number(row, 'escalations_counted') > 0 || number(row, 'reopens_counted') > 0;
}

interface RevisionInput {
  readonly before: IncidentRow;
  readonly incident: Incident;
  /** The facet of the incident as it is now. */
  readonly facet: number;
  /** The end that the ledger has of it. */
  readonly countedEndMs: number | undefined;
}

/** What a poll corrects about an incident of which something is counted; the ledger keeps what it has. */
export function findRevisions(state: LedgerState, { before, incident, facet, countedEndMs }: RevisionInput): Change[] {
  if (!isAnythingCounted(before)) return [];
  const changes: Change[] = [];
  if (isReopened(before, incident)) changes.push('reopened');
  const then = state.mapped(number(before, 'facet'));
  const now = state.mapped(facet);
  if (then?.severity.name !== now?.severity.name) changes.push('severity');
  if (then?.service !== now?.service) changes.push('service');
  // While it was open again its end is compared with the one that was counted.
  const endBeforeMs = instant(before, 'resolved_ms') ?? countedEndMs;
  const { resolvedAtMs } = incident;
  if (resolvedAtMs !== undefined && endBeforeMs !== undefined && resolvedAtMs !== endBeforeMs) {
    changes.push('resolved_at');
  }
  if (number(before, 'triggered_ms') !== incident.triggeredAtMs) changes.push('triggered_at');
  if (incident.merged && (number(before, 'marks') & MARKS.merged) === 0) changes.push('merged');
  return changes;
}

/** By the platform's list of reopenings where it has one, else by the resolve that is gone. */
function isReopened(before: IncidentRow, now: Incident): boolean {
  const known = list(before, 'reopened');
  if (known !== undefined && now.reopenedAtMs !== undefined) return now.reopenedAtMs.length > known.length;
  return instant(before, 'resolved_ms') !== undefined && now.resolvedAtMs === undefined;
}
