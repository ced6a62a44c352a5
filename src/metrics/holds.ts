import { GROUP_NAMES, type LabelSet } from '../store/label-sets.ts';
import type { Release } from '../store/store.ts';

interface Hold {
  readonly release: Release;
  /** The first page that had the zero. */
  readonly firstVersion: number;
  /** When such a page was first sent completely; undefined before. */
  firstScrapedAtMs: number | undefined;
}

/**
 * The hold of new series (DESIGN §4.3): they are on the page at zero, and their observations stay hidden until `holdMs`
 * after the first completed scrape that had the zero, so that `increase()` sees the rise. In memory on purpose: after a
 * restart the hold begins again; over a reload it goes on.
 */
export interface Holds {
  /** A page with these sets was rendered. */
  onRendered(version: number, sets: readonly LabelSet[]): void;
  /** A response with this page was sent completely. */
  onScraped(version: number, nowMs: number): void;
  /** The holds that have lasted for `holdMs`. */
  findExpired(nowMs: number, holdMs: number): readonly Release[];
}

export function createHolds(): Holds {
  let holds = new Map<string, Hold>();
  return {
    onRendered: (version, sets) => {
      const held = new Map<string, Hold>();
      for (const set of sets) {
        for (const group of GROUP_NAMES) {
          const { released = true, createdAtMs } = set.groups[group] ?? {};
          if (released) continue;
          const key = `${set.row} ${group} ${createdAtMs}`;
          const release = { set: set.row, group };
          held.set(key, holds.get(key) ?? { release, firstVersion: version, firstScrapedAtMs: undefined });
        }
      }
      holds = held;
    },
    onScraped: (version, nowMs) => {
      for (const hold of holds.values()) {
        if (hold.firstVersion <= version) hold.firstScrapedAtMs ??= nowMs;
      }
    },
    findExpired: (nowMs, holdMs) => {
      const expired: Release[] = [];
      for (const hold of holds.values()) {
        if (hold.firstScrapedAtMs === undefined) continue;
        // The clock was set back: the hold starts again, as nobody knows how much of it is over.
        if (nowMs < hold.firstScrapedAtMs) hold.firstScrapedAtMs = nowMs;
        if (nowMs - hold.firstScrapedAtMs >= holdMs) expired.push(hold.release);
      }
      return expired;
    },
  };
}
