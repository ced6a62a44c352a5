import type { Actor, SimulatedIncident, World } from '../world.ts';

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

/** One line of an incident's log. */
export interface Entry {
  readonly id: string;
  readonly incident: SimulatedIncident;
  readonly type: string;
  readonly atMs: number;
  readonly by: Actor;
  /** Before this instant no list has it. */
  readonly shownAtMs: number;
}

/** How a reopening shows in the log; the platform does not say, so all three are tried. */
export type ReopenEntry = 'assign_log_entry' | 'trigger_log_entry' | 'none';

/** The whole world in order of time; built once, and again only when an incident was added or its events were replaced. */
export interface Ledger {
  /** Changes with every change of the world that lists depend on. */
  readonly version: number;
  readonly incidents: readonly SimulatedIncident[];
  /** Of `incidents`, ascending. */
  readonly createdAtMs: readonly number[];
  /** Ascending in time. */
  readonly entries: readonly Entry[];
  readonly entriesAtMs: readonly number[];
  readonly byId: ReadonlyMap<string, SimulatedIncident>;
  readonly numbers: ReadonlyMap<SimulatedIncident, number>;
  /** Incidents that are, or will be, in no list. */
  readonly hideable: readonly SimulatedIncident[];
  entriesOf(incident: SimulatedIncident): readonly Entry[];
  /** How many records and entries are out by `nowMs`: equal counts, equal lists. */
  shownBy(nowMs: number): number;
}

const FIRST_INCIDENT_NUMBER = 1001;

/** Sorts the world. */
export function buildLedger(world: World, version: number, reopenAs: ReopenEntry): Ledger {
  const incidents = [...world.incidents].sort((a, b) => a.triggeredAtMs - b.triggeredAtMs);
  const perIncident = new Map(incidents.map((incident) => [incident, entriesOf(incident, reopenAs)]));
  const all = [...perIncident.values()].flat();
  const entries = all.filter(isLogged).sort((a, b) => a.atMs - b.atMs);
  const shownAtMs = all.map((entry) => entry.shownAtMs).sort((a, b) => a - b);
  return {
    version,
    incidents,
    createdAtMs: incidents.map(({ triggeredAtMs }) => wholeSecond(triggeredAtMs)),
    entries,
    entriesAtMs: entries.map(({ atMs }) => atMs),
    byId: new Map(incidents.map((incident) => [incident.id, incident])),
    numbers: new Map(incidents.map((incident, index) => [incident, FIRST_INCIDENT_NUMBER + index])),
    hideable: incidents.filter(({ deletedAtMs, forbidden }) => deletedAtMs !== undefined || forbidden === true),
    entriesOf: (incident) => perIncident.get(incident)?.filter(isLogged) ?? [],
    shownBy: (nowMs) => firstAtOrAfter(shownAtMs, nowMs + 1),
  };
}

function entriesOf(incident: SimulatedIncident, reopenAs: ReopenEntry): Entry[] {
  const { id, events, shownAfterMs = 0 } = incident;
  const shownAtMs = triggerShownAtMs(incident);
  const atMs = wholeSecond(incident.triggeredAtMs);
  const entries: Entry[] = [
    { id: `R${id}T`, incident, type: 'trigger_log_entry', atMs, by: 'integration', shownAtMs },
    { id: `R${id}N`, incident, type: 'notify_log_entry', atMs, by: 'person', shownAtMs },
  ];
  for (const [index, event] of events.entries()) {
    const type = typeOf(event.kind, reopenAs);
    const eventAtMs = wholeSecond(event.atMs);
    const shown = { atMs: eventAtMs, by: event.by, shownAtMs: eventAtMs + shownAfterMs };
    entries.push({ id: `R${id}E${index}`, incident, type, ...shown });
  }
  return entries;
}

/** False for what changes an incident without a line in its log. */
function isLogged({ type }: Entry): boolean {
  return type !== 'none';
}

function typeOf(kind: SimulatedIncident['events'][number]['kind'], reopenAs: ReopenEntry): string {
  if (kind === 'reopen') return reopenAs;
  return kind === 'merge' ? 'resolve_log_entry' : `${kind}_log_entry`;
}

/** Up to here every request looks for changes in the world; beyond, only once in `LOOK_EVERY_MS`, for looking takes its time. */
const LOOKED_AT_EACH_TIME_MAX = 10_000;
const LOOK_EVERY_MS = 1000;

/** Gives the sorted world, sorted again only when it changed. */
export function ledgerOf(world: World, reopenAs: ReopenEntry): () => Ledger {
  let seen: Seen[] = [];
  let lookedAtMs = 0;
  let ledger = buildLedger({ incidents: [], alarms: [] }, 0, reopenAs);
  return () => {
    const hasSameLength = seen.length === world.incidents.length;
    const isLarge = seen.length > LOOKED_AT_EACH_TIME_MAX;
    if (hasSameLength && isLarge && performance.now() < lookedAtMs + LOOK_EVERY_MS) return ledger;
    lookedAtMs = performance.now();
    if (hasSameLength && world.incidents.every((incident, index) => isUnchanged(incident, seen[index]))) return ledger;
    seen = world.incidents.map((incident) => ({ incident, then: { ...incident } }));
    ledger = buildLedger(world, ledger.version + 1, reopenAs);
    return ledger;
  };
}

interface Seen {
  readonly incident: SimulatedIncident;
  /** As it was when the world was last sorted. */
  readonly then: SimulatedIncident;
}

/** True when nothing that places an incident in a list is other than it was. */
function isUnchanged(incident: SimulatedIncident, seen: Seen | undefined): boolean {
  if (seen?.incident !== incident) return false;
  const { then } = seen;
  return (
    then.id === incident.id &&
    then.events === incident.events &&
    then.triggeredAtMs === incident.triggeredAtMs &&
    then.shownAfterMs === incident.shownAfterMs &&
    then.service === incident.service &&
    then.team === incident.team &&
    then.urgency === incident.urgency &&
    then.deletedAtMs === incident.deletedAtMs &&
    then.forbidden === incident.forbidden
  );
}

/** Index of the first number that is `atLeast` or more, in an ascending list. */
export function firstAtOrAfter(ascending: readonly number[], atLeast: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < atLeast) low = middle + 1;
    else high = middle;
  }
  return low;
}
