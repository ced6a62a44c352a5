import { z } from 'zod';
import type { PollCoverage } from '../../model/poll.ts';
import { DAY_MS, HOUR_MS } from '../../model/time.ts';
import { changesFromMs, OVERLAP_MS } from '../change-cursor.ts';
import { parseSubject } from './alarm-id.ts';

/** CloudWatch keeps the history of alarms for this long (User Guide, "alarm history"). */
export const RETENTION_MS = 30 * DAY_MS;
/** An interrupted first sync keeps its end time unless the interruption was longer than this. */
const FIRST_SYNC_RESUME_MAX_MS = DAY_MS;
/** Without newer changes, the next poll reads this much again (DESIGN section 9). */
const QUIET_OVERLAP_MS = HOUR_MS;

/** State of the tags of a region's alarms. The keys are stored, so they keep their names. */
const TagState = z.object({
  /** Access to tags: whether any could be read by the last poll that requested some. */
  right: z.enum(['read', 'refused']).optional(),
  /** Start of the current or last refresh of all tags. */
  roundAtMs: z.int().optional(),
  /** The last alarm that the refresh has processed; absent when it is complete. */
  roundName: z.string().optional(),
  /** The configured tag names that the incidents were labelled with. */
  names: z.array(z.string()).optional(),
});
export type TagState = z.infer<typeof TagState>;

const RegionState = z.object({ fromMs: z.int(), historyStartMs: z.int(), tags: TagState.optional() });
type RegionState = z.infer<typeof RegionState>;

const Cursor = z.object({
  version: z.literal(1),
  account: z.string().optional(),
  /** End of the range of the first sync; absent once it is complete. */
  firstUntilMs: z.int().optional(),
  regions: z.record(z.string(), RegionState),
  /** Alarms whose incidents are held back until their tags are known, and since when. */
  held: z.record(z.string(), z.int()).optional(),
});
type Cursor = z.infer<typeof Cursor>;

export interface ProgressOptions {
  readonly cursor: string | undefined;
  readonly regions: readonly string[];
  readonly nowMs: number;
  readonly historyStartMs: number;
}

/** How far a poll has read each region. */
export interface PollProgress {
  readonly untilMs: number;
  /** True until a poll has completed. */
  readonly isFirst: boolean;
  /** The account of the last poll. */
  readonly account: string | undefined;
  /** Alarms of a region that are held back, and since when. */
  held(region: string): ReadonlyMap<string, number>;
  setHeld(region: string, held: ReadonlyMap<string, number>): void;
  fromMs(region: string): number;
  /** Records how far a region has been read. */
  advance(region: string, newestMs: number | undefined): void;
  tags(region: string): TagState;
  setTags(region: string, tags: TagState): void;
  /** The cursor of a page that is not the last. */
  toCursor(account: string | undefined): string;
  /** The cursor and the coverage of a poll that has read everything. */
  complete(account: string | undefined): { readonly cursor: string; readonly complete: PollCoverage };
}

/** The progress from which this poll continues; throws when the cursor was not written by this version. */
export function resumeProgress({ cursor, regions, nowMs, historyStartMs }: ProgressOptions): PollProgress {
  const before = cursor === undefined ? undefined : parseCursor(cursor);
  const untilMs = findPollEnd(before, nowMs);
  const isFirst = before === undefined || before.firstUntilMs !== undefined;
  const retainedFromMs = nowMs - RETENTION_MS;
  const start = { nowMs, retainedFromMs, wantedMs: Math.max(historyStartMs, retainedFromMs) };
  const states = new Map(regions.map((region) => [region, resumeRegion(before?.regions[region], start)]));
  const isConfigured = ([subject]: [string, number]) => states.has(parseSubject(subject).region);
  const held = new Map(Object.entries(before?.held ?? {}).filter(isConfigured));

  function getState(region: string): RegionState {
    return states.get(region) ?? { fromMs: start.wantedMs, historyStartMs: start.wantedMs };
  }

  function advanceTo(region: string, toMs: number): void {
    const state = getState(region);
    states.set(region, { ...state, fromMs: Math.max(state.fromMs, toMs) });
  }

  function serialize(rest: Pick<Cursor, 'account' | 'firstUntilMs'>): string {
    const heldBack = held.size === 0 ? {} : { held: Object.fromEntries(held) };
    return JSON.stringify({ version: 1, ...rest, regions: Object.fromEntries(states), ...heldBack });
  }

  return {
    untilMs,
    isFirst,
    account: before?.account,
    held: (region) => new Map([...held].filter(([subject]) => parseSubject(subject).region === region)),
    setHeld(region, now) {
      for (const subject of held.keys()) if (parseSubject(subject).region === region) held.delete(subject);
      for (const [subject, sinceMs] of now) held.set(subject, sinceMs);
    },
    fromMs: (region) => getState(region).fromMs,
    advance(region, newestMs) {
      if (newestMs !== undefined) advanceTo(region, Math.min(newestMs, untilMs) - OVERLAP_MS);
    },
    tags: (region) => getState(region).tags ?? {},
    setTags: (region, tags) => states.set(region, { ...getState(region), tags }),
    toCursor: (account) => serialize({ account, ...(isFirst ? { firstUntilMs: untilMs } : {}) }),
    complete(account) {
      for (const region of regions) advanceTo(region, untilMs - QUIET_OVERLAP_MS);
      const latestStartMs = Math.max(...[...states.values()].map((state) => state.historyStartMs));
      return { cursor: serialize({ account }), complete: { polledUntilMs: untilMs, historyStartMs: latestStartMs } };
    },
  };
}

function parseCursor(text: string): Cursor {
  const parsed = Cursor.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error('the stored cursor of this provider was written by another version');
}

function findPollEnd(before: Cursor | undefined, nowMs: number): number {
  const firstUntilMs = before?.firstUntilMs;
  if (firstUntilMs === undefined || nowMs - firstUntilMs >= FIRST_SYNC_RESUME_MAX_MS) return nowMs;
  // An end in the future was written by a clock that was ahead.
  return Math.min(firstUntilMs, nowMs);
}

interface RegionRange {
  readonly nowMs: number;
  readonly wantedMs: number;
  readonly retainedFromMs: number;
}

/** A region starts over when it is new, when more history is wanted, or when the platform has dropped what came after the cursor. */
function resumeRegion(before: RegionState | undefined, { nowMs, wantedMs, retainedFromMs }: RegionRange): RegionState {
  if (before === undefined) return { fromMs: wantedMs, historyStartMs: wantedMs };
  if (before.fromMs < retainedFromMs) return { ...before, fromMs: retainedFromMs, historyStartMs: retainedFromMs };
  if (before.historyStartMs > wantedMs) return { ...before, fromMs: wantedMs, historyStartMs: wantedMs };
  if (before.fromMs <= nowMs) return before;
  return { ...before, fromMs: Math.max(changesFromMs(before.fromMs, nowMs), before.historyStartMs) };
}
