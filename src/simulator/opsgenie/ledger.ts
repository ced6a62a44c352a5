import type { SimulatedEvent, SimulatedIncident, World } from '../world.ts';

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

/** One alert or one incident of the account. */
export interface Life {
  readonly id: string;
  readonly incident: SimulatedIncident;
  /** Unique among its kind; for whatever has to differ from record to record. */
  readonly number: number;
  readonly createdAtMs: number;
  /** In order of time. */
  readonly events: readonly SimulatedEvent[];
}

/** All records of one kind, by creation. */
export interface Records {
  readonly kind: 'alerts' | 'incidents';
  readonly lives: readonly Life[];
  /** Of `lives`, ascending. */
  readonly createdAtMs: readonly number[];
  readonly byId: ReadonlyMap<string, Life>;
}

/** The whole world in order of time; built once, and again only when the world changed. */
export interface Ledger {
  /** Changes with every change of the world that the order or the presence of records depends on. */
  readonly version: number;
  readonly alerts: Records;
  readonly incidents: Records;
  /** How many changes are out by `nowMs`: equal counts, equal lists. */
  shownBy(nowMs: number): number;
}

/**
 * Gives the sorted world, sorted again only when an incident was added, moved, deleted or forbidden, or when its events
 * are others; asking costs one look at each incident. Titles, services, teams and priorities are read when they are sent.
 */
export function ledgerOf(world: World): () => Ledger {
  let seen: readonly Seen[] = [];
  let ledger: Ledger | undefined;
  return () => {
    const { incidents } = world;
    const isSame = incidents.length === seen.length && incidents.every((one, index) => unchanged(one, seen[index]));
    if (ledger !== undefined && isSame) return ledger;
    seen = incidents.map((one) => ({ one, copy: { ...one }, eventCount: one.events.length }));
    ledger = buildLedger(incidents, (ledger?.version ?? 0) + 1);
    return ledger;
  };
}

interface Seen {
  readonly one: SimulatedIncident;
  readonly copy: SimulatedIncident;
  readonly eventCount: number;
}

function unchanged(incident: SimulatedIncident, seen: Seen | undefined): boolean {
  return (
    seen !== undefined &&
    incident === seen.one &&
    incident.events === seen.copy.events &&
    incident.events.length === seen.eventCount &&
    incident.triggeredAtMs === seen.copy.triggeredAtMs &&
    incident.shownAfterMs === seen.copy.shownAfterMs &&
    incident.deletedAtMs === seen.copy.deletedAtMs &&
    incident.forbidden === seen.copy.forbidden
  );
}

function buildLedger(incidents: readonly SimulatedIncident[], version: number): Ledger {
  const byTime = incidents.toSorted((a, b) => a.triggeredAtMs - b.triggeredAtMs);
  const wholes = byTime.map((incident, number) => wholeLife(incident, number));
  const changes = Float64Array.from(wholes.flatMap(changesOf)).sort();
  return {
    version,
    alerts: recordsOf('alerts', wholes.flatMap(alertLives)),
    incidents: recordsOf('incidents', wholes),
    shownBy: (nowMs) => firstAbove(changes, nowMs),
  };
}

function recordsOf(kind: Records['kind'], lives: readonly Life[]): Records {
  const ordered = lives.toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  return {
    kind,
    lives: ordered,
    createdAtMs: ordered.map(({ createdAtMs }) => createdAtMs),
    byId: new Map(ordered.map((life) => [life.id, life])),
  };
}

function changesOf({ incident, createdAtMs, events }: Life): number[] {
  const { shownAfterMs = 0, deletedAtMs } = incident;
  const changes = [createdAtMs, ...events.flatMap(({ atMs }) => [atMs, atMs + CLOSED_AFTER_MS])];
  return [...changes.map((atMs) => atMs + shownAfterMs), ...(deletedAtMs === undefined ? [] : [deletedAtMs])];
}

/** Every third incident that is resolved gets closed too, so much later. */
export const CLOSED_AFTER_MS = 10 * 60_000;

function wholeLife(incident: SimulatedIncident, number: number): Life {
  return { id: incident.id, incident, number, createdAtMs: incident.triggeredAtMs, events: incident.events };
}

/** A closed alert never opens again: the same trouble makes a new alert with the same alias. */
function alertLives(whole: Life): Life[] {
  const lives = [{ ...whole, events: new Array<SimulatedEvent>() }];
  for (const event of whole.events) {
    const again = lives.length;
    if (event.kind === 'reopen') {
      lives.push({ ...whole, id: `${whole.id}-again-${again}`, createdAtMs: event.atMs, events: [] });
    } else lives.at(-1)?.events.push(event);
  }
  return lives;
}

/** Index of the first number above `limit` in an ascending list. */
export function firstAbove(numbers: ArrayLike<number>, limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
