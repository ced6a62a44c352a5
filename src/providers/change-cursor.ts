import { DAY_MS, HOUR_MS, MINUTE_MS } from '../model/time.ts';

/** A platform may list a change this much late, so each poll reads this much again before the newest change. */
export const OVERLAP_MS = 5 * MINUTE_MS;
/** Without a new change the cursor follows at this distance, so that the range to read again stays short (DESIGN section 9). */
const QUIET_OVERLAP_MS = HOUR_MS;
/** A cursor in the future was written by a clock that was ahead; this much is read again once the clock is corrected. */
const REREAD_MS = DAY_MS;

/** Start of the range of changes that a poll requests. */
export function changesFromMs(cursorMs: number, nowMs: number): number {
  return cursorMs > nowMs ? nowMs - REREAD_MS : cursorMs - OVERLAP_MS;
}

/** The next cursor: the newest change seen; without a new one the later of the old cursor and an hour ago. Never past now. */
export function nextCursorMs(beforeMs: number, newestMs: number | undefined, nowMs: number): number {
  const isNew = newestMs !== undefined && newestMs > beforeMs;
  return Math.min(isNew ? newestMs : Math.max(beforeMs, nowMs - QUIET_OVERLAP_MS), nowMs);
}
