import { isVisible, type Reader } from '../config/reading.ts';
import { type FacetLabels, MARKS, recoveryMs, type StoredIncident } from '../model/stored.ts';

/** Bits of `Columns.tracked`. */
export const TRACKED = { opening: 1, openTimes: 2 } as const;

const FIRST_CAPACITY = 1024;
/** Value of `visible` for a slot whose incident left the store. */
const VACANT = 2;
/** From this share on memory is worth the time to put everything together anew. */
const VACANT_SHARE_MAX = 1 / 4;

/** Incidents as typed columns: some 60 bytes each, however many there are. A slot is an incident's place in them. */
export class Columns {
  rows = new Float64Array(FIRST_CAPACITY);
  facets = new Uint32Array(FIRST_CAPACITY);
  marks = new Uint16Array(FIRST_CAPACITY);
  statuses = new Uint8Array(FIRST_CAPACITY);
  /** Bits of TRACKED: what the groups keep of an incident beside its windows. */
  tracked = new Uint8Array(FIRST_CAPACITY);
  /** 1 for incidents that are in statistics unless their facet is excluded, 0 for others, 2 for none. */
  visible = new Uint8Array(FIRST_CAPACITY);
  triggered = new Float64Array(FIRST_CAPACITY);
  /** NaN while open, and for merged ones. */
  resolved = new Float64Array(FIRST_CAPACITY);
  /** Recovery time; NaN without one. */
  recovery = new Float64Array(FIRST_CAPACITY);
  acknowledged = new Float64Array(FIRST_CAPACITY);
  fingerprints = new Float64Array(FIRST_CAPACITY);
  /** Stamps that few platforms have. */
  readonly started = new Map<number, number>();
  readonly identified = new Map<number, number>();
  readonly mitigated = new Map<number, number>();
  /** Open and close instants in turn; only of incidents whose spans are not just trigger to resolve. */
  readonly spans = new Map<number, readonly number[]>();
  length = 0;
  #vacant = 0;
  /** By facet; null for those of providers that are not configured. */
  readonly #readers: (Reader | null)[] = [];

  /** The slot of a row of the store; -1 when it is not held. */
  slotOf(row: number): number {
    if (row > (this.rows[this.length - 1] ?? -1)) return -1;
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.rows[middle] ?? 0;
      if (found === row) return this.visible[middle] === VACANT ? -1 : middle;
      if (found < row) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** A slot for a new row; rows come in ascending order. */
  take(row: number): number {
    if (this.length > 0 && row <= (this.rows[this.length - 1] ?? 0)) {
      throw new Error(`row ${row} of the store came out of order`);
    }
    if (this.length === this.rows.length) this.#resize(this.length * 2);
    this.rows[this.length] = row;
    this.length += 1;
    return this.length - 1;
  }

  /** Empties a slot until the next `compact`; rows stay in ascending order. */
  vacate(slot: number): void {
    this.visible[slot] = VACANT;
    this.#vacant += 1;
    for (const stamps of [this.started, this.identified, this.mitigated, this.spans]) stamps.delete(slot);
  }

  isTaken(slot: number): boolean {
    return this.visible[slot] !== VACANT;
  }

  /** Closes the gaps when a quarter of the slots are vacant; true when slots have moved. */
  compact(): boolean {
    if (this.#vacant < Math.max(FIRST_CAPACITY, this.length * VACANT_SHARE_MAX)) return false;
    let to = 0;
    for (let from = 0; from < this.length; from += 1) {
      if (!this.isTaken(from)) continue;
      if (to < from) this.#move(from, to);
      to += 1;
    }
    this.length = to;
    this.#vacant = 0;
    this.#resize(Math.max(FIRST_CAPACITY, to));
    return true;
  }

  #move(from: number, to: number): void {
    for (const column of this.#columns()) column[to] = column[from] ?? 0;
    for (const times of [this.started, this.identified, this.mitigated]) moveKey(times, from, to);
    moveKey(this.spans, from, to);
  }

  /** Writes an incident into its slot, as far as statistics see it today. */
  write(slot: number, incident: StoredIncident, reading: Reading): void {
    const isMerged = (incident.marks & MARKS.merged) !== 0;
    const recovery = recoveryMs(incident, reading.reopened);
    this.facets[slot] = incident.facet;
    this.marks[slot] = incident.marks;
    this.statuses[slot] = incident.status;
    this.triggered[slot] = incident.triggeredAtMs;
    this.resolved[slot] = isMerged ? Number.NaN : (incident.resolvedAtMs ?? Number.NaN);
    this.recovery[slot] = recovery ?? Number.NaN;
    this.acknowledged[slot] = incident.acknowledgedAtMs ?? Number.NaN;
    this.fingerprints[slot] = incident.fingerprint;
    this.visible[slot] = Number(this.#isSeen(incident, recovery, reading));
    setOrDelete(this.started, slot, incident.startedAtMs);
    setOrDelete(this.identified, slot, incident.identifiedAtMs);
    setOrDelete(this.mitigated, slot, incident.mitigatedAtMs);
    setOrDelete(this.spans, slot, isMerged ? closedSpans(incident) : incident.spans);
  }

  #isSeen(incident: StoredIncident, recovery: number | undefined, reading: Reading): boolean {
    const reader = this.#readerOf(incident.facet, reading);
    if (reader === null) return false;
    const { marks, title } = incident;
    return isVisible({ marks, title, recoveryMs: recovery }, { excluded: false }, reader);
  }

  #readerOf(facet: number, reading: Reading): Reader | null {
    const known = this.#readers[facet];
    if (known !== undefined) return known;
    const labels = reading.labels(facet);
    const reader = (labels === undefined ? undefined : reading.reader(labels.provider)) ?? null;
    this.#readers[facet] = reader;
    return reader;
  }

  #columns(): (Float64Array | Uint32Array | Uint16Array | Uint8Array)[] {
    const {
      rows,
      facets,
      marks,
      statuses,
      tracked,
      visible,
      triggered,
      resolved,
      recovery,
      acknowledged,
      fingerprints,
    } = this;
    return [rows, facets, marks, statuses, tracked, visible, triggered, resolved, recovery, acknowledged, fingerprints];
  }

  #resize(capacity: number): void {
    const resize = <Column extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(from: Column, to: Column) => {
      to.set(from.subarray(0, this.length));
      return to;
    };
    this.rows = resize(this.rows, new Float64Array(capacity));
    this.facets = resize(this.facets, new Uint32Array(capacity));
    this.marks = resize(this.marks, new Uint16Array(capacity));
    this.statuses = resize(this.statuses, new Uint8Array(capacity));
    this.tracked = resize(this.tracked, new Uint8Array(capacity));
    this.visible = resize(this.visible, new Uint8Array(capacity));
    this.triggered = resize(this.triggered, new Float64Array(capacity));
    this.resolved = resize(this.resolved, new Float64Array(capacity));
    this.recovery = resize(this.recovery, new Float64Array(capacity));
    this.acknowledged = resize(this.acknowledged, new Float64Array(capacity));
    this.fingerprints = resize(this.fingerprints, new Float64Array(capacity));
  }
}

/** How incidents are read today. */
export interface Reading {
  readonly reopened: 'last' | 'first' | 'sum';
  /** Undefined for facets of providers that are not configured. */
  readonly labels: (facet: number) => FacetLabels | undefined;
  readonly reader: (provider: string) => Reader | undefined;
}

/** Nobody works on a merged incident any more, whether or not the platform says when that began. */
function closedSpans({ spans, triggeredAtMs, resolvedAtMs }: StoredIncident): readonly number[] {
  const known = spans ?? [triggeredAtMs];
  return known.length % 2 === 0 ? known : [...known, resolvedAtMs ?? known.at(-1) ?? triggeredAtMs];
}

function setOrDelete<Value>(map: Map<number, Value>, slot: number, value: Value | undefined): void {
  if (value !== undefined) map.set(slot, value);
  else if (map.size > 0) map.delete(slot);
}

function moveKey<Value>(map: Map<number, Value>, from: number, to: number): void {
  setOrDelete(map, to, map.get(from));
  map.delete(from);
}
