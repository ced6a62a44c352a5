import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import type { SimulatedEvent, SimulatedIncident } from '../world.ts';
import { inventLife } from './lives.ts';
import { MANNERS, mannerOf } from './manners.ts';
import type { Opener, ShopPlatform } from './platforms.ts';
import type { Random } from './random.ts';

/** The stretch of time in which the history happens. */
export interface Past {
  readonly nowMs: number;
  readonly historyMs: number;
}

/** A fortnight in which everything broke more often and took longer: within the month before the last. */
const BAD_FORTNIGHT = { fromAgoMs: 52 * DAY_MS, toAgoMs: 38 * DAY_MS, often: 2.2, slowness: 1.8 } as const;

/** All incidents of a platform until now, by trigger; a few are still open and end after now, or never. */
export function inventHistory(
  platform: ShopPlatform,
  { random, open }: { random: Random; open: Opener },
  past: Past,
): SimulatedIncident[] {
  const count = Math.round((platform.incidentsPerDay * past.historyMs) / DAY_MS);
  const { mergedShare } = platform;
  const stamps = Array.from({ length: count }, () => inventInstant(random, past)).sort((a, b) => a - b);
  const history = stamps.map((atMs) => {
    const beginning = { atMs, manner: random.weighted(MANNERS) };
    const slowness = isInBadFortnight(atMs, past.nowMs) ? BAD_FORTNIGHT.slowness : 1;
    return open(beginning, inventLife(random, beginning, { mergedShare, slowness }));
  });
  return [...history, ...stillOpen({ random, open }, past.nowMs)].sort((a, b) => a.triggeredAtMs - b.triggeredAtMs);
}

function isInBadFortnight(atMs: number, nowMs: number): boolean {
  return atMs >= nowMs - BAD_FORTNIGHT.fromAgoMs && atMs < nowMs - BAD_FORTNIGHT.toAgoMs;
}

/** An instant of the past, more likely while people change things, and in the bad fortnight. */
function inventInstant(random: Random, { nowMs, historyMs }: Past): number {
  for (;;) {
    const atMs = Math.floor(nowMs - random.next() * historyMs);
    if (random.next() * BAD_FORTNIGHT.often < busyness(atMs, nowMs)) return atMs;
  }
}

/** Between 0 and what the bad fortnight makes of 1. */
function busyness(atMs: number, nowMs: number): number {
  const date = new Date(atMs);
  const isWeekend = date.getUTCDay() % 6 === 0;
  const isWorkingHour = date.getUTCHours() >= 8 && date.getUTCHours() < 18;
  const often = isInBadFortnight(atMs, nowMs) ? BAD_FORTNIGHT.often : 1;
  return often * (isWeekend ? 0.55 : 1) * (isWorkingHour ? 1 : 0.5);
}

/** What is open at now whatever chance brings: how bad, how old about, and when it will be over (absent: never). */
const STILL_OPEN = [
  { priority: 'P1', ageMs: 9 * MINUTE_MS, seenAfterMs: MINUTE_MS, endsInMs: 95 * SECOND_MS },
  { priority: 'P2', ageMs: 26 * MINUTE_MS, seenAfterMs: 4 * MINUTE_MS, endsInMs: 14 * SECOND_MS },
  { priority: 'P2', ageMs: 70 * MINUTE_MS, seenAfterMs: undefined, endsInMs: 12 * MINUTE_MS },
  { priority: 'P3', ageMs: 5 * HOUR_MS, seenAfterMs: 40 * MINUTE_MS, endsInMs: 35 * SECOND_MS },
  { priority: 'P4', ageMs: 2 * DAY_MS, seenAfterMs: 3 * HOUR_MS, endsInMs: 40 * MINUTE_MS },
  { priority: 'P5', ageMs: 16 * DAY_MS, seenAfterMs: undefined, endsInMs: undefined },
] as const;

function stillOpen({ random, open }: { random: Random; open: Opener }, nowMs: number): SimulatedIncident[] {
  return STILL_OPEN.map(({ priority, ageMs, seenAfterMs, endsInMs }) => {
    const atMs = nowMs - Math.round(ageMs * random.between(0.8, 1.3));
    const events: SimulatedEvent[] = [];
    if (seenAfterMs !== undefined) events.push({ kind: 'acknowledge', atMs: atMs + seenAfterMs, by: 'person' });
    if (endsInMs !== undefined) events.push({ kind: 'resolve', atMs: nowMs + endsInMs, by: 'person' });
    return open({ atMs, manner: mannerOf(priority) }, events);
  });
}
