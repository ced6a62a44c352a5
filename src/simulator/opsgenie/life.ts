import type { SimulatedEvent } from '../world.ts';
import { CLOSED_AFTER_MS, type Life, type Records } from './ledger.ts';

/** What the platform knows of a record at one instant. */
export interface LifeState {
  isOpen: boolean;
  isAcknowledged: boolean;
  /** First acknowledgement. */
  acknowledgedAtMs: number | undefined;
  /** Last end. */
  endedAtMs: number | undefined;
  updatedAtMs: number;
}

/** True while the platform has the record at all. */
export function isThere({ incident, createdAtMs }: Life, nowMs: number): boolean {
  const { shownAfterMs = 0, deletedAtMs } = incident;
  return createdAtMs + shownAfterMs <= nowMs && !(deletedAtMs !== undefined && deletedAtMs <= nowMs);
}

/** What has happened by what is shown at `nowMs`. */
export function shownEvents({ incident, events }: Life, nowMs: number): readonly SimulatedEvent[] {
  return events.filter(({ atMs }) => atMs + (incident.shownAfterMs ?? 0) <= nowMs);
}

/** The state of a record by what is shown at `nowMs`. */
export function stateAt(life: Life, nowMs: number): LifeState {
  const state: LifeState = {
    isOpen: true,
    isAcknowledged: false,
    acknowledgedAtMs: undefined,
    endedAtMs: undefined,
    updatedAtMs: life.createdAtMs,
  };
  for (const event of shownEvents(life, nowMs)) happen(state, event);
  return state;
}

function happen(state: LifeState, { kind, atMs }: SimulatedEvent): void {
  state.updatedAtMs = Math.max(state.updatedAtMs, atMs);
  if (kind === 'acknowledge') {
    state.isAcknowledged = true;
    state.acknowledgedAtMs ??= atMs;
  }
  if (kind === 'unacknowledge') state.isAcknowledged = false;
  if (kind === 'resolve' || kind === 'merge') {
    state.isOpen = false;
    state.endedAtMs = atMs;
  }
  if (kind === 'reopen') {
    state.isOpen = true;
    state.endedAtMs = undefined;
  }
}

/** When somebody closed the resolved incident; undefined while it is open, or for good with two of three. */
export function closedAtMs(life: Life, nowMs: number): number | undefined {
  const { endedAtMs } = stateAt(life, nowMs);
  if (endedAtMs === undefined || life.number % 3 !== 0) return undefined;
  const atMs = endedAtMs + CLOSED_AFTER_MS;
  return atMs + (life.incident.shownAfterMs ?? 0) <= nowMs ? atMs : undefined;
}

/** The platform's word for the state: alerts are closed, incidents resolved and perhaps closed after that. */
export function statusOf(kind: Records['kind'], life: Life, nowMs: number): string {
  if (stateAt(life, nowMs).isOpen) return 'open';
  return kind === 'alerts' || closedAtMs(life, nowMs) !== undefined ? 'closed' : 'resolved';
}

/** The last change that the record shows. */
export function updatedAtMs(kind: Records['kind'], life: Life, nowMs: number): number {
  const ownMs = stateAt(life, nowMs).updatedAtMs;
  return kind === 'alerts' ? ownMs : (closedAtMs(life, nowMs) ?? ownMs);
}
