import { z } from 'zod';
import type { PollEnd } from '../../model/poll.ts';
import { DAY_MS, HOUR_MS } from '../../model/time.ts';
import { changesFromMs, OVERLAP_MS } from '../change-cursor.ts';

/** CloudWatch keeps the history of alarms for this long (User Guide, "alarm history"). */
export const REACH_MS = 30 * DAY_MS;
/** An unfinished first sync goes on to where it was going, unless it was left for longer than this. */
const FIRST_SYNC_KEPT_MS = DAY_MS;
/** Where nothing newer comes, the next poll reads this much again (DESIGN section 9). */
const QUIET_OVERLAP_MS = HOUR_MS;

const RegionState = z.object({ fromMs: z.int(), historyStartMs: z.int() });
type RegionState = z.infer<typeof RegionState>;

const Cursor = z.object({
  version: z.literal(1),
  account: z.string().optional(),
  /** Until when the first sync reads; absent once it is complete. */
  firstUntilMs: z.int().optional(),
  regions: z.record(z.string(), RegionState),
});
type Cursor = z.infer<typeof Cursor>;

export interface CourseOptions {
  readonly cursor: string | undefined;
  readonly regions: readonly string[];
  readonly nowMs: number;
  readonly historyStartMs: number;
}

/** Where a poll stands, region by region. */
export interface Course {
  readonly untilMs: number;
  /** No poll has been complete yet. */
  readonly isFirst: boolean;
  readonly account: string | undefined;
  fromMs(region: string): number;
  /** Notes what a region has been read to. */
  advance(region: string, newestMs: number | undefined): void;
  /** The cursor of a page in between. */
  text(account: string | undefined): string;
  /** The cursor and the end of a poll that has read everything. */
  complete(account: string | undefined): { readonly cursor: string; readonly complete: PollEnd };
}

/** Where this poll goes on from; throws when the cursor is not one of ours. */
export function beginCourse({ cursor, regions, nowMs, historyStartMs }: CourseOptions): Course {
  const before = cursor === undefined ? undefined : parseCursor(cursor);
  const untilMs = pollUntil(before, nowMs);
  const isFirst = before === undefined || before.firstUntilMs !== undefined;
  const reachMs = nowMs - REACH_MS;
  const start = { nowMs, reachMs, wantedMs: Math.max(historyStartMs, reachMs) };
  const states = new Map(regions.map((region) => [region, startOf(before?.regions[region], start)]));

  function stateOf(region: string): RegionState {
    return states.get(region) ?? { fromMs: start.wantedMs, historyStartMs: start.wantedMs };
  }

  function moveOn(region: string, toMs: number): void {
    const state = stateOf(region);
    states.set(region, { ...state, fromMs: Math.max(state.fromMs, toMs) });
  }

  function textOf(rest: Pick<Cursor, 'account' | 'firstUntilMs'>): string {
    return JSON.stringify({ version: 1, ...rest, regions: Object.fromEntries(states) });
  }

  return {
    untilMs,
    isFirst,
    account: before?.account,
    fromMs: (region) => stateOf(region).fromMs,
    advance(region, newestMs) {
      if (newestMs !== undefined) moveOn(region, Math.min(newestMs, untilMs) - OVERLAP_MS);
    },
    text: (account) => textOf({ account, ...(isFirst ? { firstUntilMs: untilMs } : {}) }),
    complete(account) {
      for (const region of regions) moveOn(region, untilMs - QUIET_OVERLAP_MS);
      const beginsMs = Math.max(...[...states.values()].map((state) => state.historyStartMs));
      return { cursor: textOf({ account }), complete: { askedUntilMs: untilMs, historyStartMs: beginsMs } };
    },
  };
}

function parseCursor(text: string): Cursor {
  const parsed = Cursor.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error('the stored cursor of this provider was written by another version');
}

function pollUntil(before: Cursor | undefined, nowMs: number): number {
  const firstUntilMs = before?.firstUntilMs;
  if (firstUntilMs === undefined || nowMs - firstUntilMs >= FIRST_SYNC_KEPT_MS) return nowMs;
  // What lies ahead was written by a clock that was ahead.
  return Math.min(firstUntilMs, nowMs);
}

/** A region that is new, wants more history, or was left for so long that the platform forgot what came next, begins anew. */
function startOf(
  before: RegionState | undefined,
  start: { nowMs: number; wantedMs: number; reachMs: number },
): RegionState {
  const { nowMs, wantedMs, reachMs } = start;
  if (before !== undefined && before.fromMs < reachMs) return { fromMs: reachMs, historyStartMs: reachMs };
  if (before !== undefined && before.fromMs > nowMs) {
    return { ...before, fromMs: Math.max(changesFromMs(before.fromMs, nowMs), before.historyStartMs) };
  }
  if (before !== undefined && before.historyStartMs <= wantedMs) return before;
  return { fromMs: wantedMs, historyStartMs: wantedMs };
}
