import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import type { Actor, SimulatedEvent } from '../world.ts';
import type { Beginning } from './platforms.ts';
import type { Random } from './random.ts';

/** What makes lives differ besides their severity. */
export interface Circumstances {
  readonly mergedShare: number;
  /** Recoveries take this many times as long as they use to. */
  readonly slowness: number;
}

const INTEGRATION_ACKNOWLEDGES = 0.06;
const ESCALATED_BY_HAND = 0.03;
const ESCALATIONS_MAX = 2;
const REOPENED = 0.035;
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
  const again = random.chance(REOPENED) ? inventReopening(random, beginning, end.atMs) : [];
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
