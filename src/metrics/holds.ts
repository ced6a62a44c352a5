import { GROUP_NAMES, type LabelSet } from '../store/label-sets.ts';
import type { Release } from '../store/store.ts';

interface Hold {
  readonly release: Release;
  /** The page that carried the zero first. */
  readonly firstVersion: number;
  /** When a GET of such a page was complete; undefined before. */
  firstScrapedAtMs: number | undefined;
}

/**
 * The wait of newly born series (DESIGN §4.3): observations stay hidden until `holdMs` after the first completed GET
 * that carried the zero. In memory on purpose: after a restart the wait begins anew; over a reload it goes on.
 */
export interface Holds {
  /** A page with these sets was rendered. */
  rendered(version: number, sets: readonly LabelSet[]): void;
  /** A GET of this page was completely sent. */
  delivered(version: number, nowMs: number): void;
  /** What has waited for `holdMs`. */
  due(nowMs: number, holdMs: number): readonly Release[];
}

export function createHolds(): Holds {
  let holds = new Map<string, Hold>();
  return {
    rendered: (version, sets) => {
      const held = new Map<string, Hold>();
      for (const set of sets) {
        for (const group of GROUP_NAMES) {
          const life = set.groups[group];
          if (life === undefined || life.released) continue;
          const key = `${set.row} ${group} ${life.bornMs}`;
          const release = { set: set.row, group };
          held.set(key, holds.get(key) ?? { release, firstVersion: version, firstScrapedAtMs: undefined });
        }
      }
      holds = held;
    },
    delivered: (version, nowMs) => {
      for (const hold of holds.values()) {
        if (hold.firstVersion <= version) hold.firstScrapedAtMs ??= nowMs;
      }
    },
    due: (nowMs, holdMs) => {
      const due: Release[] = [];
      for (const hold of holds.values()) {
        if (hold.firstScrapedAtMs === undefined) continue;
        // The clock was set back: the wait starts anew, as nobody knows how much of it is over.
        if (nowMs < hold.firstScrapedAtMs) hold.firstScrapedAtMs = nowMs;
        if (nowMs - hold.firstScrapedAtMs >= holdMs) due.push(hold.release);
      }
      return due;
    },
  };
}
