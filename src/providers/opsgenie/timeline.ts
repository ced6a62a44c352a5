import { z } from 'zod';
import type { Interval } from '../../model/incident.ts';
import { timestamp } from '../answers.ts';

const CLOSING = new Set(['IncidentResolved', 'IncidentClosed']);
/** The second is inferred from the names of the others; both spellings of it are understood. */
const OPENING = /^Incident(?:Opened|Reopened|ReOpened)$/;

/** An entry of `GET /v2/incident-timelines/{id}/entries`; who made it is not read. */
export const TimelineEntry = z
  .object({ type: z.string(), eventTime: timestamp })
  .transform(({ type, eventTime }) => ({ type, atMs: eventTime }));
export type TimelineEntry = z.output<typeof TimelineEntry>;

/**
 * The spans in which an incident was open, from its creation: each ends with the first resolve or close, and the next
 * begins with the reopening after that. Order and repetition of the entries change nothing.
 */
export function toOpenIntervals(createdAtMs: number, entries: readonly TimelineEntry[]): Interval[] {
  const intervals: Interval[] = [];
  let openedAtMs: number | undefined = createdAtMs;
  const ordered = entries.toSorted(
    (a, b) => a.atMs - b.atMs || Number(CLOSING.has(b.type)) - Number(CLOSING.has(a.type)),
  );
  for (const { type, atMs } of ordered) {
    if (CLOSING.has(type) && openedAtMs !== undefined) {
      intervals.push({ openedAtMs, closedAtMs: atMs });
      openedAtMs = undefined;
    } else if (OPENING.test(type) && openedAtMs === undefined && atMs > createdAtMs) {
      // The entry of the creation itself opens nothing again, not even what ended in the same millisecond.
      openedAtMs = atMs;
    }
  }
  if (openedAtMs !== undefined) intervals.push({ openedAtMs });
  return intervals;
}
