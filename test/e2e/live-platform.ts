import { onTestFinished } from 'vitest';
import type { SimulatedIncident, World } from '../../src/simulator/world.ts';
import { HOUR_MS, told } from '../metrics/stage.ts';

const SECOND_MS = 1000;
const SEVERITIES = ['P1', 'P2', 'P3'];

export interface LivePlatformInput {
  /** Begins the ids of its incidents. */
  readonly prefix: string;
  readonly services: readonly string[];
  /** An incident opens so often; it is over after one to three seconds. */
  readonly everyMs: number;
  /** Incidents that ended before now, and a tenth as many that are open and end within the next minute. */
  readonly past: number;
}

/** A platform on which something happens all the time. */
export interface LivePlatform {
  readonly world: World;
  /** Nothing opens any more. */
  stop(): void;
  /** Something of a service that may be new. */
  happen(service: string): void;
  /** How many ended at or after this instant, by the service and severity; what has not ended yet is taken to have. */
  resolvedSince(sinceMs: number): Map<string, number>;
}

/** Goes on until it is stopped or the test ends. */
export function startLivePlatform({ prefix, services, everyMs, past }: LivePlatformInput): LivePlatform {
  let turn = 0;
  const invent = (triggeredAtMs: number, minutes: number, service?: string): SimulatedIncident => {
    turn += 1;
    return told({
      id: `${prefix}${turn}`,
      service: service ?? services[turn % services.length] ?? '',
      priority: SEVERITIES[turn % 4 === 3 ? 1 : 0] ?? '',
      triggeredAtMs,
      resolved: minutes,
    });
  };
  const nowMs = Math.ceil(Date.now() / SECOND_MS) * SECOND_MS;
  const world: World = {
    incidents: [
      ...Array.from({ length: past }, (_, index) => invent(nowMs - (index + 2) * HOUR_MS, 20 + (index % 17))),
      ...Array.from({ length: past / 10 }, (_, index) => invent(nowMs - HOUR_MS, 60 + index / 30)),
    ],
    alarms: [],
  };
  const happen = (service?: string) => {
    const triggeredAtMs = Math.ceil(Date.now() / SECOND_MS) * SECOND_MS;
    const incident = invent(triggeredAtMs, (1 + (turn % 3)) / 60, service);
    // Some are shown late, as platforms do.
    if (turn % 7 === 0) incident.shownAfterMs = 3 * SECOND_MS;
    world.incidents = [...world.incidents, incident];
  };
  const living = setInterval(happen, everyMs, undefined);
  const stop = () => clearInterval(living);
  onTestFinished(stop);
  return {
    world,
    stop,
    happen,
    resolvedSince: (sinceMs) => {
      const ended = world.incidents.filter(({ events }) => (events.at(-1)?.atMs ?? 0) >= sinceMs);
      const counts = new Map<string, number>();
      for (const { service, priority } of ended) {
        const key = `${service.name} ${priority}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      return counts;
    },
  };
}
