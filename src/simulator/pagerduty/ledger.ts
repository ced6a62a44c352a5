import type { Actor, SimulatedIncident, World } from '../world.ts';
import { triggerShownAtMs, wholeSecond } from './life.ts';

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
  entriesOf(incident: SimulatedIncident): readonly Entry[];
  /** How many records and entries are out by `nowMs`: equal counts, equal lists. */
  shownBy(nowMs: number): number;
}

const FIRST_INCIDENT_NUMBER = 1001;

/** Sorts the world. */
export function buildLedger(world: World, version: number, reopenAs: ReopenEntry): Ledger {
  const incidents = [...world.incidents].sort((a, b) => a.triggeredAtMs - b.triggeredAtMs);
  const perIncident = new Map(incidents.map((incident) => [incident, entriesOf(incident, reopenAs)]));
  const entries = [...perIncident.values()].flat().sort((a, b) => a.atMs - b.atMs);
  const shownAtMs = entries.map((entry) => entry.shownAtMs).sort((a, b) => a - b);
  return {
    version,
    incidents,
    createdAtMs: incidents.map(({ triggeredAtMs }) => wholeSecond(triggeredAtMs)),
    entries,
    entriesAtMs: entries.map(({ atMs }) => atMs),
    byId: new Map(incidents.map((incident) => [incident.id, incident])),
    numbers: new Map(incidents.map((incident, index) => [incident, FIRST_INCIDENT_NUMBER + index])),
    entriesOf: (incident) => perIncident.get(incident) ?? [],
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
    if (type !== 'none') entries.push({ id: `R${id}E${index}`, incident, type, ...shown });
  }
  return entries;
}

function typeOf(kind: SimulatedIncident['events'][number]['kind'], reopenAs: ReopenEntry): string {
  if (kind === 'reopen') return reopenAs;
  return kind === 'merge' ? 'resolve_log_entry' : `${kind}_log_entry`;
}

/** Gives the sorted world, sorted again only when it changed; asking costs one look at each incident. */
export function ledgerOf(world: World, reopenAs: ReopenEntry): () => Ledger {
  let seen: Seen[] = [];
  let ledger = buildLedger({ incidents: [], alarms: [] }, 0, reopenAs);
  return () => {
    const isSame =
      seen.length === world.incidents.length &&
      world.incidents.every((incident, index) => isUnchanged(incident, seen[index]));
    if (isSame) return ledger;
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
    then.urgency === incident.urgency
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
