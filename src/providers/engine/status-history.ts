import type { Interval } from '../../model/incident.ts';
import { MINUTE_MS } from '../../model/time.ts';

/** One change of a status, by the ids of the two. */
export interface StatusChange {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
}

/** What the changes of an issue's status tell; without `intervals` they do not tell when it was open. */
export interface StatusTimes {
  /** When it left its first status, where that did not end it. */
  readonly acknowledgedAtMs?: number | undefined;
  readonly resolvedAtMs?: number | undefined;
  readonly intervals?: readonly Interval[] | undefined;
  readonly reopenedAtMs?: readonly number[] | undefined;
}

interface Life {
  readonly createdAtMs: number;
  readonly isDone: boolean;
  /** What the platform gives as the last end. */
  readonly endMs: number | undefined;
  readonly changes: readonly StatusChange[];
}

/** Reads an issue's life from its changes of status; `categoryOf` gives `new`, `indeterminate` or `done` of a status. */
export function readStatusChanges(
  { createdAtMs, isDone, endMs, changes }: Life,
  categoryOf: (statusId: string) => string | undefined,
): StatusTimes {
  const sorted = changes.toSorted((a, b) => a.atMs - b.atMs);
  const [first] = sorted;
  // A status that was deleted since has no category any more.
  if (sorted.some(({ from, to }) => categoryOf(from) === undefined || categoryOf(to) === undefined)) return {};
  const intervals: Interval[] = [{ openedAtMs: createdAtMs }];
  for (const { atMs, to } of sorted) {
    const last = intervals.at(-1);
    const isClosing = categoryOf(to) === 'done';
    if (last === undefined || isClosing === (last.closedAtMs !== undefined)) continue;
    if (isClosing) intervals[intervals.length - 1] = { ...last, closedAtMs: atMs };
    else intervals.push({ openedAtMs: atMs });
  }
  const last = intervals.at(-1);
  // The list of changes may lack the newest ones for a moment.
  if (last === undefined || (last.closedAtMs !== undefined) !== isDone) return {};
  // The platform stamps the same step twice, some milliseconds apart: its own time of the end is taken.
  const isSameEnd = Math.abs((last.closedAtMs ?? 0) - (endMs ?? 0)) < MINUTE_MS;
  const resolvedAtMs = isDone && isSameEnd ? endMs : last.closedAtMs;
  intervals[intervals.length - 1] = { ...last, closedAtMs: resolvedAtMs };
  return {
    acknowledgedAtMs: first !== undefined && categoryOf(first.to) !== 'done' ? first.atMs : undefined,
    resolvedAtMs,
    intervals,
    reopenedAtMs: intervals.slice(1).map(({ openedAtMs }) => openedAtMs),
  };
}
