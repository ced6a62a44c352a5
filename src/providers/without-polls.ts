import type { Incident } from '../model/incident.ts';
import type { Page, PollCoverage } from '../model/poll.ts';
import type { ProbeReport } from './probes.ts';
import type { Delivery, PollRequest } from './provider.ts';

/**
 * The poll of a provider whose records come by themselves: it reads nothing and moves the windows to now, so that the
 * provider is ready at once, and an hour without records is an hour without incidents.
 */
export async function* pollNothing({ cursor = '', before, nowMs }: PollRequest): AsyncGenerator<Page> {
  yield {
    incidents: [],
    stateChanges: [],
    rejected: [],
    deletedIds: [],
    replacedSubjects: [],
    cursor,
    complete: { polledUntilMs: nowMs, historyStartMs: before?.historyStartMs ?? nowMs },
  };
}

/** What is covered when a delivery brings these: the history of a provider without polls begins with its oldest record. */
export function coverDelivery(
  { before, nowMs }: Pick<Delivery, 'before' | 'nowMs'>,
  incidents: readonly Pick<Incident, 'triggeredAtMs'>[],
): PollCoverage {
  const historyStartMs = incidents.reduce(
    (oldest, { triggeredAtMs }) => Math.min(oldest, triggeredAtMs),
    before?.historyStartMs ?? nowMs,
  );
  return { polledUntilMs: nowMs, historyStartMs };
}

/** For `doctor`: there is nothing to try. */
export const NOTHING_TO_PROBE: ProbeReport = {
  probes: [{ call: 'nothing: its records come by themselves', isNeeded: false, impact: 'nothing', outcome: 'ok' }],
  region: { name: 'none', hint: 'nothing is asked of anybody' },
  estimate: { perPoll: 0, perHour: 0, firstSync: 0, isExact: true, rateLimitCount: 1 },
};
