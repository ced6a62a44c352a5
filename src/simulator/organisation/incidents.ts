import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import type { Actor, SimulatedEvent, SimulatedIncident, World } from '../world.ts';
import type { Random } from './random.ts';
import { type Beginning, MANNERS, mannerOf, type Opener, type ShopPlatform } from './shop.ts';

/** What makes lives differ besides their severity. */
export interface Circumstances {
  readonly mergedShare: number;
  /** Recoveries take this many times as long as they use to. */
  readonly slowness: number;
}

const INTEGRATION_ACKNOWLEDGES = 0.06;
const ESCALATED_BY_HAND = 0.03;
const ESCALATIONS_MAX = 2;
const REOPENED_IN_HISTORY = 0.035;
const FORGETS_TO_WORK = 0.08;
/** The platform takes an acknowledgement back after so long. */
const ACKNOWLEDGEMENT_ENDS_MS = 30 * MINUTE_MS;
/** What is open for a day is closed by the platform, in some settings. */
const TIMEOUT_MS = DAY_MS;
const TIMED_OUT = 0.3;

/** The whole life of an incident of the history, in order of time; it always ends. */
export function inventLife(random: Random, beginning: Beginning, circumstances: Circumstances): SimulatedEvent[] {
  const { atMs } = beginning;
  if (random.chance(circumstances.mergedShare)) {
    return [{ kind: 'merge', atMs: atMs + Math.round(random.between(MINUTE_MS, 12 * MINUTE_MS)), by: 'person' }];
  }
  const end = inventEnd(random, beginning, circumstances.slowness);
  const attention = inventAttention(random, beginning, end.atMs);
  const again = random.chance(REOPENED_IN_HISTORY) ? inventReopening(random, beginning, end.atMs) : [];
  return [...attention, end, ...again];
}

function inventEnd(random: Random, { atMs, manner }: Beginning, slowness: number): SimulatedEvent {
  const { medianMs, spread } = manner.recovery;
  const recoveryMs = Math.round(random.heavyTailed(medianMs * slowness, spread));
  if (recoveryMs > TIMEOUT_MS && random.chance(TIMED_OUT)) {
    return { kind: 'resolve', atMs: atMs + TIMEOUT_MS, by: 'timeout' };
  }
  return { kind: 'resolve', atMs: atMs + recoveryMs, by: someoneWhoResolves(random) };
}

function someoneWhoResolves(random: Random): Actor {
  return random.chance(0.6) ? 'person' : 'integration';
}

/** Acknowledgements and escalations, all before the end. */
function inventAttention(random: Random, { atMs, manner }: Beginning, endMs: number): SimulatedEvent[] {
  const { share, medianMs, spread } = manner.acknowledgement;
  const seenAtMs = atMs + Math.round(random.heavyTailed(medianMs, spread));
  const isSeen = random.chance(share) && seenAtMs < endMs;
  const waitsUntilMs = isSeen ? seenAtMs : endMs;
  const events = inventEscalations(random, { atMs, everyMs: manner.escalatesAfterMs, waitsUntilMs });
  if (random.chance(INTEGRATION_ACKNOWLEDGES)) {
    events.push({ kind: 'acknowledge', atMs: atMs + Math.round(random.between(3, 20) * SECOND_MS), by: 'integration' });
  }
  if (isSeen) events.push({ kind: 'acknowledge', atMs: seenAtMs, by: 'person' });
  if (isSeen && random.chance(FORGETS_TO_WORK)) events.push(...inventForgetting(random, seenAtMs));
  return events.filter((event) => event.atMs < endMs).sort((a, b) => a.atMs - b.atMs);
}

interface Waiting {
  readonly atMs: number;
  readonly everyMs: number | undefined;
  readonly waitsUntilMs: number;
}

function inventEscalations(random: Random, { atMs, everyMs, waitsUntilMs }: Waiting): SimulatedEvent[] {
  const events: SimulatedEvent[] = [];
  for (let count = 1; everyMs !== undefined && count <= ESCALATIONS_MAX; count += 1) {
    const escalatedAtMs = atMs + count * everyMs;
    if (escalatedAtMs < waitsUntilMs) events.push({ kind: 'escalate', atMs: escalatedAtMs, by: 'timeout' });
  }
  if (random.chance(ESCALATED_BY_HAND)) {
    const afterMs = Math.round(random.between(MINUTE_MS, HOUR_MS));
    events.push({ kind: 'escalate', atMs: waitsUntilMs + afterMs, by: 'person' });
  }
  return events;
}

function inventForgetting(random: Random, seenAtMs: number): SimulatedEvent[] {
  const takenBackAtMs = seenAtMs + ACKNOWLEDGEMENT_ENDS_MS;
  const afterMs = Math.round(random.between(2 * MINUTE_MS, 20 * MINUTE_MS));
  return [
    { kind: 'unacknowledge', atMs: takenBackAtMs, by: 'timeout' },
    { kind: 'escalate', atMs: takenBackAtMs + SECOND_MS, by: 'timeout' },
    { kind: 'acknowledge', atMs: takenBackAtMs + afterMs, by: 'person' },
  ];
}

/** It was not over after all. */
function inventReopening(random: Random, { manner }: Beginning, endMs: number): SimulatedEvent[] {
  const againAtMs = endMs + Math.round(random.between(2 * MINUTE_MS, HOUR_MS));
  const seenAtMs = againAtMs + Math.round(random.between(10 * SECOND_MS, 3 * MINUTE_MS));
  const { medianMs, spread } = manner.recovery;
  const overAtMs = seenAtMs + Math.round(random.heavyTailed(medianMs / 2, spread));
  return [
    { kind: 'reopen', atMs: againAtMs, by: 'person' },
    { kind: 'acknowledge', atMs: seenAtMs, by: 'person' },
    { kind: 'resolve', atMs: overAtMs, by: someoneWhoResolves(random) },
  ];
}

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

/** How long the shop waits for the next trouble on one platform. */
export interface Pace {
  readonly fromMs: number;
  readonly toMs: number;
}

/** So many live incidents of a platform are remembered, some half a day of them: the oldest are forgotten. */
export const LIVE_INCIDENTS_MAX = 5000;

const REOPENED_LIVE = 0.12;
const ESCALATED_LIVE = 0.2;

/**
 * Opens incidents in the world at this pace, the first at the first call, each with the rest of its life: over within 10 to
 * 90 s, every other one within 15 s. At most one a call, so that a clock that jumps floods nobody.
 */
export function createLiveIncidents(
  world: World,
  { random, open }: { random: Random; open: Opener },
  pace: Pace,
): (nowMs: number) => void {
  const remembered: SimulatedIncident[] = [];
  let dueAtMs = Number.NEGATIVE_INFINITY;
  let isShort = false;
  return (nowMs) => {
    if (nowMs < dueAtMs) return;
    dueAtMs = nowMs + random.between(pace.fromMs, pace.toMs);
    isShort = !isShort;
    const beginning = { atMs: nowMs, manner: random.weighted(MANNERS) };
    const incident = open(beginning, isShort ? shortLife(random, nowMs) : longLife(random, nowMs));
    world.incidents.push(incident);
    remembered.push(incident);
    const forgotten = remembered.length > LIVE_INCIDENTS_MAX ? remembered.shift() : undefined;
    if (forgotten !== undefined) world.incidents.splice(world.incidents.indexOf(forgotten), 1);
  };
}

function shortLife(random: Random, atMs: number): SimulatedEvent[] {
  return lifeOf(atMs, [
    { kind: 'acknowledge', by: 'person', afterS: random.between(2, 6) },
    { kind: 'resolve', by: random.chance(0.5) ? 'person' : 'integration', afterS: random.between(10, 15) },
  ]);
}

function longLife(random: Random, atMs: number): SimulatedEvent[] {
  const isEscalated = random.chance(ESCALATED_LIVE);
  const seenAfterS = isEscalated ? random.between(12, 18) : random.between(2, 10);
  const overAfterS = random.between(25, 60);
  const againAfterS = overAfterS + random.between(5, 12);
  return lifeOf(atMs, [
    ...(isEscalated ? [{ kind: 'escalate', by: 'timeout', afterS: random.between(6, 10) } as const] : []),
    { kind: 'acknowledge', by: random.chance(0.9) ? 'person' : 'integration', afterS: seenAfterS },
    { kind: 'resolve', by: random.chance(0.7) ? 'person' : 'integration', afterS: overAfterS },
    ...(random.chance(REOPENED_LIVE)
      ? [
          { kind: 'reopen', by: 'person', afterS: againAfterS } as const,
          { kind: 'resolve', by: 'person', afterS: againAfterS + random.between(8, 18) } as const,
        ]
      : []),
  ]);
}

type Step = Pick<SimulatedEvent, 'kind' | 'by'> & { readonly afterS: number };

function lifeOf(atMs: number, steps: readonly Step[]): SimulatedEvent[] {
  return steps.map(({ kind, by, afterS }) => ({ kind, by, atMs: atMs + Math.round(afterS * SECOND_MS) }));
}
