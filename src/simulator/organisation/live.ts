import { SECOND_MS } from '../../model/time.ts';
import type { SimulatedEvent, SimulatedIncident, World } from '../world.ts';
import { MANNERS } from './manners.ts';
import type { Opener } from './platforms.ts';
import type { Random } from './random.ts';

/** How long the shop waits for the next trouble on one platform. */
export interface Pace {
  readonly fromMs: number;
  readonly toMs: number;
}

/** So many live incidents of a platform are remembered, some half a day of them: the oldest are forgotten. */
export const LIVE_INCIDENTS_MAX = 5000;

const REOPENED = 0.12;
const ESCALATED = 0.2;

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
  const isEscalated = random.chance(ESCALATED);
  const seenAfterS = isEscalated ? random.between(12, 18) : random.between(2, 10);
  const overAfterS = random.between(25, 60);
  const againAfterS = overAfterS + random.between(5, 12);
  return lifeOf(atMs, [
    ...(isEscalated ? [{ kind: 'escalate', by: 'timeout', afterS: random.between(6, 10) } as const] : []),
    { kind: 'acknowledge', by: random.chance(0.9) ? 'person' : 'integration', afterS: seenAfterS },
    { kind: 'resolve', by: random.chance(0.7) ? 'person' : 'integration', afterS: overAfterS },
    ...(random.chance(REOPENED)
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
