import { DAY_MS, HOUR_MS, MINUTE_MS } from '../model/time.ts';

/** A platform may show a change so much later than it happened; so much is read again before the newest one seen. */
export const OVERLAP_MS = 5 * MINUTE_MS;
/** Without a new change the cursor follows by so much, so that the stretch to read again stays short (DESIGN section 9). */
const QUIET_OVERLAP_MS = HOUR_MS;
/** A cursor that lies ahead was written by a clock that was: what happened since it was set right is read again. */
const REREAD_MS = DAY_MS;

/** Where a poll begins to ask for changes. */
export function changesFromMs(cursorMs: number, nowMs: number): number {
  return cursorMs > nowMs ? nowMs - REREAD_MS : cursorMs - OVERLAP_MS;
}

/** The next cursor: the newest change seen; without a new one the later of the old cursor and an hour ago. Never past now. */
export function nextCursorMs(beforeMs: number, newestMs: number | undefined, nowMs: number): number {
  const isNew = newestMs !== undefined && newestMs > beforeMs;
  return Math.min(isNew ? newestMs : Math.max(beforeMs, nowMs - QUIET_OVERLAP_MS), nowMs);
}
