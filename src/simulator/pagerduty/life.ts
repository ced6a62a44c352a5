import type { Actor, SimulatedIncident } from '../world.ts';

/** PagerDuty stamps are whole seconds. */
export function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** When the platform shows that an incident was triggered. */
export function triggerShownAtMs({ triggeredAtMs, shownAfterMs = 0 }: SimulatedIncident): number {
  return wholeSecond(triggeredAtMs) + shownAfterMs;
}

/** What the platform knows of an incident at one instant. */
export interface LifeState {
  status: 'triggered' | 'acknowledged' | 'resolved';
  acknowledgements: { readonly atMs: number; readonly by: Actor }[];
  resolvedAtMs: number | undefined;
  changedBy: Actor | undefined;
  statusChangedAtMs: number;
  updatedAtMs: number;
  merged: boolean;
  escalations: number;
}

/** The incident's state by what is shown at `nowMs`. */
export function stateAt(incident: SimulatedIncident, nowMs: number): LifeState {
  const triggeredAtMs = wholeSecond(incident.triggeredAtMs);
  const state: LifeState = {
    status: 'triggered',
    acknowledgements: [],
    resolvedAtMs: undefined,
    changedBy: undefined,
    statusChangedAtMs: triggeredAtMs,
    updatedAtMs: triggeredAtMs,
    merged: false,
    escalations: 0,
  };
  for (const { kind, atMs, by } of incident.events) {
    if (wholeSecond(atMs) + (incident.shownAfterMs ?? 0) > nowMs) continue;
    happen(state, kind, { atMs: wholeSecond(atMs), by });
  }
  // As the platform documents it: of an incident that is neither acknowledged nor resolved this equals updated_at.
  if (state.status === 'triggered') state.statusChangedAtMs = state.updatedAtMs;
  return state;
}

type Happening = SimulatedIncident['events'][number]['kind'];

function happen(state: LifeState, kind: Happening, { atMs, by }: { atMs: number; by: Actor }): void {
  state.updatedAtMs = Math.max(state.updatedAtMs, atMs);
  if (kind === 'escalate') {
    state.escalations += 1;
    return;
  }
  state.changedBy = by;
  state.statusChangedAtMs = atMs;
  if (kind === 'acknowledge') {
    state.status = 'acknowledged';
    state.acknowledgements.push({ atMs, by });
    return;
  }
  // The list of acknowledgements is empty whenever the incident is triggered or resolved.
  state.acknowledgements = [];
  const ends = kind === 'resolve' || kind === 'merge';
  state.status = ends ? 'resolved' : 'triggered';
  state.resolvedAtMs = ends ? atMs : undefined;
  state.merged = kind === 'merge';
}
