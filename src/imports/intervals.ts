import type { Interval } from '../model/incident.ts';
import { parseStamp } from './stamps.ts';
import { readAny, type Surroundings, unreadable } from './values.ts';

const EXPECTED =
  'expected pairs of dates [[opened, closed], …] in order, the first from the trigger and the last to the end';

/** The spans in which an incident was open; undefined where the record tells of none. */
export function readIntervals(
  record: unknown,
  around: Surroundings,
  { triggeredAtMs, endMs }: { readonly triggeredAtMs: number; readonly endMs: number | undefined },
): Interval[] | undefined {
  const value = readAny(record, 'intervals', around);
  if (value === undefined) return undefined;
  const pairs = Array.isArray(value) ? value : [];
  const intervals = pairs.map((pair) => intervalOf(pair, around));
  const flat = intervals.flatMap(({ openedAtMs, closedAtMs }) => [openedAtMs, closedAtMs ?? Number.POSITIVE_INFINITY]);
  const isAscending = flat.every((ms, at) => at === 0 || ms >= (flat[at - 1] ?? 0));
  const [first] = intervals;
  const isWhole = first?.openedAtMs === triggeredAtMs && intervals.at(-1)?.closedAtMs === endMs;
  if (!isAscending || !isWhole) throw unreadable('intervals', around, EXPECTED);
  return intervals;
}

function intervalOf(pair: unknown, around: Surroundings): Interval {
  const [opened, closed]: unknown[] = Array.isArray(pair) ? pair : [];
  const instant = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number'
      ? parseStamp(value, { formats: [], zone: around.zone })
      : undefined;
  const openedAtMs = instant(opened);
  const closedAtMs = instant(closed);
  const isUnreadable =
    openedAtMs === undefined || (closed !== undefined && closed !== null && closedAtMs === undefined);
  if (isUnreadable) throw unreadable('intervals', around, EXPECTED);
  return { openedAtMs, closedAtMs };
}
