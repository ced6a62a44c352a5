import { z } from 'zod';
import type { PollEnd } from '../../model/poll.ts';
import { DAY_MS, HOUR_MS } from '../../model/time.ts';
import { changesFromMs, OVERLAP_MS } from '../change-cursor.ts';
import { parseSubject } from './alarm-id.ts';

/** CloudWatch keeps the history of alarms for this long (User Guide, "alarm history"). */
export const RETENTION_MS = 30 * DAY_MS;
/** An unfinished first sync goes on to where it was going, unless it was left for longer than this. */
const FIRST_SYNC_KEPT_MS = DAY_MS;
/** Where nothing newer comes, the next poll reads this much again (DESIGN section 9). */
const QUIET_OVERLAP_MS = HOUR_MS;

/** What is known of the tags of a region's alarms. */
const TagState = z.object({
  /** Whether any could be read when some were asked for last. */
  right: z.enum(['read', 'refused']).optional(),
  /** When the round over all alarms that is under way or over began. */
  roundAtMs: z.int().optional(),
  /** The alarm that the round has come to; absent when it is over. */
  roundName: z.string().optional(),
  /** The tags that incidents were made with, by their configured names. */
  names: z.array(z.string()).optional(),
});
export type TagState = z.infer<typeof TagState>;

const RegionState = z.object({ fromMs: z.int(), historyStartMs: z.int(), tags: TagState.optional() });
type RegionState = z.infer<typeof RegionState>;

const Cursor = z.object({
  version: z.literal(1),
  account: z.string().optional(),
  /** Until when the first sync reads; absent once it is complete. */
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

/** Where a poll stands, region by region. */
export interface PollProgress {
  readonly untilMs: number;
  /** No poll has been complete yet. */
  readonly isFirst: boolean;
  /** Of the last poll. */
  readonly account: string | undefined;
  /** Alarms of a region that are held back, and since when. */
  held(region: string): ReadonlyMap<string, number>;
  setHeld(region: string, held: ReadonlyMap<string, number>): void;
  fromMs(region: string): number;
  /** Notes what a region has been read to. */
  advance(region: string, newestMs: number | undefined): void;
  tags(region: string): TagState;
  setTags(region: string, tags: TagState): void;
  /** The cursor of a page in between. */
  text(account: string | undefined): string;
  /** The cursor and the end of a poll that has read everything. */
  complete(account: string | undefined): { readonly cursor: string; readonly complete: PollEnd };
}

/** Where this poll goes on from; throws when the cursor is not one of ours. */
export function resumeProgress({ cursor, regions, nowMs, historyStartMs }: ProgressOptions): PollProgress {
  const before = cursor === undefined ? undefined : parseCursor(cursor);
  const untilMs = pollUntil(before, nowMs);
  const isFirst = before === undefined || before.firstUntilMs !== undefined;
  const reachMs = nowMs - RETENTION_MS;
  const start = { nowMs, reachMs, wantedMs: Math.max(historyStartMs, reachMs) };
  const states = new Map(regions.map((region) => [region, resumeRegion(before?.regions[region], start)]));
  const isRead = ([subject]: [string, number]) => states.has(parseSubject(subject).region);
  const held = new Map(Object.entries(before?.held ?? {}).filter(isRead));

  function getState(region: string): RegionState {
    return states.get(region) ?? { fromMs: start.wantedMs, historyStartMs: start.wantedMs };
  }

  function advanceTo(region: string, toMs: number): void {
    const state = getState(region);
    states.set(region, { ...state, fromMs: Math.max(state.fromMs, toMs) });
  }

  function toComparableText(rest: Pick<Cursor, 'account' | 'firstUntilMs'>): string {
    const waiting = held.size === 0 ? {} : { held: Object.fromEntries(held) };
    return JSON.stringify({ version: 1, ...rest, regions: Object.fromEntries(states), ...waiting });
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
    text: (account) => toComparableText({ account, ...(isFirst ? { firstUntilMs: untilMs } : {}) }),
    complete(account) {
      for (const region of regions) advanceTo(region, untilMs - QUIET_OVERLAP_MS);
      const beginsMs = Math.max(...[...states.values()].map((state) => state.historyStartMs));
      return { cursor: toComparableText({ account }), complete: { askedUntilMs: untilMs, historyStartMs: beginsMs } };
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

interface Start {
  readonly nowMs: number;
  readonly wantedMs: number;
  readonly reachMs: number;
}

/** A region that is new, wants more history, or was left for so long that the platform forgot what came next, begins anew. */
function resumeRegion(before: RegionState | undefined, { nowMs, wantedMs, reachMs }: Start): RegionState {
  if (before === undefined) return { fromMs: wantedMs, historyStartMs: wantedMs };
  if (before.fromMs < reachMs) return { ...before, fromMs: reachMs, historyStartMs: reachMs };
  if (before.historyStartMs > wantedMs) return { ...before, fromMs: wantedMs, historyStartMs: wantedMs };
  if (before.fromMs <= nowMs) return before;
  return { ...before, fromMs: Math.max(changesFromMs(before.fromMs, nowMs), before.historyStartMs) };
}
