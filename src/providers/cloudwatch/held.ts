import { HOUR_MS } from '../../model/time.ts';
import type { TagReader } from './tags.ts';

/** So long incidents wait for tags that are refused although others could be read: a slip in a policy is mended by then. */
const HELD_MAX_MS = HOUR_MS;

/** Alarms of one region whose incidents are not told before their tags are known: what is counted under a wrong service stays there. */
export interface HeldAlarms {
  has(subject: string): boolean;
  /** Since when each is held, as it is now. */
  now(): ReadonlyMap<string, number>;
  /** Whether to wait (on) for the tags of an alarm that were refused now, and none are known from before. */
  waits(subject: string): boolean;
  /** Holds an alarm until a later poll asks for its tags. */
  hold(subject: string): void;
  release(subject: string): void;
  /** True when an alarm waits because its tags were refused in this poll. */
  isRefused(): boolean;
  /** Whether tags can be read, for the next poll: a right is believed to be gone when an alarm waited in vain. */
  rightAfter(): 'read' | 'refused' | undefined;
}

export interface HeldOptions {
  /** Since when each was held before this poll. */
  readonly before: ReadonlyMap<string, number>;
  readonly rightBefore: 'read' | 'refused' | undefined;
  readonly tags: Pick<TagReader, 'right'>;
  readonly nowMs: number;
}

/** Where no tags could ever be read the right is missing: nobody waits for it. */
export function createHeldAlarms({ before, rightBefore, tags, nowMs }: HeldOptions): HeldAlarms {
  const sinceMs = new Map(before);
  let isInVain = false;
  let isRefused = false;
  const hold = (subject: string) => {
    const heldMs = Math.min(sinceMs.get(subject) ?? nowMs, nowMs);
    sinceMs.set(subject, heldMs);
    return heldMs;
  };

  return {
    has: (subject) => sinceMs.has(subject),
    now: () => new Map(sinceMs),
    waits(subject) {
      if (rightBefore !== 'read' && tags.right() !== 'read') return false;
      const isWaiting = nowMs - hold(subject) < HELD_MAX_MS;
      isInVain ||= !isWaiting;
      isRefused ||= isWaiting;
      return isWaiting;
    },
    hold: (subject) => void hold(subject),
    release: (subject) => void sinceMs.delete(subject),
    isRefused: () => isRefused,
    rightAfter() {
      const right = tags.right() ?? rightBefore;
      return right === 'refused' && rightBefore === 'read' && !isInVain ? 'read' : right;
    },
  };
}
